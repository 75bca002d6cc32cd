import CryptoDigests
import DeploymentConfig
import DeploymentRecords
import GitHistory
import Redaction
import Reporting
import StepResults
import StepRuntime
import SystemInterfaces
import TemplateAnalysis
import YAMLDocuments

/// One run of the gate: from the options to the outcome.
struct GateRun {
  let command: DiffGateCommand
  let session: StepSession

  func outcome() async throws -> StepOutcome<GatePart> {
    session.progress.update("comparing")
    if let old = command.old, let new = command.new {
      let change = try FileComparison(session: session).change(old: old, new: new)
      return try await judge(
        change, policy: session.policy, configs: (session.config, session.config), fromBase: [])
    }
    let reader = ChangeReader(repository: try session.repository(), session: session)
    let range = try reader.range(base: command.base, head: command.head)
    session.progress.detail(
      "comparing \(range.base?.short ?? "nothing") with \(range.head.short): \(range.because)")
    let (policy, notes) = try policyOfBase(range, reader.repository)
    let rulePatterns = (policy.gate.rules.map(\.path) + policy.gate.migrations + policy.gate.templates).map(
      PathPattern.init)
    let ignored = policy.gate.ignore.map(PathPattern.init)
    var change = try reader.change(range) { path in
      if ignored.contains(where: { $0.matches(path) }) { return false }
      return TemplateText.isOfInterest(path) || MigrationJudge.isOfInterest(path)
        || ConfigurationJudge.isOfInterest(path) || rulePatterns.contains { $0.matches(path) }
    }
    change.files.removeAll { file in ignored.contains { $0.matches(file.path) } }
    let isCurrent = try command.head == nil || reader.repository.headCommit() == range.head
    let unjudged = try SynthesizedApps(session: session, isCurrent: isCurrent).extend(&change)
    return try await judge(change, policy: policy, configs: try configs(change), fromBase: notes + unjudged)
  }

  // MARK: - Policy and configuration

  /// The policy as the base has it: a change cannot loosen its own gate. One that `--policy` names outside of the
  /// repository is the operator's and counts as it is.
  private func policyOfBase(
    _ range: ChangeReader.Range, _ repository: GitRepository
  ) throws -> (Policy, [Finding]) {
    let path = try policyPath()
    guard let path else { return (session.policy, []) }
    let before = try range.base.flatMap { try repository.contents(of: path, at: $0.hex) }
    let after = try repository.contents(of: path, at: range.head.hex)
    var notes: [Finding] = []
    if before != after {
      notes.append(
        Finding(
          "policy-changed", .notice, "this change alters the policy; it was judged by the policy of its base",
          path: path, subject: "policy"))
    }
    guard let before else { return (Policy(), notes) }
    return (try Policy(parsing: before, path: "\(range.base?.short ?? ""):\(path)"), notes)
  }

  /// The policy's path in the repository; nil where it stands outside.
  private func policyPath() throws -> String? {
    guard let named = session.common.policy else { return "backstop.yml" }
    guard let root = session.repositoryRoot else { return nil }
    let files = session.context.files
    let path = try files.realPath(session.context.absolute(named))
    let realRoot = try files.realPath(root)
    return path.hasPrefix(realRoot + "/") ? String(path.dropFirst(realRoot.count + 1)) : nil
  }

  /// The environment's configuration before and after, where it is part of the change; else as it stands.
  private func configs(_ change: Change) throws -> (old: DeploymentConfig, new: DeploymentConfig) {
    let name = "deployment-\(session.environment).config"
    guard let file = change.files.first(where: { $0.name == name }), let bytes = file.old else {
      return (session.config, session.config)
    }
    do throws(ConfigError) {
      let before = try DeploymentConfig(
        parsing: bytes, path: file.path, environment: session.environment,
        variables: session.context.environment.variables)
      for entry in before.entries { session.redactor.learn(entry.value, named: entry.name) }
      return (before, session.config)
    } catch {
      // The version before was never usable; the version after was read when the step began.
      return (session.config, session.config)
    }
  }

  private func parameters(_ configs: (old: DeploymentConfig, new: DeploymentConfig)) throws -> ParameterValues
  {
    var values = ParameterValues(
      old: ParameterValues.named(like: configs.old.entries),
      new: ParameterValues.named(like: configs.new.entries))
    if let path = command.oldParameters {
      values.givenOld = try ParameterFile.read(path, option: "--old-parameters", session)
    }
    if let path = command.newParameters {
      values.givenNew = try ParameterFile.read(path, option: "--new-parameters", session)
    }
    return values
  }

