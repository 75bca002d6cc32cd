import AWSClients
import CryptoDigests
import DeploymentConfig
import DeploymentRecords
import HTTPTransport
import Redaction
import Reporting
import StepResults
import StepRuntime
import SystemInterfaces

/// One run of the step: checks gathered, run, judged.
struct SmokeTestRun: Sendable {
  let options: SmokeOptions
  let session: StepSession

  func outcome() async throws -> StepOutcome<SmokePart> {
    var findings: [Finding] = []
    let hurl = try hurlPlan()
    let documents = try openAPIDocuments()
    findings += hurl.gaps.map(SmokeVerdict.finding)
    let faults = ControlPlaneFaults()
    let credentials = try credentials(faults)
    if options.parseOnly { return parsed(hurl, documents, credentials, findings) }
    var gathered = try await gather(hurl, documents, credentials, faults)
    if let shard = options.shard {
      gathered.chains = SmokeShards.part(shard.index, of: shard.count, gathered.chains)
    }
    if gathered.chains.isEmpty { return nothing(findings, gathered.notes) }
    let (recorded, comparedWith) = try baseline(&findings)
    let started = session.context.clock.now
    // Asked beside the checks: what these say is said of the deployment that was live when they began.
    async let live = session.liveDeployment()
    var report = await SmokeRun.run(
      gathered.chains, settings: options.settings, dependencies: dependencies(for: gathered.chains),
      baseline: recorded)
    await RequestLogs(session: session, started: started).add(to: &report.results)
    if let path = options.output, let body = hurl.lastBody {
      try session.context.files.writeAtomically(body, to: session.context.absolute(path), mode: 0o600)
    }
    // One by one: what a result holds is given back where it has become an entry.
    let hasMany = report.results.count > 2000
    var entries: [CheckEntry] = []
    entries.reserveCapacity(report.results.count)
    for number in report.results.indices {
      entries.append(CheckEntry(report.results[number]))
      if hasMany { report.results[number].attempts = [] }
    }
    var failure = failure(faults.first ?? hurl.missingPart, entries)
    if failure == nil { failure = await RunnerFault.look(at: entries, session) }
    var (found, verdict) = SmokeVerdict.judge(entries, policy: options.policy)
    if let failure {
      let ran: Set<CheckOutcome> = [.pass, .fail, .flaky]
      guard entries.contains(where: { ran.contains($0.outcome) }) else { throw failure }
      // What could not be asked is neither good nor bad.
      verdict = .inconclusive
      findings.append(
        Finding(
          "not-all-asked", .warning, "not all checks could be judged: \(failure.message)",
          subject: "control-plane"))
    }
    if let wanted = options.requiredVersion,
      let unseen = SmokeVerdict.unseen(wanted, among: entries.compactMap(\.version))
    {
      findings.append(unseen)
    }
    if verdict == .go, (found + findings).contains(where: { SmokeVerdict.leavesOpen.contains($0.code) }) {
      verdict = .inconclusive
    }
    let deployment = await live
    let deployed = try session.deployedCommit(of: deployment)
    if let other = otherCommit(entries, deployed) { findings.append(other) }
    found += findings
    var summary = SmokePart.Summary(counting: entries)
    summary.comparedWith = comparedWith
    summary.shard = options.shard?.text
    summary.notes = gathered.notes + (gathered.remarks?.all ?? [])
    var outcome = StepOutcome(
      verdict: verdict, findings: found, inputs: hurl.inputs + documents.flatMap(\.inputs),
      summary: summary, part: SmokePart(checks: entries), failure: failure)
    if !hasMany { outcome.retained = (gathered.chains, report) }
    (outcome.deployment, outcome.commit) = (deployment, deployed)
    return outcome
  }

  /// What is to be asked, and what is said of that.
  private struct Gathered {
    var chains: [CheckChain]
    var notes: [String]
    /// Of the checks that need no file; more may come while they run.
    var remarks: Notes?
  }

  private func gather(
    _ hurl: HurlPlan, _ documents: [DescribedAPI], _ credentials: CheckCredentials,
    _ faults: ControlPlaneFaults
  ) async throws -> Gathered {
    let plane = options.runsBuiltIn ? try controlPlane() : nil
    let probes =
      options.runsBuiltIn
      ? try await PolicyChecks(
        options.policy, file: session.policy.path.map(shown), config: session.config, plane: plane,
        faults: faults
      ) { [session] in try await session.database() } : PolicyChecks()
    let described = try OpenAPIChecks(
      documents.map(\.document), endpoint: session.config.apiEndpoint, credentials: credentials)
    let services =
      options.runsBuiltIn
      ? try GRPCHealthChecks.chains(
        options.policy.grpc, file: session.policy.path.map(shown), endpoint: session.config.apiEndpoint,
        credentials: credentials) : []
    var gathered = Gathered(
      chains: hurl.chains + described.chains + probes.chains + services, notes: described.notes + probes.notes
    )
    if options.runsBuiltIn {
      let found = await BuiltInChecks(
        config: session.config, policy: options.policy, plane: plane, apis: plane,
        headers: credentials.headers, faults: faults)
      gathered.chains += found.chains
      gathered.remarks = found.notes
    }
    return gathered
  }

