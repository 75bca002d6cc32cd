import AWSClients
import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// One fault of the machine after the other, before each step that judges a service: none of them is taken for an outage.
@Suite(.blocking, .enabled(if: LocalAWS.isInstalled, "ci/install installs the local AWS"))
struct BrokenRunnerEndToEndTests {
  /// What is wrong with the machine.
  enum Fault: String, CaseIterable {
    case deadProxy, proxy403 = "403", proxy407 = "407", proxy503 = "503", noAuthorities, noNames
  }
  private let world: AutoRevertWorld
  private let proxies: ServerProcess
  /// The local AWS itself, by a name that `NO_PROXY` does not cover.
  private var service: String { world.aws.endpoint.replacing("127.0.0.1", with: "localhost") }

  init() throws {
    world = try AutoRevertWorld(try LocalAWS.shared())
    proxies = try ServerProcess(python: "proxy_server.py")
  }

  private func proxy(_ port: Int) -> [String: String] {
    ["http_proxy": "http://127.0.0.1:\(port)", "no_proxy": "127.0.0.1"]
  }

  /// The variables of a machine with a fault, and the endpoint that shows it.
  private func machine(_ fault: Fault) -> (variables: [String: String], endpoint: String) {
    switch fault {
    case .deadProxy: (proxy(1), service)
    case .proxy403, .proxy407, .proxy503: (proxy(proxies.port(fault.rawValue)), service)
    case .noAuthorities: (["CURL_CA_BUNDLE": "/no/such/authorities"], service)
    // The stacks are read by address, the endpoint and AWS's own name have none.
    case .noNames:
      (["AWS_ENDPOINT_URL_CLOUDFORMATION": "http://no-such-aws.invalid"], "http://no-such-host.invalid")
    }
  }

  private func run(
    _ step: String, _ arguments: [String], _ variables: [String: String]
  ) throws -> BuiltStep.Outcome {
    try BuiltStep(step, in: world.folder.path, variables: world.variables.merging(variables) { $1 })
      .run(["prod"] + arguments + ["--format", "json"])
  }

  private func endpoint(_ url: String) throws {
    try world.writeConfig(["API_STACK=\(world.name)", "API_ENDPOINT=\(url)"])
  }

  @Test(arguments: Fault.allCases) func `a check ends with 69 and names the machine`(fault: Fault) throws {
    let (variables, url) = machine(fault)
    try world.writeConfig(["API_ENDPOINT=\(url)"])
    let outcome = try run("smoke-test", ["--settle", "0s"], variables)
    #expect(outcome.status == 69, "\(outcome.error)\(outcome.output)")
    #expect(outcome.error.contains("this machine's network or its settings are at fault"), "\(outcome.error)")
    #expect(try JSONValue(parsing: outcome.output)["verdict"]?.string == "inconclusive")
  }

  @Test func `a shard on such a machine leaves the whole open, and blames nobody`() throws {
    try world.writeConfig(["API_ENDPOINT=\(service)"])
    func write(_ text: String, _ name: String) throws {
      try text.write(toFile: world.folder(name), atomically: true, encoding: .utf8)
    }
    for name in ["a", "b"] {
      try write("GET \(service)/_calls\nHTTP 200\n", "\(name).hurl")
    }
    for (part, variables, status) in [("1", [:], Int32(0)), ("2", machine(.deadProxy).variables, 69)] {
      let shard = try run(
        "smoke-test", ["a.hurl", "b.hurl", "--settle", "0s", "--shard", "\(part)/2"], variables)
      #expect(shard.status == status, "\(shard.error)\(shard.output)")
      try write(shard.output, "\(part).json")
    }
    let merged = try run("smoke-test", ["--merge", "1.json", "2.json"], [:])
    #expect(merged.status == 3, "\(merged.error)\(merged.output)")
    let findings = try JSONValue(parsing: merged.output)["findings"]?.array ?? []
    #expect(findings.contains { $0["code"]?.string == "shard-inconclusive" })
    #expect(!findings.contains { $0["severity"]?.string == "error" })
  }

  @Test(arguments: Fault.allCases.filter { ![.noAuthorities, .noNames].contains($0) })
  func `a watch stops nothing`(fault: Fault) async throws {
    let (variables, url) = machine(fault)
    try endpoint(url)
    try await world.aws.createStack(world.name, template: world.plain())
    let outcome = try run("watch-30m", ["--for", "3s", "--every", "1s"], variables)
    #expect(outcome.status == 3, "\(outcome.error)\(outcome.output)")
    #expect(outcome.output.contains("watch-probe-unasked"), "\(outcome.error)\(outcome.output)")
  }

  @Test(arguments: Fault.allCases.filter { ![.noAuthorities, .noNames].contains($0) })
  func `a rollback is done, and its health is not known`(fault: Fault) async throws {
    let (variables, url) = machine(fault)
    try await world.aws.createStack(world.name, template: world.plain())
    #expect(try world.run("preflight-snapshot", ["--no-baseline"]).status == 0)
    try await world.aws.updateStack(world.name, template: world.plain(), parameters: ["Version": "2"])
    try endpoint(url)
    let outcome = try run(
      "auto-revert", ["--confirm", "rollback-production", "--reason", "down"], variables)
    #expect(outcome.status == 3, "\(outcome.error)\(outcome.output)")
    #expect(try await world.marker() == "1")
  }

  @Test func `a machine without names or authorities reaches nothing, and rolls nothing back`() async throws {
    try await world.aws.createStack(world.name, template: world.plain())
    #expect(try world.run("preflight-snapshot", ["--no-baseline"]).status == 0)
    try await world.aws.updateStack(world.name, template: world.plain(), parameters: ["Version": "2"])
    let broken = [
      ["AWS_ENDPOINT_URL": "http://no-such-aws.invalid", "AWS_MAX_ATTEMPTS": "1"],
      ["AWS_CA_BUNDLE": "/no/such/authorities", "AWS_MAX_ATTEMPTS": "1"],
    ]
    for variables in broken {
      for (step, arguments) in [
        ("watch-30m", ["--for", "3s", "--every", "1s"]), ("preflight-snapshot", ["--ready"]),
        ("auto-revert", ["--confirm", "rollback-production", "--reason", "down"]),
      ] {
        let outcome = try run(step, arguments, variables)
        #expect(outcome.status == 69, "\(step): \(outcome.error)\(outcome.output)")
        #expect(!outcome.error.isEmpty)
      }
    }
    #expect(try await world.marker() == "2")
  }

  @Test func `a proxy that works lets outages through`() throws {
    let server = try ServerProcess(python: "marker_server.py", arguments: [world.aws.upstream])
    let variables = proxy(proxies.port("works"))
    for (url, status) in [
      // The service itself answers 500: its stack is not there.
      ("http://localhost:\(server.port("http"))/none", Int32(1)),
      ("http://localhost:1/", 1), ("\(service)/_calls", 0),
    ] {
      try "GET \(url)\nHTTP 200\n".write(
        toFile: world.folder("check.hurl"), atomically: true, encoding: .utf8)
      try world.writeConfig([])
      let outcome = try run("smoke-test", ["--smoke", "check.hurl", "--settle", "0s"], variables)
      #expect(outcome.status == status, "\(url): \(outcome.error)\(outcome.output)")
    }
  }
}
