import AWSClients
import CommandArguments
import CurlTransport
import HTTPTransport
import JSONValues
import StepResults
import StepRuntime
import Synchronization
import SystemInterfaces
import TestSupport
import Testing

@testable import HealthWatch
@testable import Watch30m

/// The step gives a new version traffic in a local AWS: from its arguments to its exit code, on a clock that is handed in.
@Suite(.serialized, .enabled(if: LocalAWS.isInstalled))
struct PromotionTests {
  /// One function for all of these tests; each begins with the alias on version 1.
  private actor Prepared {
    static let shared = Prepared()
    private var made: RolloutWorld?
    func world() async throws -> RolloutWorld {
      if let made { return made }
      let new = try await RolloutWorld(LocalAWS.shared(), "Promotion")
      made = new
      return new
    }
  }

  private let folder = TemporaryFolder()
  private let terminal = CapturingTerminal()
  private let files = LocalFileSystem()

  /// A time of its own for each test, so that one's metrics are not another's: hours apart.
  private static func start(_ test: Int) -> Timestamp {
    let hour = SystemClock().now.microseconds / 3_600_000_000 - 20 - Int64(test) * 4
    return Timestamp(seconds: Double(hour * 3600))
  }

  private func run(
    _ arguments: [String], _ world: RolloutWorld, clock: ManualClock, variables: [String: String] = [:],
    transport: (any HTTPTransport)? = nil
  ) async -> Int32 {
    let environment = Environment(world.cloud.environment.variables.merging(variables) { $1 })
    let context = StepContext(
      environment: environment, clock: clock, files: files, terminal: terminal, random: Randomness(),
      makeTransport: { transport ?? CurlTransport(environment: $0) },
      openRepository: { _, _ in throw StepFailure(.data, "no repository in this test") },
      workingDirectory: folder.path, processId: 1)
    return await StepMain<WatchCommand>.run(arguments: arguments, context: context)
  }

  private func prepared(_ test: Int, requests: Int = 1000, newRate: Double) async throws -> (
    RolloutWorld, ManualClock
  ) {
    let world = try await Prepared.shared.world()
    try await world.setAlias("1")
    for environment in ["staging", "prod"] { try world.writeConfig(environment, in: folder) }
    try world.putMetrics(
      start: Self.start(test), requests: requests,
      versions: ["1": RolloutWorld.version(0.9, 0.01), "2": RolloutWorld.version(0.1, newRate)])
    return (world, ManualClock(Self.start(test)))
  }

  private let promote = ["--promote", "10,50,100", "--each", "10m"]

  private func record(_ environment: String = "staging") throws -> JSONValue {
    try JSONValue(parsing: files.read(folder(".backstop/\(environment)/watch-30m.json")))
  }

