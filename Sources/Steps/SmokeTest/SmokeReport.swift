import DeploymentRecords
import Reporting
import SmokeChecks
import StepResults
import SystemInterfaces

/// What people and CI systems read of a smoke-test record.
enum SmokeTestReport {
  static func make(_ record: Record<SmokePart>) -> Report {
    let checks = record.part.checks
    var sections: [ReportSection] = []
    let bad = choose(checks) { $0 == .fail || $0 == .error }
    if !checks.isEmpty {
      // With many checks only those that did not simply pass are worth a line.
      let shown = checks.count <= 40 ? checks : choose(checks) { $0 != .pass }
      sections.append(
        ReportSection(
          "Checks", columns: ["", "check", "answer", "ms", "tries"],
          rows: shown.prefix(200).map { row($0) }))
      if shown.count > 200 {
        sections.append(ReportSection("", lines: ["and \(shown.count - 200) more; the record has them all"]))
      }
    }
    sections += bad.prefix(20).filter {
      $0.attempts.count > 1 || !$0.differences.isEmpty || $0.evidence != nil
    }.map(history)
    for number in sections.indices { sections[number].isOfCases = true }
    if let latency = record.summary.latency, latency.count > 1 {
      sections.append(ReportSection("Latency", lines: [line(latency)]))
    }
    if !record.summary.notes.isEmpty { sections.append(ReportSection("Notes", lines: record.summary.notes)) }
    let known = Set(record.findings.map(\.fingerprint))
    var report = Report(
      record, headline: headline(record, bad), sections: sections,
      cases: checks.map { reportCase($0, known) }, catalog: SmokeTestFindings.catalog)
    report.headlineAboveCases = headline(record, [])
    return report
  }

  /// Those of an outcome; the others, mostly thousands, are not copied.
  private static func choose(_ checks: [CheckEntry], _ isWanted: (CheckOutcome) -> Bool) -> [CheckEntry] {
    checks.indices.filter { isWanted(checks[$0].outcome) }.map { checks[$0] }
  }

  private static func headline(_ record: Record<SmokePart>, _ bad: [CheckEntry]) -> String {
    let summary = record.summary
    let count = counted(summary.total, "check")
    if summary.parseOnly { return "\(count) read, nothing sent" }
    // Where the answer is open, why, before anything else.
    let open =
      record.verdict == .inconclusive
      ? record.findings.first { SmokeVerdict.leavesOpen.contains($0.code) } : nil
    if summary.total == 0 { return open.map { "nothing was checked: \($0.message)" } ?? "nothing to check" }
    let numbers: [(Int, String)] = [
      (summary.passed, "passed"), (summary.failed, "failed"), (summary.flaky, "flaky"),
      (summary.errors, "could not be run"), (summary.skipped, "skipped"), (summary.regressed, "regressed"),
      (summary.brokenBefore, "broken before"), (summary.fixed, "fixed"),
    ]
    let text = numbers.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    if let open { return "\(count): \(text). Open: \(open.message)" }
    guard let first = bad.first else { return "\(count): \(text)" }
    return "\(count): \(text). First: \(first.name): \(first.message)"
  }

  private static func row(_ check: CheckEntry) -> [String] {
    let answer =
      check.outcome == .pass
      ? check.attempts.last?.status.map(String.init) ?? "ok"
      : check.failure?.rawValue ?? ""
    let comparison = check.comparison.map { $0 == .unchanged ? "" : " (\(words($0)))" } ?? ""
    return [
      check.outcome.rawValue, name(check), answer + comparison, String(Int(check.durationMs.rounded())),
      String(check.attempts.count),
    ]
  }

  private static func words(_ comparison: Comparison) -> String {
    comparison == .brokenBefore ? "broken before" : comparison.rawValue
  }

  private static func name(_ check: CheckEntry) -> String {
    guard let file = check.file else { return check.name }
    return "\(file):\(check.line ?? 1) \(check.name)"
  }

  private static func history(_ check: CheckEntry) -> ReportSection {
    let tries = check.attempts.count > 1 || check.evidence == nil ? attempts(check.attempts) : []
    return ReportSection(name(check), lines: tries + check.differences + (check.evidence.map(evidence) ?? []))
  }

