import CloudFormationModel
import YAMLDocuments

/// `diff-gate:` of the policy file.
public struct GatePolicy: Hashable, Sendable {
  /// A rule of the project's own: a message where a changed file matches.
  public struct Rule: Hashable, Sendable {
    /// The finding's code, its severity (`error`, `warning`, `notice`), the path pattern, the text looked for in added
    /// lines (empty: any change), the message.
    public var code = "", severity = "error", path = "**", contains = "", message = ""
  }
  /// `templates`, `migrations`, `ignore`: path patterns; empty lists mean the built-in ones.
  public var templates: [String] = [], migrations: [String] = [], ignore: [String] = []
  /// `severities`: finding code to `error`, `warning`, `notice` or `off`.
  public var severities: [String: String] = [:]
  /// `stateful-types`: resource types that hold data, beside the built-in ones.
  public var statefulTypes: [String] = []
  /// All types that hold data: the built-in ones and the policy's.
  public var allStatefulTypes: StatefulTypes { StatefulTypes(adding: Set(statefulTypes)) }
  /// `replacement-table`: a file of types whose create-only properties are other ones than the built-in table says, or that
  /// it does not know; relative to the repository.
  public var replacementTable: String?
  /// `acknowledgements`: the file that holds them.
  public var acknowledgements = "backstop-acknowledgements.yml"
  /// `acknowledgements-need-approval`: whether one that comes with the change counts only once an owner has approved.
  public var acknowledgementsNeedApproval = false
  /// `trailers-acknowledge`: whether a trailer of a commit counts without an owner's approval.
  public var trailersAcknowledge = false
  /// `teams`: members of the teams that own the file of acknowledgements.
  public var teams: [String: Set<String>] = [:]
  /// `postgresql-version`: the major version of the database; nil: one that is still supported.
  public var postgresVersion: Int?
  /// `migrations-in-transaction`: whether the tool that runs migrations puts each into a transaction; nil: as its own
  /// documentation says.
  public var migrationsInTransaction: Bool?
  /// `dialects`: path pattern to `postgresql`, `mysql`, `sqlite` or `other`.
  public var dialects: [String: String] = [:]
  /// How one CDK application is synthesized, where the command line says in which sandbox that may be done.
  public struct Synthesis: Hashable, Sendable {
    /// `app`: the folder of its `cdk.json`; `.` for the repository's root.
    public var app = "."
    /// `command`: a line for a shell, which runs in that folder and writes to `$BACKSTOP_OUTPUT`.
    public var command = ""

    /// An application; none yet.
    public init() {}
  }
  /// `synth`: the applications.
  public var synth: [Synthesis] = []
  /// `rules`: the project's own.
  public var rules: [Rule] = []

  /// A name as it is compared: in lower case, without `@`.
  private static func person(_ name: String) -> String {
    (name.hasPrefix("@") ? String(name.dropFirst()) : name).lowercased()
  }

  private static let dialectWords = ["postgresql", "mysql", "sqlite", "other"]
  private static let severityWords = ["error", "warning", "notice", "off"]

  /// The defaults.
  public init() {}

  init(_ section: PolicyReader) throws(ConfigError) {
    var section = section
    templates = try section.strings("templates") ?? []
    migrations = try section.strings("migrations") ?? []
    ignore = try section.strings("ignore") ?? []
    severities = try section.stringMap("severities") ?? [:]
    for member in section.take("severities")?.mapping?.members ?? []
    where !GatePolicy.severityWords.contains(member.value.scalar?.text ?? "") {
      throw section.error(
        "severities.\(member.name)", member.value, GatePolicy.severityWords.joined(separator: ", "))
    }
    statefulTypes = try section.strings("stateful-types") ?? []
    replacementTable = try section.string("replacement-table")
    acknowledgementsNeedApproval = try section.bool("acknowledgements-need-approval") ?? false
    trailersAcknowledge = try section.bool("trailers-acknowledge") ?? false
    for (team, members) in try section.stringMap("teams") ?? [:] {
      teams[GatePolicy.person(team)] = Set(
        members.split { $0 == "," || $0.isWhitespace }.map { GatePolicy.person(String($0)) })
    }
    postgresVersion = try section.int("postgresql-version", in: 8...99)
    migrationsInTransaction = try section.bool("migrations-in-transaction")
    dialects = try section.stringMap("dialects") ?? [:]
    for member in section.take("dialects")?.mapping?.members ?? []
    where !GatePolicy.dialectWords.contains(member.value.scalar?.text ?? "") {
      throw section.error(
        "dialects.\(member.name)", member.value, GatePolicy.dialectWords.joined(separator: ", "))
    }
    if let value = try section.string("acknowledgements") { acknowledgements = value }
    for var entry in try section.sections("rules") {
      var rule = Rule()
      rule.code = try entry.string("code") ?? "own-rule"
      rule.severity = try entry.string("severity") ?? "error"
      if let value = entry.take("severity"), !GatePolicy.severityWords.dropLast().contains(rule.severity) {
        throw entry.error("severity", value, GatePolicy.severityWords.dropLast().joined(separator: ", "))
      }
      rule.path = try entry.string("path") ?? "**"
      rule.contains = try entry.string("contains") ?? ""
      rule.message = try entry.string("message") ?? ""
      try entry.finish()
      rules.append(rule)
    }
    for var entry in try section.sections("synth") {
      var app = Synthesis()
      if let folder = try entry.string("app") { app.app = folder }
      app.command = try entry.required("command")
      if app.app.hasPrefix("/") || app.app.split(separator: "/").contains("..") {
        throw entry.problem("app: expected a folder of the repository")
      }
      while app.app.hasSuffix("/"), app.app.count > 1 { app.app.removeLast() }
      try entry.finish()
      synth.append(app)
    }
    try section.finish()
  }
}
