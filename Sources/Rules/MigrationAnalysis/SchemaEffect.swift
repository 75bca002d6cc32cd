/// Something that a schema consists of.
public struct SchemaObject: Hashable, Sendable, CustomStringConvertible {
  /// What it is.
  public enum Kind: String, Hashable, Sendable {
    case table, column, index, constraint, type, enumValue = "enum value", view, function, sequence, schema,
      trigger, extensionModule = "extension", database, policy, other = "object"
  }
  /// What it is.
  public var kind: Kind
  /// Without its schema, in lower case: rollback scripts name the same object with and without it.
  public var name: String
  /// The table of a column, constraint or trigger.
  public var table: String?

  /// An object.
  public init(_ kind: Kind, _ name: String, table: String? = nil) {
    self.kind = kind
    self.name = name.lowercased()
    self.table = table?.lowercased()
  }

  public var description: String {
    let full = table.map { kind == .column ? "\($0).\(name)" : "\(name) on \($0)" } ?? name
    return "\(kind.rawValue) \(full)"
  }
}

/// One change that a statement makes to a schema or its data.
public struct SchemaEffect: Hashable, Sendable {
  /// What happens.
  public enum Verb: Hashable, Sendable {
    case create, drop, changeType, setNotNull, dropNotNull, setDefault, dropDefault
    /// The object is called otherwise afterwards.
    case rename(to: String)
    /// Rows.
    case insert, update, delete, truncate
    /// Rows are copied from another table.
    case copy(from: String)
  }
  /// What happens.
  public var verb: Verb
  /// To what; the table for rows.
  public var object: SchemaObject
  /// Where, counted from 1.
  public var line: Int

  /// An effect.
  public init(_ verb: Verb, _ object: SchemaObject, line: Int) {
    self.verb = verb
    self.object = object
    self.line = line
  }
}

/// A table that is built anew under its old name (SQLite's way to alter one) is neither dropped nor renamed.
enum TableRebuilds {
  static func forgive(_ report: inout SQLScriptReport) {
    forgiveSwaps(&report)
    let rebuilt = tables(report.effects)
    guard !rebuilt.isEmpty else { return }
    let forgiven: Set<String> = ["ban-drop-table", "renaming-table"]
    let lines = Set(
      report.issues.filter { forgiven.contains($0.rule) && rebuilt.contains($0.subject) }.map(\.line))
    report.issues.removeAll { forgiven.contains($0.rule) && rebuilt.contains($0.subject) }
    for index in report.statements.indices where lines.contains(report.statements[index].line) {
      report.statements[index].rules.removeAll { forgiven.contains($0) }
    }
    report.effects.removeAll { effect in
      effect.object.kind == .table && rebuilt.contains(effect.object.name)
    }
  }

  /// A table that is put aside while another one takes its name is found by the version before.
  private static func forgiveSwaps(_ report: inout SQLScriptReport) {
    var away: [String: Int] = [:]
    var back: Set<String> = []
    for (place, effect) in report.effects.enumerated() where effect.object.kind == .table {
      switch effect.verb {
      case .rename(let new):
        if let since = away[new], since <= place { back.insert(new) }
        away[effect.object.name] = place
      case .create: if away[effect.object.name] != nil { back.insert(effect.object.name) }
      default: break
      }
    }
    guard !back.isEmpty else { return }
    report.issues.removeAll { $0.rule == "renaming-table" && back.contains($0.subject) }
    for index in report.statements.indices
    where !report.issues.contains(where: {
      $0.rule == "renaming-table" && $0.line == report.statements[index].line
    }) {
      report.statements[index].rules.removeAll { $0 == "renaming-table" }
    }
  }

  /// Every name that a rebuilt table bears on the way: the table itself and the copy.
  private static func tables(_ effects: [SchemaEffect]) -> Set<String> {
    // What a name that exists now was called before the script; a table made here has no such name.
    var origin: [String: String] = [:]
    var made: Set<String> = []
    var gone: Set<String> = []
    var copied: [String: Set<String>] = [:]
    var aliases: [String: Set<String>] = [:]
    for effect in effects {
      let name = effect.object.name
      switch effect.verb {
      case .create where effect.object.kind == .table: made.insert(name)
      case .copy(let source):
        copied[name, default: []].insert(origin[source] ?? source)
      case .rename(let new) where effect.object.kind == .table:
        if made.remove(name) != nil {
          made.insert(new)
          copied[new, default: []].formUnion(copied[name] ?? [])
        } else {
          let first = origin.removeValue(forKey: name) ?? name
          origin[new] = first
        }
        aliases[new, default: []].insert(name)
        aliases[name, default: []].insert(new)
      case .drop where effect.object.kind == .table:
        if made.remove(name) == nil { gone.insert(origin[name] ?? name) }
      default: break
      }
    }
    var rebuilt: Set<String> = []
    for name in made where gone.contains(name) && copied[name]?.contains(name) == true {
      rebuilt.insert(name)
      rebuilt.formUnion(aliases[name] ?? [])
    }
    return rebuilt
  }
}
