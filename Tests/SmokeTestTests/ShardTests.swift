import HTTPTransport
import JSONValues
import Records
import SmokeChecks
import SystemInterfaces
import TestSupport
import Testing

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
    bench.answer = { HTTPResponse(status: $0.headers.first("x-api-key") == nil ? 200 : 200) }
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
    // One of the two checks fails: the endpoint answers without its key.
    #expect(result.status == 1)
    let record = try result.record()
    #expect(record["summary"]?["total"]?.int == 2)
    #expect(record["summary"]?["failed"]?.int == 1)
    #expect(record["inputs"]?.array?.count == 3)
  }

  @Test func `a missing or repeated shard stops`() async throws {
    let bench = try bench()
    try await shard(bench, "1/2", into: "one.json")
    let missing = await bench.run("prod", "--merge", "one.json")
    #expect(missing.status == 1)
    #expect(missing.output.contains("shards are missing: 2/2"))
    let twice = await bench.run("prod", "--merge", "one.json", "one.json")
    #expect(twice.status == 1)
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
