import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// The built `watch-30m` against a local AWS: four stacks, an API that answers, metrics and logs of its own.
@Suite(.blockingFirst, .serialized, .enabled(if: LocalAWS.isInstalled))
struct Watch30mEndToEndCloudTests {
  /// One cloud with the demo's application for all of these tests.
  private static let prepared = Result { () throws -> (cloud: LocalAWS, folder: TemporaryFolder) in
    let cloud = try LocalAWS()
    let folder = TemporaryFolder()
    try FileManager.default.copyItem(
      atPath: Repository.root + "/ci/demo-application/infra", toPath: folder("infra"))
    try makeRepository(folder)
    try python(["\(Repository.root)/ci/demo_cloud.py", "deploy", "prod", folder.path], cloud, in: folder)
    return (cloud, folder)
  }
  private let cloud: LocalAWS
  private let folder: TemporaryFolder

  init() throws { (cloud, folder) = try Self.prepared.get() }

  /// The deploy script keeps its secrets where git keeps its own.
  private static func makeRepository(_ folder: TemporaryFolder) throws {
    let git = try Process.run(
      URL(fileURLWithPath: "/usr/bin/env"), arguments: ["git", "init", "-q", folder.path])
    git.waitUntilExit()
    try #require(git.terminationStatus == 0)
  }

