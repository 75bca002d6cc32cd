import DeploymentConfig
import Records
import SmokeChecks
import StepCommand
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

  /// The merged checks, findings and verdict. The worst verdict counts; a shard that is missing stops.
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
    let checks = records.flatMap(\.part.checks)
    var findings = records.flatMap(\.findings)
    if checks.isEmpty == false { findings.removeAll { $0.code == "no-checks" } }
    let shards = records.compactMap(\.summary.shard)
    let counts = Set(shards.compactMap { $0.split(separator: "/").last.flatMap { Int($0) } })
    if let count = counts.max() {
      let present = Set(shards)
      let missing =
        counts.count > 1 ? [] : (1...count).map { "\($0)/\(count)" }.filter { !present.contains($0) }
      if counts.count > 1 || !missing.isEmpty || present.count != shards.count {
        let what =
          counts.count > 1
          ? "the shards are of different splits: \(shards.joined(separator: ", "))"
          : missing.isEmpty
            ? "a shard is there twice: \(shards.joined(separator: ", "))"
            : "shards are missing: \(missing.joined(separator: ", "))"
        findings.append(Finding("shard-missing", .error, what, subject: "shards"))
      }
    }
    var summary = SmokePart.Summary(counting: checks)
    summary.comparedWith = records.compactMap(\.summary.comparedWith).first
    for note in records.flatMap(\.summary.notes) where !summary.notes.contains(note) {
      summary.notes.append(note)
    }
    let verdict: Verdict =
      if findings.contains(where: { $0.severity == .error })
        || records.contains(where: { $0.verdict == .stop })
      {
        .stop
      } else if records.contains(where: { $0.verdict == .inconclusive }) {
        .inconclusive
      } else {
        .go
      }
    return (checks, findings, summary, verdict)
  }
}
