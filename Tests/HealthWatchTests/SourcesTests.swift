import AWSClients
import DeploymentEvidence
import HTTPTransport
import HealthAnalysis
import JSONValues
import Reporting
import StepResults
import Synchronization
import SystemInterfaces
import TestSupport
import Testing

@testable import HealthWatch

/// Where numbers come from besides CloudWatch, and which metrics a resource has.
@Suite struct SourcesTests {
  private static let start = Timestamp("2026-11-26T09:00:00Z")!
  private static func metric(_ origin: MetricStatistic.Origin) -> MetricStatistic {
    MetricStatistic(namespace: "", name: "", dimensions: [], statistic: "", origin: origin)
  }

  private func ask(_ origin: MetricStatistic.Origin, status: Int = 200, _ body: String) async throws -> (
    answer: MetricAnswer, requests: [HTTPRequest]
  ) {
    let transport = ScriptedTransport { _ in HTTPResponse(status: status, body: Array(body.utf8)) }
    let source = CombinedSource(
      cloudWatch: ScriptedCloudWatch(),
      web: WebSource(transport: transport, token: { $0 == "TOKEN" ? "a-token-of-a-test" : nil }))
    let answer = try await source.points(
      of: [Self.metric(origin)], from: Self.start, to: Self.start + .seconds(150), period: .seconds(60))
    return (answer, transport.requests)
  }

  private static let query = MetricStatistic.Origin.prometheus(
    address: "http://p:9090/", query: "sum(x{a=\"b\"}[1m])", tokenVariable: "TOKEN")