  /// The table of create-only properties, with what the policy's file says otherwise: like the policy, as the base has it.
  private func replacements(_ policy: GatePolicy, _ change: Change) throws -> ReplacementTable {
    guard let path = policy.replacementTable else { return .builtIn }
    let bytes: [UInt8]?
    if command.old == nil {
      bytes = try change.readOld(path)
    } else {
      bytes = try session.context.files.read(
        session.repositoryRoot.map { "\($0)/\(path)" } ?? session.context.absolute(path))
    }
    guard let bytes else {
      throw StepFailure(
        .data, "the policy names the replacement-table \(path), which the base does not have",
        advice: "commit it in a change before, or leave the key out")
    }
    do throws(ReplacementTableError) {
      return ReplacementTable.builtIn.overridden(by: try ReplacementTable(text: bytes))
    } catch {
      throw StepFailure(
        .data, "\(path):\(error.line): \(error.message)",
        advice: "one line a type, sorted: type|flags|create-only|conditional|name")
    }
  }

  /// What the newest restore point knows about the stacks; one that cannot be read is said to be, and helps nobody.
  private func facts() -> (RecordedStacks, [Finding]) {
    do {
      guard let id = try session.restorePoints.latestId() else { return (RecordedStacks(), []) }
      return (RecordedStacks(try session.restorePoints.read(id)), [])
    } catch {
      return (
        RecordedStacks(),
        [
          Finding(
            "restore-point-unreadable", .notice,
            "deployed parameter values and imports are not known from the newest restore point: \(error)",
            subject: "latest")
        ]
      )
    }
  }

  // MARK: - Judging

  private func judge(
    _ change: Change, policy: Policy, configs: (old: DeploymentConfig, new: DeploymentConfig),
    fromBase notes: [Finding]
  ) async throws -> StepOutcome<GatePart> {
    let values = try parameters(configs)
    let (facts, notesOnFacts) = facts()
    var templates = TemplateJudge(
      change: change, config: configs.new, policy: policy.gate, values: values,
      areNamed: command.old != nil, facts: facts,
      replacements: try replacements(policy.gate, change))
    try templates.judgeAll()
    var migrations = MigrationJudge(change: change, policy: policy.gate)
    var configuration = ConfigurationJudge(change: change, session: session, policy: policy)
    if command.old == nil {
      try migrations.judgeAll()
      try configuration.judgeAll()
    }
    var spoke = "templates"
    var asked: [Finding] = []
    if command.changeSet {
      let review = try await ChangeSetReview(session: session).ask(templates.judged, change)
      templates.adopt(review.changes)
      asked = review.findings
      if !review.changes.isEmpty { spoke = "changeSet" }
    }
    var findings =
      notes + notesOnFacts + templates.findings + asked + migrations.findings + configuration.findings
      + OwnRules.findings(policy.gate.rules, change.files) + LinkFindings.findings(change.files)
    findings += TemplatesOutOfSight(change: change, policy: policy.gate).findings
    let acknowledged = try acknowledgements(change, policy, &findings)
    findings = adjusted(GateFindings.unique(findings), policy.gate)
    let ledger = AcknowledgementLedger(
      findings, acknowledged, try rights(change, policy),
      today: String(session.context.clock.now.description.prefix(10)))
    let all = ledger.findings

    let (outline, stacks) = RollbackOutline.make(
      templates: templates.judged, migrations: migrations, configuration: configuration,
      config: configs.new, policy: policy)
    var summary = GatePart.Summary(base: change.base, head: change.head, comparedBecause: change.because)
    summary.changedFiles = change.changedCount
    let entries = templates.judged.map(\.entry)
    summary.judgedFiles =
      Set(entries.map(\.path)).count + migrations.entries.count + Set(configuration.entries.map(\.path)).count
    for resource in entries.flatMap(\.resources) {
      summary.resources[resource.action, default: 0] += 1
    }
    summary.stacks = stacks
    summary.spoke = spoke
    if !entries.isEmpty { summary.replacementTable = ReplacementTable.builtIn.version }
    summary.rollback = outline
    summary.acknowledged = ledger.entries.count { $0.state == "used" }
    return StepOutcome(
      verdict: all.contains { $0.severity == .error } ? .stop : .go, findings: all, inputs: inputs(change),
      summary: summary,
      part: GatePart(
        templates: entries, migrations: migrations.entries, configuration: configuration.entries,
        acknowledgements: ledger.entries))
  }

  /// Severities as the policy wants them.
  private func adjusted(_ findings: [Finding], _ policy: GatePolicy) -> [Finding] {
    findings.compactMap { finding in
      guard let wanted = policy.severities[finding.code] else { return finding }
      guard wanted != "off" else { return nil }
      var finding = finding
      finding.severity = Severity(rawValue: wanted) ?? finding.severity
      return finding
    }
  }

  private func inputs(_ change: Change) -> [RecordInput] {
    change.files.compactMap { file in
      file.new.map { RecordInput(path: file.path, sha256: Digest.sha256Hex($0)) }
    }
  }
}

/// Links and submodules among what would be judged: their content is elsewhere.
enum LinkFindings {
  static func findings(_ files: [ChangedFile]) -> [Finding] {
    files.filter { $0.isLink }.map { file in
      Finding(
        "link-not-followed", .warning, "a symbolic link or a submodule: what it leads to was not judged",
        path: file.path, subject: "link")
    }
  }
}
