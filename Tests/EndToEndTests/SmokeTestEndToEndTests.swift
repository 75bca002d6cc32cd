import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

private let server = Result { try ServerProcess(python: "hurl_server.py") }
private let misbehaving = Result { try ServerProcess(python: "misbehaving_server.py") }

/// The built `smoke-test` against real servers.
@Suite(.blocking) struct SmokeTestEndToEndTests {
  private let folder = TemporaryFolder()
  private let endpoint: String

  init() throws {
    endpoint = "http://127.0.0.1:\(try server.get().port("http"))/"
    try write("ENVIRONMENT=dev\nAPI_ENDPOINT=\(endpoint)\n", to: "deployment-dev.config")
  }

  private func write(_ text: String, to name: String) throws {
    try LocalFileSystem().writeAtomically(Array(text.utf8), to: folder(name), mode: 0o644)
  }

  private func run(_ arguments: String..., variables: [String: String] = [:]) throws -> BuiltStep.Outcome {
    try BuiltStep("smoke-test", in: folder.path, variables: variables).run(arguments)
  }

  private func checks(_ outcome: BuiltStep.Outcome) throws -> [JSONValue] {
    try JSONValue(parsing: outcome.output)["checks"]?.array ?? []
  }

  @Test func `no arguments are a wrong command line`() throws {
    let outcome = try run()
    #expect(outcome.status == 64)
    #expect(outcome.error.contains("ENVIRONMENT is missing"))
    #expect(outcome.error.contains("Usage: smoke-test ENVIRONMENT"))
  }

  @Test func `a wrong environment names the ones there are`() throws {
    let outcome = try run("prod")
    #expect(outcome.status == 65)
    #expect(outcome.error.contains("deployment-prod.config"))
    #expect(outcome.error.contains("dev"))
  }

  @Test func `a malformed configuration is named with its line`() throws {
    try write("ENVIRONMENT=dev\nAPI_ENDPOINT=`id`\n", to: "deployment-dev.config")
    let outcome = try run("dev")
    #expect(outcome.status == 65)
    #expect(outcome.error.contains("deployment-dev.config:2"))
  }

  @Test func `a configuration that may not be read is a data error`() throws {
    try LocalFileSystem().remove(folder("deployment-dev.config"))
    try LocalFileSystem().createFolder(folder("deployment-dev.config"), mode: 0o755)
    let outcome = try run("dev")
    #expect(outcome.status == 65)
    #expect(outcome.error.contains("deployment-dev.config"))
  }

  @Test func `a good file is a go with every format asked for`() throws {
    try write("GET {{API_ENDPOINT}}/hello\nHTTP 200\n`Hello World!`\n", to: "a.hurl")
    let outcome = try run(
      "dev", "--smoke", "a.hurl", "--junit", "j.xml", "--tap", "t.tap", "--html", "h.html", "--markdown",
      "m.md")
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(outcome.output.hasPrefix("GO  smoke-test dev: 1 check: 1 passed"))
    for (name, text) in [
      ("j.xml", "<testcase name=\"GET {{API_ENDPOINT}}/hello\""), ("t.tap", "ok 1 - GET"),
      ("h.html", "<!doctype html>"), ("m.md", "smoke-test"),
    ] {
      #expect(try LocalFileSystem().readText(folder(name)).contains(text), "\(name)")
    }
  }

  @Test func `the variables of the environment stand behind those of the command line`() throws {
    try write(
      "GET {{API_ENDPOINT}}/echo?a={{one}}&b={{two}}\nHTTP 200\n[Asserts]\njsonpath \"$.query\" == \"a=1&b=2\"\n",
      to: "a.hurl")
    let outcome = try run(
      "dev", "--smoke", "a.hurl", "--variable", "two=2", variables: ["HURL_one": "1", "HURL_two": "9"])
    #expect(outcome.status == 0, "\(outcome.output)")
  }

  @Test func `options come from the environment too`() throws {
    try write("GET {{API_ENDPOINT}}/hello\nHTTP 200\n", to: "a.hurl")
    let outcome = try run("dev", variables: ["BACKSTOP_SMOKE": "a.hurl", "BACKSTOP_FORMAT": "json"])
    #expect(outcome.status == 0)
    #expect(try checks(outcome).map { $0["file"]?.string } == ["a.hurl"])
  }

