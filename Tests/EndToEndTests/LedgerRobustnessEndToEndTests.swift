import Foundation
import JSONValues
import TestSupport
import Testing

/// The ledger where a remote, others or a disk do what they should not.
@Suite(.blocking, .enabled(if: LedgerWorld.isInstalled, "ci/install installs sshd"))
struct LedgerRobustnessEndToEndTests {
  let world: LedgerWorld
  init() throws { world = try LedgerWorld() }

  private let reference = "refs/backstop/prod"

  @Test func `a trail that was shortened, rewritten or taken away is noticed and put back`() throws {
    let (one, two) = (try world.clone(), try world.clone())
    for clone in [one, two, one] { #expect(try clone.check().status == 0) }
    #expect(try world.git("update-ref", reference, "\(reference)~2").status == 0)
    let shortened = try one.check()
    #expect(shortened.status == 0 && shortened.error.contains("was shortened to"), "\(shortened.error)")
    #expect(try world.trail().count == 4)

    let other = try runProgram(
      "git",
      [
        "--git-dir", world.remote, "commit-tree", "\(reference)~3^{tree}", "-p", "\(reference)~3", "-m",
        "rewritten",
      ],
      variables: TestRepository.variables
    ).lines[0]
    #expect(try world.git("update-ref", reference, other).status == 0)
    let rewritten = try one.check()
    #expect(rewritten.status == 0 && rewritten.error.contains("was rewritten"), "\(rewritten.error)")
    #expect(try world.trail().filter { $0.hasPrefix("smoke-test: go") }.count == 5)

    #expect(try world.git("update-ref", "-d", reference).status == 0)
    let gone = try one.check()
    #expect(gone.status == 0 && gone.error.contains("no longer has \(reference)"), "\(gone.error)")
    #expect(try world.trail().filter { $0.hasPrefix("smoke-test: go") }.count == 6)
    let quiet = try one.check()
    #expect(quiet.status == 0 && quiet.error == "", "\(quiet.error)")
  }

  @Test func `what others put under the reference is passed over, and said`() throws {
    let clone = try world.clone()
    #expect(try clone.check().status == 0)
    let foreign = try runProgram(
      "git",
      ["--git-dir", world.remote, "commit-tree", "\(reference)^{tree}", "-p", reference, "-m", "by hand"],
      variables: TestRepository.variables
    ).lines[0]
    #expect(try world.git("update-ref", reference, foreign).status == 0)
    #expect(try clone.check().status == 0)
    #expect(try world.trail().count == 3)
    let step = clone.step("preflight-snapshot")
    let history = try step.run(["prod", "--history"])
    #expect(history.status == 0, "\(history.error)")
    #expect(
      history.output.contains("Passed over 1 commit that holds no entry: \(foreign.prefix(10))"),
      "\(history.output)")
    let stats = try JSONValue(parsing: step.run(["prod", "--stats", "--format", "json"]).output)
    #expect(stats["passedOver"]?.array?.compactMap(\.string) == [foreign])
  }

  @Test func `packs that are damaged are fetched anew`() throws {
    let (one, two) = (try world.clone(), try world.clone())
    for _ in 1...3 { #expect(try one.check().status == 0) }
    #expect(try two.check().status == 0)
    let folder = "\(two.path)/.git/backstop/objects/pack"
    let packs = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".pack") }
    #expect(!packs.isEmpty)
    for name in packs {
      try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: "\(folder)/\(name)")
      let handle = try #require(FileHandle(forWritingAtPath: "\(folder)/\(name)"))
      // The same file is the clone's own pack.
      try handle.truncate(atOffset: 40)
      try handle.close()
    }
    let mended = try two.check()
    #expect(mended.status == 0 && mended.error.contains("damaged"), "\(mended.error)")
    #expect(try world.trail().count == 5)
    #expect(try two.git("log", "--format=%s", reference).lines.count == 5)
  }

  @Test(arguments: [("branch", "refs/heads/backstop-ledger/prod"), ("notes", "refs/notes/backstop/prod")])
  func `a server that refuses such references keeps the trail elsewhere`(kept: String, place: String) throws {
    let hook = "\(world.remote)/hooks/update"
    try Data("#!/bin/sh\ncase $1 in refs/backstop/*) echo no such references here >&2; exit 1;; esac\n".utf8)
      .write(
        to: URL(fileURLWithPath: hook))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: hook)
    let (one, two) = (try world.clone(), try world.clone())
    let refused = try one.check()
    #expect(refused.status == 0 && refused.error.contains("kept-as: branch"), "\(refused.error)")
    for clone in [one, two] {
      try Data("ledger: {kept-as: \(kept)}\n".utf8).write(
        to: URL(fileURLWithPath: "\(clone.path)/backstop.yml"))
    }
    for clone in [one, two, one] {
      let outcome = try clone.check()
      #expect(outcome.status == 0 && outcome.error == "", "\(outcome.error)")
    }
    #expect(try world.git("log", "--format=%s", place).lines.count == 4)
    #expect(try world.git("for-each-ref", "refs/backstop").lines.isEmpty)
  }
}
