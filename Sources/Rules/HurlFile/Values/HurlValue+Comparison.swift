extension String {
  /// Whether both are the same characters; `==` would also take differently composed ones as equal.
  func isExactly(_ other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}

extension HurlValue {
  /// How two values compare.
  enum Order { case less, equal, greater }

  /// Whether both are the same; numbers by their value, all else by type and value.
  func isSame(as other: HurlValue) -> Bool {
    switch (self, other) {
    case (.null, .null): true
    case (.bool(let left), .bool(let right)): left == right
    case (.string(let left), .string(let right)): left.isExactly(right)
    case (.bytes(let left), .bytes(let right)): left == right
    case (.date(let left), .date(let right)): left == right
    case (.list(let left), .list(let right)):
      left.count == right.count && zip(left, right).allSatisfy { $0.isSame(as: $1) }
    case (.object(let left), .object(let right)):
      left.count == right.count
        && zip(left, right).allSatisfy { $0.name.isExactly($1.name) && $0.value.isSame(as: $1.value) }
    default: order(to: other) == .equal
    }
  }

  /// How this compares to `other`; nil where they have no order: only numbers, texts and dates do.
  func order(to other: HurlValue) -> Order? {
    switch (self, other) {
    case (.string(let left), .string(let right)):
      if left.isExactly(right) { return .equal }
      return left.utf8.lexicographicallyPrecedes(right.utf8) ? .less : .greater
    case (.date(let left), .date(let right)): return HurlValue.order(left, right)
    case (.integer(let left), .integer(let right)): return HurlValue.order(left, right)
    default:
      if let left = digits, let right = other.digits { return HurlValue.order(ofDigits: left, right) }
      guard let left = double, let right = other.double else { return nil }
      return HurlValue.order(left, right)
    }
  }

  /// The value of a number.
  var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .bigInteger(let text): Double(text)
    case .float(let value): value
    default: nil
    }
  }

  /// The digits of a whole number.
  private var digits: String? {
    switch self {
    case .integer(let value): String(value)
    case .bigInteger(let text): text
    default: nil
    }
  }

  private static func order<Value: Comparable>(_ left: Value, _ right: Value) -> Order? {
    left < right ? .less : left > right ? .greater : left == right ? .equal : nil
  }

  private static func order(ofDigits left: String, _ right: String) -> Order {
    switch (left.hasPrefix("-"), right.hasPrefix("-")) {
    case (true, false): return .less
    case (false, true): return .greater
    case (true, true): return order(ofDigits: String(right.dropFirst()), String(left.dropFirst()))
    case (false, false):
      if left.utf8.count != right.utf8.count { return left.utf8.count < right.utf8.count ? .less : .greater }
      if left == right { return .equal }
      return left.utf8.lexicographicallyPrecedes(right.utf8) ? .less : .greater
    }
  }
}
