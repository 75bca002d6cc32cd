/// Offsets from UTC of one place, now and at any time: a fixed offset, or a zone's file as the system has it.
public struct TimeZoneRules: Hashable, Sendable {
  private enum Kind: Hashable, Sendable {
    case fixed(Int)
    /// The time of each change and the offset from then on; the offset before the first; the rule after the last.
    case transitions([Transition], before: Int, after: POSIXTimeZone?)
  }
  private struct Transition: Hashable, Sendable {
    var time: Int64
    var offset: Int
  }
  private let kind: Kind

  /// Why a zone cannot be had.
  public struct Unknown: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong and what would be right.
    public let description: String
  }

  /// Universal time.
  public static let utc = TimeZoneRules(kind: .fixed(0))

  private init(kind: Kind) { self.kind = kind }

  /// A fixed offset: `UTC`, `Z`, `+01:00`, `-0330`; nil for anything else.
  public init?(offset text: String) {
    if ["UTC", "Z", "GMT", "Etc/UTC"].contains(text) {
      self = .utc
      return
    }
    guard let sign = text.first, sign == "+" || sign == "-" else { return nil }
    // hh, hhmm, or hh:mm.
    var digits = text.dropFirst()
    if digits.count == 5 { digits = digits.prefix(2) + digits.suffix(3).drop { $0 == ":" } }
    guard digits.count == 2 || digits.count == 4, digits.allSatisfy({ $0.isASCII && $0.isNumber }),
      let hours = Int(digits.prefix(2)), hours < 24,
      let minutes = digits.count == 4 ? Int(digits.suffix(2)) : 0,
      minutes < 60
    else { return nil }
    self.init(kind: .fixed((hours * 3600 + minutes * 60) * (sign == "-" ? -1 : 1)))
  }

  /// The zone `name`, such as `Europe/Berlin`, from the system's files; or a fixed offset.
  /// - Parameter environment: `TZDIR` names another folder than `/usr/share/zoneinfo`.
  public init(named name: String, files: any FileSystem, environment: Environment) throws(Unknown) {
    if let fixed = TimeZoneRules(offset: name) {
      self = fixed
      return
    }
    let isName = name.utf8.allSatisfy { byte in
      UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
        || "/_+-".utf8.contains(byte)
    }
    guard isName, !name.isEmpty, !name.hasPrefix("/") else {
      throw Unknown(
        description: "'\(name)' is no time zone: a name such as Europe/Berlin or an offset such as +01:00")
    }
    let path = "\(environment.nonEmpty("TZDIR") ?? "/usr/share/zoneinfo")/\(name)"
    let bytes: [UInt8]
    do throws(FileError) { bytes = try files.read(path) } catch {
      throw Unknown(
        description:
          "the time zone \(name) is not to be had: \(error); install tzdata, or write an offset such as "
          + "+01:00")
    }
    guard let rules = TimeZoneRules(zoneFile: bytes) else {
      throw Unknown(description: "\(path) is no time zone file")
    }
    self = rules
  }

  /// Seconds east of UTC at `time`.
  public func offset(at time: Timestamp) -> Int {
    switch kind {
    case .fixed(let seconds): return seconds
    case .transitions(let transitions, let before, let after):
      let seconds = Int64(time.seconds.rounded(.down))
      if let last = transitions.last, seconds >= last.time, let after {
        return after.offset(at: seconds)
      }
      if transitions.isEmpty, let after { return after.offset(at: seconds) }
      return transitions.last { $0.time <= seconds }?.offset ?? before
    }
  }

  /// The date and the time of day that a clock on the wall shows at `time`.
  public func local(_ time: Timestamp) -> CivilFields { CivilFields(time + .seconds(offset(at: time))) }
}

// MARK: - Zone files

extension TimeZoneRules {
  /// Reads a compiled zone (RFC 8536), version 2 and later by its 64-bit part; nil where it is damaged.
  public init?(zoneFile bytes: [UInt8]) {
    guard let first = Header(bytes, at: 0) else { return nil }
    guard first.version >= UInt8(ascii: "2") else {
      guard let body = TimeZoneRules.body(bytes, first, at: Header.size, width: 4) else { return nil }
      self.init(kind: .transitions(body.transitions, before: body.before, after: nil))
      return
    }
    let second = Header.size + first.length(width: 4)
    guard let header = Header(bytes, at: second),
      let body = TimeZoneRules.body(bytes, header, at: second + Header.size, width: 8)
    else { return nil }
    let rest = bytes.dropFirst(second + Header.size + header.length(width: 8))
    guard rest.first == 0x0A, let end = rest.dropFirst().firstIndex(of: 0x0A) else { return nil }
    let rule = String(decoding: rest[(rest.startIndex + 1)..<end], as: UTF8.self)
    self.init(
      kind: .transitions(
        body.transitions, before: body.before, after: rule.isEmpty ? nil : POSIXTimeZone(rule)))
  }

  private struct Header {
    static let size = 44
    var version: UInt8
    var isUTCount: Int, isStandardCount: Int, leapCount: Int, timeCount: Int, typeCount: Int, nameCount: Int

    init?(_ bytes: [UInt8], at start: Int) {
      guard bytes.count >= start + Header.size, bytes[start..<start + 4].elementsEqual("TZif".utf8) else {
        return nil
      }
      version = bytes[start + 4]
      let counts = (0..<6).map { Int(TimeZoneRules.number(bytes, start + 20 + $0 * 4, 4)) }
      (isUTCount, isStandardCount, leapCount) = (counts[0], counts[1], counts[2])
      (timeCount, typeCount, nameCount) = (counts[3], counts[4], counts[5])
      guard counts.allSatisfy({ (0...100_000).contains($0) }), typeCount > 0 else { return nil }
    }

    func length(width: Int) -> Int {
      timeCount * (width + 1) + typeCount * 6 + nameCount + leapCount * (width + 4) + isStandardCount
        + isUTCount
    }
  }

  private static func body(
    _ bytes: [UInt8], _ header: Header, at start: Int, width: Int
  ) -> (transitions: [Transition], before: Int)? {
    guard bytes.count >= start + header.length(width: width) else { return nil }
    let indices = start + header.timeCount * width
    let types = indices + header.timeCount
    func offset(_ type: Int) -> Int { Int(number(bytes, types + type * 6, 4)) }
    var transitions: [Transition] = []
    for position in 0..<header.timeCount {
      let type = Int(bytes[indices + position])
      guard type < header.typeCount else { return nil }
      transitions.append(
        Transition(time: number(bytes, start + position * width, width), offset: offset(type)))
    }
    return (transitions, offset(0))
  }

  /// A signed big-endian number.
  private static func number(_ bytes: [UInt8], _ start: Int, _ width: Int) -> Int64 {
    let value = bytes[start..<start + width].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return width == 4 ? Int64(Int32(truncatingIfNeeded: value)) : Int64(bitPattern: value)
  }
}