  @Test func `a good version gets 10, 50 and 100 per cent`() async throws {
    let (world, clock) = try await prepared(0, newRate: 0.01)
    let status = await run(["staging"] + promote, world, clock: clock)
    #expect(status == 0, "\(terminal.output) \(terminal.error)")
    let alias = try await world.alias()
    #expect(alias.functionVersion == "2" && alias.additionalVersionWeights.isEmpty)
    let promotion = try #require(try record()["promotion"])
    #expect(promotion["outcome"]?.string == "promoted")
    #expect(promotion["steps"]?.array?.compactMap { $0["share"]?.double } == [10, 50, 100])
    #expect(
      promotion["changes"]?.array?.compactMap { $0["result"]?.string } == [
        "accepted", "accepted", "accepted",
      ])
    #expect(try Schema.problems(of: folder(".backstop/staging/watch-30m.json"), "watch-30m") == "")
    #expect(terminal.error.contains("version 2 beside version 1"))
    // Once more there is nothing left to do, and nothing is changed.
    #expect(await run(["staging"] + promote, world, clock: clock) == 0)
    #expect(try record()["promotion"]?["changes"]?.array?.isEmpty == true)
  }

  @Test func `a bad version is taken back in one call, before anything else`() async throws {
    let (world, clock) = try await prepared(9, newRate: 0.6)
    let sent = Mutex<[String]>([])
    let real = CurlTransport(environment: world.cloud.environment)
    let transport = ScriptedTransport { request in
      let action =
        request.url.contains("/aliases/") && request.method == "PUT"
        ? "UpdateAlias"
        : String(decoding: request.body, as: UTF8.self).split(separator: "&").first {
          $0.hasPrefix("Action=")
        }
        .map(String.init) ?? "other"
      sent.withLock { $0.append(action) }
      return try await real.send(request)
    }
    let status = await run(
      ["prod", "--confirm", "promote-production"] + promote, world, clock: clock, transport: transport)
    #expect(status == 1, "\(terminal.output) \(terminal.error)")
    let alias = try await world.alias()
    #expect(alias.functionVersion == "1" && alias.additionalVersionWeights.isEmpty)
    let calls = sent.withLock { $0 }
    #expect(calls.count { $0 == "UpdateAlias" } == 2)
    // Between the last look and the call there is nothing; afterwards the step asks what is live.
    let back = try #require(calls.lastIndex(of: "UpdateAlias"))
    let look = try #require(calls.lastIndex(of: "Action=GetMetricData"))
    #expect(!calls[look..<back].contains("Action=DescribeStacks"))
    let found = try record("prod")
    #expect(found["promotion"]?["outcome"]?.string == "takenBack")
    let severe = try #require(
      found["series"]?.array?.first { $0["verdict"]?.string == "severe" && $0["comparison"] != nil })
    #expect(severe["name"]?.string == "function/\(world.function):live@new")
    #expect(severe["comparison"]?["new"]?["version"]?.string == "version 2")
    #expect(severe["comparison"]?["wantedShare"]?.double == 0.1)
    #expect(try Schema.problems(of: folder(".backstop/prod/watch-30m.json"), "watch-30m") == "")
  }

  @Test func `too little traffic raises nothing, and says how long it would take`() async throws {
    let (world, clock) = try await prepared(2, requests: 12, newRate: 0)
    #expect(await run(["staging"] + promote, world, clock: clock) == 3)
    #expect(try await world.alias().additionalVersionWeights == ["2": 0.1])
    let found = try record()
    #expect(found["promotion"]?["outcome"]?.string == "waiting")
    let needed = found["series"]?.array?.compactMap { $0["comparison"]?["minutesNeeded"]?.double }.first
    #expect(try #require(needed) > 10)
    #expect(terminal.output.contains("min more at") && terminal.output.contains("the same command goes on"))
    #expect(terminal.output.contains("aws lambda update-alias --function-name \(world.function)"))
  }

  @Test func `production wants its word, and only on the command line`() async throws {
    let (world, clock) = try await prepared(3, newRate: 0.01)
    for variables in [[:], ["BACKSTOP_CONFIRM": "promote-production"]] {
      #expect(await run(["prod"] + promote, world, clock: clock, variables: variables) == 77)
    }
    #expect(try await world.alias().additionalVersionWeights.isEmpty)
    #expect(terminal.error.contains("--confirm promote-production"))
    #expect(!files.exists(folder(".backstop/prod/promotion.jsonl")))
  }

  @Test func `a dry run shows the plan, and changes and records nothing`() async throws {
    let (world, clock) = try await prepared(4, newRate: 0.01)
    #expect(await run(["prod", "--dry-run"] + promote, world, clock: clock) == 0)
    #expect(terminal.output.contains("then 10 %, 50 %, 100 %, each watched for 10 min"))
    #expect(terminal.output.contains("wants --confirm promote-production"))
    #expect(try await world.alias().additionalVersionWeights.isEmpty)
    #expect(!files.exists(folder(".backstop/prod/watch-30m.json")))
    #expect(await run(["prod", "--dry-run", "--alias", "beta"] + promote, world, clock: clock) == 1)
    #expect(terminal.error.contains("nothing to promote"))
  }

  @Test func `what somebody else did to the alias is left alone, and ends the promotion`() async throws {
    let (world, clock) = try await prepared(5, newRate: 0.01)
    let looks = Mutex(0)
    let real = CurlTransport(environment: world.cloud.environment)
    let transport = ScriptedTransport { request in
      if String(decoding: request.body, as: UTF8.self).contains("GetMetricData") {
        let look = looks.withLock { count in
          count += 1
          return count
        }
        if look == 5 { try await world.setAlias("1", weights: ["2": 0.3]) }
      }
      return try await real.send(request)
    }
    #expect(await run(["staging"] + promote, world, clock: clock, transport: transport) == 3)
    #expect(try await world.alias().additionalVersionWeights == ["2": 0.3])
    let found = try record()
    #expect(found["promotion"]?["outcome"]?.string == "changedByOthers")
    #expect(terminal.output.contains("version 2 at 30 %") && terminal.output.contains("CloudTrail"))
  }

  @Test func `one look a run comes to the same end`() async throws {
    let (world, clock) = try await prepared(6, newRate: 0.01)
    var statuses: [Int32] = []
    for _ in 0..<60 {
      statuses.append(await run(["staging", "--once"] + promote, world, clock: clock))
      if statuses.last != 3 { break }
      clock.advance(by: .seconds(60))
    }
    #expect(statuses.last == 0, "\(terminal.output.suffix(2000)) \(terminal.error.suffix(2000))")
    #expect(statuses.count > 20)
    #expect(try await world.alias().functionVersion == "2")
  }

  @Test(arguments: [true, false])
  func `a run that ends between any two calls leaves the old weights or the new ones, and goes on`(
    isMade: Bool
  ) async throws {
    let (world, _) = try await prepared(7, newRate: 0.01)
    var ended = 0
    for number in 0..<40 {
      let arguments = ["staging", "--records", "killed-\(number)"] + promote
      try await world.setAlias("1")
      let clock = ManualClock(Self.start(7))
      let real = CurlTransport(environment: world.cloud.environment)
      let calls = Mutex(0)
      let transport = ScriptedTransport { request in
        guard request.url.contains("/aliases") else {
          if calls.withLock({ $0 }) > number { throw CancellationError() }
          return try await real.send(request)
        }
        let call = calls.withLock { count in
          count += 1
          return count
        }
        if call <= number { return try await real.send(request) }
        if isMade, call == number + 1 { _ = try await real.send(request) }
        throw CancellationError()
      }
      let first = await run(arguments, world, clock: clock, transport: transport)
      if first == 0 { break }
      ended += 1
      let alias = try await world.alias()
      let isKnown =
        alias.functionVersion == "1"
        && [[:], ["2": 0.1], ["2": 0.5]].contains(alias.additionalVersionWeights)
        || alias.functionVersion == "2" && alias.additionalVersionWeights.isEmpty
      #expect(isKnown, "call \(number): \(alias)")
      let second = await run(arguments, world, clock: clock)
      #expect(second == 0, "call \(number): \(terminal.error.suffix(1500))")
      let last = try await world.alias()
      #expect(last.functionVersion == "2" && last.additionalVersionWeights.isEmpty, "call \(number): \(last)")
    }
    // Finding, watching and setting look at the aliases before and after each share.
    #expect(ended >= 10)
  }

  @Test(arguments: [true, false])
  func
    `several aliases are taken back each in one call, also by the run after one that was killed in between`(
      isMade: Bool
    ) async throws
  {
    let world = try await RolloutWorld(LocalAWS.shared(), isMade ? "PromotionTwo" : "PromotionTwoLost")
    try world.addAlias("batch")
    try world.writeConfig("staging", in: folder)
    for alias in ["live", "batch"] {
      try world.putMetrics(
        start: Self.start(10), alias: alias,
        versions: ["1": RolloutWorld.version(0.9, 0.01), "2": RolloutWorld.version(0.1, 0.6)])
    }
    let real = CurlTransport(environment: world.cloud.environment)
    let changes = Mutex(0)
    let transport = ScriptedTransport { request in
      guard request.url.contains("/aliases/"), request.method == "PUT" else {
        // What is killed asks nothing more.
        if changes.withLock({ $0 }) > 3 { throw CancellationError() }
        return try await real.send(request)
      }
      let change = changes.withLock { count in
        count += 1
        return count
      }
      // Two calls give the new version its share, the third takes one alias back, and the fourth is the last that is seen.
      if change <= 3 { return try await real.send(request) }
      if isMade { _ = try await real.send(request) }
      throw CancellationError()
    }
    let clock = ManualClock(Self.start(10))
    let arguments = ["staging", "--alias", "live", "--alias", "batch"] + promote
    _ = await run(arguments, world, clock: clock, transport: transport)
    #expect(changes.withLock { $0 } >= 4)
    let between = [
      try await world.alias().additionalVersionWeights,
      try await world.alias("batch").additionalVersionWeights,
    ]
    #expect(between.count { $0 == ["2": 0.1] } == (isMade ? 0 : 1), "\(between)")
    let again = await run(arguments, world, clock: clock)
    #expect(again == 1, "\(terminal.output) \(terminal.error)")
    for alias in ["live", "batch"] {
      let now = try await world.alias(alias)
      #expect(now.functionVersion == "1" && now.additionalVersionWeights.isEmpty, "\(alias): \(now)")
    }
    #expect(try record()["promotion"]?["outcome"]?.string == "takenBack")
  }

  @Test(arguments: [
    (["--promote", "50,10"], "promote"), (["--promote", "0"], "promote"), (["--promote", "101"], "promote"),
    (["--promote", "ten"], "promote"), (["--promote", "10,,50"], "promote"), (["--dry-run"], "--promote"),
    (["--each", "5m"], "--promote"), (["--promote", "10", "--replay", "points.csv"], "--replay"),
    (["--promote", "10", "--for", "5m"], "--each"),
  ])
  func `a wrong command line changes nothing`(arguments: [String], named: String) async throws {
    let world = try await Prepared.shared.world()
    try world.writeConfig("staging", in: folder)
    #expect(await run(["staging"] + arguments, world, clock: ManualClock()) == 64)
    #expect(terminal.error.contains(named))
  }

  @Test func `an alias that CodeDeploy moves is left to it`() async throws {
    let (world, clock) = try await prepared(8, newRate: 0.01)
    let real = CurlTransport(environment: world.cloud.environment)
    let function = world.function
    let transport = ScriptedTransport { request in
      let target = request.headers.first { $0.name.lowercased() == "x-amz-target" }?.value ?? ""
      func answer(_ body: String) -> HTTPResponse {
        HTTPResponse(
          status: 200, headers: [HTTPField("Content-Type", "application/x-amz-json-1.1")],
          body: Array(body.utf8))
      }
      switch target.split(separator: ".").last {
      case "GetDeploymentGroup":
        return answer(
          #"{"deploymentGroupInfo":{"applicationName":"Shop","deploymentGroupName":"Live","computePlatform":"Lambda","lastAttemptedDeployment":{"deploymentId":"d-1"}}}"#
        )
      case "ListDeployments": return answer(#"{"deployments":[]}"#)
      case "GetDeployment":
        return answer(
          #"{"deploymentInfo":{"deploymentId":"d-1","status":"Succeeded","computePlatform":"Lambda"}}"#)
      case "ListDeploymentTargets": return answer(#"{"targetIds":["x"]}"#)
      case "BatchGetDeploymentTargets":
        return answer(
          "{\"deploymentTargets\":[{\"lambdaTarget\":{\"lambdaFunctionInfo\":{\"functionName\":\"\(function)\",\"functionAlias\":\"live\",\"currentVersion\":\"1\",\"targetVersion\":\"2\"}}}]}"
        )
      default: break
      }
      var response = try await real.send(request)
      let text = String(decoding: response.body, as: UTF8.self)
      if text.contains("</StackResourceSummaries>") {
        func resource(_ type: String, _ id: String) -> String {
          "<member><LogicalResourceId>\(id)</LogicalResourceId><PhysicalResourceId>\(id)</PhysicalResourceId>"
            + "<ResourceType>AWS::CodeDeploy::\(type)</ResourceType><ResourceStatus>CREATE_COMPLETE</ResourceStatus>"
            + "<LastUpdatedTimestamp>2026-01-01T00:00:00Z</LastUpdatedTimestamp></member>"
        }
        let more = resource("Application", "Shop") + resource("DeploymentGroup", "Live")
        response.body = Array(
          text.split(separator: "</StackResourceSummaries>", omittingEmptySubsequences: false).joined(
            separator: more + "</StackResourceSummaries>"
          ).utf8)
      }
      return response
    }
    #expect(await run(["staging"] + promote, world, clock: clock, transport: transport) == 77)
    #expect(
      terminal.error.contains("\(function):live is moved by CodeDeploy's Shop/Live"), "\(terminal.error)")
    #expect(try await world.alias().additionalVersionWeights.isEmpty)
    // A watch alone looks at it as at any other.
  }

  @Test func `what confirms or gives traffic is out of the environment's reach`() throws {
    // What says where to read, how long and in which form: none of it changes anything. Every other option that there is, or
    // will be, counts on the command line alone.
    let harmless: Set = [
      "for", "every", "settle", "period", "deployed-at", "baseline-until", "replay", "record", "judge", "svg",
      "each", "alias", "once",
    ]
    let open = Set(WatchCommand.environmentOptions + WatchCommand.environmentFlags)
    #expect(open.subtracting(harmless).isEmpty)
    let declared = try WatchCommand.declaredOptions()
    #expect(open.isSubset(of: declared))
    #expect(declared.subtracting(open).isSuperset(of: ["promote", "confirm", "dry-run"]))
  }
}
