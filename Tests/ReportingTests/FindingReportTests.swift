import DeploymentRecords
import JSONValues
import Reporting
import StepResults
import SystemInterfaces
import Testing

private struct NoPart: StepPart {
  static let step = Step.diffGate
  struct Summary: Codable, Sendable {}
}

private func report(_ findings: [Finding]) -> Report {
  let time = Timestamp("2026-11-24T00:00:00Z")!
  return Report(
    Record<NoPart>(
      environment: "prod", commit: nil, verdict: .stop, startedAt: time, finishedAt: time, inputs: [],
      findings: findings, summary: NoPart.Summary(), part: NoPart()), headline: "two things",
    catalog: [FindingDescription("truncate", "A table is emptied.", remedy: "Take a snapshot.")])
}

private let findings = [
  Finding("truncate", .error, "empties t, 100% of it\nreally", path: "migrations/a b:c,d.sql", line: 3),
  Finding("new-thing", .warning, "no place"),
  Finding("truncate", .notice, "again", path: "x.sql", line: 1, subject: "s"),
  Finding("truncate", .notice, "again", path: "x.sql", line: 9, subject: "s"),
]

@Suite struct `Reports of findings` {
  @Test func `SARIF has rules, levels, relative places and fingerprints`() throws {
    let document = try JSONValue(parsing: SARIFReport.render(report(findings)))
    #expect(document["version"]?.string == "2.1.0")
    let run = try #require(document["runs"]?[0])
    let rules = try #require(run["tool"]?["driver"]?["rules"]?.array)
    #expect(rules.map { $0["id"]?.string } == ["truncate", "new-thing"])
    #expect(rules[0]["help"]?["text"]?.string == "Take a snapshot.")
    let results = try #require(run["results"]?.array)
    #expect(results.map { $0["level"]?.string } == ["error", "warning", "note", "note"])
    #expect(results.map { $0["ruleIndex"]?.int } == [0, 1, 0, 0])
    let place = try #require(results[0]["locations"]?[0]?["physicalLocation"])
    #expect(place["artifactLocation"]?["uri"]?.string == "migrations/a%20b%3Ac%2Cd.sql")
    #expect(place["region"]?["startLine"]?.int == 3)
    #expect(results[0]["partialFingerprints"]?["backstop/v1"]?.string == findings[0].fingerprint)
    #expect(results[1]["locations"] == nil)
  }

  @Test func `code quality has a place and a fingerprint of its own for each entry`() throws {
    let entries = try #require(try JSONValue(parsing: CodeQualityReport.render(report(findings))).array)
    #expect(entries.count == 3)
    #expect(entries.map { $0["severity"]?.string } == ["blocker", "info", "info"])
    #expect(Set(entries.map { $0["fingerprint"]?.string }).count == 3)
    #expect(entries[0]["location"]?["lines"]?["begin"]?.int == 3)
    #expect(CodeQualityReport.render(report([])) == "[]\n")
  }

  @Test func `a table's cell of several lines stays in its column`() {
    let section = ReportSection(
      "", columns: ["Step", "Found", "At"],
      rows: [["smoke-test", "answered 500\nLook at the log.", "10:00"], ["watch-30m", "", "10:01"]])
    #expect(
      TextReport.table(section) == [
        "STEP        FOUND             AT", "smoke-test  answered 500      10:00",
        "            Look at the log.", "watch-30m                     10:01",
      ])
  }

  @Test func `annotations are escaped and say where`() {
    let lines = GitHubAnnotations.render(report(findings)).split(separator: "\n")
    #expect(lines.count == 3)
    #expect(
      lines[0]
        == "::error file=migrations/a b%3Ac%2Cd.sql,line=3,title=diff-gate%3A truncate::empties t, 100%25 of it%0Areally"
    )
  }

  @Test func `ten of a kind at most, and the last counts the rest`() {
    let many = (1...25).map { (number: Int) in
      Finding("truncate", .error, "number \(number)", path: "a.sql", line: number)
    }
    let lines = GitHubAnnotations.render(report(many)).split(separator: "\n")
    #expect(lines.count == 10)
    #expect(lines[8].contains("number 9"))
    #expect(lines[9].contains("and 16 more"))
    #expect(GitHubAnnotations.render(report(Array(many.prefix(10)))).split(separator: "\n").count == 10)
  }

  @Test func `a summary that is too long is cut at a line, and says so`() {
    let many = (1...500).map { (number: Int) in
      Finding("truncate", .error, "number \(number)", path: "a.sql", line: number)
    }
    let text = MarkdownReport.summary(report(many), byteLimit: 5000)
    #expect(text.utf8.count <= 5000)
    #expect(text.hasSuffix("the record has it all.\n"))
    #expect(MarkdownReport.summary(report(findings)) == MarkdownReport.render(report(findings)))
  }
}
