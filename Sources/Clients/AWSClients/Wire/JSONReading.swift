import JSONValues
import SystemInterfaces

extension JSONValue {
  /// The text of member `name`.
  func text(_ name: String) -> String? { self[name]?.string }
  func int(_ name: String) -> Int? { self[name]?.int }
  func bool(_ name: String) -> Bool? { self[name]?.bool }
  /// The elements of member `name`; none where it is missing.
  func list(_ name: String) -> [JSONValue] { self[name]?.array ?? [] }
  func texts(_ name: String) -> [String] { list(name).compactMap(\.string) }
  /// The members of `name` that are texts.
  func map(_ name: String) -> [String: String] {
    Dictionary(
      (self[name]?.object?.members ?? []).compactMap { member in
        member.value.string.map { (member.name, $0) }
      }, uniquingKeysWith: { $1 })
  }
  /// A time: seconds since 1970 as a number, or RFC 3339 as text.
  func time(_ name: String) -> Timestamp? {
    if let seconds = self[name]?.double { return Timestamp(seconds: seconds) }
    return text(name).flatMap { Timestamp($0) }
  }
}
