/// `auto-revert:` of the policy file.
public struct RevertPolicy: Hashable, Sendable {
  /// `deadline`: for all stacks together, waiting included.
  public var deadline: Duration = .seconds(7200)
  /// `maximum-per-day`: restores that run without a named operator.
  public var maximumPerDay = 4
  /// `maximum-age`: an older deployment is only reverted by a named operator.
  public var maximumAge: Duration = .seconds(6 * 3600)
  /// `kill-switch`: a file, relative to the repository, whose presence forbids automatic reverts.
  public var killSwitch = ""
  /// `branch`: whether a revert commit is made on a branch of its own.
  public var makesBranch = true

  /// The defaults.
  public init() {}

  init(_ section: PolicyReader) throws(ConfigError) {
    var section = section
    if let value = try section.duration("deadline") { deadline = value }
    if let value = try section.int("maximum-per-day", in: 0...1000) { maximumPerDay = value }
    if let value = try section.duration("maximum-age") { maximumAge = value }
    if let value = try section.string("kill-switch") { killSwitch = value }
    if let value = try section.bool("branch") { makesBranch = value }
    try section.finish()
  }
}
