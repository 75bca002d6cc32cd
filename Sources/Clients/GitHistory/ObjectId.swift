import CLibGit2

/// The SHA-1 id of a git object.
public struct ObjectId: Hashable, Sendable, Comparable, CustomStringConvertible {
  // The twenty bytes, most significant first, so that comparing numbers compares bytes.
  private let high: UInt64
  private let middle: UInt64
  private let low: UInt32

  /// The id that forty hexadecimal digits write; nil for anything else.
  public init?(hex: some StringProtocol) { self.init(digits: hex.utf8) }

  init?(digits: some Collection<UInt8>) {
    guard digits.count == 40 else { return nil }
    var words: (UInt64, UInt64, UInt64) = (0, 0, 0)
    for (index, byte) in digits.enumerated() {
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
      default: return nil
      }
      switch index {
      case 0..<16: words.0 = words.0 << 4 | UInt64(digit)
      case 16..<32: words.1 = words.1 << 4 | UInt64(digit)
      default: words.2 = words.2 << 4 | UInt64(digit)
      }
    }
    (high, middle, low) = (words.0, words.1, UInt32(words.2))
  }

  init(_ id: git_oid) {
    (high, middle, low) = withUnsafeBytes(of: id) { bytes in
      (
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
        UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt32.self))
      )
    }
  }

  init(_ id: UnsafePointer<git_oid>) { self.init(id.pointee) }

  var raw: git_oid {
    var id = git_oid()
    withUnsafeMutableBytes(of: &id) { bytes in
      bytes.storeBytes(of: high.bigEndian, toByteOffset: 0, as: UInt64.self)
      bytes.storeBytes(of: middle.bigEndian, toByteOffset: 8, as: UInt64.self)
      bytes.storeBytes(of: low.bigEndian, toByteOffset: 16, as: UInt32.self)
    }
    return id
  }

  /// Forty hexadecimal digits.
  public var hex: String {
    let digits = Array("0123456789abcdef".utf8)
    return withUnsafeBytes(of: raw) { bytes in
      String(
        decoding: bytes.prefix(20).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
  }

  /// The first ten digits, for people.
  public var short: String { String(hex.prefix(10)) }

  public var description: String { hex }

  public static func < (left: ObjectId, right: ObjectId) -> Bool {
    (left.high, left.middle, left.low) < (right.high, right.middle, right.low)
  }
}