  /// Runs Python with botocore against the cloud; fails with what it wrote.
  private static func python(_ arguments: [String], _ cloud: LocalAWS, in folder: TemporaryFolder) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Repository.root + "/.build/venv/bin/python")
    process.arguments = arguments
    process.environment = cloud.environment.variables
    process.standardOutput = FileHandle.nullDevice
    try process.begin()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
  }

  private func traffic(_ count: Int) throws {
    try Self.python(
      ["\(Repository.root)/ci/demo_cloud.py", "traffic", "prod", folder.path, "\(count)"], cloud, in: folder)
  }

  /// Records twenty requests a second for the forty seconds before a time, the last ten with `failures` failures.
  private func putMetrics(until time: Timestamp, failures: Int) throws {
    let script = """
      import botocore.session, datetime, sys
      client = botocore.session.get_session().create_client("cloudwatch", region_name="us-east-1")
      now = datetime.datetime.fromisoformat(sys.argv[1].replace("Z", "+00:00")).replace(microsecond=0)
      dimensions = [{"Name": "ApiName", "Value": "CiraInvoice-prod"}, {"Name": "Stage", "Value": "prod"}]
      for age in range(1, 41):
          time = now - datetime.timedelta(seconds=age)
          failures = int(sys.argv[2]) if age <= 10 else 0
          client.put_metric_data(Namespace="AWS/ApiGateway", MetricData=[
              {"MetricName": name, "Dimensions": dimensions, "Timestamp": time, "Value": value}
              for name, value in (("Count", 20), ("5XXError", failures), ("4XXError", 0), ("Latency", 50))])
      """
    try Self.python(["-c", script, time.description, "\(failures)"], cloud, in: folder)
  }

  private var now: Timestamp { SystemClock().now }

  private func watch(
    _ arguments: [String], deployedAt: Timestamp, records: String, on cloud: LocalAWS? = nil,
    whileRunning: (Int32) throws -> Void = { _ in }
  ) throws -> (outcome: BuiltStep.Outcome, record: JSONValue) {
    let step = BuiltStep(
      "watch-30m", in: folder.path, variables: (cloud ?? self.cloud).environment.variables)
    let outcome = try step.run(
      ["prod", "--format", "json", "--records", records, "--deployed-at", deployedAt.description] + arguments,
      whileRunning: whileRunning)
    let path = folder("\(records)/watch-30m.json")
    let record =
      FileManager.default.fileExists(atPath: path)
      ? try JSONValue(parsing: LocalFileSystem().read(path)) : JSONValue.null
    return (outcome, record)
  }

  @Test func `an API that answers as before is a go`() throws {
    try traffic(60)
    let deployedAt = now
    try traffic(60)
    // Requests go on for as long as it watches: a front door that loses its traffic is no go.
    let (outcome, record) = try watch(
      ["--for", "10s", "--every", "1s", "--record", "seen.csv"], deployedAt: deployedAt, records: "good"
    ) { process in
      while kill(process, 0) == 0, now < deployedAt + .seconds(60) { try traffic(60) }
    }
    #expect(outcome.status == 0, "\(outcome.output) \(outcome.error)")
    #expect(try Schema.problems(of: folder("good/watch-30m.json"), "watch-30m") == "")
    let series = try #require(record["series"]?.array)
    let names = series.compactMap { $0["name"]?.string }
    #expect(names.contains("probe:GET /"))
    #expect(names.contains("api/CiraInvoice-prod/prod"))
    #expect(names.contains { $0.hasPrefix("function/") })
    #expect(names.contains { $0.hasPrefix("workflow/") })
    #expect(names.contains { $0.hasPrefix("database/") })
    let calls = try #require(record["calls"]?["getMetricData"]?.int)
    #expect(calls > 1)
    #expect(try #require(record["calls"]?["metricsRequested"]?.int) >= calls * 10)
    #expect(try #require(record["calls"]?["estimatedUsd"]?.double) > 0)
    // What was recorded is judged the same without the cloud.
    let replayed = try BuiltStep("watch-30m", in: folder.path).run([
      "prod", "--replay", "seen.csv", "--deployed-at", deployedAt.description, "--records", "again",
    ])
    #expect(replayed.status == 0, "\(replayed.output) \(replayed.error)")
  }

  @Test func `errors in the metrics are a stop, though the endpoint answers`() throws {
    let time = now
    try putMetrics(until: time, failures: 12)
    let deployedAt = time - .seconds(11)
    let (outcome, record) = try watch(
      ["--for", "30s", "--every", "2s"], deployedAt: deployedAt, records: "bad")
    #expect(outcome.status == 1, "\(outcome.output) \(outcome.error)")
    let errors = try #require(
      record["series"]?.array?.first {
        $0["name"]?.string == "api/CiraInvoice-prod/prod" && $0["kind"]?.string == "errors"
      })
    #expect(errors["verdict"]?.string == "severe")
    #expect(try #require(Timestamp(errors["onset"]?.string ?? "")) >= deployedAt)
    #expect(record["findings"]?.array?.first?["code"]?.string == "watch-severe")
  }

  @Test func `new errors in a function's log are quoted, without the key`() throws {
    let script = """
      import botocore.session, time
      client = botocore.session.get_session().create_client("logs", region_name="us-east-1")
      group = "/aws/lambda/CiraInvoice-JobManagement-prod"
      for call in (lambda: client.create_log_group(logGroupName=group),
                   lambda: client.create_log_stream(logGroupName=group, logStreamName="test")):
          try: call()
          except client.exceptions.ResourceAlreadyExistsException: pass
      key = next(line.split("=", 1)[1].strip() for line in open("deployment-prod.config") if line.startswith("API_KEY="))
      client.put_log_events(logGroupName=group, logStreamName="test", logEvents=[
          {"timestamp": int(time.time() * 1000), "message": "ERROR ledger refused key " + key}])
      """
    let deployedAt = now
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Repository.root + "/.build/venv/bin/python")
    process.arguments = ["-c", script]
    process.environment = cloud.environment.variables
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    try process.begin()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    let (outcome, record) = try watch(
      ["--for", "3s", "--every", "1s"], deployedAt: deployedAt, records: "logs")
    let finding = try #require(
      record["findings"]?.array?.first { $0["code"]?.string == "watch-new-log-error" },
      "\(outcome.output) \(outcome.error)")
    let message = try #require(finding["message"]?.string)
    #expect(message.contains("ERROR ledger refused key"))
    let config = try LocalFileSystem().readText(folder("deployment-prod.config"))
    let line = try #require(config.split(separator: "\n").first { $0.hasPrefix("API_KEY=") })
    let key = String(line.dropFirst("API_KEY=".count))
    #expect(key.count >= 8)
    #expect(!outcome.output.contains(key) && !outcome.error.contains(key))
  }

  @Test func `an interrupted watch leaves its record`() throws {
    let deployedAt = now
    let path = folder("interrupted.csv")
    let (outcome, record) = try watch(
      ["--for", "10m", "--every", "1s", "--record", "interrupted.csv"], deployedAt: deployedAt,
      records: "interrupted",
      whileRunning: { id in
        // The file stands after the first look.
        try waitUntil("the first look") { FileManager.default.fileExists(atPath: path) }
        kill(id, SIGINT)
      })
    #expect(outcome.status == 130)
    #expect(record["verdict"]?.string == "inconclusive")
    #expect(record["findings"]?.array?.contains { $0["code"]?.string == "watch-early-end" } == true)
  }

  /// One watch is killed after each of its looks and begun again by the same command, another beside it is left alone.
  @Test func `a watch that is killed after each look ends as one that was left alone`() throws {
    let length = Duration.seconds(40)
    try traffic(60)
    let deployedAt = now
    let arguments = [
      "prod", "--format", "json", "--for", "40s", "--every", "1s", "--deployed-at", deployedAt.description,
    ]
    let step = BuiltStep("watch-30m", in: folder.path, variables: cloud.environment.variables)
    func state() throws -> JSONValue {
      let path = folder("pieces/watch-30m-state.json")
      return FileManager.default.fileExists(atPath: path)
        ? try JSONValue(parsing: LocalFileSystem().read(path)) : .null
    }
    func looks() throws -> Int { try state()["looks"]?.int ?? 0 }
    var killed: [Int] = []
    var last: JSONValue = .null
    let whole = try step.run(arguments + ["--records", "whole"]) { other in
      // Each piece makes one look at least, and is killed as soon as that is kept.
      while killed.count < 5, now < deployedAt + length / 2 {
        try traffic(20)
        let before = try looks()
        let piece = try step.run(arguments + ["--records", "pieces"]) { id in
          try waitUntil("the next look") { try looks() > before }
          kill(id, SIGKILL)
        }
        #expect(piece.output.isEmpty)
        killed.append(try looks())
        // Nothing that was seen is lost.
        #expect(try #require(state()["probes"]?.array?.count) >= killed.count)
      }
      let rest = try step.run(arguments + ["--records", "pieces"]) { process in
        while kill(process, 0) == 0, now < deployedAt + .seconds(120) { try traffic(20) }
      }
      last = try JSONValue(parsing: rest.output)
      while kill(other, 0) == 0, now < deployedAt + .seconds(180) { try traffic(20) }
    }
    let left = try JSONValue(parsing: whole.output)
    #expect(killed.count >= 2 && killed == killed.sorted())
    #expect(last["finished"]?.bool == true && left["finished"]?.bool == true)
    #expect(last["verdict"] == left["verdict"], "\(last["findings"]?.serialized() ?? "")")
    #expect(try #require(last["window"]?["looks"]?.int) > #require(killed.last))
    func names(_ record: JSONValue) -> Set<String> {
      Set((record["series"]?.array ?? []).compactMap { $0["name"]?.string })
    }
    #expect(names(last) == names(left))
    // A watch that is over leaves nothing that a later one would go on from.
    #expect(try state() == .null)
  }

  @Test(arguments: ["shared", "shared.sealed", "s3://moved-watch/backstop"])
  func `a watch that is killed goes on on another machine`(store: String) throws {
    if store.hasPrefix("s3:") {
      try Self.python(
        [
          "-c",
          "import botocore.session as s; s.get_session().create_client('s3', region_name='us-east-1')"
            + ".create_bucket(Bucket='moved-watch')",
        ], cloud, in: folder)
    }
    var variables = cloud.environment.variables
    variables["BACKSTOP_STORE_KEY"] = String(repeating: "ab", count: 32)
    let step = BuiltStep("watch-30m", in: folder.path, variables: variables)
    let deployedAt = now
    let name = store.filter { $0.isLetter }
    func look(_ machine: String, _ more: [String], whileRunning: (Int32) throws -> Void = { _ in }) throws
      -> (outcome: BuiltStep.Outcome, record: JSONValue)
    {
      let outcome = try step.run(
        [
          "prod", "--format", "json", "--records", "\(name)-\(machine)", "--store", store, "--for", "5m",
          "--deployed-at", deployedAt.description,
        ] + more, whileRunning: whileRunning)
      return (outcome, (try? JSONValue(parsing: outcome.output)) ?? .null)
    }
    func looks(_ machine: String) throws -> Int {
      let path = folder("\(name)-\(machine)/watch-30m-state.json")
      guard FileManager.default.fileExists(atPath: path) else { return 0 }
      return try JSONValue(parsing: LocalFileSystem().read(path))["looks"]?.int ?? 0
    }
    // Killed after its second look, then moved before each further one.
    let killed = try look("one", ["--every", "1s"]) { id in
      try waitUntil("the second look") { try looks("one") >= 2 }
      kill(id, SIGKILL)
    }
    #expect(killed.record == .null)
    let before = try looks("one")
    for (number, machine) in ["two", "three"].enumerated() {
      let (outcome, record) = try look(machine, ["--once"])
      #expect(outcome.status == 3, "\(outcome.output) \(outcome.error)")
      #expect(record["finished"]?.bool == false)
      let probe = record["series"]?.array?.first { $0["name"]?.string?.hasPrefix("probe:") == true }
      // The look that the kill cut short may have been kept or not; those before it were.
      let made = try #require(record["window"]?["looks"]?.int)
      #expect(made >= before + number + 1)
      #expect(try #require(probe?["observed"]?["requests"]?.double) >= Double(before + number + 1))
    }
  }

  @Test func `an AWS that dies in the middle leaves the question open`() throws {
    var dying: LocalAWS? = try LocalAWS()
    let own = TemporaryFolder()
    try FileManager.default.copyItem(atPath: folder("infra"), toPath: own("infra"))
    try Self.makeRepository(own)
    try Self.python(
      ["\(Repository.root)/ci/demo_cloud.py", "deploy", "prod", own.path], #require(dying), in: own)
    var variables = try #require(dying).environment.variables
    variables["AWS_MAX_ATTEMPTS"] = "1"
    let outcome = try BuiltStep("watch-30m", in: own.path, variables: variables).run(
      ["prod", "--for", "5s", "--every", "1s", "--record", "seen.csv"],
      whileRunning: { _ in
        try waitUntil("the first look") { FileManager.default.fileExists(atPath: own("seen.csv")) }
        dying = nil
      })
    #expect(outcome.status == 3, "\(outcome.output) \(outcome.error)")
    #expect(outcome.output.contains("watch-aws-unreachable"))
  }
}
