import JSONValues

/// DROP, RENAME, SET SCHEMA.
extension PostgresJudge {
  mutating func judgeDrop(_ body: JSONValue) {
    let kind = body["removeType"]?.string ?? ""
    let isCascade = body["behavior"]?.string == "DROP_CASCADE"
    if ["OBJECT_TABLE", "OBJECT_INDEX", "OBJECT_TYPE"].contains(kind) {
      adviseRobust(!body.flag("missing_ok"), "DROP fails on a second run: IF EXISTS")
    }
    for object in body.list("objects") {
      let names = object["List"]?.list("items").compactMap(\.name) ?? []
      let name =
        names.last ?? object.name ?? object["TypeName"]?["names"]?.lastName
        ?? object["ObjectWithArgs"]?["objname"]?.lastName ?? ""
      drop(kind, name, parents: names.dropLast(), isCascade: isCascade)
    }
    if isCascade, kind == "OBJECT_EXTENSION" {
      issue("drop-cascade", .irreversible, "CASCADE drops columns of the extension's types, too", "cascade")
    }
  }

  private mutating func drop(_ kind: String, _ name: String, parents: ArraySlice<String>, isCascade: Bool) {
    switch kind {
    case "OBJECT_TABLE", "OBJECT_FOREIGN_TABLE":
      let table = SchemaObject(.table, name)
      if parents.isEmpty, !temporaryTables.contains(table.name) { adviseSchema(name) }
      if temporaryTables.contains(table.name) {
        createdTables.remove(table.name)
        return
      }
      effect(.drop, table)
      // The rows of a foreign table are elsewhere.
      let isForeign = kind == "OBJECT_FOREIGN_TABLE"
      issue(
        "ban-drop-table", risk(isForeign ? .breaking : .irreversible, on: name),
        isForeign ? "drops the foreign table \(name)" : "drops the table \(name) and all its rows", name)
      createdTables.remove(table.name)
    case "OBJECT_SCHEMA":
      effect(.drop, SchemaObject(.schema, name))
      if isNotMadeHere(.schema, name) {
        issue(
          "ban-drop-schema", .irreversible,
          "drops the schema \(name)\(isCascade ? " with all its tables" : "")", name)
      }
    case "OBJECT_TYPE", "OBJECT_DOMAIN":
      effect(.drop, SchemaObject(.type, name))
      // Put aside under another name, and made anew under its own.
      let isReplaced = renamedTypes[name.lowercased()].map { !isNotMadeHere(.type, $0) } ?? false
      if isNotMadeHere(.type, name), isCascade || !isReplaced {
        issue(
          kind == "OBJECT_DOMAIN" ? "ban-drop-domain" : "ban-drop-type",
          isCascade ? .irreversible : .breaking,
          isCascade ? "drops the type \(name) and every column of it" : "drops the type \(name)", name)
      }
    case "OBJECT_INDEX":
      effect(.drop, SchemaObject(.index, name))
      // A drop that is concurrent takes no lock that holds anybody up.
      noteIndexDrop(name)
    case "OBJECT_VIEW": dropped("ban-drop-view", .view, name, "the view")
    case "OBJECT_MATVIEW": dropped("ban-drop-view", .view, name, "the materialized view")
    case "OBJECT_SEQUENCE": dropped("ban-drop-sequence", .sequence, name, "the sequence and its position")
    case "OBJECT_FUNCTION", "OBJECT_PROCEDURE", "OBJECT_ROUTINE", "OBJECT_AGGREGATE":
      dropped("ban-drop-function", .function, name, "the function")
    case "OBJECT_EXTENSION": dropped("ban-drop-extension", .extensionModule, name, "the extension")
    case "OBJECT_TRIGGER": effect(.drop, SchemaObject(.trigger, name, table: parents.last))
    case "OBJECT_POLICY": effect(.drop, SchemaObject(.policy, name, table: parents.last))
    default: break
    }
  }

  func isNotMadeHere(_ kind: SchemaObject.Kind, _ name: String) -> Bool {
    !createdObjects.contains(SchemaObject(kind, name))
  }

  private mutating func dropped(
    _ rule: String, _ kind: SchemaObject.Kind, _ name: String, _ words: String
  ) {
    let object = SchemaObject(kind, name)
    effect(.drop, object)
    if !createdObjects.contains(object) { pendingDrops.append((rule, object, currentLine, words)) }
  }

  private mutating func noteIndexDrop(_ name: String) {
    if currentIsConcurrent {
      outsiders.append((currentLine, "DROP INDEX CONCURRENTLY", name))
      if isInTransaction {
        issue(
          "ban-concurrent-index-creation-in-transaction", .breaking,
          "DROP INDEX CONCURRENTLY fails inside a transaction", name)
      }
    }
    guard isNotMadeHere(.index, name), !currentIsConcurrent else { return }
    issue(
      "require-concurrent-index-deletion", .locking,
      "DROP INDEX \(name) locks its table: DROP INDEX CONCURRENTLY",
      name)
  }

  // MARK: - Names

