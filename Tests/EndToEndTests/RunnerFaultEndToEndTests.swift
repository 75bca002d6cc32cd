import AWSClients
import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// A machine whose network or settings are broken, and a service that is not: the built steps say 69, and never roll back a
/// healthy version. A service that is down stays a stop.
@Suite(.blocking, .enabled(if: LocalAWS.isInstalled, "ci/install installs the local AWS"))
struct RunnerFaultEndToEndTests {
  private let folder = TemporaryFolder()
  private let aws: LocalAWS
  /// What answers: the local AWS itself, by a name that `NO_PROXY` does not cover.
  private var service: String { aws.endpoint.replacing("127.0.0.1", with: "localhost") }

  init() throws {
    aws = try LocalAWS.shared()
    try "ENVIRONMENT=prod\nAWS_REGION=us-east-1\n"
      .write(toFile: folder("deployment-prod.config"), atomically: true, encoding: .utf8)
  }

  private func check(_ url: String, _ more: [String: String] = [:]) throws -> BuiltStep.Outcome {
    try "GET \(url)\nHTTP 200\n".write(toFile: folder("check.hurl"), atomically: true, encoding: .utf8)
    return try BuiltStep(
      "smoke-test", in: folder.path, variables: aws.environment.variables.merging(more) { $1 }
    ).run(["prod", "--smoke", "check.hurl", "--settle", "0s", "--format", "json"])
  }

  @Test func `a dead proxy is this machine's fault, a dead service is not`() throws {
    #expect(try check("\(service)/_calls").status == 0)
    let dead = ["http_proxy": "http://127.0.0.1:1", "no_proxy": "127.0.0.1"]
    let outcome = try check("\(service)/_calls", dead)
    #expect(outcome.status == 69, "\(outcome.error)\(outcome.output)")
    #expect(outcome.error.contains("the proxy 127.0.0.1:1"), "\(outcome.error)")
    #expect(try JSONValue(parsing: outcome.output)["verdict"]?.string == "inconclusive")
    // Nobody listens there, and no network is needed to know it, whether AWS is reached or not.
    #expect(try check("http://127.0.0.1:1/").status == 1)
    #expect(try check("http://127.0.0.1:1/", ["AWS_ENDPOINT_URL": "http://127.0.0.1:1"]).status == 1)
  }

  @Test func `a name without an address is the service's where AWS is reached, else this machine's`() throws {
    let reached = try check("http://no-such-host.invalid/")
    #expect(reached.status == 1, "\(reached.error)\(reached.output)")
    let cut = try check("http://no-such-host.invalid/", ["AWS_ENDPOINT_URL": "http://no-such-aws.invalid"])
    #expect(cut.status == 69, "\(cut.error)\(cut.output)")
    #expect(cut.error.contains("AWS is not reached from here either (no-such-aws.invalid"), "\(cut.error)")
  }

  @Test(arguments: ["SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE"])
  func `authorities that are not there are named, and nothing is judged`(setting: String) throws {
    let missing = try check("\(service)/_calls", [setting: "/no/such/authorities"])
    #expect(missing.status == 69, "\(missing.error)\(missing.output)")
    #expect(missing.error.contains("\(setting)=/no/such/authorities"), "\(missing.error)")
    guard setting != "SSL_CERT_DIR" else { return }
    try "".write(toFile: folder("empty.pem"), atomically: true, encoding: .utf8)
    let empty = try check("\(service)/_calls", [setting: "empty.pem"])
    #expect(empty.status == 69)
    #expect(empty.error.contains("it holds no certificate in PEM"), "\(empty.error)")
  }

  @Test func `authorities are trusted that a variable, a profile or the policy names`() throws {
    let server = try ServerProcess(python: "misbehaving_server.py")
    let url = "https://127.0.0.1:\(server.port("tls"))/good"
    let authority = try #require(server.ready["good"]?.string)
    #expect(try check(url).status == 1)
    for setting in ["SSL_CERT_FILE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE"] {
      let outcome = try check(url, [setting: authority])
      #expect(outcome.status == 0, "\(setting): \(outcome.error)\(outcome.output)")
    }
    try "[default]\nca_bundle = \(authority)\n".write(
      toFile: folder("aws.config"), atomically: true, encoding: .utf8)
    #expect(try check(url, ["AWS_CONFIG_FILE": folder("aws.config")]).status == 0)
    for (environment, status) in [("prod", Int32(0)), ("default", 0), ("staging", 1)] {
      try "ca-bundle: {\(environment): \(authority)}\n".write(
        toFile: folder("backstop.yml"), atomically: true, encoding: .utf8)
      #expect(try check(url).status == status, "\(environment)")
    }
  }

