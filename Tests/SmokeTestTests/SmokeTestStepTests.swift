import DeploymentRecords
import HTTPTransport
import JSONValues
import SmokeTest
import StepResults
import SystemInterfaces
import TestSupport
import Testing

@Suite struct `The smoke-test step` {
  private func bench(_ answer: (@Sendable (HTTPRequest) throws -> HTTPResponse)? = nil) throws -> StepBench {
    var bench = StepBench()
    bench.answer =
      answer ?? { request in
        HTTPResponse(status: request.headers.first("x-api-key") == nil ? 403 : 200)
      }
    try bench.write(StepBench.config, to: "deployment-prod.config")
    return bench
  }

  @Test func `says go where the endpoint works, and leaves its record`() async throws {
    let bench = try bench()
    let result = await bench.run("prod", "--format", "json")
    #expect(result.status == 0, "\(result.error)")
    let record = try result.record()
    #expect(record["verdict"]?.string == "go")
    #expect(record["checks"]?.array?.map { $0["outcome"]?.string } == ["pass", "pass"])
    #expect(record["checks"]?[0]?["file"]?.isNull == true)
    let written = try LocalFileSystem().readText(bench.folder(".backstop/prod/smoke-test.json"))
    #expect(try JSONValue(parsing: written) == record)
  }

