import DeploymentRecords
import HTTPTransport
import JSONValues
import Redaction
import StepResults
import SystemInterfaces
import TestSupport
import Testing

@testable import SmokeChecks
@testable import SmokeTest

@Suite struct `Shards` {
  private func chain(_ name: String, _ count: Int, overlaps: Bool = false, needs: [Int] = []) -> CheckChain {
    var chain = CheckChain(
      (0..<count).map { number in
        var check = Check(name: "\(name)\(number)", key: "\(name)\(number)") { _ in .passed }
        check.mayOverlap = overlaps
        return check
      })
    chain.needs = needs
    return chain
  }

  private func names(_ chains: [CheckChain]) -> [String] { chains.flatMap(\.checks).map(\.name) }

  @Test(arguments: [1, 2, 3, 7]) func `hold every check once and are even`(count: Int) {
    let chains = [chain("a", 30, overlaps: true), chain("b", 4), chain("c", 3), chain("d", 1)]
    let parts = (1...count).map { names(SmokeShards.part($0, of: count, chains)) }
    #expect(parts.flatMap { $0 }.sorted() == names(chains).sorted())
    let sizes = parts.map(\.count)
    #expect(sizes.max()! - sizes.min()! <= 4)
  }

  @Test func `an ordered file stays together`() {
    let chains = [chain("a", 3), chain("b", 3)]
    #expect(names(SmokeShards.part(1, of: 2, chains)) == ["a0", "a1", "a2"])
    #expect(names(SmokeShards.part(2, of: 2, chains)) == ["b0", "b1", "b2"])
  }

  @Test func `a file that others need comes along with each of them`() {
    let chains = [chain("login", 1), chain("a", 2, needs: [0]), chain("b", 2, needs: [0])]
    for index in 1...2 {
      let part = SmokeShards.part(index, of: 2, chains)
      #expect(part.count == 2)
      #expect(part[0].checks[0].name == "login0")
      #expect(part[1].needs == [0])
    }
  }
}

@Suite struct `Merging shards` {
  private func bench() throws -> StepBench {
    var bench = StepBench()
    bench.answer = { HTTPResponse(status: $0.headers.first("x-api-key") == nil ? 500 : 200) }
    try bench.write(StepBench.config, to: "deployment-prod.config")
    return bench
  }

  private func shard(_ bench: StepBench, _ part: String, into name: String) async throws {
    let result = await bench.run("prod", "--shard", part, "--format", "json")
    try bench.write(result.output, to: name)
  }

  @Test func `makes one record and one verdict`() async throws {
    let bench = try bench()
    try await shard(bench, "1/2", into: "one.json")
    try await shard(bench, "2/2", into: "two.json")
    let result = await bench.run("prod", "--merge", "one.json", "two.json", "--format", "json")
    // One of the two checks fails: without its key the endpoint breaks.
    #expect(result.status == 1)
    let record = try result.record()
    #expect(record["summary"]?["total"]?.int == 2)
    #expect(record["summary"]?["failed"]?.int == 1)
    #expect(record["inputs"]?.array?.count == 3)
  }

  @Test func `a missing shard leaves the question open, and a stop stays one`() async throws {
    let bench = try bench()
    var own: [Int32] = []
    for part in ["1/2", "2/2"] {
      let result = await bench.run("prod", "--shard", part, "--format", "json")
      try bench.write(result.output, to: "one.json")
      own.append(result.status)
      let missing = await bench.run("prod", "--merge", "one.json")
      #expect(missing.status == (result.status == 1 ? 1 : 3))
      let other = part == "1/2" ? "2/2" : "1/2"
      #expect(missing.output.contains("what they would have asked is not known: \(other)"))
    }
    #expect(own.sorted() == [0, 1])
    // One that had nothing to check says nothing of what another would have checked.
    try await shard(bench, "9/9", into: "one.json")
    let empty = await bench.run("prod", "--merge", "one.json")
    #expect(empty.status == 3 && empty.output.contains("nothing was checked: shards are missing"))
  }

  @Test func `records that are no parts of one run are refused`() async throws {
    let bench = try bench()
    try await shard(bench, "1/2", into: "one.json")
    try await shard(bench, "1/3", into: "third.json")
    try bench.write(await bench.run("prod", "--format", "json").output, to: "whole.json")
    for (files, message) in [
      (["one.json", "one.json"], "--merge one.json: shard 1/2, as one.json is"),
      (["one.json", "third.json"], "of different splits: 1/2, 1/3"),
      (["one.json", "whole.json"], "--merge whole.json: the record of a whole run"),
    ] {
      let result = await bench.run("prod", "--merge", files[0], files[1])
      #expect(result.status == 65)
      #expect(result.error.contains(message), "\(result.error)")
      #expect(result.requests.isEmpty)
    }
  }

  @Test func `a file that both shards need counts once`() async throws {
    var bench = try bench()
    bench.answer = { _ in HTTPResponse(status: 200, body: Array(#"{"token":"t"}"#.utf8)) }
    try bench.write(
      "GET http://app.example/login\nHTTP 200\n[Captures]\ntoken: jsonpath \"$.token\"\n", to: "login.hurl")
    for name in ["a", "b"] {
      try bench.write(
        "# @needs login.hurl\nPOST http://app.example/\(name)\nX: {{token}}\nHTTP 200\n", to: "\(name).hurl")
    }
    for part in ["1/2", "2/2"] {
      let result = await bench.run("prod", "a.hurl", "b.hurl", "--shard", part, "--format", "json")
      #expect(result.requests.count == 2, "the login and one of the two")
      try bench.write(result.output, to: "\(part.prefix(1)).json")
    }
    let merged = try await bench.run("prod", "--merge", "1.json", "2.json", "--format", "json").record()
    #expect(merged["summary"]?["total"]?.int == 3)
  }

  @Test func `a record of another environment or no record at all is a data error`() async throws {
    let bench = try bench()
    try await shard(bench, "1/1", into: "one.json")
    #expect(await bench.run("staging", "--merge", "one.json").status == 65)
    #expect(await bench.run("prod", "--merge", "none.json").status == 65)
    try bench.write("{}", to: "empty.json")
    #expect(await bench.run("prod", "--merge", "empty.json").status == 65)
  }
}
