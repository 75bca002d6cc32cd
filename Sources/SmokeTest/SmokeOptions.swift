import DeploymentConfig
import Records
import SmokeChecks
import StepCommand
import SystemInterfaces

/// What the command line and the policy come to.
struct SmokeOptions: Sendable {
  /// A part of the checks: number `index` of `count`, counted from 1.
  struct Shard: Hashable, Sendable {
    var index: Int, count: Int
    var text: String { "\(index)/\(count)" }
  }

  var files: [String]
  var runsBuiltIn: Bool
  var parseOnly: Bool
  var variables: [(name: String, value: String)]
  var policy: SmokePolicy
  var settings: SmokeSettings
  var baseline: String?
  var shard: Shard?
  var output: String?

  init(_ command: SmokeTestCommand, _ session: StepSession) throws {
    policy = session.policy.smoke
    let named = command.smoke + command.files
    files = try SmokeFiles.expand(
      named, relativeTo: session.context.workingDirectory, session.context.files, isPattern: false)
    if named.isEmpty {
      files = try SmokeFiles.expand(
        policy.files, relativeTo: session.repositoryRoot ?? session.context.workingDirectory,
        session.context.files, isPattern: true)
    }
    runsBuiltIn = named.isEmpty || command.builtIn
    parseOnly = command.parseOnly
    variables = try command.variable.map { text in
      guard let mark = text.firstIndex(of: "="), mark > text.startIndex else {
        throw StepFailure(.usage, "--variable \(text): expected NAME=VALUE")
      }
      return (String(text[..<mark]), String(text[text.index(after: mark)...]))
    }
    if let text = command.flaky ?? session.policy.options["flaky"] {
      guard let choice = SmokePolicy.Flaky(rawValue: text) else {
        throw StepFailure(.usage, "--flaky \(text): expected fail, warn or pass")
      }
      policy.flaky = choice
    }
    settings = SmokeSettings()
    let deadline = try SmokeOptions.duration("deadline", command.deadline) ?? policy.deadline
    settings.settling = Settling(
      window: try SmokeOptions.duration("settle", command.settle ?? session.policy.options["settle"])
        ?? .seconds(15),
      deadline: deadline)
    settings.concurrency = command.concurrency ?? policy.concurrency
    guard (1...512).contains(settings.concurrency) else {
      throw StepFailure(.usage, "--concurrency \(settings.concurrency): expected a number from 1 to 512")
    }
    settings.allowsWrites = policy.allowsWrites || !session.isProduction
    settings.thresholds.latencyFactor = policy.latencyFactor
    settings.expectedVersion =
      try command.expectVersion ?? (session.common.commit == nil ? nil : session.commitId())
    baseline = command.baseline
    output = command.output
    shard = try command.shard.map(SmokeOptions.shard)
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

/// Finds Hurl files.
enum SmokeFiles {
  /// The files that `names` mean: a folder is all `.hurl` files below it, a policy's pattern may hold `*`, `**`
  /// and `?`. Each file once, in the order named.
  static func expand(
    _ names: [String], relativeTo folder: String, _ files: any FileSystem, isPattern: Bool
  ) throws -> [String] {
    var found: [String] = []
    for name in names {
      let path = name.hasPrefix("/") ? name : "\(folder)/\(name)"
      if isPattern, name.contains(where: { $0 == "*" || $0 == "?" }) {
        let fixed = name.split(separator: "/").prefix { part in !part.contains { $0 == "*" || $0 == "?" } }
        let start = fixed.joined(separator: "/")
        let below = try all(in: start.isEmpty ? folder : "\(folder)/\(start)", files)
        let matching = below.filter { matches(Substring($0.dropFirst(folder.count + 1)), Substring(name)) }
        found += matching.map { isPattern ? $0 : String($0.dropFirst(folder.count + 1)) }
        continue
      }
      guard let status = try files.status(of: path) else {
        throw StepFailure(
          .data, "cannot read \(name): there is no such file",
          advice: isPattern ? "correct smoke-test.files in the policy" : "correct --smoke")
      }
      if status.kind == .folder {
        found += try all(in: path, files).filter { $0.hasSuffix(".hurl") }
          .map { isPattern ? $0 : name + $0.dropFirst(path.count) }
      } else {
        found.append(isPattern ? path : name)
      }
    }
    var seen: Set<String> = []
    return found.filter { seen.insert($0).inserted }
  }

  private static func all(in folder: String, _ files: any FileSystem) throws -> [String] {
    var found: [String] = []
    for name in try files.names(in: folder) where !name.hasPrefix(".") {
      let path = "\(folder)/\(name)"
      switch try files.status(of: path)?.kind {
      case .folder: found += try all(in: path, files)
      case .file, .symbolicLink: found.append(path)
      case .other, nil: continue
      }
    }
    return found
  }

  /// Whether `path` matches `pattern`: `*` and `?` stay inside a part, `**` crosses parts.
  static func matches(_ path: Substring, _ pattern: Substring) -> Bool {
    guard let first = pattern.first else { return path.isEmpty }
    if pattern.hasPrefix("**/") {
      if matches(path, pattern.dropFirst(3)) { return true }
      guard let slash = path.firstIndex(of: "/") else { return false }
      return matches(path[path.index(after: slash)...], pattern)
    }
    if pattern == "**" { return true }
    switch first {
    case "*":
      var rest = path
      while true {
        if matches(rest, pattern.dropFirst()) { return true }
        guard let next = rest.first, next != "/" else { return false }
        rest = rest.dropFirst()
      }
    case "?":
      guard let next = path.first, next != "/" else { return false }
      return matches(path.dropFirst(), pattern.dropFirst())
    default: return path.first == first && matches(path.dropFirst(), pattern.dropFirst())
    }
  }
}