  @Test
  func `a clock that is far off is this machine's fault, a certificate that has ended is the service's`()
    throws
  {
    let server = try ServerProcess(python: "misbehaving_server.py")
    func outcome(_ port: String, _ clock: String) throws -> BuiltStep.Outcome {
      try check(
        "https://127.0.0.1:\(server.port(port))/good",
        [
          "AWS_ENDPOINT_URL": "http://127.0.0.1:\(server.port("plain"))/\(clock)",
          "SSL_CERT_FILE": server.ready[String(port.dropFirst(4))]?.string ?? "",
        ])
    }
    // AWS says that it is 2020: the certificate is good, and this machine's clock is ahead.
    for (port, clock, time) in [
      ("tls-expired", "dated-2020", "2020-01-15T10:00:00Z"),
      ("tls-not-yet", "dated-2090", "2090-01-15T10:00:00Z"),
    ] {
      let off = try outcome(port, clock)
      #expect(off.status == 69, "\(port): \(off.error)\(off.output)")
      #expect(
        off.error.contains("this machine's clock says ") && off.error.contains("says \(time)"), "\(off.error)"
      )
      #expect(try JSONValue(parsing: off.output)["verdict"]?.string == "inconclusive")
      // With the right time, it is the service that hands out a certificate which nobody takes.
      let ended = try outcome(port, "dated-now")
      #expect(ended.status == 1, "\(port): \(ended.error)\(ended.output)")
    }
  }

  @Test func `a watch from a machine with a dead proxy stops nothing, and says why`() async throws {
    let name = "runner-\(UUID().uuidString.prefix(8).lowercased())"
    try await aws.createStack(
      name, template: "Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: \(name)}}}")
    try
      "ENVIRONMENT=prod\nAWS_REGION=us-east-1\nUSE_EXTERNAL_DATABASE=true\nAPI_STACK=\(name)\nAPI_ENDPOINT=\(service)\n"
      .write(toFile: folder("deployment-prod.config"), atomically: true, encoding: .utf8)
    let dead = ["http_proxy": "http://127.0.0.1:1", "no_proxy": "127.0.0.1"]
    let outcome = try BuiltStep(
      "watch-30m", in: folder.path, variables: aws.environment.variables.merging(dead) { $1 }
    ).run(["prod", "--for", "4s", "--every", "1s", "--format", "json"])
    #expect(outcome.status != 1, "\(outcome.error)\(outcome.output)")
    #expect(outcome.output.contains("watch-probe-unasked"), "\(outcome.error)\(outcome.output)")
  }

  @Test func `a rollback's health is not known from a machine with a dead proxy`() async throws {
    let world = try AutoRevertWorld(aws, extraConfig: ["API_ENDPOINT=\(service)"])
    try await aws.createStack(world.name, template: world.plain(), parameters: ["Version": "1"])
    let taken = try world.run("preflight-snapshot", ["--no-baseline"])
    #expect(taken.status == 0, "\(taken.error)\(taken.output)")
    try await aws.updateStack(world.name, template: world.plain(), parameters: ["Version": "2"])
    let dead = ["http_proxy": "http://127.0.0.1:1", "no_proxy": "127.0.0.1"]
    let outcome = try BuiltStep(
      "auto-revert", in: world.folder.path, variables: world.variables.merging(dead) { $1 }
    ).run(["prod", "--confirm", "rollback-production", "--reason", "down", "--format", "json"])
    #expect(outcome.status == 3, "\(outcome.error)\(outcome.output)")
    #expect(try await world.marker() == "1")
  }

  @Test(arguments: ["> /dev/full", ">&-", "| (exec <&-; sleep 2)"])
  func `a result that nobody can read is no go`(redirection: String) throws {
    try "GET http://127.0.0.1:1/\nHTTP 200\n".write(
      toFile: folder("check.hurl"), atomically: true, encoding: .utf8)
    let line =
      "\(BuiltStep.binaries)/smoke-test prod --parse-only --smoke check.hurl \(redirection)"
    let script =
      redirection.hasPrefix("|")
      ? "(sleep 0.5; \(BuiltStep.binaries)/smoke-test prod --parse-only --smoke check.hurl; echo $? > status) \(redirection)"
      : "\(line); echo $? > status"
    let result = try runProgram("sh", ["-c", script], in: folder.path)
    #expect(try String(contentsOfFile: folder("status"), encoding: .utf8) == "69\n", "\(result.error)")
    #expect(result.error.contains("could not be written to standard output"), "\(result.error)")
    // The record is there all the same, whole.
    let record = try String(contentsOfFile: folder(".backstop/prod/smoke-test.json"), encoding: .utf8)
    #expect(try JSONValue(parsing: record)["verdict"]?.string == "go")
  }
}
