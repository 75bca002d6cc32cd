import AWSClients
import CloudFormationModel
import DeploymentRecords
import Reporting
import StepResults
import StepRuntime
import SystemInterfaces
import TemplateAnalysis

/// CloudFormation's own judgement of the templates, by change sets that are deleted again.
///
/// Only stacks that exist are asked about: a change set for a new one would leave a stack in review behind, and what it
/// says is known beforehand.
struct ChangeSetReview {
  let session: StepSession
  /// Which types hold data.
  let statefulTypes: StatefulTypes

  /// What CloudFormation said, and where it could not be asked or refuses.
  struct Answer {
    /// By the position of the template among those asked about.
    var changes: [Int: [ResourceImpact]] = [:]
    var findings: [Finding] = []
  }

  /// A body that goes with the request; larger templates would need a bucket.
  static let bodyLimit = 51_200
  /// The longest that a comparison is waited for.
  static let timeout = Duration.seconds(300)

  func ask(_ templates: [JudgedTemplate], _ change: Change) async throws -> Answer {
    var answer = Answer()
    let clients = try session.clients()
    for (position, template) in templates.enumerated() where template.entry.nestedIn == nil {
      try Task.checkCancellation()
      guard let file = change.files.first(where: { $0.path == template.entry.path }), let bytes = file.new
      else {
        continue
      }
      func add(_ code: String, _ severity: Severity, _ message: String) {
        answer.findings.append(
          Finding(
            code, severity, message, path: template.entry.path, subject: template.entry.stack ?? message))
      }
      func skip(_ why: String) {
        add("change-set-unavailable", .warning, "CloudFormation was not asked: \(why)")
      }
      guard let name = template.entry.stack else {
        skip("nothing says which stack this template belongs to")
        continue
      }
      guard bytes.count <= Self.bodyLimit else {
        skip("a template of \(bytes.count) bytes has to be in S3 first (at most \(Self.bodyLimit))")
        continue
      }
      session.progress.update("asking CloudFormation about \(name)")
      let client = CloudFormationClient(clients[name])
      guard let stack = try await client.describeStack(name), stack.status != .reviewInProgress else {
        skip("there is no stack \(name) yet")
        continue
      }
      guard !stack.status.isInProgress else {
        skip("\(name) is \(stack.status), so an operation on it has not finished")
        continue
      }
      do {
        let (changeSet, nested) = try await changeSets(client, stack, bytes, template)
        if changeSet.status == "FAILED", !changeSet.isEmpty {
          add(
            "change-set-refused", .error,
            "CloudFormation refuses this update: \(changeSet.statusReason ?? "it gives no reason")")
          continue
        }
        answer.changes[position] = changeSet.changes.map { Self.change($0, template.change, statefulTypes) }
        for (place, inner) in nested {
          let isInner: (JudgedTemplate) -> Bool = { $0.entry.stack == name && $0.entry.nestedIn == place }
          guard let position = templates.firstIndex(where: isInner) else { continue }
          answer.changes[position] = inner.changes.map {
            Self.change($0, templates[position].change, statefulTypes)
          }
        }
      } catch let error as AWSError where error.kind == .other && error.statusCode == 400 {
        // What is wrong with the template or its parameters is said at once, without a change set.
        add("change-set-refused", .error, "CloudFormation refuses this update: \(error.message)")
      } catch let error as AWSError where error.kind == .conflict {
        skip("\(name) is busy: \(error.message)")
      }
    }
    return answer
  }

  // MARK: - One change set

  private typealias Nested = [(place: String, changeSet: ChangeSet)]

