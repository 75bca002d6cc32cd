import JSONValues

/// Who may log in, which rows a policy or a rule leaves, and which numbers a sequence hands out.
extension PostgresJudge {
  mutating func judgeRole(_ kind: String, _ body: JSONValue) {
    if kind == "DropRoleStmt" {
      for role in body.list("roles") {
        let name = role["RoleSpec"]?["rolename"]?.string ?? ""
        issue("ban-drop-role", .breaking, "drops the role \(name): the version before may log in as it", name)
      }
      return
    }
    let name = body["role"]?["rolename"]?.string ?? ""
    if body.option("canlogin", in: "options") == false {
      issue("ban-drop-role", .breaking, "\(name) may not log in any more: the version before may do so", name)
    }
    let options = body.list("options").compactMap { $0["DefElem"]?["defname"]?.string }
    if options.contains("password") {
      issue(
        "ban-drop-role", .breaking,
        "\(name) has another password: the version before may log in with the old one", name)
    }
  }

  mutating func judgeSequence(_ body: JSONValue) {
    let options = body.list("options").compactMap { $0["DefElem"]?["defname"]?.string }
    let name = body["sequence"]?.relationName ?? ""
    guard options.contains("restart"), isNotMadeHere(.sequence, name) else { return }
    issue(
      "restart-sequence", .notUnderstood,
      "\(name) starts again: whether numbers are given out that rows have already is not known here", name)
  }

  mutating func judgeRule(_ body: JSONValue) {
    let table = body["relation"]?.relationName ?? ""
    guard body.flag("instead"), body["event"]?.string != "CMD_SELECT", isOld(table) else { return }
    issue(
      "rule-instead", .breaking,
      "the rule \(body["rulename"]?.string ?? "") does something else instead of what is written to \(table)",
      table)
  }

  mutating func judgePolicy(_ body: JSONValue) {
    let table = body["table"]?.relationName ?? ""
    guard !body.flag("permissive"), isOld(table) else { return }
    issue(
      "restrictive-policy", .breaking,
      "a restrictive policy hides rows of \(table) that the version before reads or writes", table)
  }
}

/// A view that may stand for a table under its old name.
struct StandInView: Hashable {
  /// The one table that it reads; nil where it reads several, or leaves rows out or together.
  var table: String?
  /// Its columns; nil for all.
  var columns: [String]?

  init(_ query: JSONValue?, columns: [String]?) {
    let sources = query?.list("fromClause") ?? []
    let isPlain =
      sources.count == 1
      && [
        "whereClause", "groupClause", "distinctClause", "havingClause", "limitCount", "limitOffset", "larg",
        "withClause",
      ].allSatisfy { query?[$0] == nil }
    table = isPlain ? sources.first?["RangeVar"]?.relationName.lowercased() : nil
    self.columns = columns
  }

  /// Whether it has all that the renamed table had; nil where that is not known.
  func serves(_ new: String, columns all: some Collection<String>) -> Bool? {
    guard table == new.lowercased() else { return false }
    guard let columns else { return true }
    if all.isEmpty { return nil }
    return all.allSatisfy(columns.contains)
  }
}
