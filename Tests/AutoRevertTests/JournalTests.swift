import AutoRevert
import DeploymentRecords
import JSONValues
import Redaction
import StepRuntime
import SystemInterfaces
import TestSupport
import Testing

@Suite struct `Journal` {
  let files = MemoryFiles()
  let clock = ManualClock()

  func journal(_ restorePoint: String? = "20261124T000000Z-aaaaaa") -> RevertJournal {
    RevertJournal(records: "/r", restorePoint: restorePoint, files: files, clock: clock, redactor: redactor)
  }
  let redactor = Redactor()

  @Test func `is unfinished until it says end`() throws {
    let journal = journal()
    #expect(try journal.unfinished() == nil)
    try journal.write(.begin, [("firstSeen", ["S": "2026-11-24T00:00:00Z"])])
    try journal.write(.before, [("action", "cancel")])
    let begin = try #require(try journal.unfinished())
    #expect(RevertJournal.firstSeen(begin) == ["S": Timestamp("2026-11-24T00:00:00Z")!])
    try journal.write(.end, [])
    #expect(try journal.unfinished() == nil)
    #expect(try journal.lines().map { $0["event"]?.string } == ["begin", "before", "end"])
  }

  @Test func `what the first of several killed runs saw counts`() throws {
    let journal = journal()
    try journal.write(.begin, [("run", 1)])
    try journal.write(.end, [])
    try journal.write(.begin, [("run", 2)])
    try journal.write(.begin, [("run", 3)])
    #expect(try journal.unfinished()?["run"]?.int == 2)
  }

  @Test func `knows the calls that were accepted in what is unfinished`() throws {
    let journal = journal()
    try journal.write(.begin, [])
    try journal.write(.after, [("requestId", "old"), ("result", "accepted")])
    #expect(try journal.acceptedTokens() == ["old"])
    try journal.write(.end, [])
    #expect(try journal.acceptedTokens() == [])
    try journal.write(.begin, [])
    try journal.write(.after, [("requestId", "one"), ("result", "accepted")])
    try journal.write(.after, [("requestId", "two"), ("result", "refused")])
    try journal.write(.begin, [])
    #expect(try journal.acceptedTokens() == ["one"])
  }

  @Test func `passes over a line that a kill cut off, and refuses other damage`() throws {
    let journal = journal()
    try journal.write(.begin, [("run", 1)])
    try files.append(Array(#"{"at":"2026-11-2"#.utf8), to: journal.path, mode: 0o600)
    #expect(try journal.lines().count == 1)
    try journal.write(.begin, [("run", 2)])
    #expect(try journal.lines().map { $0["run"]?.int } == [1, 2])
    #expect(try journal.unfinished()?["run"]?.int == 1)

    // The run that went on was killed in its first line.
    for half in [#"{"at":"2026-11-2"#, "\n" + #"{"at":"2026-11-24T00:00:00Z","event":"beg"#] {
      try files.append(Array(half.utf8), to: journal.path, mode: 0o600)
    }
    try journal.write(.begin, [("run", 3)])
    #expect(try journal.lines().map { $0["run"]?.int } == [1, 2, 3])

    try files.append(Array("garbage\n".utf8), to: journal.path, mode: 0o600)
    try journal.write(.before, [])
    let error = #expect(throws: RecordError.self) { try journal.lines() }
    #expect(error?.reason.contains("line 7") == true)
  }

  @Test func `the newest unfinished one is found among all`() throws {
    func newest() throws -> (restorePoint: String?, begin: JSONValue)? {
      try RevertJournal.newestUnfinished(
        records: "/r", application: nil, files: files, clock: clock, redactor: redactor)
    }
    #expect(try newest() == nil)
    try journal(nil).write(.begin, [])
    clock.advance(by: .seconds(10))
    try journal().write(.begin, [])
    #expect(try newest()?.restorePoint == "20261124T000000Z-aaaaaa")
    try journal().write(.end, [])
    let left = try #require(try newest())
    #expect(left.restorePoint == nil)
  }

  @Test func `holds no secret`() throws {
    redactor.learn("planted-secret-value")
    try journal().write(
      .after, [("answer", "said planted-secret-value"), ("list", ["planted-secret-value"])])
    #expect(try !files.readText(journal().path).contains("planted"))
  }
}
