import AWSClients
import HTTPTransport
import SystemInterfaces
import TestSupport
import Testing

@testable import HealthWatch

/// Metrics of stacks in two regions.
@Suite struct `CloudWatch of several accounts` {
  @Test func `each account is asked for its own metrics, once`() async throws {
    let transport = ScriptedTransport { request in
      let value = request.url.contains("eu-west-1") ? 7 : 3
      let text = String(decoding: request.body, as: UTF8.self)
      let count = text.contains("MetricDataQueries.member.2") ? 2 : 1
      let results = (0..<count).map {
        "<member><Id>m\($0)</Id><StatusCode>Complete</StatusCode><Timestamps><member>2026-11-26T10:00:00Z</member></Timestamps>"
          + "<Values><member>\(value)</member></Values></member>"
      }.joined()
      return HTTPResponse(
        status: 200,
        body: Array(
          "<GetMetricDataResponse><GetMetricDataResult><MetricDataResults>\(results)</MetricDataResults></GetMetricDataResult></GetMetricDataResponse>"
            .utf8))
    }
    let own = AWSClient(
      transport: transport, clock: ManualClock(), random: Randomness(),
      configuration: AWSConfiguration(environment: Environment(), files: LocalFileSystem()),
      region: "us-east-1",
      credentials: StaticCredentials(AWSCredentials(accessKeyId: "A", secretAccessKey: "secret-of-a-test")))
    let clients = StackClients(
      own, names: ["Api", "Data"], places: ["Data": .init(role: nil, region: "eu-west-1")])
    func metric(_ name: String, _ stack: String?) -> MetricStatistic {
      MetricStatistic(namespace: "N", name: name, dimensions: [], statistic: "Sum", stack: stack)
    }
    let machine = "arn:aws:states:eu-west-1:111111111111:stateMachine:m"
    let wanted = [metric("a", "Api"), metric("b", "Data"), metric("c", nil), metric("d", machine)]
    let start = Timestamp("2026-11-26T09:00:00Z")!
    let answer = try await CloudWatchSource(clients: clients).points(
      of: wanted, from: start, to: start + .seconds(7200), period: .seconds(60))
    #expect(wanted.map { answer.points[$0]?.values.first } == [3, 7, 3, 7])
    #expect(transport.requests.count == 2)
    #expect(answer.calls.metricsRequested == 4 && answer.calls.getMetricData == 2)
    #expect(answer.incomplete.isEmpty)
  }
}
