import HTTPTransport
import Synchronization
import SystemInterfaces
import TestSupport
import Testing

@testable import AWSClients

/// Answers one after the other; the last one again and again.
private func answers(_ list: [@Sendable () throws -> HTTPResponse]) -> ScriptedTransport {
  let position = Mutex(0)
  return ScriptedTransport { _ in
    let now = position.withLock { position in
      defer { position += 1 }
      return min(position, list.count - 1)
    }
    return try list[now]()
  }
}

@Suite struct AWSRetriesTests {
  let clock = ManualClock()

  static let identity =
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
  static func fault(_ status: Int, _ code: String, _ headers: [HTTPField] = [])
    -> @Sendable () throws ->
    HTTPResponse
  {
    { .text(status, AWSErrorTests.queryError(code), headers) }
  }
  static let good: @Sendable () throws -> HTTPResponse = { .text(200, identity) }
  static let lost: @Sendable () throws -> HTTPResponse = {
    throw TransferError(.brokenAnswer, message: "Empty reply from server")
  }

  @Test(arguments: [(400, "Throttling"), (503, "ServiceUnavailable"), (500, "InternalFailure")])
  func `a fault that passes`(status: Int, code: String) async throws {
    let transport = answers([Self.fault(status, code), Self.fault(status, code), Self.good])
    let identity = try await STSClient(.over(transport, clock: clock)).getCallerIdentity()
    #expect(identity.account == "1")
    #expect(transport.requests.count == 3)
    let numbers = transport.requests.compactMap { $0.headers.first("amz-sdk-request") }
    #expect(numbers == ["attempt=1; max=5", "attempt=2; max=5", "attempt=3; max=5"])
    #expect(Set(transport.requests.compactMap { $0.headers.first("amz-sdk-invocation-id") }).count == 1)
  }

