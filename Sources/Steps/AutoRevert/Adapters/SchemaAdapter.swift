import DatabaseAccess
import MigrationAnalysis
import RollbackPlanning

/// Takes a schema back, in as few transactions as PostgreSQL allows.
public struct SchemaAdapter: Sendable {
  let scripts: SchemaScripts
  /// Runs SQL.
  let execute: @Sendable (_ parts: [SQLPart], _ transaction: Psql.Transaction) async throws -> Void
  /// Runs a program and its arguments.
  var call: @Sendable (_ words: [String]) async throws -> Void = { words in
    throw OperationFailure(.refused, "\(words.first ?? "") cannot be run here")
  }
  /// The migrations that the database's history still holds as applied.
  var stillApplied: @Sendable () async throws -> [String] = { [] }

  /// Does all of it; the first that fails ends it.
  func run() async throws {
    var done: [String] = []
    for step in scripts.steps {
      do {
        switch step {
        case .scripts(let scripts, isTransaction: true):
          try await execute(scripts.flatMap(\.parts), .single)
        case .scripts(let scripts, isTransaction: false):
          // The history is locked and changed in a transaction of its own: it takes one, whatever the script does.
          for part in scripts.flatMap(\.pieces) {
            try await execute([part.sql], part.isHistory ? .single : .eachStatement)
          }
        case .command(let command):
          for words in command.calls { try await call(words) }
        }
      } catch let failure as OperationFailure where !done.isEmpty {
        throw OperationFailure(
          failure.kind,
          "\(failure.message)\n  done before that, and not undone: \(done.joined(separator: ", "))")
      }
      done += step.paths
    }
    let left = try await stillApplied()
    guard left.isEmpty else {
      throw OperationFailure(
        .refused,
        "all of it ran, and the database's history still holds \(left.joined(separator: ", ")) as applied: look at the "
          + "command of the policy, and at the history")
    }
  }

  /// What came of trying it.
  struct Trial: Hashable, Sendable {
    /// Why it would fail; nil where what could be tried ran.
    var failure: String?
    /// What could not be tried, and why.
    var untried: [String] = []
  }

  /// Runs what a transaction can take back, and takes it back: login, rights, locks, and whether the scripts fit.
  func tryOut() async throws -> Trial {
    var trial = Trial()
    var why: String?
    for step in scripts.steps {
      if let why {
        trial.untried += step.paths.map { "\($0) (it comes after \(why))" }
        continue
      }
      switch step {
      case .scripts(let scripts, isTransaction: true):
        do {
          try await execute(scripts.flatMap(\.parts), .trial)
        } catch let failure as OperationFailure {
          trial.failure = failure.message
          return trial
        }
      case .scripts(let scripts, isTransaction: false):
        trial.untried += scripts.map { "\($0.path) (no transaction takes it)" }
        why = scripts.first?.path
      case .command(let command):
        trial.untried += command.paths.map { "\($0) (\(command.tool.rawValue)'s own undo)" }
        why = "\(command.tool.rawValue)'s own undo"
      }
    }
    return trial
  }
}
