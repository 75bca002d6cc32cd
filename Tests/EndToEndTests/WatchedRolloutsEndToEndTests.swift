import AWSClients
import CloudFormationModel
import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// The built `watch-30m` over a canary of an API and two target groups of a balancer, which share the calls of users: each
/// version is judged beside the other one at the same time, by the metrics of the local AWS.
@Suite(.enabled(if: LocalAWS.isInstalled, "ci/install-python was not run"), .blocking)
struct WatchedRolloutsEndToEndTests {
  let world: AutoRevertWorld
  private var name: String { world.name }
  /// When the new version got its first calls: the watch of thirty minutes is over.
  private let start = Timestamp(
    seconds: ((SystemClock().now - .seconds(2400)).seconds / 60).rounded(.down) * 60)

  init() throws { world = try AutoRevertWorld(LocalAWS.shared()) }

  /// How the two versions fail, and what the watch makes of it.
  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var new: Double, old: Double
    var status: Int32
    var says: String
  }

  static let cases: [Case] = [
    .init(testDescription: "both well", new: 0.01, old: 0.01, status: 0, says: "stay where they were"),
    .init(
      testDescription: "the new one fails", new: 0.5, old: 0.01, status: 1,
      says: "at the same time: over 10.0 %"),
    .init(testDescription: "both fail", new: 0.5, old: 0.5, status: 3, says: "both fail"),
  ]

  /// Records a thousand requests a minute of both versions, a tenth of them the new one's, from an hour before the start on.
  private func record(
    _ namespace: String, new: [(String, String)], old: [(String, String)], all: [(String, String)]?,
    _ one: Case, requests: String, failures: String, refusals: String, latency: String
  ) throws {
    func series(
      _ dimensions: [(String, String)], _ from: Int, _ to: Int, _ count: Double, _ failed: Double
    ) -> JSONValue {
      [
        "dimensions": .object(JSONObject(dimensions.map { .init($0.0, .string($0.1)) })),
        "from": .number(JSONNumber(from)), "to": .number(JSONNumber(to)),
        "values": .object(
          JSONObject([
            .init(requests, .number(JSONNumber(count))), .init(failures, .number(JSONNumber(failed))),
            .init(refusals, .number(JSONNumber(0))), .init(latency, .number(JSONNumber(0.1))),
          ])),
      ]
    }
    var all =
      all.map { [series($0, -60, 0, 1000, 10), series($0, 0, 90, 1000, 900 * one.old + 100 * one.new)] } ?? []
    all += [
      series(old, -60, 0, 1000, 10), series(old, 0, 90, 900, 900 * one.old),
      series(new, 0, 90, 100, 100 * one.new),
    ]
    let document: JSONValue = [
      "namespace": .string(namespace), "start": .number(JSONNumber(Int(start.seconds))),
      "series": .array(all),
    ]
    let process = try runProgram(
      Repository.root + "/.build/venv/bin/python",
      [Repository.root + "/Tests/Servers/rollout.py", "counts", document.serialized()],
      variables: world.variables)
    try #require(process.status == 0, "\(process.error)")
  }

  private func watch(_ variables: [String: String]) throws -> (BuiltStep.Outcome, JSONValue) {
    let outcome = try BuiltStep("watch-30m", in: world.folder.path, variables: variables).run([
      "prod", "--deployed-at", start.description, "--every", "1s", "--format", "json",
    ])
    return (outcome, try JSONValue(parsing: Array(outcome.output.utf8)))
  }

  private func expect(
    _ one: Case, _ found: (BuiltStep.Outcome, JSONValue), series name: String, new: String, old: String
  ) throws {
    let (outcome, record) = found
    #expect(outcome.status == one.status, "\(outcome.output.suffix(4000))\(outcome.error)")
    #expect(outcome.output.contains(one.says), "\(outcome.output.suffix(4000))")
    let pair = try #require(
      record["series"]?.array?.first { $0["name"]?.string == name + "@new" && $0["kind"] == "errors" },
      "\(outcome.output.suffix(4000))")
    #expect(pair["comparison"]?["new"]?["version"]?.string == new)
    #expect(pair["comparison"]?["old"]?["version"]?.string == old)
    #expect(pair["comparison"]?["wantedShare"]?.double == 0.1)
  }

  @Test(arguments: cases) func `a canary is judged beside its stage`(one: Case) async throws {
    try await world.aws.createStack(name, template: world.plain() + TemplateParts.api(named: name))
    try await world.beginCanary()
    try record(
      "AWS/ApiGateway", new: [("ApiName", name), ("Stage", "live/Canary")],
      old: [("ApiName", name), ("Stage", "live")], all: nil, one, requests: "Count", failures: "5XXError",
      refusals: "4XXError", latency: "Latency")
    try expect(
      one, try watch(world.variables), series: "api/\(name)/live", new: "the canary", old: "the stage")
  }

  @Test(arguments: cases) func `a target group is judged beside the other one`(one: Case) async throws {
    let endpoint = try #require(world.variables["AWS_ENDPOINT_URL"])
    let server = try ServerProcess(python: "traffic_server.py", arguments: [endpoint])
    let address = "http://127.0.0.1:\(server.port("aws"))"
    try await world.aws.createStack(name, template: world.plain())
    let place = "arn:aws:elasticloadbalancing:us-east-1:000000000000"
    let (blue, green) = ("targetgroup/\(name)-blue/1", "targetgroup/\(name)-green/2")
    let state = #"""
      {"stack": "\#(name)", "balancers": ["\#(place):loadbalancer/app/\#(name)/1"],
       "listeners": {"\#(place):listener/app/\#(name)/1/2":
         {"targets": [["\#(place):\#(blue)", 90], ["\#(place):\#(green)", 10]], "stickiness": 60}}}
      """#
    let set = try runProgram("curl", ["-sf", "--data-binary", "@-", "\(address)/_state"], input: state)
    try #require(set.status == 0, "\(set.error)")
    let balancer = [("LoadBalancer", "app/\(name)/1")]
    try record(
      "AWS/ApplicationELB", new: balancer + [("TargetGroup", green)], old: balancer + [("TargetGroup", blue)],
      all: balancer, one, requests: "RequestCount", failures: "HTTPCode_Target_5XX_Count",
      refusals: "HTTPCode_Target_4XX_Count", latency: "TargetResponseTime")
    var variables = world.variables
    for service in ["CLOUDFORMATION", "ELASTIC_LOAD_BALANCING_V2"] {
      variables["AWS_ENDPOINT_URL_\(service)"] = address
    }
    try expect(
      one, try watch(variables), series: "balancer/\(name):\(name)-green", new: "target group \(name)-green",
      old: "target group \(name)-blue")
  }
}
