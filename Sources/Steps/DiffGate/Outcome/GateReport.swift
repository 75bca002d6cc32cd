import DeploymentRecords
import Reporting
import StepResults
import SystemInterfaces
import TemplateAnalysis

/// What people and CI systems read of a diff-gate record: first what a rollback would be, then why.
enum GateReport {
  static func make(_ record: Record<GatePart>) -> Report {
    let details = [
      CoverageReport.remedies(record), resources(record.part.templates), migrations(record.part.migrations),
      acknowledging(record), CoverageReport.harmless(record.summary.coverage), comparison(record.summary),
    ]
    return Report(
      record, headline: headline(record),
      sections: [rollback(record), delivery(record.part.templates)].compactMap { $0 }
        + CoverageReport.notJudged(record.part.files),
      details: details.compactMap { $0 },
      cases: cases(record), catalog: GateFindings.catalog)
  }

  // MARK: - Ten seconds

  private static func headline(_ record: Record<GatePart>) -> String {
    let summary = record.summary
    let outline = summary.rollback
    let time = minutes(outline.minutes)
    let way =
      switch outline.reversibility {
      case .nothingToDo where summary.changedFiles == 0 && summary.coverage.isWhole:
        record.findings.contains { $0.code == "lookup-open" }
          ? "nothing differs but, perhaps, values that CloudFormation looks up" : "nothing differs"
      case .nothingToDo where !summary.coverage.isWhole: "what was judged needs no rollback"
      case .nothingToDo where summary.coverage.harmless["application"] != nil && summary.coverage.judged > 0:
        "deploying the version before undoes this change; what else changes needs no rollback"
      case .nothingToDo where summary.coverage.harmless["application"] != nil:
        "no stack, schema or configuration changes: deploying the version before undoes this change"
      case .nothingToDo:
        "nothing in \(counted(max(1, summary.changedFiles), "changed file")) needs a rollback"
      case .complete where hasRefusedScript(record):
        "the rollback script as it stands does not undo this change"
      case .complete where outline.steps.isEmpty:
        "deploying the version before leaves the schema as this change makes it"
      case .complete: "this change can be undone in \(time)"
      case .withLoss where losesOnlyPerhaps(record):
        "going back takes \(time), and perhaps not all of the data comes back"
      case .withLoss: "going back takes \(time) and does not bring back all of the data"
      case .restoreOnly: "only a backup undoes this change, in \(time)"
      }
    let errors = record.findings.count { $0.severity == .error }
    let warnings = record.findings.count { $0.severity == .warning }
    let reach = summary.coverage.isWhole ? "" : "; \(CoverageReport.words(summary.coverage))"
    if errors > 0 { return "\(way): \(counted(errors, "finding")) stop\(errors == 1 ? "s" : "") it\(reach)" }
    return (warnings > 0 ? "\(way), \(counted(warnings, "warning"))" : way) + reach
  }

  /// Whether a rollback script is there that will not be run, or does not do what it is for.
  private static func hasRefusedScript(_ record: Record<GatePart>) -> Bool {
    let scripts = Set(record.part.migrations.compactMap(\.rollbackScript))
    return record.findings.contains { finding in
      finding.severity == .error && finding.path.map(scripts.contains) == true
        && record.part.migrations.allSatisfy { $0.path != finding.path }
    }
  }

  /// Whether all that would be lost hangs on replacements that may not happen.
  private static func losesOnlyPerhaps(_ record: Record<GatePart>) -> Bool {
    record.summary.rollback.loses.first?.hasSuffix(RollbackOutline.perhaps) == true
      && !record.findings.contains { $0.severity == .error }
      && record.part.migrations.allSatisfy(\.staysLost.isEmpty)
  }

