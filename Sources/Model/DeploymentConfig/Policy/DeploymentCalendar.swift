import SystemInterfaces

/// When deployments may begin: windows of the week and periods without any.
public struct DeploymentCalendar: Hashable, Sendable {
  /// `time-zone`: a name such as `Europe/Berlin`, or an offset; UTC unless given.
  public var timeZone = "UTC"
  /// `windows`: such as `Mon-Thu 09:00-16:00`; none means at any time.
  public var windows: [WeeklyWindow] = []
  /// `freezes`: periods in which nothing is deployed.
  public var freezes: [Freeze] = []

  /// At any time.
  public init() {}

  /// Why nothing may be deployed at a time.
  public enum Refusal: Hashable, Sendable {
    /// A freeze holds.
    case frozen(Freeze)
    /// It is in none of the windows.
    case outsideWindows
  }

  /// Why nothing may be deployed when the wall's clock shows `local`; nil where it may.
  public func refusal(at local: CivilFields) -> Refusal? {
    if let freeze = freezes.first(where: { $0.holds(at: local) }) { return .frozen(freeze) }
    return windows.isEmpty || windows.contains { $0.holds(at: local) } ? nil : .outsideWindows
  }
}

/// A window of the week in local time: `Mon-Thu 09:00-16:00`, `Sat,Sun 22:00-02:00`, `daily 08:00-20:00`.
public struct WeeklyWindow: Hashable, Sendable, CustomStringConvertible {
  /// As it was written.
  public let description: String
  private let days: Set<Int>
  /// Minutes from midnight.
  private let start: Int, end: Int

  private static let names = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

  /// Reads a window; nil where it is none.
  public init?(_ text: String) {
    description = text
    let parts = text.split(whereSeparator: \.isWhitespace)
    guard parts.count == 2, let days = WeeklyWindow.days(parts[0]) else { return nil }
    let times = parts[1].split(separator: "-", omittingEmptySubsequences: false)
    guard times.count == 2, let start = WeeklyWindow.minutes(times[0]),
      let end = WeeklyWindow.minutes(times[1]),
      start != end, start < 1440
    else { return nil }
    (self.days, self.start, self.end) = (days, start, end)
  }

  /// Whether the wall's clock is inside. A window that ends before it begins goes on past midnight.
  public func holds(at local: CivilFields) -> Bool {
    let minute = local.hour * 60 + local.minute
    if start < end { return days.contains(local.weekday) && (start..<end).contains(minute) }
    return days.contains(local.weekday) && minute >= start
      || days.contains((local.weekday + 6) % 7) && minute < end
  }

  private static func days(_ text: Substring) -> Set<Int>? {
    let lower = text.lowercased()
    if lower == "daily" { return Set(0...6) }
    var days = Set<Int>()
    for part in lower.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map {
        names.firstIndex(of: String($0))
      }
      guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2 else { return nil }
      var day = first
      days.insert(day)
      while day != last {
        day = (day + 1) % 7
        days.insert(day)
      }
    }
    return days
  }

  /// `hh:mm`, up to `24:00`.
  static func minutes(_ text: Substring) -> Int? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2,
      parts.allSatisfy({ $0.count == 2 && $0.allSatisfy { $0.isASCII && $0.isNumber } }),
      let hour = Int(parts[0]), let minute = Int(parts[1]), minute < 60,
      hour < 24 || hour == 24 && minute == 0
    else { return nil }
    return hour * 60 + minute
  }
}

/// A period in which nothing is deployed, in local time.
public struct Freeze: Hashable, Sendable {
  /// As written: `2026-12-20`, or `2026-12-20T18:00`. A date alone begins with its day and ends with it.
  public let from: String, to: String
  /// Why; may be empty.
  public let reason: String
  private let start: LocalMinute, end: LocalMinute

  /// A period; nil where a date is none, or the end comes first.
  public init?(from: String, to: String, reason: String) {
    guard let start = LocalMinute(from), var end = LocalMinute(to) else { return nil }
    if !to.contains("T") { end.minute = 1440 }
    guard start < end else { return nil }
    (self.from, self.to, self.reason, self.start, self.end) = (from, to, reason, start, end)
  }

  /// Whether the wall's clock is inside.
  public func holds(at local: CivilFields) -> Bool {
    let now = LocalMinute(local)
    return start <= now && now < end
  }

  private struct LocalMinute: Hashable, Sendable, Comparable {
    var day: Int64
    var minute: Int

    init(_ local: CivilFields) {
      day = CivilFields.daysSinceEpoch(year: local.year, month: local.month, day: local.day)
      minute = local.hour * 60 + local.minute
    }

    init?(_ text: String) {
      let parts = text.split(separator: "T", omittingEmptySubsequences: false)
      let date = parts[0].split(separator: "-", omittingEmptySubsequences: false)
      guard parts.count <= 2, date.count == 3, date[0].count == 4,
        date.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isNumber } }), let year = Int(date[0]),
        let month = Int(date[1]), (1...12).contains(month), let dayOfMonth = Int(date[2]),
        (1...CivilFields.days(inMonth: month, year: year)).contains(dayOfMonth)
      else { return nil }
      day = CivilFields.daysSinceEpoch(year: year, month: month, day: dayOfMonth)
      minute = 0
      guard parts.count == 2 else { return }
      guard let minutes = WeeklyWindow.minutes(parts[1]) else { return nil }
      minute = minutes
    }

    static func < (one: LocalMinute, other: LocalMinute) -> Bool {
      (one.day, one.minute) < (other.day, other.minute)
    }
  }
}
