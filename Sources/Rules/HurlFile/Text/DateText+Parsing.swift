import SystemInterfaces

extension DateText {
  /// The time that `text` names by `format`; without an offset in it, in UTC.
  static func date(_ text: String, format: String) throws(EvaluationFailure) -> Timestamp {
    var reader = DateReader(text)
    for item in try items(format) {
      switch item {
      case .text(let plain):
        guard reader.skip(plain) else { throw reader.failure("\"\(plain)\"") }
      case .field("+", _, _):
        guard let date = reader.takeRFC3339() else { throw reader.failure("a time by RFC 3339") }
        reader.whole = date
      case .field(let specifier, _, let modifier):
        guard reader.read(specifier, modifier) else {
          throw reader.failure("%\(modifier)\(Character(specifier))")
        }
      }
    }
    guard reader.isAtEnd else { throw reader.failure("the end of the text") }
    guard let date = reader.date else {
      throw EvaluationFailure(message: "\(text) names no day and time by the format \(format)")
    }
    return date
  }
}

private struct DateReader {
  private let text: String
  private var rest: ArraySlice<Unicode.Scalar>
  private var year: Int?, month: Int?, day: Int?, dayOfYear: Int?
  private var hour: Int?, hour12: Int?, isAfternoon: Bool?, minute: Int?, second = 0
  private var nanosecond: Int64 = 0, offset: Int64 = 0, epoch: Int64?
  /// A whole time that was read at once.
  var whole: Timestamp?

  init(_ text: String) {
    self.text = text
    rest = Array(text.unicodeScalars)[...]
  }

  var isAtEnd: Bool { rest.isEmpty }
  func failure(_ expected: String) -> EvaluationFailure {
    EvaluationFailure(
      message: "\(text) is no such date: expected \(expected) at character \(rest.startIndex + 1)")
  }

  /// The time that was read, where day and time of day are known.
  var date: Timestamp? {
    if let whole { return whole }
    if let epoch { return Timestamp(microseconds: epoch * 1_000_000 + nanosecond / 1000) }
    guard let year, let days = daysSinceEpoch(year) else { return nil }
    var hour = hour
    if hour == nil, let hour12, let isAfternoon { hour = hour12 % 12 + (isAfternoon ? 12 : 0) }
    guard let hour, let minute, hour < 24, minute < 60, second <= 60 else { return nil }
    let seconds = days * 86_400 + Int64(hour * 3600 + minute * 60 + second) - offset
    return Timestamp(microseconds: seconds * 1_000_000 + nanosecond / 1000)
  }

  private func daysSinceEpoch(_ year: Int) -> Int64? {
    if let dayOfYear, (1...366).contains(dayOfYear) {
      return CivilFields.daysSinceEpoch(year: year, month: 1, day: 1) + Int64(dayOfYear - 1)
    }
    guard let month, let day, (1...12).contains(month),
      (1...CivilFields.days(inMonth: month, year: year)).contains(day)
    else { return nil }
    return CivilFields.daysSinceEpoch(year: year, month: month, day: day)
  }

  // MARK: Reading

  /// Passes over `plain`; white space stands for any white space.
  mutating func skip(_ plain: String) -> Bool {
    for scalar in plain.unicodeScalars {
      if scalar.properties.isWhitespace {
        while let next = rest.first, next.properties.isWhitespace { rest.removeFirst() }
      } else {
        guard rest.first == scalar else { return false }
        rest.removeFirst()
      }
    }
    return true
  }

  mutating func takeRFC3339() -> Timestamp? {
    let found = String(String.UnicodeScalarView(rest.prefix { !$0.properties.isWhitespace }))
    guard let date = Timestamp(found) else { return nil }
    rest = rest.dropFirst(found.unicodeScalars.count)
    return date
  }