  private static func rollback(_ record: Record<GatePart>) -> ReportSection {
    let outline = record.summary.rollback
    let title = "Rolling this change back"
    if outline.reversibility == .nothingToDo {
      return ReportSection(
        title,
        lines: [
          record.summary.coverage.isWhole
            ? "nothing to roll back" : "not known: \(CoverageReport.words(record.summary.coverage))"
        ])
    }
    var lines: [String] = []
    if !record.summary.stacks.isEmpty {
      lines.append(
        "changes: \(record.summary.stacks.map { stack($0, record.part.templates) }.joined(separator: "; "))")
    }
    if let runs = outline.measuredRollbacks {
      lines.append(
        "minutes: as the last \(counted(runs, "rollback")) of \(record.environment) took, by the ledger")
    }
    if outline.loses.count == 1 { lines.append("loses: \(outline.loses[0])") }
    if outline.loses.count > 1 { lines += ["loses:"] + outline.loses.map { "- \($0)" } }
    if let cancel = outline.duringUpdate {
      lines.append("while the update still runs: cancel it (\(minutes(cancel.minutes)) a stack); afterwards:")
    }
    return ReportSection(
      title, lines: lines, columns: ["", "do", "on", "takes"],
      rows: outline.steps.map { step in
        [String(step.order), words(step), step.target, minutes(step.minutes)]
      } + (outline.steps.count > 1 ? [["", "in all", "", minutes(outline.minutes)]] : []))
  }

  /// What a step does; of one that is done in the place of others, which.
  private static func words(_ step: RollbackOutline.Step) -> String {
    guard let instead = step.insteadOf, let first = instead.first, let last = instead.last else {
      return words(step.action)
    }
    return "or \(words(step.action)), instead of \(first == last ? "\(first)" : "\(first) to \(last)")"
  }

  /// A stack and what happens in it: `CiraInvoice-Api-prod (2 replaced, 1 updated)`.
  private static func stack(_ name: String, _ templates: [TemplateEntry]) -> String {
    let resources = templates.filter { ($0.stack ?? $0.path) == name }.flatMap(\.resources)
    let parts = weight.compactMap { action -> String? in
      let number = resources.count { $0.action == action }
      return number == 0 ? nil : "\(number) \(past[action] ?? action)"
    }
    return parts.isEmpty ? name : "\(name) (\(parts.joined(separator: ", ")))"
  }

  /// Actions, the worst first, and how they are told.
  private static let weight = [
    "delete", "replace", "mayReplace", "snapshotThenDelete", "orphan", "import", "move", "create", "update",
  ]
  private static let past = [
    "delete": "deleted", "replace": "replaced", "mayReplace": "perhaps replaced",
    "snapshotThenDelete": "deleted after a snapshot", "orphan": "left behind", "import": "imported",
    "move": "moved",
    "create": "new", "update": "updated",
  ]

  private static func words(_ action: String) -> String {
    switch action {
    case "redeploy": "put the template before back"
    case "deleteStack": "delete the new stack"
    case "configuration": "put the configuration before back and deploy"
    case "schemaScript": "run the rollback script"
    case "databaseRestore": "restore the database snapshot"
    default: action
    }
  }

  /// Which part of the change a share of the users meets first, and which all meet at once; nil where all is at once.
  private static func delivery(_ templates: [TemplateEntry]) -> ReportSection? {
    let resources = templates.flatMap(\.resources).filter { $0.delivery != nil }
    let shared = resources.filter { $0.delivery?.pace != .atOnce }
    guard !shared.isEmpty else { return nil }
    let atOnce = resources.filter { $0.delivery?.pace == .atOnce }.map { "\($0.logicalId) (\($0.type))" }
    return ReportSection(
      "How it comes before users",
      lines: ["at once: " + (atOnce.isEmpty ? "nothing" : atOnce.sorted().joined(separator: ", "))],
      columns: ["gradually", "by", "steps"],
      rows: shared.sorted { $0.logicalId < $1.logicalId }.map {
        [
          "\($0.logicalId) (\($0.type))\($0.delivery?.pace == .unknown ? ", perhaps" : "")",
          $0.delivery?.means ?? "-", $0.delivery?.steps ?? "-",
        ]
      })
  }

  // MARK: - Details