  mutating func judgeRename(_ body: JSONValue) {
    let new = body["newname"]?.string ?? ""
    let relation = body["relation"]?.relationName ?? ""
    let kind = body["relationType"]?.string == "OBJECT_TABLE" ? "OBJECT_TABLE" : body["renameType"]?.string
    if ["OBJECT_TABLE", "OBJECT_TABCONSTRAINT"].contains(kind) {
      adviseRobust(true, "ALTER TABLE \(relation) RENAME fails on a second run")
      if body["relation"]?["schemaname"] == nil { adviseSchema(relation) }
    }
    switch body["renameType"]?.string {
    case "OBJECT_COLUMN", "OBJECT_ATTRIBUTE":
      let old = body["subname"]?.string ?? ""
      let column = SchemaObject(.column, old, table: relation)
      effect(.rename(to: new.lowercased()), column)
      issue(
        "renaming-column", createdColumns.contains(column) ? .advice : risk(.breaking, on: relation),
        "\(relation).\(old) is called \(new): the version before does not find it",
        "\(relation).\(old)")
    case "OBJECT_TABLE", "OBJECT_FOREIGN_TABLE":
      effect(.rename(to: new.lowercased()), SchemaObject(.table, relation))
      renamedTables.append((relation, new, currentLine))
      if !isOld(relation) { createdTables.insert(new.lowercased()) }
    case "OBJECT_VIEW", "OBJECT_MATVIEW":
      effect(.rename(to: new.lowercased()), SchemaObject(.view, relation))
      issue("renaming-object", .breaking, "the view \(relation) is called \(new)", relation)
    case "OBJECT_SCHEMA":
      let old = body["subname"]?.string ?? ""
      effect(.rename(to: new.lowercased()), SchemaObject(.schema, old))
      issue("renaming-object", .breaking, "the schema \(old) is called \(new)", old)
    case "OBJECT_TYPE", "OBJECT_DOMAIN":
      let old = body["object"]?["List"]?["items"]?.lastName ?? ""
      effect(.rename(to: new.lowercased()), SchemaObject(.type, old))
      guard isNotMadeHere(.type, old) else { return }
      renamedTypes[new.lowercased()] = old.lowercased()
      pendingDrops.append(
        ("renaming-object", SchemaObject(.type, old), currentLine, "the old name of the type"))
    case "OBJECT_FUNCTION", "OBJECT_PROCEDURE":
      let old = body["object"]?["ObjectWithArgs"]?["objname"]?.lastName ?? ""
      effect(.rename(to: new.lowercased()), SchemaObject(.function, old))
      issue("renaming-object", .breaking, "the function \(old) is called \(new)", old)
    case "OBJECT_INDEX":
      effect(.rename(to: new.lowercased()), SchemaObject(.index, relation))
      issue("renaming-object", .advice, "the index \(relation) is called \(new)", relation)
    case "OBJECT_SEQUENCE":
      effect(.rename(to: new.lowercased()), SchemaObject(.sequence, relation))
      guard isNotMadeHere(.sequence, relation) else { return }
      issue("renaming-object", .breaking, "the sequence \(relation) is called \(new)", relation)
    case "OBJECT_TABCONSTRAINT":
      issue("renaming-object", .advice, "a constraint of \(relation) is called \(new)", relation)
      effect(
        .rename(to: new.lowercased()),
        SchemaObject(.constraint, body["subname"]?.string ?? "", table: relation))
    default: break
    }
  }

  mutating func judgeMove(_ body: JSONValue) {
    let name =
      body["relation"]?.relationName ?? body["object"]?["List"]?["items"]?.lastName ?? ""
    if body["objectType"]?.string == "OBJECT_TABLE" {
      adviseRobust(true, "ALTER TABLE \(name) SET SCHEMA fails on a second run")
    }
    guard !name.isEmpty, isOld(name) else { return }
    effect(.rename(to: body["newschema"]?.string ?? ""), SchemaObject(.schema, name))
    issue(
      "ban-set-schema", .breaking, "\(name) moves to the schema \(body["newschema"]?.string ?? "")", name)
  }

  /// CREATE of what is neither a table nor an index.
  mutating func noteCreation(_ kind: String, _ body: JSONValue) {
    let relation = body["relation"]?.relationName
    let object: SchemaObject? =
      switch kind {
      case "ViewStmt": body["view"].map { SchemaObject(.view, $0.relationName) }
      case "CreateFunctionStmt": SchemaObject(.function, body["funcname"]?.lastName ?? "")
      case "CreateEnumStmt", "CreateRangeStmt": SchemaObject(.type, body["typeName"]?.lastName ?? "")
      case "CompositeTypeStmt": body["typevar"].map { SchemaObject(.type, $0.relationName) }
      case "CreateSeqStmt": body["sequence"].map { SchemaObject(.sequence, $0.relationName) }
      case "CreateSchemaStmt": SchemaObject(.schema, body["schemaname"]?.string ?? "")
      case "CreateExtensionStmt": SchemaObject(.extensionModule, body["extname"]?.string ?? "")
      case "CreateTrigStmt": SchemaObject(.trigger, body["trigname"]?.string ?? "", table: relation)
      case "CreatePolicyStmt":
        SchemaObject(.policy, body["policy_name"]?.string ?? "", table: body["table"]?.relationName)
      case "CreatedbStmt": SchemaObject(.database, body["dbname"]?.string ?? "")
      default: nil
      }
    guard let object, !object.name.isEmpty else { return }
    effect(.create, object)
    createdObjects.insert(object)
    // Dropped and made again is replaced.
    pendingDrops.removeAll { $0.object == object }
  }
}
