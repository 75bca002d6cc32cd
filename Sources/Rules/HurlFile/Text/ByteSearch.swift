import Glibc

extension [UInt8] {
  /// Where `needle` is found first at or after `start`.
  func firstOccurrence(of needle: [UInt8], from start: Int = 0) -> Int? {
    guard let first = needle.first else { return start <= count ? start : nil }
    return withUnsafeBytes { bytes in
      needle.withUnsafeBytes { needle in
        guard let base = bytes.baseAddress, let wanted = needle.baseAddress else { return nil }
        var from = start
        while from + needle.count <= bytes.count {
          guard let found = memchr(base + from, Int32(first), bytes.count - needle.count - from + 1) else {
            return nil
          }
          if memcmp(found, wanted, needle.count) == 0 { return UnsafeRawPointer(found) - base }
          from = UnsafeRawPointer(found) - base + 1
        }
        return nil
      }
    }
  }
}
