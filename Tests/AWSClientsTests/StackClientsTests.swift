import HTTPTransport
import Synchronization
import SystemInterfaces
import TestSupport
import Testing

@testable import AWSClients

/// Stacks of other accounts, over an STS whose sessions end after an hour.
@Suite struct `Clients of stacks` {
  private let clock = ManualClock(Timestamp("2026-11-26T10:00:00Z")!)
  private let secrets = Secrets()
  private static let role = AssumedRole(
    arn: "arn:aws:iam::222222222222:role/backstop", externalId: "shop-7", sessionName: "pipeline")

  /// Which session signed a request; empty for the run's own key.
  private static func session(_ request: HTTPRequest) -> String {
    let signature = request.headers.first("authorization") ?? ""
    guard let start = signature.firstRange(of: "Credential=")?.upperBound else { return "" }
    let id = signature[start...].prefix { $0 != "/" }
    return id.hasPrefix("ASIA") ? String(id) : ""
  }

  private static func isAssuming(_ request: HTTPRequest) -> Bool {
    String(decoding: request.body, as: UTF8.self).contains("Action=AssumeRole&")
  }

  private func sts(
    _ answer: @escaping @Sendable (Int) -> HTTPResponse? = { _ in nil }
  ) -> ScriptedTransport {
    let clock = clock
    let count = Mutex(0)
    return ScriptedTransport { request in
      guard Self.isAssuming(request) else {
        return .text(
          200,
          "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>111111111111</Account>"
            + "<Arn>arn:aws:sts::111111111111:assumed-role/ci/run-1</Arn><UserId>u</UserId>"
            + "</GetCallerIdentityResult></GetCallerIdentityResponse>")
      }
      let number = count.withLock { count in
        count += 1
        return count
      }
      if let given = answer(number) { return given }
      return .text(
        200,
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA\(number)</AccessKeyId>"
          + "<SecretAccessKey>session-secret-\(number)</SecretAccessKey><SessionToken>session-token-\(number)</SessionToken>"
          + "<Expiration>\((clock.now + .seconds(3600)).description)</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
      )
    }
  }

  private func clients(_ transport: ScriptedTransport, _ role: AssumedRole = Self.role) -> StackClients {
    let secrets = secrets
    return StackClients(
      .over(transport, ["AWS_MAX_ATTEMPTS": "2"], clock: clock),
      names: ["Shop-Api", "Shop-Flow", "Shop-Data"],
      places: [
        "Shop-Api": .init(role: role, region: nil), "Shop-Flow": .init(role: role, region: nil),
        "Shop-Data": .init(role: nil, region: "eu-west-1"),
      ], onSecret: { secrets.add($0) })
  }

  /// Any signed call of the stack.
  private func ask(_ clients: StackClients, _ stack: String = "Shop-Api") async throws {
    _ = try await STSClient(clients[stack]).getCallerIdentity()
  }

  // MARK: - Sessions

  @Test func `a role is assumed once for all calls of all its stacks, and its secrets are told first`()
    async throws
  {
    let transport = sts()
    let clients = clients(transport)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<20 {
        group.addTask { try await ask(clients, number % 2 == 0 ? "Shop-Api" : "Shop-Flow") }
      }
      try await group.waitForAll()
    }
    let assuming = transport.requests.filter(Self.isAssuming)
    #expect(assuming.count == 1)
    let form = String(decoding: try #require(assuming.first).body, as: UTF8.self)
    #expect(form.contains("ExternalId=shop-7") && form.contains("RoleSessionName=pipeline"))
    #expect(form.contains("RoleArn=arn%3Aaws%3Aiam%3A%3A222222222222%3Arole%2Fbackstop"))
    #expect(transport.requests.filter { Self.session($0) == "ASIA1" }.count == 20)
    #expect(secrets.all == ["session-secret-1", "session-token-1"])
  }

  @Test func `a wait of three hours never signs with a session that has ended`() async throws {
    let transport = sts()
    let clients = clients(transport)
    let began = clock.now
    for minute in 0..<180 {
      try await ask(clients)
      // Each session lasts an hour and is renewed when five minutes are left of it.
      #expect(Self.session(try #require(transport.requests.last)) == "ASIA\(minute / 56 + 1)")
      clock.advance(by: .seconds(60))
    }
    #expect(clock.now - began == .seconds(10_800))
    #expect(transport.requests.filter(Self.isAssuming).count == 4)
  }

  @Test func `a throttled STS is asked again; while the old session lasts it is used`() async throws {
    let throttled = HTTPResponse.text(
      400,
      "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>")
    let transport = sts { (2...3).contains($0) || $0 >= 5 ? throttled : nil }
    let clients = clients(transport)
    try await ask(clients)
    clock.advance(by: .seconds(3400))
    try await ask(clients)
    #expect(Self.session(try #require(transport.requests.last)) == "ASIA1")
    try await ask(clients)
    #expect(Self.session(try #require(transport.requests.last)) == "ASIA4")
    clock.advance(by: .seconds(3601))
    let error = await #expect(throws: AWSError.self) { try await ask(clients) }
    #expect(error?.kind == .throttled && error?.operation == "AssumeRole")
  }