  @Test func `a closed port is a stop with its class`() throws {
    let port = try misbehaving.get().port("closed")
    try write("ENVIRONMENT=dev\nAPI_ENDPOINT=http://127.0.0.1:\(port)/\n", to: "deployment-dev.config")
    let outcome = try run("dev", "--settle", "1s", "--format", "json")
    #expect(outcome.status == 1)
    let check = try #require(try checks(outcome).first)
    #expect(check["class"]?.string == "connection-refused")
    #expect((check["attempts"]?.array?.count ?? 0) > 1)
  }

  @Test func `expired credentials are a refusal, an unreachable control plane is unavailable`() throws {
    try write(
      "ENVIRONMENT=dev\nAWS_REGION=us-east-1\nAPI_STACK=Shop-Api-dev\n", to: "deployment-dev.config")
    let keys = [
      "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
      "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY",
      "AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true",
    ]
    let expired = try run("dev", variables: keys.merging(["AWS_ENDPOINT_URL": endpoint]) { $1 })
    #expect(expired.status == 77, "\(expired.error)\(expired.output)")
    #expect(expired.error.contains("ExpiredToken"))
    let closed = try misbehaving.get().port("closed")
    let away = try run(
      "dev", variables: keys.merging(["AWS_ENDPOINT_URL": "http://127.0.0.1:\(closed)"]) { $1 })
    #expect(away.status == 69, "\(away.error)\(away.output)")
    let none = try run("dev", variables: ["AWS_EC2_METADATA_DISABLED": "true"])
    #expect(none.status == 77)
    #expect(!FileManager.default.fileExists(atPath: folder(".backstop/dev/smoke-test.json")))
    // What did run is recorded, and is no answer.
    try write(
      "ENVIRONMENT=half\nAWS_REGION=us-east-1\nAPI_STACK=Shop-Api-half\n", to: "deployment-half.config")
    try write("GET \(endpoint)hello\nHTTP 200\n", to: "a.hurl")
    let half = try run(
      "half", "--smoke", "a.hurl", "--built-in", "--settle", "0", "--format", "json", "--junit", "half.xml",
      variables: keys.merging(["AWS_ENDPOINT_URL": "http://127.0.0.1:\(closed)"]) { $1 })
    #expect(half.status == 69, "\(half.error)\(half.output)")
    let record = try JSONValue(parsing: half.output)
    #expect(record["verdict"] == "inconclusive", "\(half.output)")
    #expect(record["findings"]?.array?.contains { $0["code"] == "not-all-asked" } == true)
    #expect(try checks(half).contains { $0["file"] == "a.hurl" && $0["outcome"] == "pass" })
    #expect(FileManager.default.fileExists(atPath: folder(".backstop/half/smoke-test.json")))
    #expect(FileManager.default.fileExists(atPath: folder("half.xml")))
  }

