import DeploymentConfig
import DeploymentRecords
import SmokeChecks
import StepResults
import StepRuntime
import SystemInterfaces

/// One record and one verdict of the records of all shards.
enum ShardMerge {
  static func outcome(of paths: [String], _ session: StepSession) throws -> StepOutcome<SmokePart> {
    var records: [Record<SmokePart>] = []
    var inputs: [RecordInput] = []
    for path in paths {
      let absolute = session.context.absolute(path)
      guard session.context.files.exists(absolute) else {
        throw StepFailure(.data, "--merge \(path): there is no such file")
      }
      records.append(try session.records.read(SmokePart.self, at: absolute))
      let digest = try session.records.input(absolute)
      inputs.append(RecordInput(path: path, sha256: digest.sha256))
    }
    let merged = try merge(records, paths: paths, environment: session.environment)
    return StepOutcome(
      verdict: merged.verdict, findings: merged.findings, inputs: inputs, summary: merged.summary,
      part: SmokePart(checks: merged.checks))
  }

  /// The merged checks, findings and verdict. A stop is what a shard said itself; where one is missing or came to no answer, its
  /// part was not looked at, and the whole is inconclusive.
  static func merge(
    _ records: [Record<SmokePart>], paths: [String], environment: String
  ) throws -> (checks: [CheckEntry], findings: [Finding], summary: SmokePart.Summary, verdict: Verdict) {
    for (record, path) in zip(records, paths) {
      if record.environment != environment {
        throw StepFailure(
          .data, "--merge \(path): a record of \(record.environment), not of \(environment)")
      }
      if record.commit != records[0].commit {
        throw StepFailure(
          .data,
          "--merge \(path): a record of commit \(record.commit ?? "none"), while \(paths[0]) is of "
            + (records[0].commit ?? "none"))
      }
    }
    let missing = try missingShards(records, paths: paths)
    let checks = once(records.flatMap(\.part.checks))
    var findings: [Finding] = []
    for finding in records.flatMap(ShardMerge.findings)
    where !findings.contains(where: { $0.fingerprint == finding.fingerprint }) {
      findings.append(finding)
    }
    if checks.isEmpty == false { findings.removeAll { $0.code == "no-checks" } }
    if !missing.isEmpty {
      findings.append(
        Finding(
          "shard-missing", .warning,
          "shards are missing, and what they would have asked is not known: \(missing.joined(separator: ", "))",
          subject: "shards"))
    }
    for (record, path) in zip(records, paths) where record.verdict == .inconclusive {
      findings.append(
        Finding(
          "shard-inconclusive", .warning,
          "shard \(record.summary.shard ?? "1/1") came to no answer; its record \(path) says why",
          subject: path))
    }
    var summary = SmokePart.Summary(counting: checks)
    summary.comparedWith = records.compactMap(\.summary.comparedWith).first
    for note in records.flatMap(\.summary.notes) where !summary.notes.contains(note) {
      summary.notes.append(note)
    }
    let verdict: Verdict =
      if records.contains(where: { $0.verdict == .stop }) {
        .stop
      } else if !missing.isEmpty || records.contains(where: { $0.verdict == .inconclusive }) {
        .inconclusive
      } else {
        .go
      }
    return (checks, findings, summary, verdict)
  }

  /// What a shard found. Errors of one that came to no answer are its machine's, and stop nothing.
  private static func findings(of record: Record<SmokePart>) -> [Finding] {
    guard record.verdict == .inconclusive else { return record.findings }
    return record.findings.map { finding in
      var finding = finding
      finding.severity = min(finding.severity, .warning)
      return finding
    }
  }

  /// Each check once: what several shards need runs in each of them. Of two results the worse counts.
  private static func once(_ checks: [CheckEntry]) -> [CheckEntry] {
    let order: [CheckOutcome] = [.skipped, .pass, .flaky, .error, .fail]
    func badness(_ check: CheckEntry) -> Int { order.firstIndex(of: check.outcome) ?? 0 }
    var found: [CheckEntry] = []
    var positions: [String: Int] = [:]
    for check in checks {
      if let position = positions[check.id] {
        if badness(check) > badness(found[position]) { found[position] = check }
      } else {
        positions[check.id] = found.count
        found.append(check)
      }
    }
    return found
  }

  /// The shards of the split that no record is of. Records that cannot be parts of one run are refused.
  private static func missingShards(_ records: [Record<SmokePart>], paths: [String]) throws -> [String] {
    func refuse(_ path: String, _ what: String) -> StepFailure {
      StepFailure(
        .data, "--merge \(path): \(what)", advice: "name one record of each shard of the same run")
    }
    var seen: [String: String] = [:]
    for (record, path) in zip(records, paths) {
      if record.summary.parseOnly { throw refuse(path, "a record of files that were only read") }
      guard let shard = record.summary.shard else {
        if records.count == 1 { return [] }
        throw refuse(path, "the record of a whole run, not of a shard")
      }
      if let other = seen[shard] { throw refuse(path, "shard \(shard), as \(other) is") }
      seen[shard] = path
    }
    let counts = Set(seen.keys.compactMap { $0.split(separator: "/").last.flatMap { Int($0) } })
    guard let count = counts.first else { return [] }
    guard counts.count == 1 else {
      throw refuse(
        paths[0], "the shards are of different splits: \(seen.keys.sorted().joined(separator: ", "))")
    }
    return (1...count).map { "\($0)/\(count)" }.filter { seen[$0] == nil }
  }
}
