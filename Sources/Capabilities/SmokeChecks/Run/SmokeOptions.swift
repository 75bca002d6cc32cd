import DeploymentConfig
import HTTPTransport
import Redaction
import StepResults
import StepRuntime
import SystemInterfaces

/// What the command line and the policy come to.
struct SmokeOptions: Sendable {
  /// A part of the checks: number `index` of `count`, counted from 1.
  struct Shard: Hashable, Sendable {
    var index: Int, count: Int
    var text: String { "\(index)/\(count)" }
  }

  var files: [String]
  /// OpenAPI documents; absolute where the policy names them.
  var openAPI: [String]
  var runsBuiltIn: Bool
  var parseOnly: Bool
  var variables: [(name: String, value: String)]
  /// The names among `variables` whose values are secrets whatever they are called.
  var secretNames: Set<String> = []
  /// Fields that requests carry which no Hurl file describes.
  var headers: [HTTPField]
  /// The version that was asked for by name, and must be seen.
  var requiredVersion: String?
  var policy: SmokePolicy
  var settings: SmokeSettings
  var baseline: String?
  var shard: Shard?
  var output: String?

  init(_ request: SmokeRequest, _ session: StepSession) throws {
    policy = session.policy.smoke
    let named = request.files
    let root = session.repositoryRoot ?? session.context.workingDirectory
    let isNamed = !named.isEmpty || !request.openAPI.isEmpty
    openAPI = isNamed ? request.openAPI : policy.openAPI.map { $0.hasPrefix("/") ? $0 : "\(root)/\($0)" }
    files = try SmokeFiles.expand(
      named, relativeTo: session.context.workingDirectory, session.context.files, isPattern: false)
    if !isNamed {
      files = try SmokeFiles.expand(
        policy.files, relativeTo: root, session.context.files, isPattern: true)
    }
    runsBuiltIn = !isNamed || request.builtIn
    parseOnly = request.parseOnly
    variables = try request.variableFiles.flatMap { try SmokeOptions.variables(inFile: $0, session) }
    variables += try request.variables.map { try SmokeOptions.variable($0, "--variable") }
    for text in request.secrets {
      let secret = try SmokeOptions.variable(text, "--secret")
      session.redactor.learn(secret.value)
      variables.append(secret)
      secretNames.insert(secret.name)
    }
    headers = try request.headers.map { try SmokeOptions.header($0, session) }
    if let text = request.flaky ?? session.policy.options["flaky"] {
      guard let choice = SmokePolicy.Flaky(rawValue: text) else {
        throw StepFailure(.usage, "--flaky \(text): expected fail, warn or pass")
      }
      policy.flaky = choice
    }
    settings = SmokeSettings()
    let deadline = try SmokeOptions.duration("deadline", request.deadline) ?? policy.deadline
    settings.settling = Settling(
      window: try SmokeOptions.duration("settle", request.settle ?? session.policy.options["settle"])
        ?? .seconds(15),
      deadline: deadline)
    settings.maxTime =
      try SmokeOptions.duration("max-time", request.maxTime ?? session.policy.options["max-time"])
      ?? policy.maxTime
    settings.concurrency = request.concurrency ?? policy.concurrency
    guard (1...512).contains(settings.concurrency) else {
      throw StepFailure(.usage, "--concurrency \(settings.concurrency): expected a number from 1 to 512")
    }
    settings.allowsWrites = policy.allowsWrites || !session.isProduction
    settings.thresholds.latencyFactor = policy.latencyFactor
    settings.expectedVersion =
      try request.expectVersion ?? (session.common.commit == nil ? nil : session.commitId())
    requiredVersion = request.expectVersion
    baseline = request.baseline
    output = request.output
    shard = try request.shard.map(SmokeOptions.shard)
  }

  /// `NAME=VALUE`, given by `option`.
  private static func variable(_ text: String, _ option: String) throws -> (name: String, value: String) {
    guard let mark = text.firstIndex(of: "="), mark > text.startIndex else {
      // What stands there may be a secret.
      throw StepFailure(
        .usage,
        option == "--secret" ? "--secret: expected NAME=VALUE" : "\(option) \(text): expected NAME=VALUE")
    }
    return (String(text[..<mark]), String(text[text.index(after: mark)...]))
  }

  /// `NAME: VALUE`. What proves who asks is learned as a secret.
  private static func header(_ text: String, _ session: StepSession) throws -> HTTPField {
    let name = text.prefix { $0 != ":" }
    let value = text.dropFirst(name.count + 1).drop { $0 == " " }
    guard name.count < text.count, !name.isEmpty,
      name.utf8.allSatisfy({ PercentEncoding.isUnreserved($0) || "!#$%&'*+^`|".utf8.contains($0) }),
      !text.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F })
    else {
      // What stands there may be a secret.
      throw StepFailure(.usage, "--header: expected NAME: VALUE")
    }
    let proving: Set<String> = ["authorization", "proxy-authorization", "cookie"]
    if proving.contains(name.lowercased()) || Redactor.isSecretName(String(name)) {
      session.redactor.learn(String(value))
      // `Bearer TOKEN`: the token alone is a secret too.
      if let word = value.split(separator: " ").last { session.redactor.learn(String(word)) }
    }
    return HTTPField(String(name), String(value))
  }

  /// The lines of a variables file; empty ones and comments are passed over.
  private static func variables(
    inFile name: String, _ session: StepSession
  ) throws -> [(name: String, value: String)] {
    let path = session.context.absolute(name)
    guard session.context.files.exists(path) else {
      throw StepFailure(.data, "--variables-file \(name): there is no such file")
    }
    let text = try session.context.files.readText(path)
    var found: [(name: String, value: String)] = []
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let bare = line.drop { $0 == " " || $0 == "\t" }
      guard let first = bare.first, first != "#", first != "\r", first != "\r\n" else { continue }
      guard let mark = bare.firstIndex(of: "="), mark > bare.startIndex else {
        throw StepFailure(.data, "\(name):\(number + 1): expected NAME=VALUE")
      }
      var value = bare[bare.index(after: mark)...]
      if value.hasSuffix("\r") { value.removeLast() }
      found.append((String(bare[..<mark]), String(value)))
    }
    return found
  }

  private static func duration(_ name: String, _ text: String?) throws -> Duration? {
    guard let text else { return nil }
    guard let duration = Duration(text: text) else {
      throw StepFailure(.usage, "--\(name) \(text): expected a duration such as 20s or 2m")
    }
    return duration
  }

  private static func shard(_ text: String) throws -> Shard {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let index = parts[0], let count = parts[1], count >= 1, count <= 10_000,
      (1...count).contains(index)
    else { throw StepFailure(.usage, "--shard \(text): expected N/M with N from 1 to M") }
    return Shard(index: index, count: count)
  }
}
