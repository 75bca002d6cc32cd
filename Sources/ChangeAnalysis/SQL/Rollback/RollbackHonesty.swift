/// What a rollback script leaves out, and what it cannot bring back.
public struct RollbackHonesty: Hashable, Sendable {
  /// Changes of the forward script that the rollback script does not undo, in words, with the forward line.
  public var leftOut: [(words: String, line: Int)] { omissions.map { ($0.words, $0.line) } }
  /// What stays lost although the script runs.
  public var staysLost: [String]
  /// Whether the script does nothing at all.
  public var isEmpty: Bool
  private var omissions: [Omission]

  private struct Omission: Hashable, Sendable {
    var words: String
    var line: Int
  }

  /// Compares what goes forward with what goes back.
  public static func judge(forward: SQLScriptReport, back: SQLScriptReport) -> RollbackHonesty {
    let undone = UndoneEffects(back.effects)
    var omissions: [Omission] = []
    var lost: [String] = []
    for effect in net(forward.effects) {
      if let words = undone.omission(of: effect) {
        omissions.append(Omission(words: words, line: effect.line))
      }
      if let words = loss(of: effect), !lost.contains(words) { lost.append(words) }
    }
    return RollbackHonesty(staysLost: lost, isEmpty: back.effects.isEmpty, omissions: omissions)
  }

  private init(staysLost: [String], isEmpty: Bool, omissions: [Omission]) {
    self.staysLost = staysLost
    self.isEmpty = isEmpty
    self.omissions = omissions
  }

  /// What data is gone by going forward, whatever the way back does.
  public static func losses(of report: SQLScriptReport) -> [String] {
    var lost: [String] = []
    for effect in net(report.effects) {
      if let words = loss(of: effect), !lost.contains(words) { lost.append(words) }
    }
    return lost
  }

  private static func loss(of effect: SchemaEffect) -> String? {
    switch (effect.verb, effect.object.kind) {
    case (.drop, .table): "all rows of \(effect.object.name)"
    case (.drop, .column): "the values of \(effect.object.table ?? "").\(effect.object.name)"
    case (.drop, .schema), (.drop, .database): "everything in the \(effect.object)"
    case (.truncate, _): "all rows of \(effect.object.name)"
    case (.delete, _): "the rows deleted from \(effect.object.name)"
    case (.update, _): "the values overwritten in \(effect.object.name)"
    default: nil
    }
  }

  /// Without what the script makes and takes away itself, and without the rows of tables that it makes.
  private static func net(_ effects: [SchemaEffect]) -> [SchemaEffect] {
    var result: [SchemaEffect] = []
    var made: Set<SchemaObject> = []
    for effect in effects {
      let object = effect.object
      let table = SchemaObject(.table, object.table ?? object.name)
      switch effect.verb {
      case .create:
        made.insert(object)
        // Dropped and made again is replaced; a table is not, since its rows are gone.
        if object.kind != .table, object.kind != .column,
          let index = result.lastIndex(where: { $0.object == object && $0.verb == .drop })
        {
          result.remove(at: index)
          made.remove(object)
        } else if object.table == nil || !made.contains(table) {
          result.append(effect)
        }
      case .drop where made.contains(object):
        made.remove(object)
        result.removeAll { $0.object == object || SchemaObject(.table, $0.object.table ?? "") == object }
      case .insert, .update, .delete, .truncate, .copy:
        let fillsNewColumns =
          effect.verb == .update && made.contains { $0.kind == .column && $0.table == object.name }
        if !made.contains(table), !fillsNewColumns { result.append(effect) }
      default:
        if !made.contains(object), !made.contains(table) { result.append(effect) }
      }
    }
    return result
  }
}

/// The effects of a rollback script, asked whether they undo one of the forward script.
private struct UndoneEffects {
  private let effects: [SchemaEffect]

  init(_ effects: [SchemaEffect]) { self.effects = effects }

  private func has(_ verb: SchemaEffect.Verb, _ object: SchemaObject) -> Bool {
    effects.contains { $0.verb == verb && $0.object == object }
  }

  /// Whether the table (or schema) that holds an object is dropped, and the object with it.
  private func dropsContainer(of object: SchemaObject) -> Bool {
    if let table = object.table, has(.drop, SchemaObject(.table, table)) { return true }
    return effects.contains { $0.verb == .drop && ($0.object.kind == .schema || $0.object.kind == .database) }
  }

  /// What is not undone, in words; nil where it is.
  func omission(of effect: SchemaEffect) -> String? {
    let object = effect.object
    switch effect.verb {
    case .create:
      if has(.drop, object) || dropsContainer(of: object) { return nil }
      // Replaced forward, replaced back.
      if [.function, .view, .trigger, .policy].contains(object.kind), has(.create, object) { return nil }
      // PostgreSQL cannot take a value out of a type; an index goes with its table or column.
      if object.kind == .enumValue || object.kind == .extensionModule { return nil }
      if object.kind == .index,
        dropsAnything(.table) || dropsAnything(.column) || has(.drop, SchemaObject(.constraint, object.name))
      {
        return nil
      }
      if object.kind == .constraint,
        effects.contains(where: {
          $0.verb == .drop
            && ($0.object.name == object.name || $0.object.kind == .column && $0.object.table == object.table)
        })
      {
        return nil
      }
      return "\(object) stays"
    case .drop:
      if has(.create, object) { return nil }
      if object.kind == .column, let table = object.table, has(.create, SchemaObject(.table, table)) {
        return nil
      }
      if [.index, .constraint].contains(object.kind),
        effects.contains(where: { $0.verb == .create && $0.object.name == object.name })
      {
        return nil
      }
      // The name of a constraint may be made by the database.
      if object.kind == .constraint,
        effects.contains(where: {
          $0.verb == .create && $0.object.kind == .constraint && $0.object.table == object.table
        })
      {
        return nil
      }
      return "\(object) does not come back"
    case .rename(let new):
      var back = object
      back.name = new
      if has(.rename(to: object.name), back) { return nil }
      return "\(object) stays called \(new)"
    case .changeType:
      return has(.changeType, object) || remakes(object) ? nil : "\(object) keeps its new type"
    case .setNotNull:
      return has(.dropNotNull, object) || has(.changeType, object) || remakes(object)
        ? nil : "\(object) stays NOT NULL"
    case .dropNotNull:
      return has(.setNotNull, object) || has(.changeType, object) || remakes(object)
        ? nil : "\(object) may stay null"
    case .dropDefault:
      return has(.setDefault, object) || has(.changeType, object) || remakes(object)
        ? nil : "\(object) stays without its default"
    case .setDefault, .insert, .update, .delete, .truncate, .copy: return nil
    }
  }

  private func dropsAnything(_ kind: SchemaObject.Kind) -> Bool {
    effects.contains { $0.verb == .drop && $0.object.kind == kind }
  }

  private func remakes(_ object: SchemaObject) -> Bool { has(.drop, object) || has(.create, object) }
}
