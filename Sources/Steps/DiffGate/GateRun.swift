import CryptoDigests
import DeploymentConfig
import DeploymentLedger
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
    let reader = ChangeReader(repository: try session.repository(), place: session.place)
    let range = try reader.range(base: command.base, head: command.head)
    session.progress.detail(
      "comparing \(range.base?.short ?? "nothing") with \(range.head.short): \(range.because)")
    let (policy, notes) = (session.policy, try policyNotes(range, reader.repository))
    let rulePatterns = (policy.gate.rules.map(\.path) + policy.gate.migrations + policy.gate.templates).map(
      PathPattern.init)
    let ignored = policy.gate.ignore.map(PathPattern.init)
    var change = try reader.change(range) { path in
      if RecordsInChange.isBelow(path) { return true }
      if ignored.contains(where: { $0.matches(path) }) { return false }
      return TemplateText.isOfInterest(path) || DeclaredMoves.isOfInterest(path)
        || ParameterDocument.isOfInterest(path)
        || MigrationJudge.isOfInterest(path)
        || ConfigurationJudge.isOfInterest(path) || rulePatterns.contains { $0.matches(path) }
    }
    let records = RecordsInChange.findings(change.files)
    change.files.removeAll { file in
      RecordsInChange.isBelow(file.path) || ignored.contains { $0.matches(file.path) }
    }
    let isCurrent = try command.head == nil || reader.repository.headCommit() == range.head
    var apps = SynthesizedApps(session: session, isCurrent: isCurrent)
    let place = try command.synth.map { _ in try Synthesis.Workplace(session) }
    defer { place?.remove() }
    if let place, let sandbox = command.synth {
      guard let base = range.base else {
        throw StepFailure(
          .data, "--synth needs a version before to compare with, and HEAD is the first commit",
          advice: "leave the option out")
      }
      let synthesis = Synthesis(
        session: session, repository: reader.repository, sandbox: sandbox, base: base.hex,
        head: range.head.hex)
      try await apps.synthesize(&change, policy.gate.synth, synthesis, place)
    }
    let unjudged = try apps.extend(&change)
    return try await judge(
      change, policy: policy, configs: try configs(change),
      fromBase: notes + records + unjudged + (try missingConfig()),
      apps: apps)
  }

  // MARK: - Policy and configuration

  /// What is to be said of the policy that the change is judged by, which is that of the base's tip: a change cannot loosen
  /// its own gate, nor choose an older base that does.
  private func policyNotes(_ range: ChangeReader.Range, _ repository: GitRepository) throws -> [Finding] {
    guard let path = try session.policyPath() else { return [] }
    let before = try range.tip.flatMap { try repository.contents(of: path, at: $0.hex) }
    let after = try repository.contents(of: path, at: range.head.hex)
    var notes: [Finding] = []
    let atBase = try range.base.flatMap { try repository.contents(of: path, at: $0.hex) }
    if before != after, atBase != after {
      notes.append(
        Finding(
          "policy-changed", .notice, "this change alters the policy; it was judged by the policy of its base",
          path: path, subject: "policy"))
    }
    if let why = range.tipUnknown {
      notes.append(
        Finding(
          "policy-not-of-tip", .warning,
          "the policy is that of \(range.base?.short ?? "nothing"), which the change itself starts from: \(why)",
          path: path, subject: "policy"))
    }
    return notes
  }

  /// What a configuration that is not there would have told. Where another one stands there whose name begins alike, the
  /// environment is more likely misspelt.
  private func missingConfig() throws -> [Finding] {
    guard session.config.entries.isEmpty, session.configInputs.allSatisfy({ !$0.path.hasSuffix(".config") })
    else {
      return []
    }
    let folder = session.context.absolute(session.common.configDir ?? ".")
    let known = (try session.context.files.names(in: folder)).compactMap(ConfigurationJudge.environment)
    let environment = session.environment
    if let other = known.first(where: { $0.hasPrefix(environment) || environment.hasPrefix($0) }) {
      throw StepFailure(
        .data, "deployment-\(environment).config is not here, and deployment-\(other).config is",
        advice: "name the environment as its configuration does: \(other)")
    }
    return [
      Finding(
        "config-absent", .notice,
        "deployment-\(session.environment).config is not here: names of stacks, the region and values of parameters are "
          + "open", subject: session.environment)
    ]
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

  /// The files that `--moves` names.
  private func declarations() throws -> [(path: String, bytes: [UInt8])] {
    try command.moves.map { path in
      do throws(FileError) {
        let bytes = try session.context.files.read(session.context.absolute(path))
        guard DeclaredMoves(parsing: bytes, name: path) != nil else {
          throw FileError(
            operation: "understand", path: path, code: 22, reason: "it declares no moves and no imports")
        }
        return (path, bytes)
      } catch {
        throw StepFailure(
          .data, "cannot use --moves \(path): \(error.reason)",
          advice:
            "name the overrides of cdk refactor, the mappings of a stack refactor, or a file of resources to import"
        )
      }
    }
  }

  /// How long the ways back of this environment have taken; what the trail cannot tell, the runbook estimates.
  private func restoreTimes() -> RestoreTimes? {
    do {
      return try session.restoreTimes()
    } catch {
      session.progress.say(
        "minutes are the runbook's: the ledger cannot be read: \(StepFailure(describing: error))")
      return nil
    }
  }

  /// The table of create-only properties, with what the policy's file says otherwise: like the policy, as the base has it.
  private func replacements(_ policy: GatePolicy, _ change: Change) throws -> ReplacementTable {
    guard let path = policy.replacementTable else { return .builtIn }
    let bytes: [UInt8]?
    if command.old == nil {
      bytes = try change.readTip(path)
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
    fromBase notes: [Finding], apps: SynthesizedApps? = nil
  ) async throws -> StepOutcome<GatePart> {
    let values = try parameters(configs)
    let (facts, notesOnFacts) = facts()
    var templates = TemplateJudge(
      change: change, config: configs.new, policy: policy.gate, values: values,
      areNamed: command.old != nil, environments: Set(policy.nonProduction), facts: facts,
      replacements: try replacements(policy.gate, change))
    templates.readDeclarations(try declarations())
    try templates.judgeAll()
    var migrations = MigrationJudge(change: change, policy: policy.gate)
    var configuration = ConfigurationJudge(change: change, session: session, policy: policy)
    if command.old == nil {
      try migrations.judgeAll()
      try configuration.judgeAll()
    }
    var coverage = CoverageJudge(change: change, policy: policy.gate)
    for file in templates.dispositions + migrations.dispositions + configuration.dispositions
      + (apps?.dispositions ?? [])
    {
      coverage.take(file)
    }
    try coverage.judgeAll()
    var spoke = "templates"
    var asked: [Finding] = []
    if command.changeSet {
      let review = try await ChangeSetReview(
        session: session, statefulTypes: policy.gate.allStatefulTypes
      ).ask(templates.judged, change)
      templates.adopt(review.changes)
      asked = review.findings
      if !review.changes.isEmpty { spoke = "changeSet" }
    }
    var findings: [Finding] = notes + notesOnFacts
    findings += templates.findings + asked
    findings += migrations.findings + configuration.findings
    findings += OwnRules.findings(policy.gate.rules, change.files) + coverage.findings
    findings += TemplatesOutOfSight(change: change, policy: policy.gate).findings
    let acknowledged = try acknowledgements(change, policy, &findings)
    findings = adjusted(GateFindings.unique(findings), policy.gate)
    let ledger = AcknowledgementLedger(
      findings, acknowledged, try rights(change, policy),
      today: String(session.context.clock.now.description.prefix(10)))
    let all = ledger.findings

    let (outline, stacks) = RollbackOutline.make(
      templates: templates.judged, migrations: migrations, configuration: configuration,
      config: configs.new, policy: policy, times: restoreTimes())
    var summary = GatePart.Summary(base: change.base, head: change.head, comparedBecause: change.because)
    summary.changedFiles = change.changedCount
    let entries = templates.judged.map(\.entry)
    summary.coverage = Coverage(coverage.files)
    summary.judgedFiles = summary.coverage.judged
    for resource in entries.flatMap(\.resources) {
      summary.resources[resource.action, default: 0] += 1
    }
    summary.stacks = stacks
    summary.spoke = spoke
    if !entries.isEmpty { summary.replacementTable = ReplacementTable.builtIn.version }
    summary.rollback = outline
    summary.acknowledged = ledger.entries.count { $0.state == "used" }
    return StepOutcome(
      verdict: verdict(all, open: templates.openFingerprints.union(migrations.openFingerprints)),
      findings: all, inputs: inputs(change),
      summary: summary,
      part: GatePart(
        templates: entries, migrations: migrations.entries, configuration: configuration.entries,
        files: coverage.files, acknowledgements: ledger.entries))
  }

  /// Findings that leave a part of the change open: with one of them that is neither acknowledged nor made a notice by
  /// the policy of the base, a change without any that stops is not judged whole.
  static let openCodes: Set<String> = [
    "file-not-judged", "link-not-followed", "cdk-app-unjudged", "template-before-unreadable",
    "sql-not-understood",
    "template-part-open", "nested-stack-changed", "transform-open", "retention-open", "access-narrowed",
    "export-may-be-in-use",
    // A change that may have chosen its own policy is not let through.
    "policy-not-of-tip",
  ]

  private func verdict(_ findings: [Finding], open fingerprints: Set<String>) -> Verdict {
    if findings.contains(where: { $0.severity == .error }) { return .stop }
    let isOpen = findings.contains {
      $0.severity == .warning && (Self.openCodes.contains($0.code) || fingerprints.contains($0.fingerprint))
    }
    return isOpen ? .inconclusive : .go
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