  @Test func `stops where the endpoint answers badly, with class and advice`() async throws {
    let bench = try bench { _ in
      HTTPResponse(status: 502, body: Array(#"{"message":"Internal server error"}"#.utf8))
    }
    let result = await bench.run("prod")
    #expect(result.status == 1)
    #expect(result.output.hasPrefix("STOP  smoke-test prod: 2 checks: 2 failed."))
    #expect(result.output.contains(#"endpoint answers: answered 502: "Internal server error", expected 200"#))
    #expect(result.output.contains("(function-failed)"))
    #expect(result.output.contains("look at its log and its last change"))
  }

  @Test func `an endpoint that does not answer is a stop, not an unavailable`() async throws {
    let bench = try bench { _ in
      throw TransferError(.connectionFailed, code: 7, message: "Connection refused")
    }
    let result = await bench.run("prod", "--format", "json")
    #expect(result.status == 1)
    #expect(try result.record()["checks"]?[0]?["class"]?.string == "connection-refused")
  }

  @Test func `nothing to check is no go`() async throws {
    let bench = try bench()
    try bench.write("ENVIRONMENT=prod\n", to: "deployment-prod.config")
    let result = await bench.run("prod")
    #expect(result.status == 3)
    #expect(result.output.contains("[no-checks]"))
  }

  @Test func `no arguments are a usage error`() async throws {
    let result = await (try bench()).run()
    #expect(result.status == 64)
    #expect(result.error.contains("ENVIRONMENT is missing"))
  }

  @Test(arguments: [
    ["--flaky", "maybe"], ["--deadline", "soon"], ["--settle", "-1"], ["--concurrency", "0"],
    ["--shard", "3/2"],
    ["--shard", "x"], ["--variable", "=x"], ["--nonsense"],
  ])
  func `a wrong option is a usage error`(arguments: [String]) async throws {
    let bench = try bench()
    let result =
      arguments.count == 1
      ? await bench.run("prod", arguments[0]) : await bench.run("prod", arguments[0], arguments[1])
    #expect(result.status == 64, "\(result.error)")
    #expect(result.requests.isEmpty)
  }

  @Test func `a missing or malformed configuration is a data error with its line`() async throws {
    let bench = try bench()
    let missing = await bench.run("staging")
    #expect(missing.status == 65)
    #expect(missing.error.contains("deployment-staging.config"))
    try bench.write("ENVIRONMENT=prod\nX=$(id)\n", to: "deployment-prod.config")
    let malformed = await bench.run("prod")
    #expect(malformed.status == 65)
    #expect(malformed.error.contains("deployment-prod.config:2"))
  }

  @Test func `a missing smoke file is a data error`() async throws {
    let result = await (try bench()).run("prod", "--smoke", "none.hurl")
    #expect(result.status == 65)
    #expect(result.error.contains("none.hurl"))
    #expect(result.requests.isEmpty)
  }

  @Test func `the api key appears in no output`() async throws {
    let bench = try bench { request in
      HTTPResponse(
        status: 500, body: Array(#"{"message":"bad key AbCdEf0123456789 at \#(request.url)"}"#.utf8))
    }
    for format in ["text", "json"] {
      let result = await bench.run(
        "prod", "--verbose", "--format", format, "--junit", "j.xml", "--tap", "t.tap", "--html", "h.html",
        "--markdown", "m.md")
      #expect(result.status == 1)
      var all = result.output + result.error
      for name in ["j.xml", "t.tap", "h.html", "m.md", ".backstop/prod/smoke-test.json"] {
        all += try LocalFileSystem().readText(bench.folder(name))
      }
      #expect(!all.contains("AbCdEf0123456789"))
      #expect(all.contains("[redacted]"))
    }
  }

  @Test(arguments: [("fail", Int32(1)), ("warn", 0), ("pass", 0)])
  func `a flaky check counts as asked`(choice: String, status: Int32) async throws {
    let count = Countdown(1)
    let bench = try bench { request in
      if request.headers.first("x-api-key") == nil { return HTTPResponse(status: 403) }
      return HTTPResponse(status: count.isOver() ? 200 : 500)
    }
    let result = await bench.run("prod", "--flaky", choice, "--format", "json")
    #expect(result.status == status)
    let check = try #require(try result.record()["checks"]?[0])
    #expect(check["outcome"]?.string == "flaky")
    #expect(check["attempts"]?.array?.map { $0["status"]?.int } == [500, 200])
  }

  @Test func `attempts that came out the same share a line of text, and JUnit has each`()
    async throws
  {
    let bench = try bench { _ in HTTPResponse(status: 503) }
    let result = await bench.run("prod", "--junit", "j.xml")
    let tries = result.output.split(separator: "\n").filter { $0.hasPrefix("  tr") }
    #expect(tries.count == 2, "\(tries)")
    #expect(tries.allSatisfy { $0.hasPrefix("  tries 1 to ") && $0.contains(" s: answered 503") })
    let junit = try LocalFileSystem().readText(bench.folder("j.xml"))
    #expect(junit.contains("try 1 at 0 ms") && junit.contains("try 2 at ") && junit.contains("try 3 at "))
  }

  @Test func `settling can be switched off`() async throws {
    let bench = try bench { _ in HTTPResponse(status: 503) }
    let result = await bench.run("prod", "--settle", "0", "--format", "json")
    #expect(try result.record()["checks"]?[0]?["attempts"]?.array?.count == 1)
  }

  @Test func `compares with the latest restore point`() async throws {
    let bench = try bench { request in
      request.headers.first("x-api-key") == nil ? HTTPResponse(status: 403) : HTTPResponse(status: 500)
    }
    let store = RestorePointStore(records: bench.folder(".backstop/prod"), files: LocalFileSystem())
    var point = RestorePoint(
      id: "20261124T000000Z-abcdef", environment: "prod", commit: nil, createdAt: ManualClock().now,
      region: "us-east-1", account: nil)
    point.baseline.responses = [ResponseBaseline(name: "endpoint", outcome: "pass", status: 200)]
    try store.write(point, contents: [:])
    try store.markLatest(point.id)
    let result = await bench.run("prod", "--settle", "0", "--format", "json")
    let record = try result.record()
    #expect(record["checks"]?[0]?["comparison"]?.string == "regressed")
    #expect(record["summary"]?["comparedWith"]?.string == point.id)
    #expect(record["summary"]?["regressed"]?.int == 1)
    let without = await bench.run("prod", "--settle", "0", "--format", "json", "--baseline", "none")
    #expect(try without.record()["checks"]?[0]?["comparison"] == nil)
    let missing = await bench.run("prod", "--baseline", "20250101T000000Z-000000")
    #expect(missing.status == 65)
  }

  @Test func `an unreadable restore point is a warning, unless it was named`() async throws {
    let bench = try bench()
    try bench.write("20250101T000000Z-000000\n", to: ".backstop/prod/restore-points/latest")
    let result = await bench.run("prod")
    #expect(result.status == 0)
    #expect(result.output.contains("[no-baseline]"))
  }

  @Test func `a request for an API with IAM authorisation is signed`() async throws {
    let bench = try bench { _ in HTTPResponse(status: 200) }
    try bench.write("ENVIRONMENT=prod\nAWS_REGION=us-east-1\n", to: "deployment-prod.config")
    try bench.write(
      """
      GET https://abc.execute-api.eu-west-1.amazonaws.com/prod/orders
      [Options]
      aws-sigv4: aws:amz
      user: AKIDEXAMPLE:wJalrXUtnFEMI-K7MDENG
      HTTP 200
      """, to: "a.hurl")
    let result = await bench.run("prod", "--smoke", "a.hurl")
    #expect(result.status == 0, "\(result.output)\(result.error)")
    let header = result.requests.first?.headers.first("authorization") ?? ""
    #expect(header.hasPrefix("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"))
    #expect(header.contains("/eu-west-1/execute-api/aws4_request"))
    #expect(!(result.output + result.error).contains("wJalrXUtnFEMI"))
  }
}
