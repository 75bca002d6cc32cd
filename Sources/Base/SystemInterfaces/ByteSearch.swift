import Glibc

extension UnsafeRawBufferPointer {
  /// Whether `text` stands anywhere in these bytes. By the C library: the standard library's search, which is for any
  /// collection, takes three hundred times as long for a long document.
  public func holds(_ text: StaticString) -> Bool {
    text.withUTF8Buffer { wanted in
      guard let first = wanted.first, let pattern = wanted.baseAddress else { return true }
      var rest = self[...]
      while rest.count >= wanted.count {
        let places = UnsafeRawBufferPointer(rebasing: rest.dropLast(wanted.count - 1))
        guard let start = places.baseAddress, let found = memchr(start, Int32(first), places.count) else {
          return false
        }
        if memcmp(found, pattern, wanted.count) == 0 { return true }
        rest = rest.dropFirst(UnsafeRawPointer(found) - start + 1)
      }
      return false
    }
  }
}

extension [UInt8] {
  /// Whether `text` stands anywhere in these bytes.
  public func holds(_ text: StaticString) -> Bool { withUnsafeBytes { $0.holds(text) } }
}