  mutating func read(_ specifier: Unicode.Scalar, _ modifier: String) -> Bool {
    switch specifier {
    case "Y": return set(\.year, digits: 4, signed: true)
    case "y":
      guard let short = number(2) else { return false }
      year = short < 70 ? 2000 + short : 1900 + short
      return true
    case "m": return set(\.month, digits: 2)
    case "b", "B":
      guard let found = name(DateText.months) else { return false }
      month = found + 1
      return true
    case "d", "e": return set(\.day, digits: 2)
    case "j": return set(\.dayOfYear, digits: 3)
    // The day of the week follows from the date.
    case "a", "A": return name(DateText.weekdays) != nil
    case "u", "w": return number(1) != nil
    case "H", "k": return set(\.hour, digits: 2)
    case "I", "l": return set(\.hour12, digits: 2)
    case "M": return set(\.minute, digits: 2)
    case "S":
      guard let number = number(2) else { return false }
      second = number
      return true
    case "p", "P": return readHalf()
    case "f": return readFraction(modifier)
    case "z": return readOffset()
    case "Z":
      rest = rest.drop { !$0.properties.isWhitespace }
      return true
    case "s":
      guard let number = number(19, signed: true) else { return false }
      epoch = Int64(number)
      return true
    case "n", "t": return skip(" ")
    case "%": return skip("%")
    default: return false
    }
  }

  private mutating func set(_ field: WritableKeyPath<DateReader, Int?>, digits: Int, signed: Bool = false)
    -> Bool
  {
    guard let number = number(digits, signed: signed) else { return false }
    self[keyPath: field] = number
    return true
  }

  /// Up to `count` digits; white space before them is passed over.
  private mutating func number(_ count: Int, signed: Bool = false) -> Int? {
    _ = skip(" ")
    var sign = 1
    if signed, let first = rest.first, first == "-" || first == "+" {
      sign = first == "-" ? -1 : 1
      rest.removeFirst()
    }
    let digits = rest.prefix(count).prefix(while: \.isASCIIDigit)
    rest = rest.dropFirst(digits.count)
    return Int(String(String.UnicodeScalarView(digits))).map { sign * $0 }
  }

  /// The position of the name, in full or by its first three letters, that stands here.
  private mutating func name(_ names: [String]) -> Int? {
    let word = String(String.UnicodeScalarView(rest.prefix(while: \.isASCIILetter))).lowercased()
    for (position, name) in names.enumerated() {
      let name = name.lowercased()
      for spelling in [name, String(name.prefix(3))] where word.hasPrefix(spelling) {
        rest = rest.dropFirst(spelling.utf8.count)
        return position
      }
    }
    return nil
  }

  private mutating func readHalf() -> Bool {
    switch String(String.UnicodeScalarView(rest.prefix(2))).lowercased() {
    case "am": isAfternoon = false
    case "pm": isAfternoon = true
    default: return false
    }
    rest = rest.dropFirst(2)
    return true
  }

  /// `%.f` reads a dot and digits, or nothing; `%f` digits that count nanoseconds.
  private mutating func readFraction(_ modifier: String) -> Bool {
    if modifier.hasPrefix(".") {
      guard rest.first == "." else { return true }
      rest.removeFirst()
    }
    let digits = rest.prefix(9).prefix(while: \.isASCIIDigit)
    guard !digits.isEmpty, let value = Int64(String(String.UnicodeScalarView(digits))) else { return false }
    rest = rest.dropFirst(digits.count).drop(while: \.isASCIIDigit)
    if modifier.isEmpty {
      nanosecond = value
    } else {
      nanosecond = (digits.count..<9).reduce(value) { value, _ in value * 10 }
    }
    return true
  }

  private mutating func readOffset() -> Bool {
    if rest.first == "Z" || rest.first == "z" {
      rest.removeFirst()
      return true
    }
    guard let first = rest.popFirst(), first == "+" || first == "-", let hours = number(2) else {
      return false
    }
    if rest.first == ":" { rest.removeFirst() }
    guard let minutes = number(2), minutes < 60 else { return false }
    offset = Int64(hours * 3600 + minutes * 60) * (first == "-" ? -1 : 1)
    return true
  }
}
