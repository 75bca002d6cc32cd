import DeploymentConfig
import SystemInterfaces
import Testing

@Suite struct DeploymentCalendarTests {
  /// The wall's clock at a time written as if it were UTC.
  private func local(_ text: String) throws -> CivilFields {
    CivilFields(try #require(Timestamp("\(text):00Z")))
  }

  // 2026-11-26 is a Thursday.
  @Test(arguments: [
    ("Mon-Thu 09:00-16:00", "2026-11-26T09:00", true), ("Mon-Thu 09:00-16:00", "2026-11-26T15:59", true),
    ("Mon-Thu 09:00-16:00", "2026-11-26T16:00", false), ("Mon-Thu 09:00-16:00", "2026-11-27T10:00", false),
    ("mon,wed,Fri 09:00-16:00", "2026-11-27T10:00", true), ("mon,wed 09:00-16:00", "2026-11-26T10:00", false),
    ("Sat-Mon 00:00-24:00", "2026-11-29T23:59", true), ("Sat-Mon 00:00-24:00", "2026-11-26T12:00", false),
    ("daily 22:00-02:00", "2026-11-26T23:00", true), ("daily 22:00-02:00", "2026-11-26T01:59", true),
    ("daily 22:00-02:00", "2026-11-26T02:00", false), ("Thu 22:00-02:00", "2026-11-27T01:00", true),
    ("Thu 22:00-02:00", "2026-11-26T01:00", false),
  ]) func `windows of the week`(window: String, time: String, isOpen: Bool) throws {
    #expect(try #require(WeeklyWindow(window)).holds(at: try local(time)) == isOpen)
  }

  @Test(arguments: [
    "", "Mon", "Mon 9:00-16:00", "Mon 09:00", "Mon 09:00-09:00", "Mon 09:00-25:00", "Mon 24:00-01:00",
    "Someday 09:00-10:00", "Mon-Tue-Wed 09:00-10:00", "Mon, 09:00-10:00", "Mon 09:60-10:00",
    "Mon 09:00-10:00 UTC",
  ]) func `what is no window`(text: String) { #expect(WeeklyWindow(text) == nil) }

  @Test func `freezes hold from their first to their last minute`() throws {
    let days = try #require(Freeze(from: "2026-12-20", to: "2027-01-03", reason: ""))
    for (time, holds) in [
      ("2026-12-19T23:59", false), ("2026-12-20T00:00", true), ("2027-01-03T23:59", true),
      ("2027-01-04T00:00", false),
    ] { #expect(days.holds(at: try local(time)) == holds, "\(time)") }
    let hours = try #require(Freeze(from: "2026-11-26T18:00", to: "2026-11-27T06:00", reason: ""))
    for (time, holds) in [
      ("2026-11-26T17:59", false), ("2026-11-26T18:00", true), ("2026-11-27T05:59", true),
      ("2026-11-27T06:00", false),
    ] { #expect(hours.holds(at: try local(time)) == holds, "\(time)") }
    #expect(Freeze(from: "2026-12-20", to: "2026-12-20", reason: "") != nil)
  }

  @Test(arguments: [
    ("", ""), ("2026-12-20", "2026-12-19"), ("2026-02-30", "2026-03-01"), ("20.12.2026", "2027-01-01"),
    ("2026-12-20T25:00", "2026-12-22"), ("2026-12-20T10:00", "2026-12-20T10:00"),
    ("2026-13-01", "2027-01-01"),
  ]) func `what is no freeze`(from: String, to: String) {
    #expect(Freeze(from: from, to: to, reason: "") == nil)
  }

  @Test func `a freeze goes before a window`() throws {
    var calendar = DeploymentCalendar()
    #expect(calendar.refusal(at: try local("2026-11-26T03:00")) == nil)
    calendar.windows = [try #require(WeeklyWindow("Mon-Fri 09:00-16:00"))]
    #expect(calendar.refusal(at: try local("2026-11-26T03:00")) == .outsideWindows)
    let freeze = try #require(Freeze(from: "2026-11-26", to: "2026-11-27", reason: "sale"))
    calendar.freezes = [freeze]
    #expect(calendar.refusal(at: try local("2026-11-26T10:00")) == .frozen(freeze))
  }

  @Test func `the policy's keys`() throws {
    let text = """
      preflight-snapshot:
        keep-database-snapshots: 3
        require-restorable: false
        check-permissions: false
        function-code: always
        function-code-megabytes: 20
        template-bucket: templates/shop
        after: [staging, canary]
        require-pushed: false
        maximum-age: 30m
        time-zone: Europe/Berlin
        windows: ["Mon-Thu 09:00-16:00", "Fri 09:00-12:00"]
        freezes:
          - {from: 2026-12-20, to: 2027-01-03, reason: holidays}
          - {from: 2026-11-27}
      """
    let policy = try Policy(parsing: Array(text.utf8), path: "backstop.yml").snapshot
    #expect(policy.keptDatabaseSnapshots == 3 && !policy.requiresRestorable && !policy.checksPermissions)
    #expect(policy.functionCode == .always && policy.functionCodeMegabytes == 20)
    #expect(policy.templateBucket == "templates/shop" && policy.after == ["staging", "canary"])
    #expect(!policy.requiresPushed && policy.maximumAge == .seconds(1800))
    #expect(policy.calendar.timeZone == "Europe/Berlin" && policy.calendar.windows.count == 2)
    #expect(policy.calendar.freezes.map(\.to) == ["2027-01-03", "2026-11-27"])
    #expect(policy.calendar.freezes[0].reason == "holidays")
  }

  @Test(arguments: [
    ("windows: [Mon-Thu 9-16]", 2), ("windows: sometimes", 2),
    ("freezes:\n    - {from: 2026-12-20, to: 2026-12-01}", 3), ("freezes: [{to: 2026-12-01}]", 2),
    ("function-code-megabytes: 51", 2), ("function-code: sometimes", 2),
  ]) func `a wrong value is named with its line`(key: String, line: Int) {
    let text = "preflight-snapshot:\n  \(key)\n"
    let error = #expect(throws: ConfigError.self) {
      try Policy(parsing: Array(text.utf8), path: "backstop.yml")
    }
    #expect(error?.line == line)
  }
}
