import DeploymentConfig
import DeploymentLedger
import DeploymentRecords
import GitHistory
import JSONValues
import Reporting
import StepResults
import StepRuntime
import SystemInterfaces

/// `--history`, `--show` and `--stats`: the trail as a person wants to read it. Needs neither AWS nor a configuration.
struct LedgerReading {
  let session: StepSession
  private var reference: String { Ledger.reference(of: session.ledgerName) }
  private var isJSON: Bool { session.format == .json }

  private func ledger() async throws -> Ledger {
    if session.pushesLedger { try await session.fetchLedger() }
    guard let ledger = try session.ledger() else {
      throw StepFailure(
        .data, "there is no git repository at or above \(session.context.workingDirectory), and so no ledger",
        advice: "run this inside the repository, or name it with --repo")
    }
    guard ledger.tip != nil else {
      throw StepFailure(
        .data, "there is no \(reference) in \(session.repositoryRoot ?? ".")",
        advice:
          "every step that leaves a record adds to it; a clone does not fetch it by itself: add --push-ledger, or "
          + "run git fetch origin 'refs/backstop/*:refs/backstop/*'")
    }
    return ledger
  }

  // MARK: - --history

  func history(limit: Int) async throws -> String {
    let ledger = try await ledger()
    let (lines, foreign) = try ledger.survey(limit: limit) { $0.kind == .record }
    if isJSON {
      let entries = lines.enumerated().map { position, line in LedgerReading.json(line, number: position + 1)
      }
      return document([.init("entries", .array(entries)), LedgerReading.passedOver(foreign)])
    }
    var section = ReportSection("")
    section.columns = ["", "when", "step", "verdict", "commit", "run", ""]
    section.rows = lines.enumerated().map { position, line in
      let entry = line.entry
      return [
        "\(position + 1)", entry.finishedAt.formatted(milliseconds: false), entry.step.rawValue,
        entry.verdict?.rawValue ?? "", String((entry.commit ?? "").prefix(10)), entry.run,
        entry.facts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "),
      ]
    }
    var text = TextReport.table(section)
    if let lock = try ledger.lock() {
      text.append("\nLocked by \(lock.words(at: session.context.clock.now)).")
    }
    text += LedgerReading.words(foreign)
    return text.joined(separator: "\n") + "\n"
  }

  /// What others have put under the reference.
  private static func words(_ foreign: [Ledger.Foreign]) -> [String] {
    guard !foreign.isEmpty else { return [] }
    let shown = foreign.prefix(5).map { "\($0.id.short) (\($0.reason))" }.joined(separator: ", ")
    let more = foreign.count > 5 ? " and \(foreign.count - 5) more" : ""
    return [
      "\nPassed over \(counted(foreign.count, "commit")) that \(foreign.count == 1 ? "holds" : "hold") no entry: \(shown)\(more)."
    ]
  }

  private static func passedOver(_ foreign: [Ledger.Foreign]) -> JSONObject.Member {
    .init("passedOver", .array(foreign.map { .string($0.id.hex) }))
  }

  // MARK: - --show

  func show(_ number: Int) async throws -> String {
    let ledger = try await ledger()
    let lines = try ledger.entries(limit: max(0, number)) { $0.kind == .record }
    guard number > 0, lines.count == number, let line = lines.last else {
      throw StepFailure(
        .usage, "--show \(number): \(reference) holds \(counted(lines.count, "record"))",
        advice: "1 is the newest; --history lists them")
    }
    if isJSON { return LedgerReading.json(line, number: number).serialized(pretty: true) + "\n" }
    let entry = line.entry
    var rows: [[String]] = [
      ["verdict", entry.verdict?.rawValue ?? ""], ["environment", entry.environment], ["run", entry.run],
      ["commit", entry.commit ?? "none"],
    ]
    if let time = entry.committedAt { rows.append(["committed", time.formatted(milliseconds: false)]) }
    rows += [
      ["began", entry.startedAt.formatted(milliseconds: false)],
      [
        "ended",
        "\(entry.finishedAt.formatted(milliseconds: false)) "
          + "(\(LedgerReading.words((entry.finishedAt - entry.startedAt).inSeconds)))",
      ],
    ]
    rows += entry.facts.sorted { $0.key < $1.key }.map { [$0.key, $0.value] }
    rows += entry.inputs.enumerated().map {
      [$0.offset == 0 ? "inputs" : "", "\($0.element.sha256.prefix(12))  \($0.element.path)"]
    }
    rows += entry.findings.enumerated().map { position, finding in
      [
        position == 0 ? "findings" : "",
        "\(finding.severity.rawValue) \(finding.code)"
          + (finding.count > 1 ? " (\(finding.count) times)" : ""),
      ]
    }
    rows += [
      ["record", "sha256 \(entry.recordSha256?.prefix(12) ?? "unknown"), \(try place(of: entry))"],
      ["ledger", "\(reference), commit \(line.id.short)"], ["backstop", entry.tool],
    ]
    var section = ReportSection("")
    section.rows = rows
    return "\(entry.step.rawValue) \(entry.environment), record \(number) counted from the newest\n\n"
      + TextReport.table(section).map { "  \($0)" }.joined(separator: "\n") + "\n"
  }