  @Test func `Prometheus is asked for periods, and a value is of the period that it ends`() async throws {
    let seconds = Self.start.microseconds / 1_000_000
    let (answer, requests) = try await ask(
      Self.query,
      """
      {"status":"success","data":{"resultType":"matrix","result":[{"metric":{},
      "values":[[\(seconds + 60),"5"],[\(seconds + 120),"NaN"],[\(seconds + 180).0,"7.5"]]}]}}
      """)
    #expect(answer.points.values.first == [Self.start: 5, Self.start + .seconds(120): 7.5])
    #expect(answer.incomplete.isEmpty)
    #expect(
      requests.map(\.url) == [
        "http://p:9090/api/v1/query_range?query=sum%28x%7Ba%3D%22b%22%7D%5B1m%5D%29&start=\(seconds + 60)"
          + "&end=\(seconds + 150)&step=60.0"
      ])
    #expect(requests[0].headers.first("Authorization") == "Bearer a-token-of-a-test")
  }

  @Test(arguments: [
    (200, "<html>Log in</html>", "no JSON"), (503, "busy", "status 503: busy"),
    (200, "{\"status\":\"error\",\"error\":\"parse error at char 3\"}", "parse error at char 3"),
    (
      200, "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{},{}]}}",
      "2 series; let the query give one"
    ),
  ])
  func `what Prometheus does not say is not whole`(status: Int, body: String, words: String) async throws {
    let (answer, _) = try await ask(Self.query, status: status, body)
    #expect(answer.points.isEmpty)
    #expect(answer.incomplete.values.first?.contains(words) == true, "\(answer.incomplete)")
  }

  @Test func `a token that is not set is said, and nothing is sent`() async throws {
    let (answer, requests) = try await ask(
      .prometheus(address: "http://p", query: "up", tokenVariable: "OTHER"), "{}")
    #expect(answer.incomplete.values.first?.contains("OTHER is not set") == true)
    #expect(requests.isEmpty)
  }

  @Test(arguments: [
    ("/queue/open", [120: 7.0]), ("/list", [0: 1.0, 60: 2]), ("/objects", [60: 3.0]), ("/a~1b/1", [120: 9.0]),
  ])
  func `a document holds a number of now or pairs of time and value`(
    pointer: String, expected: [Int: Double]
  ) async throws {
    let seconds = Self.start.microseconds / 1_000_000
    let (answer, requests) = try await ask(
      .document(
        address: "https://shop/s?from={start}&to={end}&p={period}", pointer: pointer, tokenVariable: nil),
      """
      {"queue": {"open": 7}, "list": [[\(seconds), 1], [\((seconds + 61) * 1000), 2]],
       "objects": [{"time": "2026-11-26T09:01:30Z", "value": 3}], "a/b": [8, 9]}
      """)
    #expect(
      answer.points.values.first
        == Dictionary(uniqueKeysWithValues: expected.map { (Self.start + .seconds($0.key), $0.value) }))
    #expect(requests.map(\.url) == ["https://shop/s?from=\(seconds)&to=\(seconds + 150)&p=60"])
  }

  @Test(arguments: ["/nothing", "/text", "/mixed"])
  func `a document without the number is not whole`(pointer: String) async throws {
    let (answer, _) = try await ask(
      .document(address: "https://shop/s", pointer: pointer, tokenVariable: nil),
      "{\"text\": \"a\", \"mixed\": [[1]]}")
    #expect(answer.incomplete.values.first?.contains(pointer) == true)
  }

  @Test(
    arguments: [
      (
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/shop/50dc",
        ["balancer/shop errors", "balancer/shop latency", "balancer/shop/4xx errors"],
        ["AWS/ApplicationELB LoadBalancer=app/shop/50dc"]
      ),
      (
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/net/tcp/50dc",
        ["balancer/tcp/resets gauge", "balancer/tcp/flows gauge"],
        ["AWS/NetworkELB LoadBalancer=net/tcp/50dc"]
      ),
      (
        "AWS::ElasticLoadBalancing::LoadBalancer", "old",
        ["balancer/old errors", "balancer/old latency", "balancer/old/4xx errors"],
        ["AWS/ELB LoadBalancerName=old"]
      ),
      (
        "AWS::ECS::Service", "arn:aws:ecs:eu-west-1:1:service/main/web",
        ["service/web/cpu gauge", "service/web/memory gauge", "service/web/tasks gauge"],
        [
          "AWS/ECS ClusterName=main,ServiceName=web",
          "ECS/ContainerInsights ClusterName=main,ServiceName=web",
        ]
      ),
      (
        "AWS::SQS::Queue", "https://sqs.eu-west-1.amazonaws.com/1/orders",
        ["queue/orders/age gauge", "queue/orders/waiting gauge"],
        ["AWS/SQS QueueName=orders"]
      ),
      ("AWS::SNS::Topic", "arn:aws:sns:eu-west-1:1:news", ["topic/news errors"], ["AWS/SNS TopicName=news"]),
      (
        "AWS::DynamoDB::Table", "orders",
        ["table/orders/read-throttles gauge", "table/orders/write-throttles gauge"],
        ["AWS/DynamoDB TableName=orders"]
      ),
      (
        "AWS::Kinesis::Stream", "clicks",
        ["stream/clicks errors", "stream/clicks/age gauge", "stream/clicks/read-throttles gauge"],
        ["AWS/Kinesis StreamName=clicks"]
      ),
      ("AWS::Events::Rule", "nightly", ["rule/nightly errors"], ["AWS/Events RuleName=nightly"]),
      (
        "AWS::Events::Rule", "bus|nightly", ["rule/nightly errors"],
        ["AWS/Events EventBusName=bus,RuleName=nightly"]
      ),
      (
        "AWS::RDS::DBCluster", "shop",
        ["database/shop/cpu gauge", "database/shop/connections gauge", "database/shop/replica-lag gauge"],
        ["AWS/RDS DBClusterIdentifier=shop"]
      ),
      ("AWS::IAM::Role", "r", [], []),
    ] as [(String, String, [String], [String])])
  func `a resource has the metrics of its service`(
    type: String, id: String, names: [String], places: [String]
  ) {
    let series = WatchedMetrics.resource(type: type, id: id)
    #expect(series.map { "\($0.name.name) \($0.name.kind.rawValue)" } == names)
    let found = Set(
      series.flatMap { $0.values + $0.counts }.map { metric in
        "\(metric.namespace) \(metric.dimensions.map { "\($0.name)=\($0.value)" }.joined(separator: ","))"
      })
    #expect(found == Set(places))
  }

  @Test func `a balancer's latency is kept in seconds, and is a front door`() {
    let series = WatchedMetrics.resource(type: "AWS::ElasticLoadBalancing::LoadBalancer", id: "b")
    #expect(series.map(\.scale) == [1, 1000, 1])
    #expect(series.map { Observations.isFrontDoor($0.name) } == [true, true, false])
    var answer = MetricAnswer()
    answer.points[series[1].values[0]] = [Self.start: 0.25]
    #expect(LiveWatch.points(of: series[1], in: answer).map(\.value) == [250])
  }
}

/// Alarms in a live watch, and what the ledger knows of earlier deployments.
@Suite struct AlarmAndHistoryTests {
  private static let deployment = Timestamp(seconds: 1_750_000_020)
  private let clock = ManualClock(Self.deployment)

  private struct Alarms: AlarmSource {
    var answer: @Sendable () throws -> [String: AlarmState]
    func states(of alarms: [AlarmName]) async throws -> [String: AlarmState] { try answer() }
  }

  private func watch(
    named: Set<String> = [], _ answer: @escaping @Sendable () throws -> [String: AlarmState]
  ) async throws -> WatchResult {
    var request = WatchSchedule.Request(length: .seconds(1800))
    request.deployedAt = Self.deployment
    var targets = ScriptedCloudWatch.targets
    targets.alarms = [AlarmName(name: "Shop-5xx")]
    var policy = HealthPolicy()
    policy.stopAlarms = named
    return try await LiveWatch(
      schedule: WatchSchedule(request, now: clock.now, targets: targets), targets: targets, policy: policy,
      metrics: ScriptedCloudWatch(), alarms: Alarms(answer: answer), clock: clock,
      progress: Progress(terminal: CapturingTerminal(), clock: clock, level: .quiet)
    ).run()
  }

