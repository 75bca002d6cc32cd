import Records
import Reporting

/// What people and CI systems read of a diff-gate record: first what a rollback would be, then why.
enum GateReport {
  static func make(_ record: Record<GatePart>) -> Report {
    var sections = [rollback(record.summary)]
    if let resources = resources(record.part.templates) { sections.append(resources) }
    if let migrations = migrations(record.part.migrations) { sections.append(migrations) }
    if let hints = acknowledging(record) { sections.append(hints) }
    return Report(
      record, headline: headline(record), sections: sections, cases: cases(record),
      catalog: GateFindings.catalog)
  }

  // MARK: - Ten seconds

  private static func headline(_ record: Record<GatePart>) -> String {
    let summary = record.summary
    let errors = record.findings.count { $0.severity == .error }
    if errors > 0 {
      let way: String
      switch summary.rollback.reversibility {
      case .restoreOnly: way = "only a backup undoes this change"
      case .withLoss: way = "this change can be undone only with loss"
      case .complete, .nothingToDo: way = "this change is not ready to be undone"
      }
      return "\(way): \(count(errors, "finding")) stop\(errors == 1 ? "s" : "") it"
    }
    let warnings = record.findings.count { $0.severity == .warning }
    let rest = warnings > 0 ? ", \(count(warnings, "warning"))" : ""
    switch summary.rollback.reversibility {
    case .nothingToDo:
      return summary.changedFiles == 0
        ? "nothing differs"
        : "nothing in \(count(summary.changedFiles, "changed file")) needs a rollback\(rest)"
    case .complete: return "this change can be undone in \(minutes(summary.rollback.minutes))\(rest)"
    case .withLoss:
      return "this change can be undone in \(minutes(summary.rollback.minutes)), with loss\(rest)"
    case .restoreOnly: return "only a backup undoes this change\(rest)"
    }
  }

  private static func rollback(_ summary: GatePart.Summary) -> ReportSection {
    let outline = summary.rollback
    var lines = ["compared \(short(summary.base)) with \(short(summary.head)) (\(summary.comparedBecause))"]
    if outline.reversibility == .nothingToDo {
      lines.append("nothing to roll back")
      return ReportSection("Rolling this change back", lines: lines)
    }
    if !summary.stacks.isEmpty {
      lines.append(
        summary.spoke == "changeSet"
          ? "resources: as CloudFormation's change sets say, which are deleted again"
          : "resources: as the templates and the values at hand say; CloudFormation was not asked")
      lines.append("while the update runs: cancel it (\(minutes([5, 10])) a stack); afterwards:")
    }
    if !outline.loses.isEmpty {
      lines.insert("would lose: \(outline.loses.joined(separator: "; "))", at: 1)
    }
    return ReportSection(
      "Rolling this change back", lines: lines, columns: ["", "do", "on", "takes"],
      rows: outline.steps.map { step in
        [String(step.order), words(step.action), step.target, minutes(step.minutes)]
      } + (outline.steps.count > 1 ? [["", "in all", "", minutes(outline.minutes)]] : []))
  }

  private static func words(_ action: String) -> String {
    switch action {
    case "redeploy": "put the template before back"
    case "schemaScript": "run the rollback script"
    case "databaseRestore": "restore the database snapshot"
    default: action
    }
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
        ]
      }
    }
    guard !rows.isEmpty else { return nil }
    let weight = [
      "delete", "replace", "mayReplace", "snapshotThenDelete", "orphan", "import", "create", "update",
    ]
    let sorted = rows.sorted {
      (weight.firstIndex(of: $0[1]) ?? 9, $0[2]) < (weight.firstIndex(of: $1[1]) ?? 9, $1[2])
    }
    let hidden = sorted.count - 40
    return ReportSection(
      "Resources", lines: hidden > 0 ? ["\(hidden) more in the record"] : [],
      columns: ["", "action", "resource", "stack", "properties"], rows: Array(sorted.prefix(40)))
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
    guard !errors.isEmpty, errors.count <= 20 else { return nil }
    return ReportSection(
      "To take a risk knowingly, acknowledge it with a reason and a last day", lines: [],
      columns: ["fingerprint", "finding", "where"],
      rows: errors.map { [$0.fingerprint, $0.code, $0.path ?? ""] })
  }

  private static func cases(_ record: Record<GatePart>) -> [ReportCase] {
    let templates = record.part.templates.map { ($0.path, "templates") }
    let migrations = record.part.migrations.map { ($0.path, "migrations") }
    return (templates + migrations).map { path, suite in
      let errors = record.findings.filter { $0.path == path && $0.severity == .error }
      return ReportCase(
        name: path, suite: suite, file: path, line: errors.first?.line,
        outcome: errors.isEmpty ? .pass : .fail,
        message: errors.map { "\($0.message) [\($0.code)]" }.joined(separator: "\n"))
    }
  }

  private static func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
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
