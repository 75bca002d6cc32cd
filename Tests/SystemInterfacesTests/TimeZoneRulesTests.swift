import Foundation
import SystemInterfaces
import TestSupport
import Testing

@Suite struct TimeZoneRulesTests {
  static func zone(_ name: String) throws -> TimeZoneRules {
    try TimeZoneRules(named: name, files: LocalFileSystem(), environment: Environment())
  }

  /// Every zone against Python's reader of the same files.
  @Test(
    .enabled(if: FileManager.default.fileExists(atPath: "/usr/share/zoneinfo/Europe/Berlin"), "no tzdata"))
  func `all zones, from 1950 to 2060, as Python has them`() throws {
    // Odd steps, so that hours and seasons are all met.
    let script = """
      import datetime, zoneinfo
      for name in sorted(zoneinfo.available_timezones()):
          zone = zoneinfo.ZoneInfo(name)
          times = range(-631152000, 2840140800, 27032101)
          print(name, *(int(datetime.datetime.fromtimestamp(t, zone).utcoffset().total_seconds()) for t in times))
      """
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-c", script]
    process.environment = ["PATH": "/usr/bin:/bin", "PYTHONTZPATH": "/usr/share/zoneinfo"]
    let output = Pipe()
    process.standardOutput = output
    try process.begin()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let lines = text.split(separator: "\n")
    #expect(lines.count > 300)
    for line in lines {
      let words = line.split(separator: " ")
      let rules = try Self.zone(String(words[0]))
      let ours = stride(from: -631_152_000, to: 2_840_140_800, by: 27_032_101).map {
        rules.offset(at: Timestamp(seconds: Double($0)))
      }
      #expect(ours == words.dropFirst().compactMap { Int($0) }, "\(words[0])")
    }
  }

  @Test(
    .enabled(if: FileManager.default.fileExists(atPath: "/usr/share/zoneinfo/Europe/Berlin"), "no tzdata"))
  func `a change takes place at its second, also beyond the file's last entry`() throws {
    let berlin = try Self.zone("Europe/Berlin")
    for (text, offset) in [
      ("2026-03-29T00:59:59Z", 3600), ("2026-03-29T01:00:00Z", 7200), ("2026-10-25T00:59:59Z", 7200),
      ("2026-10-25T01:00:00Z", 3600), ("2055-03-28T00:59:59Z", 3600), ("2055-03-28T01:00:00Z", 7200),
    ] { #expect(berlin.offset(at: try #require(Timestamp(text))) == offset, "\(text)") }
    let local = berlin.local(try #require(Timestamp("2026-12-31T23:30:00Z")))
    #expect(local.year == 2027 && local.hour == 0 && local.minute == 30)
    // South of the equator, and a quarter of an hour.
    let chatham = try Self.zone("Pacific/Chatham")
    #expect(chatham.offset(at: try #require(Timestamp("2050-01-01T00:00:00Z"))) == 49_500)
    #expect(chatham.offset(at: try #require(Timestamp("2050-07-01T00:00:00Z"))) == 45_900)
  }

  @Test(arguments: [
    ("UTC", 0), ("Z", 0), ("+01:00", 3600), ("-0330", -12_600), ("+14", 50_400), ("-00:30", -1800),
  ]) func `fixed offsets`(text: String, seconds: Int) {
    #expect(TimeZoneRules(offset: text)?.offset(at: Timestamp(seconds: 0)) == seconds)
  }

  @Test(arguments: ["", "+", "+1", "+25:00", "+01:60", "01:00", "+1:2:3:4", "CET"])
  func `what is no offset`(text: String) { #expect(TimeZoneRules(offset: text) == nil) }

  @Test(arguments: ["Europe/Nowhere", "../etc/passwd", "/etc/passwd", "", "a b", "Europe"])
  func `what cannot be had is said with what to do`(name: String) {
    let error = #expect(throws: TimeZoneRules.Unknown.self) { try Self.zone(name) }
    #expect(error?.description.contains("+01:00") == true)
  }

  @Test func `a damaged file is none`() throws {
    let folder = TemporaryFolder()
    var whole: [UInt8] = Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15)
    whole += [0, 0, 0, 0] + [0, 0, 0, 0] + [0, 0, 0, 0] + [0, 0, 0, 0] + [0, 0, 0, 1] + [0, 0, 0, 4]
    let body: [UInt8] = [0, 0, 14, 16, 0, 0] + Array("CET\0".utf8)
    let zone = whole + body + whole + body + Array("\nCET-1CEST,M3.5.0,M10.5.0/3\n".utf8)
    let rules = try #require(TimeZoneRules(zoneFile: zone))
    #expect(rules.offset(at: try #require(Timestamp("2026-07-01T00:00:00Z"))) == 7200)
    for length in 0..<(zone.count - 1) { #expect(TimeZoneRules(zoneFile: Array(zone.prefix(length))) == nil) }
    try Data(zone.prefix(50)).write(to: URL(fileURLWithPath: folder("Broken")))
    let error = #expect(throws: TimeZoneRules.Unknown.self) {
      try TimeZoneRules(
        named: "Broken", files: LocalFileSystem(), environment: Environment(["TZDIR": folder.path]))
    }
    #expect(error?.description.contains("is no time zone file") == true)
  }

  /// Rules of each form that POSIX knows, at the end of an otherwise empty zone.
  @Test(arguments: [
    ("EST5", "2026-07-01T00:00:00Z", -18_000), ("EST5EDT,M3.2.0,M11.1.0", "2026-03-08T06:59:59Z", -18_000),
    ("EST5EDT,M3.2.0,M11.1.0", "2026-03-08T07:00:00Z", -14_400),
    ("<+0330>-3:30", "2026-01-01T00:00:00Z", 12_600),
    ("IST-1GMT0,M10.5.0,M3.5.0/1", "2026-01-01T00:00:00Z", 0),
    ("IST-1GMT0,M10.5.0,M3.5.0/1", "2026-07-01T00:00:00Z", 3600),
    ("AAA3BBB,J60,J300", "2024-03-01T04:59:59Z", -10_800),
    ("AAA3BBB,J60,J300", "2024-03-01T05:00:00Z", -7200),
    ("AAA3BBB,59,300", "2024-02-29T05:00:00Z", -7200),
    ("EET-2EEST,M3.4.4/50,M10.4.4/50", "2026-03-27T23:59:59Z", 7200),
    ("EET-2EEST,M3.4.4/50,M10.4.4/50", "2026-03-28T00:00:00Z", 10_800),
  ]) func `rules after the last entry`(rule: String, text: String, offset: Int) throws {
    #expect(try Self.rules(rule).offset(at: try #require(Timestamp(text))) == offset)
  }

  private static func rules(_ rule: String) throws -> TimeZoneRules {
    let header: [UInt8] =
      Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15)
      + [0, 0, 0, 0] + [0, 0, 0, 0] + [0, 0, 0, 0] + [0, 0, 0, 0] + [0, 0, 0, 1] + [0, 0, 0, 4]
    let body: [UInt8] = [0, 0, 0, 0, 0, 0] + Array("UTC\0".utf8)
    return try #require(TimeZoneRules(zoneFile: header + body + header + body + Array("\n\(rule)\n".utf8)))
  }
}