  /// How to ask again, what came back, and what was logged.
  private static func evidence(_ evidence: Evidence) -> [String] {
    var lines = ["again: \(evidence.curl)"] + evidence.headers
    let body = evidence.body.split(separator: "\n").prefix(12).map(String.init)
    lines += body
    lines += evidence.log.map { "log: \($0)" }
    return lines
  }

  /// A line an attempt; one for all of a run of attempts that came out the same.
  private static func attempts(_ attempts: [AttemptEntry]) -> [String] {
    var lines: [String] = []
    var start = 0
    while start < attempts.count {
      let end = attempts[start...].firstIndex { $0.message != attempts[start].message } ?? attempts.count
      if end - start > 2 {
        let (first, last) = (attempts[start], attempts[end - 1])
        lines.append(
          "tries \(start + 1) to \(end) at \(time(first.startedAfterMs)) to \(time(last.startedAfterMs)): "
            + outcome(first))
      } else {
        lines += (start..<end).map { line($0, attempts[$0]) }
      }
      start = end
    }
    return lines
  }

  private static func outcome(_ attempt: AttemptEntry) -> String {
    attempt.message.isEmpty ? "passed" : attempt.message
  }

  private static func line(_ number: Int, _ attempt: AttemptEntry) -> String {
    "try \(number + 1) at \(time(attempt.startedAfterMs)), \(time(attempt.durationMs)): " + outcome(attempt)
  }

  private static func line(_ latency: SmokePart.LatencySummary) -> String {
    // Where answers take a millisecond, tenths tell them apart.
    func time(_ milliseconds: Double) -> String {
      milliseconds < 9.95 ? "\((milliseconds * 10).rounded() / 10) ms" : SmokeTestReport.time(milliseconds)
    }
    return
      "\(counted(latency.count, "answer")): half within \(time(latency.p50Ms)), 90 % within \(time(latency.p90Ms)), "
      + "95 % within \(time(latency.p95Ms)), 99 % within \(time(latency.p99Ms)), the longest \(time(latency.maxMs))"
  }

  private static func time(_ milliseconds: Double) -> String {
    milliseconds < 999.5 ? "\(Int(milliseconds.rounded())) ms" : "\((milliseconds / 10).rounded() / 100) s"
  }

  /// - Parameter known: the fingerprints of all findings.
  private static func reportCase(_ check: CheckEntry, _ known: Set<String>) -> ReportCase {
    let outcome = ReportCase.Outcome(rawValue: check.outcome.rawValue) ?? .error
    let conditions = check.attempts.last?.conditions.map { condition in
      condition.line.map { "line \($0): \(condition.message)" } ?? condition.message
    }
    // The sentence about a check is made of its conditions, or says more of them than they do.
    let told = check.attempts.last?.conditions.map(\.message).joined(separator: "; ") ?? ""
    let sentences =
      told == check.message && !told.isEmpty
      ? conditions ?? []
      : [check.message]
        + (conditions ?? []).filter { !$0.contains(check.message) && !$0.contains(": status ") }
    let message = (sentences + check.differences)
      .filter { !$0.isEmpty }.joined(separator: "\n")
    var made = ReportCase(
      name: check.name, suite: check.file ?? "built-in", file: check.file, line: check.line,
      outcome: outcome, milliseconds: check.durationMs, message: message,
      attempts: check.attempts.enumerated().map(line))
    made.kind = check.failure?.rawValue
    if check.outcome != .pass || !check.differences.isEmpty {
      made.findings = Set(
        SmokeTestFindings.catalog.map { one in
          Finding(one.code, .notice, "", path: check.file, subject: check.id).fingerprint
        }
      ).intersection(known)
      if check.outcome != .pass, !check.advice.isEmpty { made.message += "\n" + check.advice }
    }
    if let evidence = check.evidence {
      let answer = evidence.headers + (evidence.body.isEmpty ? [] : ["", evidence.body])
      made.exhibits = [
        ("Ask again", evidence.curl), ("The answer", answer.joined(separator: "\n")),
        ("Logged", evidence.log.joined(separator: "\n")),
      ].filter { !$0.1.isEmpty }
    }
    made.exchanges = check.attempts.compactMap { attempt in
      attempt.waterfall.map {
        ReportExchange(
          startedAfter: attempt.startedAfterMs, nameLookup: $0.nameLookup, connect: $0.connect, tls: $0.tls,
          firstByte: $0.firstByte, total: $0.total, status: attempt.status)
      }
    }
    return made
  }
}
