import JSONValues
import SystemInterfaces
import TestSupport
import Testing

private let server = Result {
  try ServerProcess(
    Repository.root + "/.build/venv/bin/python",
    arguments: [Repository.root + "/Tests/Servers/grpc_server.py"])
}

/// gRPC's health checks by the built `smoke-test`, against a server of them.
@Suite(.blocking, .enabled(if: LocalAWS.isInstalled)) struct SmokeTestEndToEndGRPCTests {
  private let folder = TemporaryFolder()
  private let url: String

  init() throws {
    url = "http://127.0.0.1:\(try server.get().port("grpc"))"
    try write("ENVIRONMENT=dev\n", to: "deployment-dev.config")
  }

  private func write(_ text: String, to name: String) throws {
    try LocalFileSystem().writeAtomically(Array(text.utf8), to: folder(name), mode: 0o644)
  }

  private func check(_ arguments: [String]) throws -> (status: Int32, check: JSONValue?) {
    let run = try BuiltStep("smoke-test", in: folder.path).run(
      ["dev", "--settle", "0", "--format", "json"] + arguments)
    return (run.status, try JSONValue(parsing: run.output)["checks"]?[0])
  }

  @Test(arguments: [
    ("", 0, ""), ("orders", 0, ""), ("down", 1, "says NOT_SERVING"), ("starting", 1, "says UNKNOWN"),
    ("gone", 1, "grpc-status 5 (NOT_FOUND): \"no such service\""), ("broken", 1, "grpc-status 13 (INTERNAL)"),
    ("busy", 1, "grpc-status 14 (UNAVAILABLE)"), ("cut", 1, "without grpc-status"),
    ("page", 1, "text/html, not application/grpc"), ("proxy", 1, "answered 502"),
  ])
  func `a service of the policy is good where it serves and the trailers say so`(
    service: String, status: Int32, words: String
  ) throws {
    try write(
      "smoke-test:\n  grpc:\n    - url: \(url)\n      service: \"\(service)\"\n", to: "backstop.yml")
    let (code, check) = try check(["--policy", "backstop.yml"])
    #expect(code == status, "\(service): \(check?.serialized() ?? "")")
    #expect(check?["message"]?.string?.contains(words) == true, "\(check?.serialized() ?? "")")
    #expect(check?["file"] == "backstop.yml" && check?["line"] == 3)
    if status == 1 {
      #expect(check?["evidence"]?["curl"]?.string?.contains("--http2-prior-knowledge") == true)
    }
  }

  /// The message that asks for a service, as a Hurl file writes it.
  private func message(_ service: String) -> String {
    let length = service.isEmpty ? "00" : "0" + String(service.utf8.count + 2, radix: 16)
    let digits = service.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    let field = service.isEmpty ? "" : "0a0" + String(service.utf8.count, radix: 16) + digits
    return "hex,00000000\(length)\(field);"
  }

  @Test(arguments: [
    ("", "HTTP 200", 0), ("down", "HTTP 200", 1), ("broken", "HTTP 200", 1), ("cut", "HTTP/2 200", 1),
    ("gone", "HTTP 200\n[Asserts]\nheader \"grpc-status\" == \"5\"", 0),
    ("gone", "HTTP 200\ngrpc-status: 0", 1),
    ("down", "HTTP 200\n[Asserts]\nbytes == hex,00000000020802;", 0),
    ("broken", "HTTP 200\n[Asserts]\nbytes count == 7", 1), ("page", "HTTP 200", 0),
  ])
  func `an entry of a Hurl file that asks by gRPC is judged by its trailers`(
    service: String, expected: String, status: Int32
  ) throws {
    try write(
      """
      POST \(url)/grpc.health.v1.Health/Check
      Content-Type: application/grpc
      TE: trailers
      \(message(service))
      \(expected)

      """, to: "a.hurl")
    let (code, check) = try check(["--smoke", "a.hurl"])
    #expect(code == status, "\(service) \(expected): \(check?.serialized() ?? "")")
  }

  @Test func `a method that the server has not is no success, and a service without a place is refused`()
    throws
  {
    try write(
      "POST \(url)/orders.Orders/List\nContent-Type: application/grpc\n\(message(""))\nHTTP 200\n",
      to: "a.hurl")
    let (code, check) = try check(["--smoke", "a.hurl"])
    #expect(code == 1)
    #expect(check?["message"]?.string?.contains("grpc-status 12 (UNIMPLEMENTED)") == true)
    try write("smoke-test:\n  grpc:\n    - service: orders\n", to: "backstop.yml")
    let outcome = try BuiltStep("smoke-test", in: folder.path).run(["dev", "--policy", "backstop.yml"])
    #expect(outcome.status == 65)
    #expect(outcome.error.contains("backstop.yml:3: smoke-test.grpc"), "\(outcome.error)")
  }
}
