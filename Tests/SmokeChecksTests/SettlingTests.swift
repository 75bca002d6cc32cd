import HTTPTransport
import SmokeChecks
import SystemInterfaces
import TestSupport
import Testing

@Suite struct `Settling a deployment` {
  private let random = Randomness(Constant(share: 1))

  @Test func `waits double up to the longest`() {
    let settling = Settling(window: .seconds(100), firstWait: .seconds(1), longestWait: .seconds(6))
    let waits = (1...5).map { settling.wait(afterFailures: $0, elapsed: .zero, random: random) }
    #expect(waits.map { $0!.inSeconds.rounded() } == [1, 2, 4, 6, 6])
  }

  @Test func `jitter takes up to half of a wait away`() {
    let settling = Settling(window: .seconds(100), firstWait: .seconds(8), longestWait: .seconds(8))
    let shortest = settling.wait(afterFailures: 1, elapsed: .zero, random: Randomness(Constant(share: 0)))
    #expect(shortest == .seconds(4))
  }

  @Test func `the last try stands at the end of the window`() {
    let settling = Settling(window: .seconds(10), firstWait: .seconds(8), longestWait: .seconds(8))
    #expect(settling.wait(afterFailures: 1, elapsed: .seconds(7), random: random) == .seconds(3))
    #expect(settling.wait(afterFailures: 1, elapsed: .seconds(10), random: random) == nil)
  }

  @Test func `what the server asks for is granted within the window`() {
    let settling = Settling(window: .seconds(10), firstWait: .seconds(1), longestWait: .seconds(1))
    #expect(
      settling.wait(afterFailures: 1, elapsed: .zero, askedFor: .seconds(5), random: random) == .seconds(5))
    #expect(
      settling.wait(afterFailures: 1, elapsed: .zero, askedFor: .seconds(60), random: random) == nil)
  }

  @Test func `a window of zero allows no second try`() {
    let settling = Settling(window: .zero)
    #expect(settling.wait(afterFailures: 1, elapsed: .zero, random: random) == nil)
  }

  @Test func `the window never outlasts the deadline`() {
    #expect(Settling(window: .seconds(20), deadline: .seconds(5)).window == .seconds(5))
  }
}

/// Always draws the same share of a range.
struct Constant: RandomNumberGenerator, Sendable {
  var share: Double
  mutating func next() -> UInt64 { share >= 1 ? .max : UInt64(share * 0x1p64) }
}
