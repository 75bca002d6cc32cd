import JSONValues

/// A column's type as written.
struct PostgresType {
  /// The last part of the name: `varchar`, `int4`.
  var name: String
  var hasModifiers: Bool
  var isArray: Bool
  /// The numbers in parentheses.
  var modifiers: [Int] = []

  /// Under one name for each type.
  var columnType: ColumnType { ColumnType(name, modifiers: modifiers, isArray: isArray) }

  init?(_ node: JSONValue?) {
    guard let node, let last = node["names"]?.array?.last?.name else { return nil }
    name = last.lowercased()
    hasModifiers = node["typmods"]?.array?.isEmpty == false
    isArray = node["arrayBounds"] != nil
    // An absent number is zero.
    modifiers = (node["typmods"]?.array ?? []).compactMap { modifier in
      modifier["A_Const"]?["ival"].map { $0["ival"]?.int ?? 0 }
    }
  }
}

extension JSONValue {
  /// The text of a `String` node.
  var name: String? { self["String"]?["sval"]?.string }
  /// The last part of a qualified name given as a list of `String` nodes.
  var lastName: String? { array?.last?.name }
  /// The table of a `RangeVar`'s content, without its schema.
  var relationName: String { self["relname"]?.string ?? "" }
  /// Whether a `RangeVar` is a temporary table.
  var isTemporary: Bool {
    self["relpersistence"]?.string == "t" || self["schemaname"]?.string?.lowercased() == "pg_temp"
  }
  /// Whether an optional flag is set.
  func flag(_ name: String) -> Bool { self[name]?.bool ?? false }
  /// The elements of a list member; none where it is absent.
  func list(_ name: String) -> [JSONValue] { self[name]?.array ?? [] }
  /// The name and content of a node such as `{"ColumnDef": {…}}`.
  var node: (kind: String, body: JSONValue)? {
    guard let member = object?.members.first else { return nil }
    return (member.name, member.value)
  }
  /// Whether a text stands anywhere inside.
  func mentions(_ text: String) -> Bool {
    switch self {
    case .string(let string): string == text
    case .array(let elements): elements.contains { $0.mentions(text) }
    case .object(let object): object.members.contains { $0.value.mentions(text) }
    default: false
    }
  }
  /// The option `name` of a list of `DefElem` nodes: nil where absent, false where switched off.
  func option(_ name: String, in list: String) -> Bool? {
    for element in self.list(list) {
      guard let option = element["DefElem"], option["defname"]?.string == name else { continue }
      guard let argument = option["arg"] else { return true }
      // What is false is left out.
      if let truth = argument["Boolean"] { return truth["boolval"]?.bool ?? false }
      let text = argument.name ?? argument["Boolean"]?["boolval"]?.bool.map(String.init) ?? ""
      if let number = argument["Integer"]?["ival"]?.int { return number != 0 }
      // `(FULL false)` is an A_Const or a String; an empty Integer is 0.
      if argument["Integer"] != nil { return false }
      return !["false", "off", "0", "no"].contains(text.lowercased())
    }
    return nil
  }
  /// The names of all columns that an expression reads.
  var columnNames: Set<String> {
    var names: Set<String> = []
    collectColumns(&names)
    return names
  }
  private func collectColumns(_ names: inout Set<String>) {
    switch self {
    case .array(let elements): for element in elements { element.collectColumns(&names) }
    case .object(let object):
      for member in object.members {
        if member.name == "ColumnRef", let last = member.value["fields"]?.lastName {
          names.insert(last.lowercased())
        } else {
          member.value.collectColumns(&names)
        }
      }
    default: break
    }
  }
}
