import JSONValues

/// Comparison in filters, RFC 9535 section 2.3.5.2.2; nil stands for nothing.
enum JSONPathComparison {
  static func holds(_ left: JSONValue?, _ comparison: JSONPath.Comparison, _ right: JSONValue?) -> Bool {
    switch comparison {
    case .equal: isEqual(left, right)
    case .notEqual: !isEqual(left, right)
    case .less: isLess(left, right)
    case .greater: isLess(right, left)
    case .lessOrEqual: isLess(left, right) || isEqual(left, right)
    case .greaterOrEqual: isLess(right, left) || isEqual(left, right)
    }
  }

  private static func isLess(_ left: JSONValue?, _ right: JSONValue?) -> Bool {
    switch (left, right) {
    case (.number(let left)?, .number(let right)?):
      if let left = Int(left.text), let right = Int(right.text) { return left < right }
      return left.double < right.double
    case (.string(let left)?, .string(let right)?): return left.utf8.lexicographicallyPrecedes(right.utf8)
    default: return false
    }
  }

  private static func isEqual(_ left: JSONValue?, _ right: JSONValue?) -> Bool {
    switch (left, right) {
    case (nil, nil), (.null?, .null?): return true
    case (.bool(let left)?, .bool(let right)?): return left == right
    case (.string(let left)?, .string(let right)?): return left.isExactly(right)
    case (.number(let left)?, .number(let right)?):
      if let left = Int(left.text), let right = Int(right.text) { return left == right }
      return left.double == right.double
    case (.array(let left)?, .array(let right)?):
      return left.count == right.count && zip(left, right).allSatisfy { isEqual($0, $1) }
    case (.object(let left)?, .object(let right)?):
      let (leftMembers, rightMembers) = (left.uniqueMembers, right.uniqueMembers)
      return leftMembers.count == rightMembers.count
        && leftMembers.allSatisfy { member in
          right.value(ofExactly: member.name).map { isEqual(member.value, $0) } ?? false
        }
    default: return false
    }
  }
}

extension JSONValue {
  /// The elements of an array or the values of an object, in order.
  var children: [JSONValue] {
    switch self {
    case .array(let elements): elements
    case .object(let object): object.uniqueMembers.map(\.value)
    default: []
    }
  }
}

extension JSONObject {
  /// The value of the member with exactly this name, the last where it stands twice.
  func value(ofExactly name: String) -> JSONValue? {
    // Names in ASCII have one spelling alone.
    if name.utf8.allSatisfy({ $0 < 0x80 }) { return self[name] }
    return members.last { $0.name.isExactly(name) }?.value
  }

  /// The members, of those with the same name the last alone.
  var uniqueMembers: [Member] {
    guard count > 1 else { return members }
    var seen: Set<[UInt8]> = []
    var unique: [Member] = []
    for member in members.reversed() where seen.insert(Array(member.name.utf8)).inserted {
      unique.append(member)
    }
    return unique.count == count ? members : unique.reversed()
  }
}