  @Test func `a session that AWS calls expired before its time is replaced, once`() async throws {
    let sessions = sts()
    let transport = ScriptedTransport { request in
      if Self.session(request) == "ASIA1" {
        return .text(
          403,
          "<ErrorResponse><Error><Code>ExpiredToken</Code><Message>ended</Message></Error></ErrorResponse>")
      }
      return try await sessions.send(request)
    }
    let clients = clients(transport)
    clock.advance(by: .seconds(1))
    _ = try await clients["Shop-Api"].credentials.credentials()
    clock.advance(by: .seconds(120))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<10 { group.addTask { try await ask(clients) } }
      try await group.waitForAll()
    }
    #expect(sessions.requests.filter(Self.isAssuming).count == 2)
  }

  @Test func `a refused role is told with who, what and what to grant, and not asked for by every call`()
    async throws
  {
    let denied = HTTPResponse.text(
      403,
      "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized to perform: sts:AssumeRole</Message>"
        + "</Error></ErrorResponse>")
    let transport = sts { $0 == 1 ? denied : nil }
    let clients = clients(transport)
    let error = await #expect(throws: RoleError.self) { try await ask(clients) }
    #expect(
      error?.description.hasPrefix(
        "arn:aws:sts::111111111111:assumed-role/ci/run-1 could not assume the role arn:aws:iam::222222222222:role/backstop: "
          + "STS AssumeRole") == true)
    #expect(
      error?.description.contains("403 AccessDenied: not authorized to perform: sts:AssumeRole") == true)
    // A trust policy names the role of a session, never the session.
    #expect(
      error?.advice.contains("permit sts:AssumeRole on it to arn:aws:iam::111111111111:role/ci") == true)
    #expect(error?.advice.contains("sts:ExternalId = shop-7") == true)
    await #expect(throws: RoleError.self) { try await ask(clients, "Shop-Flow") }
    #expect(transport.requests.filter(Self.isAssuming).count == 1)
    // Whoever mends the trust policy need not begin anew.
    clock.advance(by: .seconds(61))
    try await ask(clients)
  }

  // MARK: - Which client

  @Test func `a stack is found by name and id, a nested one by its root, other things by their ARN`() {
    let clients = clients(sts())
    let arn = "arn:aws:cloudformation:us-east-1:222222222222:stack"
    let assumed = clients["Shop-Api"]
    #expect(assumed !== clients.own && assumed === clients["Shop-Flow"] && assumed.account == "222222222222")
    #expect(clients["\(arn)/Shop-Api/1a2b"] === assumed)
    #expect(clients["\(arn)/Shop-Api-Queue-1ABCDEF/1a2b"] === assumed)
    #expect(clients["Shop-Api-Queue-1ABCDEF-Inner-2BCDEF"] === assumed)
    #expect(clients["Another"] === clients.own)
    #expect(clients["Shop-Data"].region == "eu-west-1" && clients["Shop-Data"].account == nil)
    #expect(clients.client(ofARN: "arn:aws:states:us-east-1:222222222222:stateMachine:s") === assumed)
    #expect(clients.client(ofARN: "arn:aws:states:us-east-1:333333333333:stateMachine:s") === clients.own)
    #expect(clients.all.count == 3 && clients.used.count == 2)
  }

  @Test func `a nested stack whose root's name begins like another stack's is its root's`() {
    let own = AWSClient.over(sts(), clock: clock)
    let clients = StackClients(
      own, names: ["App", "App-Api"], places: ["App-Api": .init(role: Self.role, region: nil)])
    #expect(clients["App-Api-1ABCDEF"] === own)
    #expect(clients["App-Api-Queue-1ABCDEF"] === clients["App-Api"])
    // Where the name tells nothing certain, the account does.
    #expect(clients["arn:aws:cloudformation:us-east-1:222222222222:stack/App-Cut/1"] === clients["App-Api"])
  }

  @Test(arguments: [
    ("arn:aws:iam::222222222222:role/path/backstop", "222222222222"), ("arn:aws-cn:iam::1:role/a:b", "1"),
  ]) func `an ARN's parts`(_ text: String, _ account: String) throws {
    let arn = try #require(AmazonResourceName(text))
    #expect(arn.account == account && arn.service == "iam" && arn.region.isEmpty && arn.stackName == nil)
  }

  @Test(arguments: ["", "arn:aws:iam", "Shop-Api", "arn:aws:s3:::"]) func `what is no ARN`(_ text: String) {
    #expect(AmazonResourceName(text) == nil)
  }
}