  /// The change set of a stack and those of the stacks nested in it; all are deleted again, whatever happens.
  private func changeSets(
    _ client: CloudFormationClient, _ stack: Stack, _ bytes: [UInt8], _ template: JudgedTemplate
  ) async throws -> (ChangeSet, Nested) {
    var update = StackUpdate(.body(String(decoding: bytes, as: UTF8.self)))
    update.parameters = template.declared.compactMap { parameter in
      if let value = template.parameters[parameter] { return StackParameter(parameter, value) }
      return stack.parameters.contains { $0.key == parameter } ? .previous(parameter) : nil
    }
    update.capabilities = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
    let name = "backstop-diff-gate-\(session.newId())"
    let result: Result<(ChangeSet, Nested), any Error>
    do {
      let id = try await client.createChangeSet(
        stack.name, name: name, update, description: "diff-gate, to be deleted",
        includesNestedStacks: template.nests, token: name)
      let root = try await finished(client, id, stack.name)
      var nested: Nested = []
      try await collect(root, client, "", &nested)
      result = .success((root, nested))
    } catch {
      result = .failure(error)
    }
    // Also where the answer was lost: the change set may have been made all the same. A task of its own, since a
    // cancelled run must not leave it behind.
    await Task {
      do {
        try await client.deleteChangeSet(name, stack: stack.name)
      } catch {
        session.progress.warn(
          "the change set \(name) of \(stack.name) may be left: \(error); delete it with aws cloudformation "
            + "delete-change-set --stack-name \(stack.name) --change-set-name \(name)")
      }
    }.value
    return try result.get()
  }

  private func collect(
    _ changeSet: ChangeSet, _ client: CloudFormationClient, _ place: String, _ found: inout Nested
  ) async throws {
    guard found.count < 200 else { return }
    for change in changeSet.changes {
      guard let id = change.nestedChangeSetId else { continue }
      let place = place.isEmpty ? change.logicalId : "\(place)/\(change.logicalId)"
      let inner = try await finished(client, id, change.physicalId ?? change.logicalId)
      found.append((place, inner))
      try await collect(inner, client, place, &found)
    }
  }

  private func finished(_ client: CloudFormationClient, _ id: String, _ stack: String) async throws
    -> ChangeSet
  {
    var waited = Duration.zero
    var pause = Duration.milliseconds(500)
    while true {
      let changeSet = try await client.describeChangeSet(id, stack: stack, includesPropertyValues: false)
      if !changeSet.isPending { return changeSet }
      guard waited < Self.timeout else {
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

  /// A change set's word on one resource, with what only the template knows about it.
  static func change(
    _ theirs: ResourceChange, _ ours: TemplateChange, _ statefulTypes: StatefulTypes
  ) -> ResourceImpact {
    let known = ours[theirs.logicalId]
    var change = ResourceImpact(
      logicalId: theirs.logicalId, type: theirs.type, action: action(theirs),
      properties: Set(theirs.details.compactMap { $0.path ?? $0.name ?? $0.attribute }).sorted(),
      stateful: known?.stateful ?? statefulTypes.contains(theirs.type), line: known?.line, name: known?.name
    )
    change.losses = known?.losses ?? []
    change.oldResource =
      switch theirs.policyAction {
      case "Retain", "ReplaceAndRetain": .retained
      case "Snapshot", "ReplaceAndSnapshot": .snapshot
      case "Delete", "ReplaceAndDelete": .deleted
      default: known?.oldResource
      }
    let causes = theirs.details.compactMap { detail -> String? in
      guard let name = detail.name ?? detail.path else { return nil }
      switch detail.requiresRecreation {
      case "Always": return "\(name) can only be set when it is made."
      case "Conditionally": return "A change of \(name) replaces it in some cases."
      default: return nil
      }
    }
    change.reasons = Set(causes).sorted() + ["So says CloudFormation's change set."]
    return change
  }

  /// Action, replacement and policy of a change set as one word.
  static func action(_ change: ResourceChange) -> ResourceAction {
    switch (change.action, change.replacement, change.policyAction) {
    case ("Add", _, _): .create
    case ("Import", _, _): .import
    case ("Remove", _, "Retain"): .orphan
    case ("Remove", _, "Snapshot"): .snapshotThenDelete
    case ("Remove", _, _): .delete
    case (_, "True", _): .replace
    case (_, "Conditional", _): .mayReplace
    default: .update
    }
  }
}
