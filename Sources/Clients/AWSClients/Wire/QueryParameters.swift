import SystemInterfaces

/// The parameters of a query protocol call, in the order in which they were set.
struct QueryParameters: Sendable, ExpressibleByDictionaryLiteral {
  private(set) var pairs: [(name: String, value: String)] = []

  init() {}
  init(dictionaryLiteral elements: (String, String?)...) {
    for (name, value) in elements { self[name] = value }
  }

  /// Sets `name` where there is a value.
  subscript(_ name: String) -> String? {
    get { pairs.first { $0.name == name }?.value }
    set { if let newValue { pairs.append((name, newValue)) } }
  }

  mutating func set(_ name: String, _ value: Bool?) { self[name] = value.map { $0 ? "true" : "false" } }
  mutating func set(_ name: String, _ value: Int?) { self[name] = value.map { String($0) } }
  mutating func set(_ name: String, _ value: Timestamp?) {
    self[name] = value?.formatted(milliseconds: false)
  }

  /// `name.member.1`, `name.member.2`, …; an empty list is sent as the empty value that removes what was there.
  mutating func set(list name: String, _ values: [String]?, element: String = "member") {
    guard let values else { return }
    if values.isEmpty { self[name] = "" }
    for (position, value) in values.enumerated() { self["\(name).\(element).\(position + 1)"] = value }
  }

  /// `name.member.1.X`, …, the members of each element written by `fill`.
  mutating func set<Element>(
    list name: String, _ values: [Element]?, element: String = "member",
    _ fill: (Element, inout QueryParameters) -> Void
  ) {
    guard let values else { return }
    if values.isEmpty { self[name] = "" }
    for (position, value) in values.enumerated() {
      var members = QueryParameters()
      fill(value, &members)
      for pair in members.pairs { self["\(name).\(element).\(position + 1).\(pair.name)"] = pair.value }
    }
  }

  /// The form that is sent.
  func encoded(action: String, version: String) -> String {
    ([(name: "Action", value: action), (name: "Version", value: version)] + pairs)
      .map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }
      .joined(separator: "&")
  }
}
