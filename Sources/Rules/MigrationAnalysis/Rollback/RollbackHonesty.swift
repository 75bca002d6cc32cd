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
    let comparison = DownMigrationComparison(
      forward: SchemaDelta(forward.effects), back: SchemaDelta(back.effects))
    let omissions = comparison.forward.events.compactMap { event in
      comparison.omission(of: event).map { Omission(words: $0, line: event.line) }
    }
    return RollbackHonesty(
      staysLost: losses(of: forward), isEmpty: back.effects.isEmpty, omissions: omissions)
  }

  private init(staysLost: [String], isEmpty: Bool, omissions: [Omission]) {
    self.staysLost = staysLost
    self.isEmpty = isEmpty
    self.omissions = omissions
  }

  /// What the way back takes away that was there before the forward script, which no undoing needs: in words, with its line.
  public static func destroyed(
    forward: SQLScriptReport, back: SQLScriptReport
  ) -> [(words: String, line: Int)] {
    // One script after the other: what the first makes, the second may take away. Lines of the second are negative.
    let after = back.effects.map { SchemaEffect($0.verb, $0.object, line: -$0.line) }
    let both = SchemaDelta(forward.effects + after)
    let (going, returning) = (SchemaDelta(forward.effects), SchemaDelta(back.effects))
    let wholeDeletes = Set(back.issues.filter { $0.rule == "delete-without-where" }.map(\.line))
    var found: [(words: String, line: Int)] = []
    for event in both.events + both.rows where event.line < 0 {
      let kinds: [SchemaObject.Kind] = [.table, .column, .schema, .database]
      switch event.verb {
      // Copied to one that is made under the old name, instead of renamed.
      case .drop
      where kinds.contains(event.object.kind) && !returning.makes(going.inFinalTable(event.object)):
        found.append(("drops the \(event.object)", -event.line))
      case .truncate: found.append(("empties the table \(event.object.name)", -event.line))
      case .delete where wholeDeletes.contains(-event.line):
        found.append(("deletes every row of \(event.object.name)", -event.line))
      default: continue
      }
    }
    found += back.issues.filter { $0.rule == "drop-owned" }.map { ($0.message, $0.line) }
    return found
  }

  /// What data is gone by going forward, whatever the way back does.
  public static func losses(of report: SQLScriptReport) -> [String] {
    let delta = SchemaDelta(report.effects)
    var lost: [String] = []
    for event in (delta.events + delta.rows).sorted(by: { $0.line < $1.line }) {
      if let words = loss(of: event), !lost.contains(words) { lost.append(words) }
    }
    for issue in report.issues where issue.rule == "changing-column-type" && issue.risk == .irreversible {
      let words = "what \(issue.subject) held that its new type does not"
      if !lost.contains(words) { lost.append(words) }
    }
    return lost
  }

  private static func loss(of event: SchemaDelta.Event) -> String? {
    switch (event.verb, event.object.kind) {
    case (.drop, .table): "all rows of \(event.object.name)"
    case (.drop, .column): "the values of \(event.object.table ?? "").\(event.object.name)"
    case (.drop, .schema), (.drop, .database): "everything in the \(event.object)"
    case (.truncate, _): "all rows of \(event.object.name)"
    case (.delete, _): "the rows deleted from \(event.object.name)"
    case (.update, _): "the values overwritten in \(event.object.name)"
    default: nil
    }
  }
}

/// Two scripts, of which the second starts from the names that the first leaves.
private struct DownMigrationComparison {
  let forward: SchemaDelta
  let back: SchemaDelta

  /// What is not undone, in words; nil where it is.
  func omission(of event: SchemaDelta.Event) -> String? {
    let object = event.object
    switch event.verb {
    case .create: return undoesCreation(of: forward.inFinalTable(object)) ? nil : "\(object) stays"
    case .drop: return undoesDrop(of: forward.inFinalTable(object)) ? nil : "\(object) does not come back"
    // Nobody calls an index or a constraint by its name.
    case .rename where object.kind == .index || object.kind == .constraint: return nil
    case .rename(let new):
      let now = forward.final(object)
      let isBack =
        back.renamed[now] == object.name || back.drops(now) && back.makes(forward.inFinalTable(object))
      return isBack || dropsContainer(of: now) ? nil : "\(object) stays called \(new)"
    case .changeType: return undoes([.changeType], object) ? nil : "\(object) keeps its new type"
    case .setNotNull: return undoes([.dropNotNull, .changeType], object) ? nil : "\(object) stays NOT NULL"
    case .dropNotNull: return undoes([.setNotNull, .changeType], object) ? nil : "\(object) may stay null"
    case .dropDefault:
      return undoes([.setDefault, .changeType], object) ? nil : "\(object) stays without its default"
    case .setDefault, .insert, .update, .delete, .truncate, .copy: return nil
    }
  }

  /// Whether the table (or schema) that holds an object is dropped, and the object with it.
  private func dropsContainer(of object: SchemaObject) -> Bool {
    if let table = object.table, back.drops(SchemaObject(.table, table)) { return true }
    return back.dropsAny(.schema, .database)
  }

  /// Whether one of the changes is made to an object, or it is made anew.
  private func undoes(_ verbs: [SchemaEffect.Verb], _ object: SchemaObject) -> Bool {
    let now = forward.final(object)
    return verbs.contains { back.has($0, now) } || back.drops(now) || back.makes(now)
      || back.makes(forward.inFinalTable(object)) || dropsContainer(of: now)
  }

  private func undoesCreation(of object: SchemaObject) -> Bool {
    if back.drops(object) || dropsContainer(of: object) { return true }
    switch object.kind {
    // Replaced forward, replaced back.
    case .function, .view, .trigger, .policy: return back.makes(object)
    // PostgreSQL cannot take a value out of a type.
    case .enumValue, .extensionModule: return true
    // These go with their table, view or column.
    case .index:
      return back.makes(object) || back.dropsAny(.table, .column, .view)
        || back.drops(SchemaObject(.constraint, object.name))
    case .sequence: return back.dropsAny(.table, .column)
    case .constraint:
      return back.events.contains {
        $0.verb == .drop
          && ($0.object.name == object.name || $0.object.kind == .column && $0.object.table == object.table)
      }
    default: return false
    }
  }

  private func undoesDrop(of object: SchemaObject) -> Bool {
    if back.makes(object) { return true }
    if back.renamed.contains(where: { $0.key.kind == object.kind && $0.value == object.name }) { return true }
    switch object.kind {
    case .column: return object.table.map { back.makes(SchemaObject(.table, $0)) } ?? false
    case .index: return back.events.contains { $0.verb == .create && $0.object.name == object.name }
    // The name of a constraint may be made by the database.
    case .constraint:
      return back.events.contains {
        $0.verb == .create
          && ($0.object.name == object.name
            || $0.object.kind == .constraint && $0.object.table == object.table)
      }
    default: return false
    }
  }
}
