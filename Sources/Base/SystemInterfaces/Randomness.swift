import Synchronization

/// Random numbers, handed in: jitter, request tokens and file names come from here.
public final class Randomness: Sendable {
  private let next: Mutex<any RandomNumberGenerator & Sendable>

  /// Draws from `generator`; a seeded one makes a run repeatable.
  public init(_ generator: sending any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()) {
    next = Mutex(generator)
  }

  /// A number in `range`, each equally likely.
  public func double(in range: ClosedRange<Double>) -> Double {
    next.withLock { generator in
      let unit = Double(generator.next() >> 11) * 0x1p-53
      return range.lowerBound + unit * (range.upperBound - range.lowerBound)
    }
  }

  /// `count` bytes.
  public func bytes(_ count: Int) -> [UInt8] {
    next.withLock { generator in (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next() >> 24) } }
  }

  /// `count` lower-case hexadecimal digits.
  public func hex(_ count: Int) -> String {
    next.withLock { generator in
      let digits = Array("0123456789abcdef")
      var text = ""
      for _ in 0..<count { text.append(digits[Int(generator.next() & 15)]) }
      return text
    }
  }
}
