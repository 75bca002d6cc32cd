import JSONValues

/// The shape of a JSON answer: which paths there are and of which types, without any value.
public struct JSONShape: Hashable, Sendable {
  /// Paths such as `$.items[].id` and the types seen there (`string`, `number`, `bool`, `null`, `array`,
  /// `object`), sorted.
  public var paths: [String: [String]]

  /// A shape as recorded.
  public init(paths: [String: [String]]) { self.paths = paths }

  /// The shape of `value`. Elements of an array count together; at most `limit` paths are kept.
  public init(of value: JSONValue, limit: Int = 500) {
    var found: [String: Set<String>] = [:]
    JSONShape.visit(value, "$", limit, &found)
    paths = found.mapValues { $0.sorted() }
  }

  private static func visit(
    _ value: JSONValue, _ path: String, _ limit: Int, _ found: inout [String: Set<String>]
  ) {
    if found[path] == nil, found.count >= limit { return }
    let type =
      switch value {
      case .null: "null"
      case .bool: "bool"
      case .number: "number"
      case .string: "string"
      case .array: "array"
      case .object: "object"
      }
    found[path, default: []].insert(type)
    switch value {
    case .array(let elements):
      for element in elements.prefix(100) { visit(element, path + "[]", limit, &found) }
    case .object(let object):
      for member in object.members { visit(member.value, "\(path).\(member.name)", limit, &found) }
    default: return
    }
  }

  /// What a client of the old shape would miss in `new`: paths gone, types changed. New paths and nulls are no
  /// difference; nor are the elements of an array that is empty now.
  public func losses(in new: JSONShape) -> [String] {
    var losses: [String] = []
    for (path, types) in paths.sorted(by: { $0.key < $1.key }) {
      guard let now = new.paths[path] else {
        // Only the outermost loss is named, and only where what held it is still there and was not empty.
        guard let parent = JSONShape.parent(path), let holder = new.paths[parent] else { continue }
        if path.hasSuffix("[]"), holder.contains("array") { continue }
        if holder.allSatisfy({ $0 == "null" }) { continue }
        if path.hasSuffix("[]") || !holder.contains("object") { continue }
        losses.append("\(path) is gone")
        continue
      }
      let before = Set(types).subtracting(["null"])
      let after = Set(now).subtracting(["null"])
      if !before.isEmpty, !after.isEmpty, before.isDisjoint(with: after) {
        losses.append(
          "\(path) was \(before.sorted().joined(separator: " or ")), is \(after.sorted().joined(separator: " or "))"
        )
      }
    }
    return losses
  }

  private static func parent(_ path: String) -> String? {
    if path.hasSuffix("[]") { return String(path.dropLast(2)) }
    guard let dot = path.lastIndex(of: "."), dot > path.startIndex else { return nil }
    return String(path[..<dot])
  }
}
