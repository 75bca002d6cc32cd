/// What a finding code means: the entry of the catalogue that `--explain`, the documentation and SARIF's rules are made from.
public struct FindingDescription: Hashable, Sendable {
  /// The stable code.
  public let code: String
  /// How much it weighs; nil where what was found, or the policy, decides.
  public let severity: Severity?
  /// One sentence: when it is raised.
  public let meaning: String
  /// One sentence: what to do.
  public let remedy: String
  /// The version that has it first.
  public let since: String

  /// A catalogue entry.
  public init(
    _ code: String, _ meaning: String, severity: Severity? = nil, remedy: String = "",
    since: String = "0.1.0"
  ) {
    self.code = code
    self.severity = severity
    self.meaning = meaning
    self.remedy = remedy
    self.since = since
  }

  /// The code in words: `Stack in motion`.
  public var title: String {
    let words = code.split(separator: "-").joined(separator: " ")
    return words.prefix(1).uppercased() + words.dropFirst()
  }
}
