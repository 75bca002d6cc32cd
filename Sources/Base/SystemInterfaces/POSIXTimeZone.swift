/// The rule at the end of a zone file, for times after its last change: `CET-1CEST,M3.5.0,M10.5.0/3`.
struct POSIXTimeZone: Hashable, Sendable {
  /// Seconds east of UTC.
  private let standard: Int
  private let daylight: Daylight?

  private struct Daylight: Hashable, Sendable {
    var offset: Int
    var start: Moment, end: Moment
  }

  /// When in a year a change happens, on the wall's clock before it.
  private struct Moment: Hashable, Sendable {
    enum Day: Hashable, Sendable {
      /// Month, week from 1 (5 is the last), weekday from Sunday.
      case weekday(month: Int, week: Int, day: Int)
      /// From 1 to 365; 29 February is not counted.
      case julian(Int)
      /// From 0 to 365.
      case ordinal(Int)
    }
    var day: Day
    /// Seconds from midnight; may be negative or beyond a day.
    var time = 7200

    /// The moment in `year` as seconds since 1970, as if the wall's clock showed UTC.
    func seconds(in year: Int) -> Int64 {
      let newYear = CivilFields.daysSinceEpoch(year: year, month: 1, day: 1)
      let days: Int64
      switch day {
      case .julian(let number):
        let isLeap = CivilFields.days(inMonth: 2, year: year) == 29
        days = newYear + Int64(number - 1) + (isLeap && number > 59 ? 1 : 0)
      case .ordinal(let number): days = newYear + Int64(number)
      case .weekday(let month, let week, let weekday):
        let first = CivilFields.daysSinceEpoch(year: year, month: month, day: 1)
        let firstWeekday = CivilFields(Timestamp(seconds: Double(first) * 86_400)).weekday
        var date = (weekday - firstWeekday + 7) % 7 + (week - 1) * 7
        if date >= CivilFields.days(inMonth: month, year: year) { date -= 7 }
        days = first + Int64(date)
      }
      return days * 86_400 + Int64(time)
    }
  }

  /// Reads a rule; nil where it is none.
  init?(_ text: String) {
    var reader = Reader(rest: Substring(text))
    guard reader.name(), let west = reader.time() else { return nil }
    standard = -west
    guard !reader.rest.isEmpty else {
      daylight = nil
      return
    }
    guard reader.name() else { return nil }
    var offset = standard + 3600
    if let first = reader.rest.first, first != "," {
      guard let west = reader.time() else { return nil }
      offset = -west
    }
    guard reader.skip(","), let start = reader.moment(), reader.skip(","), let end = reader.moment(),
      reader.rest.isEmpty
    else { return nil }
    daylight = Daylight(offset: offset, start: start, end: end)
  }

  /// Seconds east of UTC at `time`, seconds since 1970.
  func offset(at time: Int64) -> Int {
    guard let daylight else { return standard }
    // A change near New Year belongs to the year on the wall.
    let year = CivilFields(Timestamp(seconds: Double(time + Int64(standard)))).year
    let start = daylight.start.seconds(in: year) - Int64(standard)
    let end = daylight.end.seconds(in: year) - Int64(daylight.offset)
    // South of the equator summer spans New Year.
    let isSummer = start < end ? start <= time && time < end : time < end || start <= time
    return isSummer ? daylight.offset : standard
  }

  private struct Reader {
    var rest: Substring

    mutating func skip(_ character: Character) -> Bool {
      guard rest.first == character else { return false }
      rest.removeFirst()
      return true
    }

    /// Letters, or anything between angle brackets.
    mutating func name() -> Bool {
      if skip("<") {
        guard let end = rest.firstIndex(of: ">") else { return false }
        rest = rest[rest.index(after: end)...]
        return true
      }
      let letters = rest.prefix { $0.isASCII && $0.isLetter }
      rest = rest[letters.endIndex...]
      return letters.count >= 3
    }

    mutating func number() -> Int? {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest[digits.endIndex...]
      return digits.count <= 3 ? Int(digits) : nil
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    mutating func time() -> Int? {
      let isNegative = rest.first == "-"
      if isNegative || rest.first == "+" { rest.removeFirst() }
      guard var seconds = number().map({ $0 * 3600 }) else { return nil }
      if skip(":") {
        guard let minutes = number() else { return nil }
        seconds += minutes * 60
        if skip(":") {
          guard let more = number() else { return nil }
          seconds += more
        }
      }
      return isNegative ? -seconds : seconds
    }

    mutating func moment() -> Moment? {
      let day: Moment.Day
      if skip("M") {
        guard let month = number(), (1...12).contains(month), skip("."), let week = number(),
          (1...5).contains(week), skip("."), let weekday = number(), (0...6).contains(weekday)
        else { return nil }
        day = .weekday(month: month, week: week, day: weekday)
      } else if skip("J") {
        guard let number = number(), (1...365).contains(number) else { return nil }
        day = .julian(number)
      } else {
        guard let number = number(), (0...365).contains(number) else { return nil }
        day = .ordinal(number)
      }
      var moment = Moment(day: day)
      if skip("/") {
        guard let time = time() else { return nil }
        moment.time = time
      }
      return moment
    }
  }
}