  @Test func `five attempts, ten where throttled, and no more, unless AWS_MAX_ATTEMPTS says otherwise`() async
  {
    for (code, kind, variables, count) in [
      ("InternalFailure", AWSError.Kind.transient, [:], 5), ("Throttling", .throttled, [:], 10),
      ("InternalFailure", .transient, ["AWS_MAX_ATTEMPTS": "2"], 2),
      ("Throttling", .throttled, ["AWS_MAX_ATTEMPTS": "2"], 2),
    ] {
      let transport = answers([Self.fault(kind == .throttled ? 400 : 500, code)])
      let error = await #expect(throws: AWSError.self) {
        try await STSClient(.over(transport, variables, clock: clock)).getCallerIdentity()
      }
      #expect(error?.kind == kind)
      #expect(error?.attempts == count)
      #expect(transport.requests.count == count)
    }
  }

  @Test(arguments: ["AccessDenied", "ValidationError", "InvalidClientTokenId"])
  func `what cannot get better is tried once`(code: String) async {
    let transport = answers([Self.fault(403, code)])
    await #expect(throws: AWSError.self) {
      try await STSClient(.over(transport, clock: clock)).getCallerIdentity()
    }
    #expect(transport.requests.count == 1)
  }

  @Test func `waits are random, doubling, and longer where the service says so`() async throws {
    let start = clock.now
    _ = try await STSClient(
      .over(answers([Self.fault(400, "Throttling"), Self.good]), clock: clock)
    ).getCallerIdentity()
    #expect(clock.now - start <= .seconds(1))
    for (field, wait) in [
      (HTTPField("Retry-After", "7"), Duration.seconds(7)),
      (HTTPField("x-amz-retry-after", "2500"), .milliseconds(2500)),
      (HTTPField("Retry-After", "86400"), .seconds(60)),
    ] {
      let before = clock.now
      let transport = answers([Self.fault(503, "SlowDown", [field]), Self.good])
      _ = try await STSClient(.over(transport, clock: clock)).getCallerIdentity()
      #expect(clock.now - before == wait)
    }
  }

  @Test func `a lost reply is asked for again only where that does no harm`() async throws {
    let reads = answers([Self.lost, Self.good])
    _ = try await STSClient(.over(reads, clock: clock)).getCallerIdentity()
    #expect(reads.requests.count == 2)

    let snapshots = answers([Self.lost])
    let error = await #expect(throws: AWSError.self) {
      try await RDSClient(.over(snapshots, clock: clock)).createDBSnapshot("s", ofInstance: "i")
    }
    #expect(error?.kind == .replyLost)
    #expect(snapshots.requests.count == 1)

    // Nothing was done where nobody was reached, nor where the service turned it away.
    let refused: @Sendable () throws -> HTTPResponse = { throw TransferError(.connectionFailed, message: "") }
    let done: @Sendable () throws -> HTTPResponse = {
      .text(200, "<CreateDBSnapshotResponse><CreateDBSnapshotResult/></CreateDBSnapshotResponse>")
    }
    let later = answers([refused, Self.fault(503, "ServiceUnavailable"), done])
    _ = try await RDSClient(.over(later, clock: clock)).createDBSnapshot("s", ofInstance: "i")
    #expect(later.requests.count == 3)

    let broken = answers([Self.fault(500, "InternalFailure")])
    await #expect(throws: AWSError.self) {
      try await RDSClient(.over(broken, clock: clock)).createDBSnapshot("s", ofInstance: "i")
    }
    #expect(broken.requests.count == 1)
  }

  @Test func `a call with a token is repeated with the same token`() async throws {
    let done: @Sendable () throws -> HTTPResponse = { .text(200, "<CancelUpdateStackResponse/>") }
    let transport = answers([Self.lost, done])
    try await CloudFormationClient(.over(transport, clock: clock)).cancelUpdateStack("s", token: "backstop-1")
    #expect(Set(transport.requests.map(\.body)).count == 1)
    #expect(
      String(decoding: transport.requests[1].body, as: UTF8.self).contains("ClientRequestToken=backstop-1"))
  }

  @Test func `a long outage uses the quota up, and success gives it back`() async throws {
    let client = AWSClient.over(answers([Self.lost]), clock: clock)
    var attempts: [Int] = []
    for _ in 0..<20 {
      let error = await #expect(throws: AWSError.self) { try await STSClient(client).getCallerIdentity() }
      attempts.append(error?.attempts ?? 0)
    }
    // 500 units at 10 a retry after no answer: fifty retries.
    #expect(attempts.reduce(0, +) == 20 + 50)
    #expect(attempts.last == 1)
  }

  @Test(arguments: [Duration.seconds(3600), .seconds(-86_400)])
  func `a wrong clock is corrected by the answer's date`(error: Duration) async throws {
    let wrong = ManualClock(Timestamp("2026-01-12T10:00:00Z")! + error)
    let date = HTTPField("Date", "Mon, 12 Jan 2026 10:00:00 GMT")
    let transport = answers([Self.fault(403, "RequestTimeTooSkewed", [date]), Self.good])
    let client = AWSClient.over(transport, clock: wrong)
    _ = try await STSClient(client).getCallerIdentity()
    #expect(transport.requests.map { $0.headers.first("X-Amz-Date") }.last == "20260112T100000Z")
    _ = try await STSClient(client).getCallerIdentity()
    #expect(transport.requests.count == 3)
    #expect(transport.requests[2].headers.first("X-Amz-Date") == "20260112T100000Z")
  }

  @Test func `a wrong signature under a right clock is no matter of time`() async {
    let right = ManualClock(Timestamp("2026-01-12T10:00:00Z")!)
    let date = HTTPField("Date", "Mon, 12 Jan 2026 10:00:03 GMT")
    let transport = answers([Self.fault(403, "SignatureDoesNotMatch", [date])])
    let error = await #expect(throws: AWSError.self) {
      try await STSClient(.over(transport, clock: right)).getCallerIdentity()
    }
    #expect(error?.kind == .credentialsInvalid)
    #expect(transport.requests.count == 1)
  }

  @Test func `a cancelled task is not retried`() async {
    let transport = ScriptedTransport { _ in
      withUnsafeCurrentTask { $0?.cancel() }
      return .text(503, "")
    }
    let client = AWSClient.over(transport, clock: clock)
    let task = Task { try await STSClient(client).getCallerIdentity() }
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(transport.requests.count == 1)
  }

  @Test func `credentials that AWS calls expired are renewed once`() async throws {
    struct Renewing: AWSCredentialsProvider {
      let count = Counter()
      func credentials() async throws -> AWSCredentials {
        AWSCredentials(accessKeyId: "A\(count.value)", secretAccessKey: "s")
      }
      func forget() async -> Bool { count.increment() < 3 }
    }
    let transport = answers([Self.fault(403, "ExpiredToken"), Self.good])
    _ = try await STSClient(.over(transport, clock: clock, credentials: Renewing())).getCallerIdentity()
    #expect(transport.requests[0].headers.first("Authorization")?.contains("Credential=A0/") == true)
    #expect(transport.requests[1].headers.first("Authorization")?.contains("Credential=A1/") == true)
    let never = answers([Self.fault(403, "ExpiredToken")])
    let error = await #expect(throws: AWSError.self) {
      try await STSClient(.over(never, clock: clock, credentials: Renewing())).getCallerIdentity()
    }
    #expect(error?.kind == .credentialsExpired)
    #expect(never.requests.count == 2)
  }
}

private final class Counter: Sendable {
  private let number = Mutex(0)
  var value: Int { number.withLock { $0 } }
  @discardableResult func increment() -> Int {
    number.withLock { number in
      number += 1
      return number
    }
  }
}
