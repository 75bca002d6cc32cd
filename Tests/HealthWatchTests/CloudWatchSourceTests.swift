import AWSClients
import HTTPTransport
import Synchronization
import SystemInterfaces
import TestSupport
import Testing

@testable import HealthWatch

/// Metrics of stacks in two regions.
@Suite struct `CloudWatch of several accounts` {
  /// What a CloudWatch that answers with `answer` (the number of the request in) is understood to have said.
  private func ask(
    of metrics: [MetricStatistic] = [
      MetricStatistic(namespace: "N", name: "a", dimensions: [], statistic: "Sum")
    ], asked: @escaping @Sendable (String) -> Void = { _ in },
    _ answer: @escaping @Sendable (Int) -> HTTPResponse
  ) async throws -> MetricAnswer {
    let count = Mutex(0)
    let transport = ScriptedTransport { request in
      asked(String(decoding: request.body, as: UTF8.self))
      return answer(
        count.withLock {
          $0 += 1
          return $0
        })
    }
    let own = AWSClient(
      transport: transport, clock: ManualClock(), random: Randomness(),
      configuration: AWSConfiguration(environment: Environment(), files: LocalFileSystem()),
      region: "us-east-1",
      credentials: StaticCredentials(AWSCredentials(accessKeyId: "A", secretAccessKey: "secret-of-a-test")))
    let start = Timestamp("2026-11-26T09:00:00Z")!
    return try await CloudWatchSource(clients: StackClients(own, names: [], places: [:])).points(
      of: metrics, from: start, to: start + .seconds(7200), period: .seconds(60))
  }

  private static func body(_ status: String, extra: String = "", message: String = "") -> HTTPResponse {
    HTTPResponse(
      status: 200,
      body: Array(
        ("<GetMetricDataResponse><GetMetricDataResult><MetricDataResults><member><Id>m0</Id><StatusCode>\(status)"
          + "</StatusCode>\(message)<Timestamps><member>2026-11-26T10:00:00Z</member></Timestamps><Values><member>1"
          + "</member></Values></member></MetricDataResults>\(extra)</GetMetricDataResult></GetMetricDataResponse>")
          .utf8))
  }

  @Test func `an expression and its metrics stand in one call, under names of their own`() async throws {
    func metric(_ name: String) -> MetricStatistic {
      MetricStatistic(namespace: "N", name: name, dimensions: [], statistic: "Sum")
    }
    var wanted = metric("")
    wanted.origin = .expression(
      "a / (a + b) * SUM(SEARCH('a b', 'Sum'))", with: ["a": metric("x"), "b": metric("y")])
    let bodies = Mutex<[String]>([])
    let answer = try await ask(of: [wanted], asked: { body in bodies.withLock { $0.append(body) } }) { _ in
      Self.body("Complete")
    }
    #expect(answer.points[wanted]?.count == 1)
    #expect(answer.calls.getMetricData == 1 && answer.calls.metricsRequested == 2)
    let sent = try #require(PercentEncoding.decode(bodies.withLock { $0 }.first ?? ""))
    #expect(sent.contains("MetricDataQueries.member.1.Id=m0_a") && sent.contains("member.1.ReturnData=false"))
    #expect(sent.contains("Expression=m0_a / (m0_a + m0_b) * SUM(SEARCH('a b', 'Sum'))"))
  }

  @Test func `more than five hundred metrics are several calls, and no expression is cut`() async throws {
    let metrics = (0..<499).map {
      MetricStatistic(namespace: "N", name: "m\($0)", dimensions: [], statistic: "Sum")
    }
    var last = metrics[0]
    last.name = ""
    last.origin = .expression("a + b", with: ["a": metrics[1], "b": metrics[2]])
    let answer = try await ask(of: metrics + [last]) { _ in Self.body("Complete") }
    #expect(answer.calls.getMetricData == 2 && answer.calls.metricsRequested == 501)
  }

  @Test func `pages without an end are read once, and are not whole`() async throws {
    let answer = try await ask { _ in Self.body("Complete", extra: "<NextToken>again</NextToken>") }
    #expect(answer.calls.getMetricData == 2)
    #expect(answer.incomplete.values.first?.hasPrefix("PartialData, its pages have no end") == true)
  }

  @Test func `a retry is a call`() async throws {
    let answer = try await ask { number in
      number == 1 ? HTTPResponse(status: 503, body: Array("busy".utf8)) : Self.body("Complete")
    }
    #expect(answer.calls.getMetricData == 2)
    #expect(answer.incomplete.isEmpty)
  }

  @Test func `CloudWatch's own words are kept`() async throws {
    let words =
      "<Messages><member><Code>Forbidden</Code><Value>no permission for account 1</Value></member></Messages>"
    let answer = try await ask { _ in Self.body("Forbidden", message: words) }
    #expect(answer.incomplete.values.first == "Forbidden, Forbidden: no permission for account 1")
  }

  @Test func `a login page is no answer of CloudWatch`() async throws {
    await #expect(throws: AWSError.self) {
      try await ask { _ in HTTPResponse(status: 200, body: Array("<html><body>Log in</body></html>".utf8)) }
    }
  }

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