  private func dependencies(for chains: [CheckChain]) -> SmokeDependencies {
    let total = chains.reduce(0) { $0 + $1.checks.count }
    let progress = session.progress
    var dependencies = SmokeDependencies(
      transport: session.http(), clock: session.context.clock, random: session.context.random
    ) { result, done in
      progress.update("\(done)/\(counted(total, "check")), \(result.outcome.rawValue): \(result.name)")
    }
    dependencies.result = { result in
      if result.outcome == .fail || result.outcome == .error && result.failure != .controlPlane {
        progress.say("\(result.outcome.rawValue): \(result.name): \(result.message)")
      }
    }
    dependencies.redact = { [redactor = session.redactor] in redactor.redact($0) }
    return dependencies
  }

  /// Where no version was asked for, an answer that names another commit than the deployed one is told.
  private func otherCommit(_ entries: [CheckEntry], _ deployed: String?) -> Finding? {
    guard options.settings.expectedVersion == nil, let commit = deployed,
      let other = entries.compactMap(\.version).first(where: {
        VersionMatch.of($0, expected: commit) == .other
      })
    else { return nil }
    return Finding(
      "other-commit-answers", .notice, "\(other) answers, while \(commit.prefix(12)) should be deployed",
      subject: "version")
  }

  /// The record of files that were only read.
  private func parsed(
    _ hurl: HurlPlan, _ documents: [DescribedAPI], _ credentials: CheckCredentials, _ findings: [Finding]
  ) -> StepOutcome<SmokePart> {
    let entries = hurl.chains.flatMap(\.checks).map {
      CheckEntry(CheckResult(check: $0, outcome: .skipped, message: "only read"))
    }
    var summary = SmokePart.Summary(counting: entries)
    summary.parseOnly = true
    summary.notes = documents.flatMap { OpenAPICoverage($0.document, credentials).notes }
    return StepOutcome(
      verdict: findings.contains { SmokeVerdict.leavesOpen.contains($0.code) } ? .inconclusive : .go,
      findings: findings, inputs: hurl.inputs + documents.flatMap(\.inputs), summary: summary,
      part: SmokePart(checks: entries))
  }

  private func nothing(_ findings: [Finding], _ notes: [String]) -> StepOutcome<SmokePart> {
    var summary = SmokePart.Summary()
    summary.notes = notes
    summary.shard = options.shard?.text
    let isShard = options.shard != nil
    let empty = Finding(
      "no-checks", isShard ? .notice : .warning,
      isShard
        ? "this part of the checks is empty"
        : "there is nothing to check: the configuration names no API_ENDPOINT and no stack, and no file is given"
    )
    return StepOutcome(
      verdict: isShard ? .go : .inconclusive, findings: findings + [empty], summary: summary,
      part: SmokePart(checks: []))
  }

  /// The recorded answers to compare with, and the restore point that holds them.
  private func baseline(_ findings: inout [Finding]) throws -> ([ResponseBaseline], String?) {
    let wanted = options.baseline ?? "latest"
    if wanted == "none" { return ([], nil) }
    do {
      guard let id = wanted == "latest" ? try session.restorePoints.latestId() : wanted else {
        return ([], nil)
      }
      return (try session.restorePoints.read(id).baseline.responses, id)
    } catch {
      if let named = options.baseline {
        throw StepFailure(
          .data, "--baseline \(named): \(error)",
          advice: "name a restore point that is in \(session.records.root)/restore-points, latest or none")
      }
      findings.append(
        Finding(
          "no-baseline", .warning, "the answers are not compared with before: \(error)", subject: "baseline"))
      return ([], nil)
    }
  }

  /// What the step ends with where AWS could not be asked, unless a checked endpoint answered badly: an outage must lead
  /// to a rollback. Where the endpoint gave no answer at all either, the fault may be this side's network.
  private func failure(_ fault: ControlPlaneError?, _ entries: [CheckEntry]) -> StepFailure? {
    guard let fault else { return nil }
    let hasStop = entries.contains { entry in
      entry.outcome == .fail && !(fault.kind == .unavailable && entry.failure?.isWithoutAnswer == true)
    }
    if hasStop { return nil }
    return switch fault.kind {
    case .unavailable, .missingProgram: StepFailure(.unavailable, fault.message, advice: fault.advice)
    case .refused: StepFailure(.refused, fault.message, advice: fault.advice)
    case .other: nil
    }
  }
}
