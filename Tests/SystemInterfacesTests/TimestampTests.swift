import Foundation
import SystemInterfaces
import Testing

@Suite struct TimestampTests {
  @Test(
    arguments: [
      ("1970-01-01T00:00:00Z", 0), ("2000-02-29T12:00:00Z", 951_825_600),
      ("2026-11-24T00:22:13+02:00", 1_795_472_533),
      ("1969-12-31T23:59:59Z", -1), ("2025-01-12 10:00:00Z", 1_736_676_000),
      ("2100-03-01T00:00:00z", 4_107_542_400),
    ])
  func `RFC 3339 is read`(text: String, seconds: Int64) throws {
    let time = try #require(Timestamp(text))
    #expect(time.microseconds == seconds * 1_000_000)
  }

  @Test(
    arguments: [
      "", "2026-11-24", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-01-01T24:00:00Z",
      "2026-01-01T00:00:00",
      "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+0200", "x026-01-01T00:00:00Z", "2026-01-01T00:00:00Z ",
    ])
  func `anything else is refused`(text: String) { #expect(Timestamp(text) == nil) }

  @Test func `fractions are kept to the microsecond`() throws {
    let time = try #require(Timestamp("2026-11-24T00:22:13.123456789Z"))
    #expect(time.microseconds % 1_000_000 == 123_456)
    #expect(time.description == "2026-11-24T00:22:13.123Z")
  }

  @Test func `four centuries of days agree with Foundation`() {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = TimeZone(identifier: "UTC")!
    for day in stride(from: -73_000, through: 73_000, by: 37) {
      let time = Timestamp(seconds: Double(day) * 86_400 + 3661)
      let parts = calendar.dateComponents(
        [.year, .month, .day, .weekday, .hour], from: Date(timeIntervalSince1970: time.seconds))
      let fields = CivilFields(time)
      #expect(fields.year == parts.year && fields.month == parts.month && fields.day == parts.day)
      #expect(fields.weekday + 1 == parts.weekday && fields.hour == parts.hour)
      #expect(Timestamp(time.description) == time)
    }
  }

  @Test func `the basic format is AWS's`() {
    #expect(Timestamp(seconds: 1_440_938_160).basicFormat == "20150830T123600Z")
  }

  @Test func `durations count on and back`() {
    let start = Timestamp(seconds: 100)
    #expect((start + .milliseconds(1500)).seconds == 101.5)
    #expect((start - .seconds(1)) - start == .seconds(-1))
  }
}
