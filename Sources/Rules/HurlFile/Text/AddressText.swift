import Glibc

/// Recognises addresses and identifiers in text.
enum AddressText {
  /// Four decimal numbers with dots between.
  static func isIPv4(_ text: String) -> Bool { isAddress(text, AF_INET) }
  /// RFC 4291, section 2.2.
  static func isIPv6(_ text: String) -> Bool { isAddress(text, AF_INET6) }

  /// RFC 9562, with hyphens or without, in braces or as a URN.
  static func isUUID(_ text: String) -> Bool {
    var rest = text.lowercased()[...]
    if rest.hasPrefix("urn:uuid:") { rest = rest.dropFirst(9) }
    if rest.hasPrefix("{"), rest.hasSuffix("}") { rest = rest.dropFirst().dropLast() }
    let groups = rest.split(separator: "-", omittingEmptySubsequences: false)
    let lengths = groups.map(\.utf8.count)
    return (lengths == [8, 4, 4, 4, 12] || lengths == [32])
      && groups.allSatisfy { $0.unicodeScalars.allSatisfy { $0.hexDigit != nil } }
  }

  private static func isAddress(_ text: String, _ family: Int32) -> Bool {
    var storage = in6_addr()
    return !text.utf8.contains(0) && inet_pton(family, text, &storage) == 1
  }
}
