import CurlTransport
import HTTPTransport
import JSONValues
import Synchronization
import SystemInterfaces
import TestSupport
import Testing

@testable import AWSClients

/// Each link of the chain with real files, processes and servers.
@Suite struct CredentialsChainTests {
  private static let server = Result { try ServerProcess(python: "metadata_server.py") }
  let base: String
  let folder = TemporaryFolder()
  let secrets = Secrets()
  let clock = ManualClock(Timestamp("2026-01-12T10:00:00Z")!)

  init() throws { base = "http://127.0.0.1:\(try Self.server.get().port("http"))" }

  /// Variables that keep the chain away from this machine's own credentials.
  func variables(_ more: [String: String]) -> Environment {
    Environment(
      [
        "HOME": folder.path, "AWS_EC2_METADATA_DISABLED": "true", "AWS_ENDPOINT_URL_STS": base,
        "PATH": "/usr/bin:/bin",
      ].merging(more) { $1 })
  }

  func chain(_ more: [String: String]) -> CredentialsChain {
    let secrets = secrets
    return CredentialsChain(
      configuration: AWSConfiguration(environment: variables(more), files: LocalFileSystem()),
      region: "us-east-1", transport: curl, clock: clock, random: Randomness(),
      onSecret: { secrets.add($0) })
  }

  func write(_ name: String, _ text: String) throws -> String {
    try LocalFileSystem().writeAtomically(Array(text.utf8), to: folder(name), mode: 0o600)
    return folder(name)
  }

  func failure(_ more: [String: String]) async -> CredentialsError? {
    await #expect(throws: CredentialsError.self) { try await chain(more).credentials() }
  }

  // MARK: - Environment

  @Test func `the environment's keys`() async throws {
    let found = try await chain([
      "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "the-secret", "AWS_SESSION_TOKEN": "the-token",
    ]).credentials()
    #expect(found.accessKeyId == "A")
    #expect(found.sessionToken == "the-token")
    #expect(found.source == "environment")
    #expect(secrets.all == ["the-secret", "the-token"])
  }

  @Test func `half a key is an error, and no other identity is taken`() async {
    let error = await failure([
      "AWS_ACCESS_KEY_ID": "A", "AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": base,
    ])
    #expect(error?.description == "no AWS credentials: environment: AWS_SECRET_ACCESS_KEY is not set")
  }

