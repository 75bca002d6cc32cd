import AWSClients
import ChangeAnalysis
import DeploymentConfig
import Records
import Reporting
import StepCommand
import SystemInterfaces
import YAMLDocuments

/// CloudFormation's own judgement of the templates, by change sets that are deleted again.
struct ChangeSetOpinion {
  let session: StepSession
  let config: DeploymentConfig
  let values: ParameterValues

  /// What CloudFormation said, by template path, and where it could not be asked or says otherwise.
  struct Answer {
    var entries: [String: TemplateEntry] = [:]
    var findings: [Finding] = []
  }

  /// A body that goes with the request; larger templates would need a bucket.
  static let bodyLimit = 51_200
  /// The longest that a comparison is waited for.
  static let patience = Duration.seconds(300)

  func ask(_ templates: [TemplateEntry], _ change: Change) async throws -> Answer {
    var answer = Answer()
    let client = CloudFormationClient(try session.aws())
    for template in templates where template.nestedIn == nil {
      try Task.checkCancellation()
      guard let file = change.files.first(where: { $0.path == template.path }), let bytes = file.new else {
        continue
      }
      func skip(_ why: String) {
        answer.findings.append(
          Finding(
            "change-set-unavailable", .warning, "CloudFormation was not asked: \(why)", path: template.path,
            subject: why))
      }
      guard let name = template.stack else {
        skip("nothing says which stack this template belongs to")
        continue
      }
      guard bytes.count <= ChangeSetOpinion.bodyLimit else {
        skip(
          "a template of \(bytes.count) bytes has to be in S3 first (at most \(ChangeSetOpinion.bodyLimit))")
        continue
      }
      session.progress.update("asking CloudFormation about \(name)")
      guard let stack = try await client.describeStack(name) else {
        skip("there is no stack \(name) yet")
        continue
      }
      let changeSet = try await changeSet(client, stack, bytes)
      if changeSet.status == "FAILED", !changeSet.isEmpty {
        answer.findings.append(
          Finding(
            "change-set-refused", .error,
            "CloudFormation refuses this update: \(changeSet.statusReason ?? "")",
            path: template.path, subject: name))
        continue
      }
      let entry = merged(template, changeSet)
      answer.entries[template.path] = entry
      answer.findings += differences(template, entry)
    }
    return answer
  }

  // MARK: - One change set

  private func changeSet(_ client: CloudFormationClient, _ stack: Stack, _ bytes: [UInt8]) async throws
    -> ChangeSet
  {
    var update = StackUpdate(.body(String(decoding: bytes, as: UTF8.self)))
    let template = try CloudFormationTemplate(parsing: bytes, path: stack.name)
    let declared = template.root["Parameters"]?.mapping?.members ?? []
    update.parameters = declared.compactMap { parameter in
      if let value = values.new(nil)[parameter.name] { return StackParameter(parameter.name, value) }
      return stack.parameters.contains { $0.key == parameter.name } ? .previous(parameter.name) : nil
    }
    update.capabilities = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
    let name = "backstop-diff-gate-\(session.newId())"
    let id = try await client.createChangeSet(
      stack.name, name: name, update, description: "diff-gate, to be deleted", token: name)
    let result: Result<ChangeSet, any Error>
    do {
      result = .success(try await finished(client, id, stack.name))
    } catch {
      result = .failure(error)
    }
    // Its own task: a cancelled run must not leave the change set behind.
    try await Task { try await client.deleteChangeSet(id, stack: stack.name) }.value
    return try result.get()
  }

  private func finished(_ client: CloudFormationClient, _ id: String, _ stack: String) async throws
    -> ChangeSet
  {
    var waited = Duration.zero
    var pause = Duration.milliseconds(500)
    while true {
      let changeSet = try await client.describeChangeSet(id, stack: stack, includesPropertyValues: false)
      if !changeSet.isPending { return changeSet }
      guard waited < ChangeSetOpinion.patience else {
        throw StepFailure(
          .unavailable,
          "CloudFormation has not finished comparing \(stack) after five minutes (\(changeSet.status))",
          advice: "run the step again, or without --change-set")
      }
      try await session.context.clock.sleep(for: pause)
      waited += pause
      pause = min(pause * 2, .seconds(5))
    }
  }

  // MARK: - Its words in ours

  private func merged(_ template: TemplateEntry, _ changeSet: ChangeSet) -> TemplateEntry {
    var entry = template
    entry.resources = changeSet.changes.map { change in
      let known = template.resources.first { $0.logicalId == change.logicalId }
      return TemplateEntry.Resource(
        logicalId: change.logicalId, type: change.type, action: ChangeSetOpinion.action(change),
        properties: Set(change.details.compactMap { $0.path ?? $0.name ?? $0.attribute }).sorted(),
        stateful: known?.stateful ?? StatefulTypes().contains(change.type),
        reasons: ["said by CloudFormation's change set"])
    }
    return entry
  }

  /// Action, replacement and policy of a change set as one word.
  static func action(_ change: AWSClients.ResourceChange) -> String {
    switch (change.action, change.replacement, change.policyAction) {
    case ("Add", _, _): return "create"
    case ("Import", _, _): return "import"
    case ("Remove", _, "Retain"): return "orphan"
    case ("Remove", _, "Snapshot"): return "snapshotThenDelete"
    case ("Remove", _, _): return "delete"
    case (_, "True", _): return "replace"
    case (_, "Conditional", _): return "mayReplace"
    default: return "update"
    }
  }

  private func differences(_ ours: TemplateEntry, _ theirs: TemplateEntry) -> [Finding] {
    theirs.resources.compactMap { resource in
      let before = ours.resources.first { $0.logicalId == resource.logicalId }?.action ?? "none"
      guard before != resource.action else { return nil }
      let isLoss = resource.stateful && ["replace", "delete"].contains(resource.action)
      return Finding(
        "change-set-differs", isLoss ? .error : .notice,
        "CloudFormation says \(resource.action) for \(resource.logicalId), the templates say \(before); CloudFormation "
          + "is right", path: ours.path, subject: resource.logicalId)
    }
  }
}
