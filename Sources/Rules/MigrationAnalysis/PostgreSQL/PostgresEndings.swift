import JSONValues

/// What is known only when the whole script was read.
extension PostgresJudge {
  /// A table that is called otherwise still serves the version before where a view takes its name.
  mutating func finishRenames() {
    for (old, new, line) in renamedTables {
      guard !isNotMadeHere(.view, old) else {
        issue(
          "renaming-table", risk(.breaking, on: old),
          "the table \(old) is called \(new): the version before does not find it", old, line: line)
        continue
      }
      let columns = settings.catalog.tables[old.lowercased()].map { Array($0.keys) } ?? []
      switch standIns[old.lowercased()].map({ $0.serves(new, columns: columns) }) ?? false {
      case true?:
        issue(
          "renaming-table", .advice, "the table \(old) is called \(new), and a view takes its name", old,
          line: line)
      case false?:
        issue(
          "renaming-table", risk(.breaking, on: old),
          "the table \(old) is called \(new), and the view under its name does not have all of its columns and rows, "
            + "or cannot be written to", old, line: line)
      case nil:
        issue(
          "renaming-table", .notUnderstood,
          "the table \(old) is called \(new): whether the view under its name has all of its columns is not known here",
          old, line: line)
      }
    }
  }

  /// Without a policy, row-level security shows nobody any row but the table's owner.
  mutating func finishSecurity() {
    let policies = Set(
      effects.filter { $0.verb == .create && $0.object.kind == .policy }.compactMap(\.object.table))
    for (table, line) in securedTables.sorted(by: { $0.value < $1.value }) where !policies.contains(table) {
      issue(
        "row-security-without-policy", .breaking,
        "row-level security of \(table) is switched on without a policy: whoever does not own it sees no row any more",
        table, line: line)
    }
  }

  mutating func disable(trigger: String?, of table: String) {
    if isOld(table) { disabledTriggers.append((table.lowercased(), trigger, currentLine)) }
  }

  mutating func enable(trigger: String?, of table: String) {
    disabledTriggers.removeAll { $0.table == table.lowercased() && (trigger == nil || $0.trigger == trigger) }
  }

  /// Triggers that are off only while the script runs, as for a bulk change, are off for nobody else.
  mutating func finishTriggers() {
    for (table, trigger, line) in disabledTriggers {
      issue(
        "disable-trigger", .breaking,
        trigger.map { "the trigger \($0) of \(table) stays switched off: what it did is done for no version" }
          ?? "the triggers of \(table) stay switched off: what they did is done for no version", table,
        line: line)
    }
  }

  /// Statements that refuse a transaction, by how the tool runs the script.
  mutating func finishOutsiders() {
    let rule = "ban-concurrent-index-creation-in-transaction"
    for (line, words, subject) in outsiders {
      let why: String?
      switch settings.habit {
      case .oneQuery:
        why =
          statementCount > 1 ? "the tool sends the whole file as one query, which is one transaction" : nil
      case .unmixed:
        why =
          statementCount > outsiders.count
          ? "the tool refuses to mix it with statements of a transaction" : nil
      case .none, .wraps: why = nil
      }
      if let why { issue(rule, .breaking, "\(words) fails here: \(why)", subject, line: line) }
    }
  }

  /// A view that loses columns: the version before may read them.
  mutating func judgeView(_ body: JSONValue) {
    guard let name = body["view"]?.relationName.lowercased() else { return }
    let named = body.list("aliases").compactMap(\.name)
    let selected = PostgresJudge.columns(of: body["query"]?["SelectStmt"])
    standIns[name] = StandInView(
      body["query"]?["SelectStmt"], columns: (named.isEmpty ? selected : named)?.map { $0.lowercased() })
    guard let columns = named.isEmpty ? selected : named else { return }
    let before = settings.catalog.views[name] ?? []
    let gone = before.filter { !columns.contains($0) }
    define(SchemaObject(.view, name), .view(columns.map { $0.lowercased() }))
    guard !gone.isEmpty else { return }
    issue(
      "view-loses-columns", .breaking,
      "the view \(name) has no \(gone.joined(separator: ", ")) any more: the version before may read it", name
    )
  }

  /// The names of the columns that a query returns; nil where it does not say them all.
  private static func columns(of query: JSONValue?) -> [String]? {
    var names: [String] = []
    for element in query?.list("targetList") ?? [] {
      guard let target = element["ResTarget"] else { return nil }
      guard let name = target["name"]?.string ?? target["val"]?["ColumnRef"]?["fields"]?.lastName else {
        return nil
      }
      names.append(name.lowercased())
    }
    return names.isEmpty ? nil : names
  }
}