  @Test func `nothing anywhere: what was tried, and why each did not work`() async {
    let error = await failure([:])
    #expect(
      error?.attempts.map(\.source) == [
        "environment", "web identity", "profile default", "container", "instance metadata",
      ])
    #expect(error?.description.contains("instance metadata: AWS_EC2_METADATA_DISABLED is true") == true)
    #expect(error?.advice.contains("AWS_PROFILE") == true)
  }

  // MARK: - Web identity

  @Test func `an identity token from a file`() async throws {
    let file = try write("token", "new-identity-token\n")
    let found = try await chain([
      "AWS_WEB_IDENTITY_TOKEN_FILE": file, "AWS_ROLE_ARN": "arn:aws:iam::1:role/known",
    ]).credentials()
    #expect(found.accessKeyId == "ID-AssumeRoleWithWebIdentity")
    #expect(found.expiration == Timestamp("2030-01-01T00:00:00Z"))
    #expect(secrets.all.contains("new-identity-token"))
    #expect(secrets.all.contains("SECRET-AssumeRoleWithWebIdentity"))
  }

  @Test func `an identity token that has expired is asked for anew`() async throws {
    let file = try write("token", "old-identity-token")
    var more = ["AWS_WEB_IDENTITY_TOKEN_FILE": file, "AWS_ROLE_ARN": "arn:aws:iam::1:role/known"]
    let error = await failure(more)
    #expect(error?.description.contains("ExpiredTokenException") == true)
    more["ACTIONS_ID_TOKEN_REQUEST_URL"] = base + "/identity?api-version=2.0"
    more["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = "github-bearer"
    #expect(try await chain(more).credentials().sessionToken == "TOKEN-AssumeRoleWithWebIdentity")
    more["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = "wrong"
    #expect(await failure(more)?.description.contains("id-token: write") == true)
  }

  @Test func `credentials of a job that AWS calls expired are renewed by its identity`() async throws {
    let chain = chain([
      "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "the-secret",
      "AWS_ROLE_ARN": "arn:aws:iam::1:role/known", "ACTIONS_ID_TOKEN_REQUEST_URL": base + "/identity?x=1",
      "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "github-bearer",
    ])
    #expect(try await chain.credentials().accessKeyId == "A")
    #expect(await chain.forget())
    #expect(try await chain.credentials().accessKeyId == "ID-AssumeRoleWithWebIdentity")
    let plain = self.chain(["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "the-secret"])
    _ = try await plain.credentials()
    #expect(await !plain.forget())
  }

  // MARK: - Profiles

  @Test func `keys of a profile, in the form that people write`() async throws {
    let config = try write(
      "config",
      """
      # comment
      [default]
      region = eu-west-1
      [profile "deploy"]
      region=eu-central-1   ; ours
      s3 =
        max_concurrent_requests = 20
      [sso-session x]
      sso_region = us-east-1
      """)
    let credentials = try write(
      "credentials", "[deploy]\r\naws_access_key_id = A\r\naws_secret_access_key = se/cr+et#1\r\n")
    let more = [
      "AWS_CONFIG_FILE": config, "AWS_SHARED_CREDENTIALS_FILE": credentials, "AWS_PROFILE": "deploy",
    ]
    let found = try await chain(more).credentials()
    #expect(found.accessKeyId == "A")
    #expect(found.secretAccessKey == "se/cr+et#1")
    #expect(found.source == "profile deploy")
    func region(_ more: [String: String]) -> String? {
      AWSConfiguration(environment: variables(more), files: LocalFileSystem()).region
    }
    #expect(region(more) == "eu-central-1")
    #expect(region(["AWS_CONFIG_FILE": config]) == "eu-west-1")
    #expect(region(more.merging(["AWS_DEFAULT_REGION": "b"]) { $1 }) == "b")
    #expect(region(more.merging(["AWS_DEFAULT_REGION": "b", "AWS_REGION": "a"]) { $1 }) == "a")
    #expect(region([:]) == nil)
  }

  @Test func `a role by way of another profile`() async throws {
    let config = try write(
      "config",
      """
      [profile a]
      role_arn = arn:aws:iam::1:role/known
      external_id = from-a
      source_profile = b
      [profile b]
      role_arn = arn:aws:iam::1:role/known
      external_id = from-b
      source_profile = c
      [profile c]
      aws_access_key_id = C
      aws_secret_access_key = the-secret
      [profile loop]
      role_arn = arn:aws:iam::1:role/known
      source_profile = pool
      [profile pool]
      role_arn = arn:aws:iam::1:role/known
      source_profile = loop
      [profile refused]
      role_arn = arn:aws:iam::1:role/unknown
      source_profile = c
      [profile environment]
      role_arn = arn:aws:iam::1:role/known
      credential_source = Environment
      [profile sso]
      sso_session = x
      [profile mfa]
      role_arn = arn:aws:iam::1:role/known
      mfa_serial = arn:aws:iam::1:mfa/me
      source_profile = c
      """)
    func more(_ profile: String) -> [String: String] {
      ["AWS_CONFIG_FILE": config, "AWS_PROFILE": profile]
    }
    #expect(try await chain(more("a")).credentials().accessKeyId == "ID-from-a")
    #expect(secrets.all.contains("SECRET-from-b"))
    #expect(await failure(more("loop"))?.description.contains("loop → pool → loop") == true)
    #expect(await failure(more("refused"))?.description.contains("AccessDenied") == true)
    #expect(await failure(more("sso"))?.description.contains("export-credentials --profile sso") == true)
    #expect(await failure(more("mfa"))?.description.contains("mfa_serial asks for a person") == true)
    #expect(await failure(more("absent"))?.description.contains("profile absent: not in") == true)
    // Keys of the environment win over a profile, so the profile's own source is asked for them directly.
    let context = CredentialsContext(
      configuration: AWSConfiguration(
        environment: variables(
          more("environment").merging(["AWS_ACCESS_KEY_ID": "E", "AWS_SECRET_ACCESS_KEY": "s"]) { $1 }),
        files: LocalFileSystem()), region: "r", transport: curl, clock: clock, random: Randomness(),
      processes: LocalProcessRunner(),
      onSecret: { _ in })
    guard case .found(let found) = try await ProfileSource().find(context) else {
      Issue.record("no credentials")
      return
    }
    #expect(found.accessKeyId == "ID-AssumeRole")
  }

  @Test(arguments: [
    (#"printf '{"Version":1,"AccessKeyId":"P","SecretAccessKey":"process-secret"}'"#, nil),
    ("echo no json", "did not answer in JSON"), ("exit 3", "ended with status 3"),
    ("kill -9 $$", "ended with status 137"), ("printf '{}'", #"answered without "Version": 1"#),
    (#"printf '{"Version":1}'"#, "answered without AccessKeyId and SecretAccessKey"),
    ("yes", "wrote more than 1048576 bytes"),
  ]) func `a credential process`(command: String, reason: String?) async throws {
    let config = try write("config", "[default]\ncredential_process = \(command)\n")
    if let reason {
      let error = await failure(["AWS_CONFIG_FILE": config])
      #expect(error?.description.contains("profile default, credential_process: \(reason)") == true)
    } else {
      #expect(try await chain(["AWS_CONFIG_FILE": config]).credentials().accessKeyId == "P")
      #expect(secrets.all == ["process-secret"])
    }
  }

  @Test func `a file that cannot be understood names its line`() async throws {
    let config = try write("config", "[default]\nregion = a\nno setting\n")
    let error = await failure(["AWS_CONFIG_FILE": config])
    #expect(error?.description.contains("config line 3: expected a section or key = value") == true)
  }

  // MARK: - Container and instance

  @Test func `a container's role`() async throws {
    let file = try write("authorisation", "container-authorisation\n")
    for more in [
      ["AWS_CONTAINER_AUTHORIZATION_TOKEN": "container-authorisation"],
      ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": file],
    ] {
      let all = more.merging(["AWS_CONTAINER_CREDENTIALS_FULL_URI": base + "/container"]) { $1 }
      #expect(try await chain(all).credentials().sessionToken == "TOKEN-container")
    }
    #expect(secrets.all.contains("container-authorisation"))
    let refused = await failure(["AWS_CONTAINER_CREDENTIALS_FULL_URI": base + "/container"])
    #expect(refused?.description.hasSuffix("/container answered 403") == true)
    let empty = await failure(["AWS_CONTAINER_CREDENTIALS_FULL_URI": base + "/container-empty"])
    #expect(empty?.description.hasSuffix("answered without credentials") == true)
    let elsewhere = await failure(["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.com/"])
    #expect(elsewhere?.description.contains("neither https nor on this machine") == true)
  }

  @Test func `an instance's role, by a session alone`() async throws {
    let found = try await chain([
      "AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": base + "/",
    ]).credentials()
    #expect(found.accessKeyId == "ID-instance")
    #expect(secrets.all.contains("instance-session"))
  }

  @Test func `a machine that is no instance is told so, last of all`() async {
    let error = await failure([
      "AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:9",
    ])
    #expect(error?.attempts.last?.source == "instance metadata")
  }

  // MARK: - Renewal

  @Test func `credentials are kept, asked for once by many, and renewed before they end`() async throws {
    let path = "/container?\(unique("renewal"))"
    let chain = chain([
      "AWS_CONTAINER_CREDENTIALS_FULL_URI": base + path,
      "AWS_CONTAINER_AUTHORIZATION_TOKEN": "container-authorisation",
    ])
    func asked() async throws -> Int {
      let response = try await curl.send(HTTPRequest("GET", base + "/_seen"))
      return try JSONValue(parsing: response.body).array?.count { $0.string == "GET \(path)" } ?? 0
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<20 { group.addTask { _ = try await chain.credentials() } }
      try await group.waitForAll()
    }
    #expect(try await asked() == 1)
    clock.advance(by: Timestamp("2030-01-01T00:00:00Z")! - clock.now - .seconds(301))
    _ = try await chain.credentials()
    #expect(try await asked() == 1)
    clock.advance(by: .seconds(2))
    _ = try await chain.credentials()
    #expect(try await asked() == 2)
  }
}

/// What the chain told the redactor.
final class Secrets: Sendable {
  private let texts = Mutex<[String]>([])
  func add(_ text: String) { texts.withLock { $0.append(text) } }
  var all: [String] { texts.withLock { $0 } }
}
