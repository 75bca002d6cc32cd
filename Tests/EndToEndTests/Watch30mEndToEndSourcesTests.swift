import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// The built `watch-30m` with series that are no function's and no API's: of the stacks, of CloudWatch by the policy, of
/// Prometheus and of a JSON document.
@Suite(.blockingFirst, .serialized, .enabled(if: LocalAWS.isInstalled))
struct Watch30mEndToEndSourcesTests {
  private let folder = TemporaryFolder()

  private static let template = """
    Resources:
      Orders: { Type: AWS::SQS::Queue, Properties: { QueueName: shop-orders } }
      Table:
        Type: AWS::DynamoDB::Table
        Properties:
          TableName: shop-carts
          BillingMode: PAY_PER_REQUEST
          AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
          KeySchema: [{ AttributeName: id, KeyType: HASH }]
      Alarm:
        Type: AWS::CloudWatch::Alarm
        Properties:
          AlarmName: shop-failed
          Namespace: Shop
          MetricName: Failed
          Statistic: Sum
          Period: 60
          EvaluationPeriods: 1
          Threshold: 5
          ComparisonOperator: GreaterThanThreshold
    """

  private func watch(_ policy: String, _ variables: [String: String], deployedAt: Timestamp) throws -> (
    outcome: BuiltStep.Outcome, record: JSONValue
  ) {
    let config = "ENVIRONMENT=prod\nAWS_REGION=us-east-1\nAPI_STACK=Shop-Sources-prod\n"
    for (name, text) in [("deployment-prod.config", config), ("backstop.yml", policy)] {
      try LocalFileSystem().writeAtomically(Array(text.utf8), to: folder(name), mode: 0o644)
    }
    let outcome = try BuiltStep("watch-30m", in: folder.path, variables: variables).run([
      "prod", "--format", "json", "--policy", "backstop.yml", "--deployed-at", deployedAt.description,
      "--for",
      "30s", "--every", "1s",
    ])
    return (outcome, outcome.output.isEmpty ? .null : try JSONValue(parsing: Array(outcome.output.utf8)))
  }

  /// Twenty orders a second for a minute and a half, the last ten seconds with twelve failures.
  private func putMetrics(until time: Timestamp, _ cloud: LocalAWS) throws {
    let script = """
      import botocore.session, datetime, sys
      client = botocore.session.get_session().create_client("cloudwatch", region_name="us-east-1")
      now = datetime.datetime.fromisoformat(sys.argv[1].replace("Z", "+00:00")).replace(microsecond=0)
      for age in range(90, 0, -1):
          client.put_metric_data(Namespace="Shop", MetricData=[
              {"MetricName": name, "Timestamp": now - datetime.timedelta(seconds=age), "Value": value}
              for name, value in (("Orders", 20), ("Failed", 12 if age <= 10 else 0))])
      """
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Repository.root + "/.build/venv/bin/python")
    process.arguments = ["-c", script, time.description]
    process.environment = cloud.environment.variables
    process.standardOutput = FileHandle.nullDevice
    try process.begin()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
  }

  @Test func `metrics and alarms of the policy stop, and the stacks' queues and tables are watched`()
    async throws
  {
    let cloud = try LocalAWS()
    try await cloud.createStack("Shop-Sources-prod", template: Self.template)
    let time = SystemClock().now
    try putMetrics(until: time, cloud)
    let deployedAt = time - .seconds(11)
    let (outcome, record) = try watch(
      """
      watch-30m:
        alarms: shop-failed
        series:
          - name: checkout
            kind: errors
            value: { namespace: Shop, metric: Failed }
            requests: { namespace: Shop, metric: Orders }
      """, cloud.environment.variables, deployedAt: deployedAt)
    #expect(outcome.status == 1, "\(outcome.output) \(outcome.error)")
    let series = try #require(record["series"]?.array)
    let names = series.compactMap { $0["name"]?.string }
    for name in [
      "queue/shop-orders/age", "queue/shop-orders/waiting", "table/shop-carts/read-throttles",
      "alarm:shop-failed",
    ] {
      #expect(names.contains(name), "\(names)")
    }
    let checkout = try #require(series.first { $0["name"]?.string == "checkout" })
    #expect(checkout["verdict"]?.string == "severe", "\(checkout)")
    #expect(checkout["reasons"]?[1]?.string?.hasPrefix("with ") == true)
    let throttles = try #require(series.first { $0["name"]?.string == "table/shop-carts/read-throttles" })
    #expect(throttles["verdict"]?.string == "healthy", "no throttle is none: \(throttles)")
  }

  @Test
  func
    `a Prometheus server's failures stop, its token stays a secret, and where it is silent nobody can say`()
    async throws
  {
    let cloud = try LocalAWS()
    try await cloud.createStack("Shop-Sources-prod", template: Self.template)
    let server = try ServerProcess(python: "metrics_server.py")
    let deployedAt = SystemClock().now - .seconds(14)
    let begins = deployedAt.microseconds / 1_000_000 + 2
    func policy(port: Int) -> String {
      """
      watch-30m:
        series:
          - name: web
            kind: errors
            value: { prometheus: "http://127.0.0.1:\(port)", query: "failed(\(begins))", token-from: METRICS_LOGIN }
            requests: { prometheus: "http://127.0.0.1:\(port)", query: "all", token-from: METRICS_LOGIN }
          - { name: backlog, kind: gauge, value: { url: "http://127.0.0.1:\(port)/status", path: /queue/open } }
      """
    }
    var variables = cloud.environment.variables
    variables["METRICS_LOGIN"] = "a-token-of-a-test"
    let (outcome, record) = try watch(policy(port: server.port("http")), variables, deployedAt: deployedAt)
    #expect(outcome.status == 1, "\(outcome.output) \(outcome.error)")
    let series = try #require(record["series"]?.array)
    #expect(series.first { $0["name"]?.string == "web" }?["verdict"]?.string == "severe")
    #expect(series.contains { $0["name"]?.string == "backlog" })
    #expect(!outcome.output.contains("a-token-of-a-test") && !outcome.error.contains("a-token-of-a-test"))
    // Port 9 is the discard service's, and nobody listens there.
    let silent = try watch(policy(port: 9), variables, deployedAt: SystemClock().now - .seconds(40))
    #expect(silent.outcome.status == 3, "\(silent.outcome.output)")
    #expect(silent.outcome.output.contains("Prometheus at http://127.0.0.1:9"))
  }
}