  /// Where the record itself stands, if it is on this machine.
  private func place(of entry: LedgerEntry) throws -> String {
    let files = session.context.files
    let folder = "\(session.records.root)/runs/\(entry.run)"
    guard try files.status(of: folder) != nil else { return "not on this machine" }
    for name in try files.names(in: folder) where name.hasPrefix(entry.step.rawValue) {
      let path = "\(folder)/\(name)"
      if try session.records.input(path).sha256 == entry.recordSha256 { return path }
    }
    return "not on this machine"
  }

  // MARK: - --stats

  func statistics(since span: Duration) async throws -> String {
    let ledger = try await ledger()
    let now = session.context.clock.now
    // What began before may be restored within.
    let (lines, foreign) = try ledger.survey()
    let entries = lines.map(\.entry)
    let oldest = entries.map(\.startedAt).min() ?? now
    // A trail of an hour says nothing about a week: the time is that since the first entry, and a week at least.
    let since = max(now - span, min(oldest, now - .seconds(7 * 86_400)))
    let found = DeliveryStatistics(entries, since: since, until: now)
    return isJSON
      ? document(LedgerReading.members(found) + [LedgerReading.passedOver(foreign)])
      : text(found) + LedgerReading.words(foreign).map { "\($0)\n" }.joined()
  }

  private func text(_ found: DeliveryStatistics) -> String {
    func median(_ values: [Double]) -> String {
      DeliveryStatistics.median(values).map(LedgerReading.words) ?? "unknown"
    }
    let restores = found.timesToRestore
    let leads = found.leadTimes
    var section = ReportSection("")
    section.rows = [
      [
        "Deployment frequency",
        found.perWeek.map { "\(LedgerReading.number($0)) a week" } ?? "none",
        "\(counted(found.deployments.count, "deployment")): commits that smoke-test or watch-30m judged",
      ],
      [
        "Change failure rate",
        found.changeFailureRate.map { "\(LedgerReading.number($0 * 100)) %" } ?? "unknown",
        "\(found.failures.count) failed: a check said stop, or auto-revert took it back",
      ],
      [
        "Time to restore", median(restores),
        "median of \(restores.count): from the first stop to the end of the restore or the next passing check",
      ],
      [
        "Lead time for changes", median(leads),
        "median of \(leads.count): from the commit to the end of the first passing check",
      ],
    ]
    return
      "DORA figures of \(session.environment), \(found.since.formatted(milliseconds: false)) to "
      + "\(found.until.formatted(milliseconds: false)), by \(reference)\n\n"
      + TextReport.table(section).map { "  \($0)" }.joined(separator: "\n") + "\n"
  }

  private static func members(_ found: DeliveryStatistics) -> [JSONObject.Member] {
    func number(_ value: Double?) -> JSONValue { value.map { .number(JSONNumber($0)) } ?? .null }
    return [
      .init("since", .string(found.since.description)), .init("until", .string(found.until.description)),
      .init("deployments", .number(JSONNumber(found.deployments.count))),
      .init("deploymentsPerWeek", number(found.perWeek)),
      .init("failedDeployments", .number(JSONNumber(found.failures.count))),
      .init("changeFailureRate", number(found.changeFailureRate)),
      .init("medianSecondsToRestore", number(DeliveryStatistics.median(found.timesToRestore))),
      .init("restores", .number(JSONNumber(found.timesToRestore.count))),
      .init("medianLeadTimeSeconds", number(DeliveryStatistics.median(found.leadTimes))),
      .init("leadTimesKnown", .number(JSONNumber(found.leadTimes.count))),
    ]
  }

  // MARK: - Words

  private func document(_ members: [JSONObject.Member]) -> String {
    let head: [JSONObject.Member] = [
      .init("environment", .string(session.environment)), .init("reference", .string(reference)),
    ]
    return JSONValue.object(JSONObject(head + members)).serialized(pretty: true) + "\n"
  }

  private static func json(_ line: Ledger.Line, number: Int) -> JSONValue {
    guard case .object(let entry) = line.entry.json else { return line.entry.json }
    let head: [JSONObject.Member] = [
      .init("number", .number(JSONNumber(number))), .init("ledgerCommit", .string(line.id.hex)),
    ]
    return .object(JSONObject(head + entry.members))
  }

  /// `42 s`, `23 min`, `3 h 10 min`, `4 days`.
  static func words(_ seconds: Double) -> String {
    let total = Int(seconds.rounded())
    if total < 120 { return "\(total) s" }
    if total < 2 * 3600 { return "\(total / 60) min" }
    if total < 2 * 86_400 { return "\(total / 3600) h \(total / 60 % 60) min" }
    return "\(total / 86_400) days"
  }

  /// With one decimal below ten.
  private static func number(_ value: Double) -> String {
    if value >= 10 { return "\(Int(value.rounded()))" }
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}
