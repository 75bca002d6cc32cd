import AWSClients
import DeploymentConfig
import JSONValues
import Reporting
import StepResults
import StepRuntime
import SystemInterfaces

/// `--init`: looks at the repository and the account, writes a commented `backstop.yml` and a pipeline file where there is
/// none, and says what to do next. It changes nothing that is there, and asks AWS for the list of stacks alone.
struct SetupRun {
  let session: StepSession
  let isDryRun: Bool
  private var environment: String { session.environment }

  /// What was looked at, what was written, and what is left to do.
  private struct Result {
    var looked: [String] = [], written: [String] = [], kept: [String] = [], next: [String] = []
  }

  func text() async throws -> String {
    let found = try FoundRepository(session)
    let (system, mark) = PipelineSystem.of(found)
    var result = Result()
    result.looked.append("the repository \(found.root): \(system.rawValue), by \(mark)")
    let draft = PipelineDraft(
      environment: environment, branch: found.branch,
      deploy: found.deployment?.command ?? "./deploy-by-your-own-command", revert: confirmation)
    result.looked.append(
      found.deployment.map { "the deployment: \($0.command), by \($0.by)" }
        ?? "the deployment: no file says how (cdk.json, samconfig.toml, serverless.yml)")
    let stacks = try await lookAtAccount(&result)
    try write(PolicyDraft.text(found), to: "backstop.yml", mode: 0o644, in: found, &result)
    let path = system.path(draft)
    let script = system == .shell ? "#!/bin/sh\n" : ""
    try write(
      script + draft.text(system), to: path, mode: system == .shell ? 0o755 : 0o644, in: found, &result)
    advise(found, system, path, stacks, &result)
    return session.format == .json ? json(system, path, result) : words(result)
  }

  /// What lets a pipeline roll back without a person.
  private var confirmation: String { session.isProduction ? "--confirm rollback-production" : "--force" }

  // MARK: - Looking

  /// The stacks of the account that bear the environment's name; nil where the account could not be asked.
  private func lookAtAccount(_ result: inout Result) async throws -> [String]? {
    do {
      let client = try session.aws()
      let stacks = try await CloudFormationClient(client).describeStacks().filter {
        $0.parentId == nil && names(environment, $0.name)
      }
      result.looked.append(
        "the account in \(client.region): \(stacks.count) \(stacks.count == 1 ? "stack bears" : "stacks bear") the name \(environment)"
      )
      return stacks.map(\.name)
    } catch {
      let failure = StepFailure(describing: error)
      guard [.refused, .unavailable, .data].contains(failure.status) else { throw failure }
      result.looked.append("not the account: \(failure.message)")
      return nil
    }
  }

  /// Whether a word of `name` is `environment`.
  private func names(_ environment: String, _ name: String) -> Bool {
    name.lowercased().split { !$0.isLetter && !$0.isNumber }.contains { $0 == environment.lowercased() }
  }

  // MARK: - Writing

  private func write(
    _ text: String, to path: String, mode: UInt32, in found: FoundRepository, _ result: inout Result
  ) throws {
    let files = session.context.files
    let place = "\(found.root)/\(path)"
    if try files.status(of: place) != nil {
      result.kept.append(path)
      return
    }
    if !isDryRun {
      if let slash = path.lastIndex(of: "/") {
        try files.createFolder("\(found.root)/\(path[..<slash])", mode: 0o755)
      }
      // Somebody else's file that appeared meanwhile is not replaced either.
      try files.createExclusively(Array(text.utf8), at: place, mode: mode)
    }
    result.written.append(path)
  }

  // MARK: - Telling

  private func advise(
    _ found: FoundRepository, _ system: PipelineSystem, _ path: String, _ stacks: [String]?,
    _ result: inout Result
  ) {
    if session.config.isAbsent {
      var lines = ["ENVIRONMENT=\(environment)", "AWS_REGION=REGION", "API_ENDPOINT=https://…"]
      lines += roles(stacks ?? []).map { "\($0.role)_STACK=\($0.name)" }
      if stacks?.isEmpty ?? true { lines.append("API_STACK=…") }
      result.next.append("write deployment-\(environment).config: \(lines.joined(separator: "; "))")
    }
    if !found.ignoresRecords(session.context.files) {
      result.next.append("add /.backstop/ to .gitignore: records that git tracks are not believed")
    }
    if found.deployment == nil { result.next.append("put the command that deploys into \(path)") }
    result.next.append("\(path): \(system.next)")
    result.next.append(
      "make a key (openssl rand -base64 32) and keep it as the secret BACKSTOP_STORE_KEY: restore points travel sealed"
    )
    result.next.append(
      "give the job's role what --iam-policy of each step prints: preflight-snapshot \(environment) --iam-policy"
    )
    result.next.append(
      "try it: preflight-snapshot \(environment) --dry-run, then auto-revert \(environment) --dry-run")
  }

  /// A role for each stack: the last word of its name that is neither the environment nor taken.
  private func roles(_ names: [String]) -> [(role: String, name: String)] {
    var taken: Set<String> = []
    return names.map { name in
      let words = name.uppercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
        .filter { $0 != environment.uppercased() && $0 != "STACK" }
      var role = words.last ?? "API"
      if taken.contains(role) {
        role = words.joined() + (taken.contains(words.joined()) ? "\(taken.count)" : "")
      }
      taken.insert(role)
      return (role, name)
    }
  }

  private func words(_ result: Result) -> String {
    var lines = ["Looked at"]
    lines += result.looked.map { "  \($0)" }
    lines += ["", isDryRun ? "Would write" : "Wrote"]
    lines += result.written.isEmpty ? ["  nothing"] : result.written.map { "  \($0)" }
    if !result.kept.isEmpty {
      lines += ["", "Left as it is, since it is there already"] + result.kept.map { "  \($0)" }
    }
    lines += ["", "Next"]
    lines += result.next.enumerated().map { "  \($0.offset + 1). \($0.element)" }
    return lines.map(\.printable).joined(separator: "\n") + "\n"
  }

  private func json(_ system: PipelineSystem, _ path: String, _ result: Result) -> String {
    func array(_ values: [String]) -> JSONValue { .array(values.map { .string($0) }) }
    let members: [JSONObject.Member] = [
      .init("environment", .string(environment)), .init("pipeline", .string(system.rawValue)),
      .init("pipelineFile", .string(path)),
      .init("dryRun", .bool(isDryRun)), .init("lookedAt", array(result.looked)),
      .init("written", array(result.written)),
      .init("kept", array(result.kept)), .init("next", array(result.next)),
    ]
    return JSONValue.object(JSONObject(members)).serialized(pretty: true) + "\n"
  }
}
