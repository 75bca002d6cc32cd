import SystemInterfaces
import Testing

@testable import StepRuntime

@Suite struct RunIdTests {
  @Test func `ids sort by time, within a second as well`() throws {
    let start = try #require(Timestamp("2026-11-24T00:00:00Z"))
    let ids = (0..<150).map { RunId.make(start + .milliseconds($0 * 10), Randomness()) }
    #expect(ids == ids.sorted())
    #expect(Set(ids).count == ids.count)
    for id in ids {
      #expect(id.hasPrefix("20261124T00000") && id.utf8.count == 23)
      #expect(id.suffix(6).allSatisfy { "0123456789abcdef".contains($0) })
    }
  }
}
