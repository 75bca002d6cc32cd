/// One of `smoke-test.sql`: a query about the data, and what it must give.
public struct SQLProbePolicy: Hashable, Sendable {
  /// What the recorded value asks of the present one.
  public enum Before: Hashable, Sendable {
    /// `same`: the very same rows.
    case same
    /// `95%`: a number not smaller than this share of the recorded one.
    case atLeast(percent: Double)
  }
  /// `name`: what reports call it.
  public var name: String
  /// `sql`: one statement that reads.
  public var sql: String
  /// `equals`: the one value of the one row, as PostgreSQL writes it.
  public var equals: String?
  /// `at-least`, `at-most`: bounds of a number.
  public var atLeast: Double?, atMost: Double?
  /// `before`: compared with the restore point.
  public var before: Before?
  /// `critical`: whether it stops the chain also where others only warn.
  public var isCritical = false
  /// `timeout`: for the query.
  public var timeout: Duration = .seconds(30)
  /// The line of the policy file on which it begins.
  public var line = 0

  /// A probe that expects nothing yet.
  public init(name: String, sql: String) {
    self.name = name
    self.sql = sql
  }

  init(_ section: PolicyReader) throws(ConfigError) {
    var section = section
    self.init(name: try section.required("name"), sql: try section.required("sql"))
    line = section.line
    equals = try section.string("equals")
    atLeast = try section.double("at-least", in: -1e300...1e300)
    atMost = try section.double("at-most", in: -1e300...1e300)
    if let text = try section.string("before") {
      if text == "same" {
        before = .same
      } else if text.hasSuffix("%"), let percent = Double(text.dropLast()), (0...1000).contains(percent) {
        before = .atLeast(percent: percent)
      } else {
        throw section.problem("before: expected same or a share such as 95%")
      }
    }
    if let value = try section.bool("critical") { isCritical = value }
    if let value = try section.duration("timeout") { timeout = value }
    try section.finish()
    guard equals != nil || atLeast != nil || atMost != nil || before != nil else {
      throw section.problem("'\(name)' expects nothing: give equals, at-least, at-most or before")
    }
  }
}