  @Test func `an xpath is evaluated where libxml2 is, and where it is not the step says what to install`()
    throws
  {
    try write(
      """
      GET {{API_ENDPOINT}}/hello
      HTTP 200
      [Asserts]
      body xpath "normalize-space(//body)" == "Hello World!"

      GET {{API_ENDPOINT}}/hello
      HTTP 200
      """, to: "a.hurl")
    let found = try run("dev", "--smoke", "a.hurl")
    #expect(found.status == 0, "\(found.output)\(found.error)")
    // No library of that name can be loaded from where the loader looks first.
    for version in ["2", "16"] { try write("no library", to: "libxml2.so.\(version)") }
    let hidden = ["LD_LIBRARY_PATH": folder.path]
    let missing = try run("dev", "--smoke", "a.hurl", "--format", "json", variables: hidden)
    #expect(missing.status == 69, "\(missing.output)\(missing.error)")
    #expect(missing.error.contains("a.hurl uses xpath") && missing.error.contains("apt-get install libxml2"))
    #expect(try checks(missing).map { $0["outcome"]?.string } == ["error", "pass"])
    #expect(try run("dev", "--smoke", "a.hurl", "--parse-only", variables: hidden).status == 0)
    // An outage is not hidden by it.
    try write("GET {{API_ENDPOINT}}/hello\nHTTP 404\n", to: "b.hurl")
    #expect(
      try run("dev", "--smoke", "a.hurl", "--smoke", "b.hurl", "--settle", "0", variables: hidden).status == 1
    )
  }

  @Test func `a signal ends the run with what was done recorded`() throws {
    let port = try misbehaving.get().port("plain")
    try write(
      """
      GET {{API_ENDPOINT}}/hello
      [Options]
      output: first-is-done
      HTTP 200

      GET http://127.0.0.1:\(port)/no_answer
      HTTP 200
      """, to: "a.hurl")
    let outcome = try BuiltStep("smoke-test", in: folder.path).run(["dev", "--smoke", "a.hurl"]) { process in
      try waitUntil("the first check is done") {
        FileManager.default.fileExists(atPath: folder("first-is-done"))
      }
      kill(process, SIGTERM)
    }
    #expect(outcome.status == 143)
    let record = try JSONValue(
      parsing: LocalFileSystem().readText(folder(".backstop/dev/smoke-test.json")))
    #expect(record["checks"]?.array?.first?["outcome"]?.string == "pass")
    #expect(record["checks"]?.array?.count == 2)
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: SmokeTestEndToEndTests.validator)))
  func `a record is as its schema says`() throws {
    try write(
      "GET {{API_ENDPOINT}}/hello\nHTTP 200\n\nGET {{API_ENDPOINT}}/none\nHTTP 200\n[Asserts]\nbody == \"x\"\n",
      to: "a.hurl")
    let outcome = try run("dev", "--smoke", "a.hurl", "--built-in", "--settle", "1s", "--format", "json")
    #expect(outcome.status == 1)
    try write(outcome.output, to: "record.json")
    let check = Process()
    check.executableURL = URL(fileURLWithPath: Self.validator)
    check.arguments = [
      "--schemafile", Repository.root + "/ci/schemas/smoke-test.schema.json", folder("record.json"),
    ]
    try check.begin()
    check.waitUntilExit()
    #expect(check.terminationStatus == 0)
  }

  private static let validator = Repository.root + "/.build/venv/bin/check-jsonschema"

  @Test func `huge and endless bodies take little memory`() throws {
    let port = try misbehaving.get().port("plain")
    let entries = ["ten_gigabytes", "endless_body", "endless_chunks", "gzip_bomb"].map {
      "GET http://127.0.0.1:\(port)/\($0)\nHTTP 200\n[Asserts]\nbody contains \"x\"\n"
    }
    try write(entries.joined(separator: "\n"), to: "a.hurl")
    let measured = try measuredRun(["dev", "--smoke", "a.hurl", "--settle", "0", "--format", "json"])
    #expect(measured.status == 1)
    #expect(measured.classes == Array(repeating: "body-too-large", count: 4))
    #expect(measured.megabytes < 300)
  }

  @Test func `thousands of checks take little memory`() throws {
    let text = (0..<3000).map { "GET {{API_ENDPOINT}}/hello?n=\($0)\nHTTP 200\n" }.joined(separator: "\n")
    try write("# @parallel\n\n" + text, to: "a.hurl")
    let measured = try measuredRun(["dev", "--smoke", "a.hurl", "--format", "json", "--concurrency", "16"])
    #expect(measured.status == 0)
    #expect(measured.count == 3000)
    #expect(measured.megabytes < 250)
  }

  /// Runs the step under a parent that tells its largest resident size.
  private func measuredRun(
    _ arguments: [String]
  ) throws -> (status: Int, classes: [String], count: Int, megabytes: Int) {
    let script = """
      import json, resource, subprocess, sys
      done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
      checks = json.loads(done.stdout)["checks"]
      print(json.dumps({"status": done.returncode, "count": len(checks),
                        "classes": [check["class"] for check in checks if "class" in check],
                        "megabytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024}))
      """
    try write(script, to: "measure.py")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", folder("measure.py"), "\(BuiltStep.binaries)/smoke-test"] + arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    let output = Pipe()
    process.standardOutput = output
    try process.begin()
    let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    let found = try JSONValue(parsing: bytes)
    return (
      found["status"]?.int ?? -1, found["classes"]?.array?.compactMap(\.string) ?? [],
      found["count"]?.int ?? 0, found["megabytes"]?.int ?? .max
    )
  }
}
