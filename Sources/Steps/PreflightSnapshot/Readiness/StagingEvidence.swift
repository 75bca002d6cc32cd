import DeploymentConfig
import DeploymentEvidence
import StepResults
import StepRuntime
import SystemInterfaces

/// Whether the commit has passed in the environments that come before production.
struct StagingEvidence: Sendable {
  let session: StepSession

  /// The environments that must have passed, and whether a missing record stops.
  ///
  /// Without a policy, `staging` is looked for where it is configured, and only warned of: nobody asked for it.
  var wanted: (environments: [String], stops: Bool) {
    if let after = session.policy.snapshot.after { return (after, true) }
    let folder = session.context.absolute(session.common.configDir ?? ".")
    let known = ["staging", "stage"].filter {
      session.context.files.exists("\(folder)/deployment-\($0).config")
    }
    return (known.filter { $0 != session.environment }, false)
  }

  /// One finding for each environment without a pass of `commit`, by its records and its ledger.
  func findings(_ commit: String?) throws -> [Finding] {
    guard session.isProduction, let commit else { return [] }
    let (environments, stops) = wanted
    return try environments.compactMap { environment in
      let proof = try session.stageProof(of: commit, in: environment)
      return StagingEvidence.finding(proof, commit, environment, stops: stops)
        ?? (stops ? StagingEvidence.attestation(proof, commit, environment) : nil)
    }
  }

  /// Where the policy asks for a pass, who wrote it down counts: a record and an entry of the ledger are signed by nobody.
  static func attestation(_ proof: StageProof, _ commit: String, _ environment: String) -> Finding? {
    guard case .passed(let entry) = proof else { return nil }
    return Finding(
      "staging-unattested", .warning,
      "\(environment) passed \(commit.prefix(12)) by the word of its \(entry.step.rawValue) record alone: nothing is signed, so "
        + "that whoever can write the records or push refs/backstop/\(environment) can say so",
      subject: environment)
  }

  static func finding(_ proof: StageProof, _ commit: String, _ environment: String, stops: Bool) -> Finding? {
    let what: String
    switch proof {
    case .passed: return nil
    case .stopped(let entry):
      what =
        "\(environment) said no to \(commit.prefix(12)) last (\(entry.step.rawValue) at "
        + "\(entry.finishedAt))"
    case .unknown: what = "no passing check of \(commit.prefix(12)) in \(environment) is recorded"
    }
    return Finding(
      "staging-missing", stops ? .error : .warning, "\(what): deploy it there and let smoke-test pass first",
      subject: environment)
  }
}
