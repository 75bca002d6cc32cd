/// How long an answer that does not end by itself is listened to.
struct StreamListening {
  /// When what came is taken for the whole.
  private(set) var end: ContinuousClock.Instant
  private var isLineEmpty = true
  private var hasText = false
  private var events = 0

  /// Events mostly come in one go; who waits longer for the next has heard the first ones.
  private static let pause = Duration.milliseconds(300)
  private static let mostEvents = 64

  init(for limit: Duration) { end = .now + limit }

  /// Counts events, which an empty line ends; after one only a pause is waited for.
  mutating func received(_ bytes: UnsafeRawBufferPointer) {
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "\n"):
        if isLineEmpty, hasText {
          events += 1
          hasText = false
        }
        isLineEmpty = true
      case UInt8(ascii: "\r"): continue
      default:
        isLineEmpty = false
        hasText = true
      }
    }
    if events > 0 { end = min(end, .now + (events < Self.mostEvents ? Self.pause : .zero)) }
  }
}
