import SystemInterfaces

/// An element of an XML answer, without name spaces and attributes: AWS's answers use neither for data.
struct XMLElement: Hashable, Sendable {
  var name: String
  /// The text directly inside, as it stands.
  var text = ""
  var children: [XMLElement] = []

  /// The first child of that name.
  subscript(_ name: String) -> XMLElement? { children.first { $0.name == name } }
  /// The text of the first child of that name; nil where there is none.
  func text(_ name: String) -> String? { self[name]?.text }
  /// A text that is empty counts as none.
  func nonEmpty(_ name: String) -> String? {
    guard let text = text(name), !text.isEmpty else { return nil }
    return text
  }
  func int(_ name: String) -> Int? { text(name).flatMap { Int($0) } }
  func bool(_ name: String) -> Bool? { text(name).map { $0 == "true" } }
  func double(_ name: String) -> Double? { text(name).flatMap { Double($0) } }
  func time(_ name: String) -> Timestamp? { text(name).flatMap { Timestamp($0) } }
  /// The elements of the list `name`, whatever each is called (`member`, `DBInstance`, …).
  func list(_ name: String) -> [XMLElement] { self[name]?.children ?? [] }
  /// The texts of the list `name`.
  func texts(_ name: String) -> [String] { list(name).map(\.text) }
  /// All children of that name: a flattened list.
  func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }
}
