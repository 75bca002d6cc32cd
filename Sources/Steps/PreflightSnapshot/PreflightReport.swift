import DeploymentRecords
import Reporting
import StepResults
import SystemInterfaces

/// The report of `preflight-snapshot`.
enum PreflightReport {
  static func make(_ record: Record<PreflightPart>) -> Report {
    let part = record.part
    let summary = record.summary
    let stops = record.findings.count { $0.severity == .error }
    let headline =
      if let id = summary.restorePoint, record.verdict == .stop {
        "\(counted(stops, "finding")) \(stops == 1 ? "stops" : "stop") a deployment with the restore point \(id)"
      } else if let id = summary.restorePoint, record.verdict == .inconclusive, summary.onlyLookedAt == true {
        "the restore point \(id) still does, but two versions share traffic: let that rollout end before a deployment begins"
      } else if let id = summary.restorePoint, record.verdict == .inconclusive {
        "the restore point \(id) holds a state in between: two versions share traffic, so no rollback takes it by itself"
      } else if let id = summary.restorePoint, summary.onlyLookedAt == true {
        "the restore point \(id) still does: \(summary.restorable) of \(counted(summary.stacks, "stack")) could be put back when it was "
          + "made, and no stack was updated since"
      } else if let id = summary.restorePoint {
        "\(summary.restorable) of \(counted(summary.stacks, "stack")) can be put back; restore point \(id)"
      } else if let plan = part.plan, !plan.isEmpty {
        "\(summary.restorable) of \(counted(summary.stacks, "stack")) can be put back as far as reading tells; nothing was made"
      } else {
        "nothing was recorded: \(counted(stops, "finding")) \(stops == 1 ? "stops" : "stop") it"
      }
    var sections = [
      ReportSection(
        "Stacks", columns: ["stack", "status", "template", "can be put back"],
        rows: part.stacks.map {
          [
            $0.name, $0.status, $0.templateSha256.map { String($0.prefix(12)) } ?? "-",
            ($0.restorable ? "yes" : "no: \($0.why ?? "unknown")")
              + ($0.unverified.map { "; unverified: \($0.joined(separator: ", "))" } ?? ""),
          ]
        })
    ]
    if let traffic = part.traffic {
      sections.append(
        ReportSection(
          "Traffic", columns: ["what", "stack", "now", "settled"],
          rows: traffic.map { [$0.subject, $0.stack, $0.now, $0.settled ? "yes" : "no: it is under way"] }))
    }
    let database = part.database
    let schema =
      database.schema.map {
        ["its schema is at \($0.version), by \(counted($0.count, "row")) of \($0.table)"]
      } ?? []
    sections.append(
      ReportSection(
        "Database",
        lines: [
          database.identifier.map { identifier in
            "\(identifier) is \(database.status), "
              + (database.snapshotId.map { "snapshot \($0)" } ?? "no snapshot was made")
          } ?? "none of its own (\(database.status))"
        ] + schema))
    sections.append(
      ReportSection(
        "Baseline",
        lines: part.baseline.series.isEmpty
          ? [] : ["a day of metrics of \(part.baseline.series.count) series"],
        columns: ["check", "before", "status", "median"],
        rows: part.baseline.responses.map {
          [
            $0.name, $0.outcome, $0.status.map(String.init) ?? "-",
            $0.medianMilliseconds.map { "\(Int($0.rounded())) ms" } ?? "-",
          ]
        }))
    if let plan = part.plan, !plan.isEmpty {
      sections.append(ReportSection("What would be made", lines: plan))
    }
    return Report(record, headline: headline, sections: sections, catalog: PreflightFindings.catalog)
  }
}