  private func alarm(_ state: String, since: Timestamp) -> [String: AlarmState] {
    ["Shop-5xx": AlarmState(name: "Shop-5xx", arn: "a", state: state, since: since, reason: nil)]
  }

  private func judged(_ result: WatchResult) throws -> SeriesJudgement {
    try #require(result.judgement.series.first { $0.name == "alarm:Shop-5xx" })
  }

  @Test func `an alarm of the policy that goes on is a reason to roll back, another is told`() async throws {
    let begun = Self.deployment + .seconds(600)
    let answer: @Sendable () -> [String: AlarmState] = { [clock] in
      [
        "Shop-5xx": AlarmState(
          name: "Shop-5xx", arn: "a", state: clock.now >= begun ? "ALARM" : "OK", since: begun, reason: nil)
      ]
    }
    let told = try await watch(answer)
    #expect(told.judgement.verdict == .go)
    #expect(try judged(told).verdict == .degraded)
    clock.advance(by: Self.deployment - clock.now)
    let stopped = try await watch(named: ["Shop-5xx"], answer)
    #expect(stopped.judgement.verdict == .stop)
    #expect(try judged(stopped).onset == begun)
    #expect(try judged(stopped).decidedAt == begun + .seconds(60))
    #expect(stopped.judgement.reasons[0].contains("the policy names it"))
  }

  @Test func `an alarm that was on before is no fault of the deployment`() async throws {
    let result = try await watch(named: ["Shop-5xx"]) {
      alarm("ALARM", since: Self.deployment - .seconds(9999))
    }
    #expect(result.judgement.verdict == .go)
    #expect(try judged(result).reasons == ["it was on before the deployment, and is still"])
  }

  @Test func `alarms that cannot be read or are not there leave the question open`() async throws {
    struct Refused: Error {}
    #expect(try await watch { throw Refused() }.judgement.verdict == .inconclusive)
    clock.advance(by: Self.deployment - clock.now)
    let missing = try await watch { [:] }
    #expect(missing.judgement.verdict == .inconclusive)
    #expect(try judged(missing).reasons == ["CloudWatch knows no alarm of that name"])
  }

  @Test func `states of moments survive a move`() throws {
    var state = WatchState(deployedAt: Self.deployment, end: Self.deployment + .seconds(1800))
    state.samples = [
      SeriesName(name: "alarm:a", kind: .errors): [SeriesPoint(time: Self.deployment, value: 1, count: 1)],
      SeriesName(name: "backlog", kind: .gauge): [SeriesPoint(time: Self.deployment, value: 7.25)],
    ]
    #expect(WatchState(state.document) == state)
  }

  private func evidence(
    _ step: Step, _ verdict: Verdict, _ statement: Evidence.Statement, at minutes: Int, deployed: Int
  ) -> Evidence {
    let time = Self.deployment - .seconds(60 * minutes)
    return Evidence(
      step, verdict, statement, startedAt: time, finishedAt: time + .seconds(30), application: "shop",
      deployment: Deployment([
        StackVersion(
          name: "Api", id: "arn:api", updatedAt: Self.deployment - .seconds(60 * deployed),
          status: "UPDATE_COMPLETE")
      ]))
  }

  @Test func `what the ledger knows of earlier deployments is cut out, and good beginnings are kept`() throws
  {
    let checked = try #require(
      Checked("a", [.init(id: "x", word: "pass", wasBrokenBefore: false, attempts: 1)]))
    let history = WatchHistory(
      [
        evidence(.watch30m, .go, .checked(checked), at: 5000, deployed: 5030),
        evidence(.watch30m, .stop, .checked(checked), at: 980, deployed: 1000),
        evidence(
          .autoRevert, .go, .reverted(Reverted(changed: true, isPartial: false, undone: nil)), at: 940,
          deployed: 945),
        evidence(.watch30m, .go, .checked(checked), at: 500, deployed: 530),
      ], application: "shop", before: Self.deployment)
    let begun = Self.deployment - .seconds(60 * 1000)
    #expect(history.incidents == [begun..<Self.deployment - .seconds(60 * 940 - 30)])
    #expect(history.starts == [530, 5030].map { Self.deployment - .seconds(60 * $0) })
    #expect(WatchHistory([], application: "shop", before: Self.deployment) == WatchHistory())
    var request = WatchSchedule.Request(length: .seconds(1800))
    request.deployedAt = Self.deployment
    var schedule = WatchSchedule(request, now: Self.deployment, targets: WatchTargets())
    schedule.history = history
    #expect(schedule.isCut(begun) && !schedule.isCut(begun - .seconds(1)) && !schedule.isCut(Self.deployment))
    // The same hour of two weeks, and the beginning that the last day does not hold.
    #expect(schedule.furtherWindows(warmUp: .seconds(240)).count == 3)
  }
}
