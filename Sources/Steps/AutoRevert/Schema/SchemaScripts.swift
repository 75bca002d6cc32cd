import CloudFormationModel
import DatabaseAccess
import DeploymentConfig
import GitHistory
import MigrationAnalysis
import RollbackPlanning

/// The rollback scripts of the migrations between two commits, newest migration first.
struct SchemaScripts: Hashable, Sendable {
  /// One script.
  struct Script: Hashable, Sendable {
    /// Where it stands, and the migration that it undoes; the same where the file holds both ways.
    var path: String, migration: String
    /// Its SQL.
    var sql: String
  }
  /// In the order in which they run.
  var scripts: [Script] = []
  /// What keeps them from being run.
  var obstacles: [String] = []
  /// What a person should know of how they run.
  var remarks: [String] = []

  /// Scripts that run in one transaction, or one that runs by itself.
  struct Step: Hashable, Sendable {
    var scripts: [Script]
    var isTransaction: Bool
  }

  /// As few transactions as PostgreSQL allows: one, unless a script cannot run in it.
  var steps: [Step] {
    var steps: [Step] = []
    for script in scripts {
      let traits = ScriptTraits(script.sql)
      let fits = traits.outsideTransactions.isEmpty && !traits.hasTransactions
      if fits, let last = steps.indices.last, steps[last].isTransaction {
        steps[last].scripts.append(script)
      } else {
        steps.append(Step(scripts: [script], isTransaction: fits))
      }
    }
    return steps
  }

  /// What `repository` holds for going from `newer` back to `older`.
  /// - Parameter patterns: the policy's path patterns of migrations; empty for the usual names.
  init(_ repository: GitRepository, from older: ObjectId, to newer: ObjectId, patterns: [String]) throws {
    let wanted = patterns.map(PathPattern.init)
    var forward: [(file: MigrationFile, text: String)] = []
    for change in try repository.changes(fromCommit: older, toCommit: newer, renames: nil) {
      let isListed = wanted.contains { $0.matches(change.path) }
      guard let entry = change.new, patterns.isEmpty || isListed else { continue }
      let text = String(decoding: try repository.blob(entry.id), as: UTF8.self)
      guard let file = MigrationFile(path: change.path, text: text, isListed: isListed), file.role == .forward
      else { continue }
      guard change.status == .added else {
        obstacles.append("\(change.path) was edited after it had been deployed, so what ran is not known")
        continue
      }
      forward.append((file, text))
    }
    // Names begin with a number or a time; numbers need not have leading zeros.
    forward.sort { SchemaScripts.isBefore($0.file.path, $1.file.path) }
    for (file, text) in forward.reversed() { try add(file, text, repository, newer) }
    judge()
  }

  /// Scripts as given.
  init(_ scripts: [Script]) {
    self.scripts = scripts
    judge()
  }

  private mutating func add(
    _ file: MigrationFile, _ text: String, _ repository: GitRepository, _ revision: ObjectId
  ) throws {
    let parts = try MigrationParts(file, text: text) { path in
      try repository.contents(of: path, at: revision.hex).map { String(decoding: $0, as: UTF8.self) }
    }
    guard let sql = parts.back.sql else {
      obstacles.append(
        parts.forward == nil
          ? "\(file.path) is code of \(file.tool.rawValue): take it back with that tool"
          : "\(file.path) has no rollback script")
      return
    }
    scripts.append(
      Script(path: parts.back.recordedPath(of: file.path) ?? file.path, migration: file.path, sql: sql))
  }

  private mutating func judge() {
    for script in scripts {
      let traits = ScriptTraits(script.sql)
      if traits.isEmpty { obstacles.append("\(script.path) does nothing") }
      if let command = traits.metaCommands.first {
        obstacles.append("\(script.path) has \(command), which reaches outside the database: run it by hand")
      }
      if let reach = SQLScan.scan(script.sql).reaches.first {
        obstacles.append("\(script.path) (line \(reach.line)): \(reach.words): run it by hand")
      }
      if let statement = traits.outsideTransactions.first, scripts.count > 1 {
        remarks.append(
          "\(script.path) cannot run in one transaction with the others (\(statement)): if one fails, those before it "
            + "stay done.")
      } else if traits.hasTransactions, scripts.count > 1 {
        remarks.append(
          "\(script.path) has transactions of its own: if one fails, those before it stay done.")
      }
    }
  }

  /// Compares runs of digits as numbers.
  static func isBefore(_ left: String, _ right: String) -> Bool {
    var (one, other) = (Substring(left), Substring(right))
    while let first = one.first, let second = other.first {
      let (digits, others) = (one.prefix(while: \.isNumber), other.prefix(while: \.isNumber))
      if !digits.isEmpty, !others.isEmpty {
        let (number, another) = (digits.drop { $0 == "0" }, others.drop { $0 == "0" })
        if number != another {
          return (number.count, String(number)) < (another.count, String(another))
        }
        one = one[digits.endIndex...]
        other = other[others.endIndex...]
      } else if first != second {
        return first < second
      } else {
        one.removeFirst()
        other.removeFirst()
      }
    }
    return one.count < other.count
  }
}
