/// `smoke-test:` of the policy file.
public struct SmokePolicy: Hashable, Sendable {
  /// What a check that passed only after a retry counts as.
  public enum Flaky: String, Hashable, Sendable, CaseIterable { case fail, warn, pass }
  /// `files`: Hurl files, relative to the repository; patterns are allowed.
  public var files: [String] = []
  /// `parallel`: patterns of Hurl files whose entries may overlap where they only read, as `# @parallel` says in a file.
  public var parallel: [String] = []
  /// `max-time`: the longest that one request may take; nil follows what the service allows.
  public var maxTime: Duration?
  /// `deadline`: for all checks and retries together.
  public var deadline: Duration = .seconds(120)
  /// `concurrency`: checks at once.
  public var concurrency = 8
  /// `flaky`: warns by default.
  public var flaky = Flaky.warn
  /// `allow-writes`: whether checks marked `# @writes` run in production.
  public var allowsWrites = false
  /// `only-critical`: whether checks that are not marked `# @critical` only warn.
  public var onlyCriticalStops = false
  /// `latency-factor`: a latency this many times the baseline's median stops. The runbook's threshold is five.
  public var latencyFactor = 5.0
  /// `certificate-days`: a certificate that ends sooner fails.
  public var certificateDays = 15
  /// `built-in`: which checks that need no file are made, and where.
  public var builtIn = BuiltInPolicy()
  /// `variables`: for Hurl files.
  public var variables: [String: String] = [:]
  /// `openapi`: documents whose safe operations are asked, relative to the repository.
  public var openAPI: [String] = []
  /// `openapi-example`: the name of the examples that parameters take their values from.
  public var openAPIExample: String?
  /// `oauth`: where checks of OpenAPI documents get a token.
  public var oauth: OAuthPolicy?
  /// `grpc`: services that answer gRPC's health checks.
  public var grpc: [GRPCHealthPolicy] = []
  /// `sql`: probes of the data.
  public var sql: [SQLProbePolicy] = []
  /// `executions`: of state machines.
  public var executions: [ExecutionPolicy] = []

  /// The defaults.
  public init() {}

  init(_ section: PolicyReader) throws(ConfigError) {
    var section = section
    files = try section.strings("files") ?? []
    parallel = try section.strings("parallel") ?? []
    maxTime = try section.duration("max-time")
    if let value = try section.duration("deadline") { deadline = value }
    if let value = try section.int("concurrency", in: 1...512) { concurrency = value }
    if let value = try section.word("flaky", Flaky.self) { flaky = value }
    if let value = try section.bool("allow-writes") { allowsWrites = value }
    if let value = try section.bool("only-critical") { onlyCriticalStops = value }
    if let value = try section.double("latency-factor", in: 1...1000) { latencyFactor = value }
    if let value = try section.int("certificate-days", in: 0...3650) { certificateDays = value }
    builtIn = try BuiltInPolicy(try section.section("built-in"))
    variables = try section.stringMap("variables") ?? [:]
    openAPI = try section.strings("openapi") ?? []
    openAPIExample = try section.string("openapi-example")
    let oauthSection = try section.section("oauth")
    if oauthSection.isPresent { oauth = try OAuthPolicy(oauthSection) }
    for entry in try section.sections("grpc") { grpc.append(try GRPCHealthPolicy(entry)) }
    for entry in try section.sections("sql") { sql.append(try SQLProbePolicy(entry)) }
    for entry in try section.sections("executions") { executions.append(try ExecutionPolicy(entry)) }
    try section.finish()
  }
}