  private static func resources(_ templates: [TemplateEntry]) -> ReportSection? {
    let rows = templates.flatMap { template in
      template.resources.map { resource in
        [
          resource.stateful && resource.action != "update" && resource.action != "create" ? "!" : "",
          resource.action, "\(resource.logicalId) (\(resource.type))", template.stack ?? template.path,
          resource.properties.prefix(4).joined(separator: ", ")
            + (resource.properties.count > 4 ? ", …" : ""),
          resource.delivery.map {
            $0.pace == .atOnce ? "at once" : $0.pace == .gradual ? "gradually" : "not known"
          }
            ?? "-",
        ]
      }
    }
    guard !rows.isEmpty else { return nil }
    let sorted = rows.sorted {
      (weight.firstIndex(of: $0[1]) ?? 9, $0[2]) < (weight.firstIndex(of: $1[1]) ?? 9, $1[2])
    }
    let hidden = sorted.count - 40
    return ReportSection(
      "Resources", lines: hidden > 0 ? ["\(hidden) more in the record"] : [],
      columns: ["", "action", "resource", "stack", "properties", "before users"],
      rows: Array(sorted.prefix(40)))
  }

  private static func migrations(_ entries: [MigrationEntry]) -> ReportSection? {
    guard !entries.isEmpty else { return nil }
    return ReportSection(
      "Migrations", columns: ["migration", "undone by", "leaves out"],
      rows: entries.map { entry in
        [
          entry.path, entry.rollbackScript.map { $0 == entry.path ? "itself" : $0 } ?? "nothing",
          entry.leftOut.isEmpty ? "-" : entry.leftOut.joined(separator: "; "),
        ]
      })
  }

  /// How the findings that stop could be acknowledged: fingerprints are needed for that and nowhere else.
  private static func acknowledging(_ record: Record<GatePart>) -> ReportSection? {
    let errors = record.findings.filter { $0.severity == .error }
    let warnings = record.findings.filter { $0.severity == .warning }
    var open = warnings.filter { GateRun.openCodes.contains($0.code) }
    // Of others the code alone does not tell that they leave something open; one of these does.
    if open.isEmpty, record.verdict == .inconclusive { open = warnings }
    guard let first = errors.first ?? open.first else { return nil }
    let inThirtyDays = (record.finishedAt + .seconds(30 * 86_400)).description.prefix(10)
    return ReportSection(
      "To take a risk knowingly, acknowledge it with a reason and a last day",
      lines: [
        "add to backstop-acknowledgements.yml, under acknowledgements:",
        "  - {fingerprint: \(first.fingerprint), code: \(first.code), reason: …, expires: \(inThirtyDays)}",
      ],
      columns: ["fingerprint", "finding", "what", "where"],
      rows: (errors + open).map { finding in
        [
          finding.fingerprint, finding.code, CoverageReport.subject(finding.message),
          finding.path.map { path in finding.line.map { "\(path):\($0)" } ?? path } ?? "",
        ]
      })
  }

  /// What was compared with what, and who spoke about resources.
  private static func comparison(_ summary: GatePart.Summary) -> ReportSection? {
    var lines = ["\(short(summary.base)) with \(short(summary.head)) (\(summary.comparedBecause))"]
    if !summary.stacks.isEmpty {
      lines.append(
        summary.spoke == "changeSet"
          ? "resources: as CloudFormation's change sets say, which are deleted again"
          : "resources: as the templates and the values at hand say; CloudFormation was not asked")
    }
    return ReportSection("Compared", lines: lines)
  }

  private static func cases(_ record: Record<GatePart>) -> [ReportCase] {
    let templates = record.part.templates.map { ($0.path, "templates") }
    let migrations = record.part.migrations.map { ($0.path, "migrations") }
    let open = record.part.files.filter { $0.disposition == .notJudged }.map { file in
      ReportCase(
        name: file.path, suite: "not judged", file: file.path, outcome: .skipped,
        message: "\(file.why). \(file.remedy ?? "")")
    }
    return open
      + (templates + migrations).map { path, suite in
        let errors = record.findings.filter { $0.path == path && $0.severity == .error }
        return ReportCase(
          name: path, suite: suite, file: path, line: errors.first?.line,
          outcome: errors.isEmpty ? .pass : .fail,
          message: errors.map { "\($0.message) [\($0.code)]" }.joined(separator: "\n"))
      }
  }

  private static func minutes(_ range: [Int]) -> String {
    guard range.count == 2, range[1] > 0 else { return "no time" }
    return "\(range[0]) to \(range[1]) minutes"
  }
  private static func short(_ revision: String) -> String {
    if revision.isEmpty { return "nothing" }
    return revision.count == 40 && revision.allSatisfy(\.isHexDigit) ? String(revision.prefix(10)) : revision
  }
}
