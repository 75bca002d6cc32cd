import SystemInterfaces

/// What changes a stack. Each call takes a client request token: events carry it, and a repeated call is recognised by it.
extension CloudFormationClient {
  /// Cancels an update; permitted in `UPDATE_IN_PROGRESS` alone.
  public func cancelUpdateStack(_ stack: String, token: String) async throws {
    _ = try await call(
      "CancelUpdateStack", ["StackName": stack, "ClientRequestToken": token], stack: stack)
  }

  /// Goes on with a rollback that failed; permitted in `UPDATE_ROLLBACK_FAILED` alone.
  /// - Parameter resourcesToSkip: logical ids, nested ones as `NestedStackName.LogicalId`.
  public func continueUpdateRollback(
    _ stack: String, resourcesToSkip: [String] = [], token: String
  ) async throws {
    var parameters: QueryParameters = ["StackName": stack, "ClientRequestToken": token]
    if !resourcesToSkip.isEmpty { parameters.set(list: "ResourcesToSkip", resourcesToSkip) }
    _ = try await call("ContinueUpdateRollback", parameters, stack: stack)
  }

  /// Rolls a failed operation back to the last stable state; permitted in `UPDATE_FAILED` and `CREATE_FAILED`.
  public func rollbackStack(_ stack: String, retainExceptOnCreate: Bool = true, token: String) async throws {
    var parameters: QueryParameters = ["StackName": stack, "ClientRequestToken": token]
    parameters.set("RetainExceptOnCreate", retainExceptOnCreate)
    _ = try await call("RollbackStack", parameters, stack: stack)
  }

  /// Updates a stack at once; kind `noUpdates` where there is nothing to change. Returns the stack's id.
  @discardableResult
  public func updateStack(
    _ stack: String, _ update: StackUpdate, disablesRollback: Bool? = nil, token: String
  ) async throws -> String {
    var parameters: QueryParameters = ["StackName": stack, "ClientRequestToken": token]
    update.write(to: &parameters)
    parameters.set("DisableRollback", disablesRollback)
    return try await call("UpdateStack", parameters, stack: stack).text("StackId") ?? stack
  }

  /// Creates a stack. Returns its id.
  @discardableResult
  public func createStack(_ stack: String, _ update: StackUpdate, token: String) async throws -> String {
    var parameters: QueryParameters = ["StackName": stack, "ClientRequestToken": token]
    update.write(to: &parameters)
    return try await call("CreateStack", parameters, stack: stack).text("StackId") ?? stack
  }

  /// Deletes a stack.
  /// - Parameter retainResources: logical ids to leave alone; permitted in `DELETE_FAILED` alone.
  public func deleteStack(_ stack: String, retainResources: [String] = [], token: String) async throws {
    var parameters: QueryParameters = ["StackName": stack, "ClientRequestToken": token]
    if !retainResources.isEmpty { parameters.set(list: "RetainResources", retainResources) }
    _ = try await call("DeleteStack", parameters, stack: stack)
  }

  // MARK: - Change sets

  /// Asks for a change set of type UPDATE; it is compared in the background. Returns its id.
  public func createChangeSet(
    _ stack: String, name: String, _ update: StackUpdate, description: String? = nil,
    includesNestedStacks: Bool = false, importsExisting: Bool = false, token: String
  ) async throws -> String {
    var parameters: QueryParameters = [
      "StackName": stack, "ChangeSetName": name, "ChangeSetType": "UPDATE", "ClientToken": token,
      "Description": description,
    ]
    update.write(to: &parameters)
    if includesNestedStacks { parameters.set("IncludeNestedStacks", true) }
    if importsExisting {
      parameters.set("ImportExistingResources", true)
      // That they are there is what is wanted, and what validation before the deployment may call a conflict.
      parameters.set("DisableValidation", true)
    }
    return try await call("CreateChangeSet", parameters, stack: stack).text("Id") ?? name
  }

  /// A change set with all its changes.
  /// - Parameters:
  ///   - changeSet: an id, or a name where `stack` is given.
  ///   - includesPropertyValues: asks for the values before and after too.
  public func describeChangeSet(
    _ changeSet: String, stack: String? = nil, includesPropertyValues: Bool = false
  ) async throws -> ChangeSet {
    var parameters: QueryParameters = ["ChangeSetName": changeSet, "StackName": stack]
    if includesPropertyValues { parameters.set("IncludePropertyValues", true) }
    var result: ChangeSet?
    var changes: [ResourceChange] = []
    try await client.pages(
      of: .cloudFormation, "DescribeChangeSet", subject: stack.map { "stack \($0)" }
    ) { token in
      var page = parameters
      page["NextToken"] = token
      let answer = try await call("DescribeChangeSet", page, stack: stack)
      result = result ?? ChangeSet(answer)
      changes += answer.list("Changes").compactMap { $0["ResourceChange"] }.map { ResourceChange($0) }
      return answer.nonEmpty("NextToken")
    }
    guard var result else {
      throw client.badAnswer(
        .query(.cloudFormation, "DescribeChangeSet", parameters, subject: changeSet), nil,
        "the answer holds no change set")
    }
    result.changes = changes
    return result
  }

  /// The change sets of the stacks nested in the one that `changeSet` is for, by their place: `Child`, `Child/Grandchild`.
  /// They are there where it was made with `includesNestedStacks`, and executed and deleted with it alone.
  public func describeNestedChangeSets(of changeSet: ChangeSet) async throws -> [String: ChangeSet] {
    var found: [String: ChangeSet] = [:]
    var open = [("", changeSet)]
    while let (place, parent) = open.popLast() {
      for change in parent.changes {
        guard let id = change.nestedChangeSetId else { continue }
        let path = place + change.logicalId
        let nested = try await describeChangeSet(id, stack: change.physicalId)
        found[path] = nested
        open.append((path + "/", nested))
      }
    }
    return found
  }

  /// The change sets of a stack that have not been executed: name, id and when each was made.
  public func listChangeSets(_ stack: String) async throws -> [ChangeSetSummary] {
    try await pages("ListChangeSets", ["StackName": stack], list: "Summaries", stack: stack).map {
      ChangeSetSummary(
        id: $0.text("ChangeSetId") ?? "", name: $0.text("ChangeSetName") ?? "",
        status: $0.text("Status") ?? "",
        createdAt: $0.time("CreationTime"))
    }
  }

  /// Executes a change set.
  public func executeChangeSet(
    _ changeSet: String, stack: String? = nil, disablesRollback: Bool? = nil, token: String
  ) async throws {
    var parameters: QueryParameters = [
      "ChangeSetName": changeSet, "StackName": stack, "ClientRequestToken": token,
    ]
    parameters.set("DisableRollback", disablesRollback)
    _ = try await call("ExecuteChangeSet", parameters, stack: stack)
  }

  /// Deletes a change set; one that is gone is no error.
  public func deleteChangeSet(_ changeSet: String, stack: String? = nil) async throws {
    do {
      _ = try await call(
        "DeleteChangeSet", ["ChangeSetName": changeSet, "StackName": stack], stack: stack)
    } catch let error as AWSError where error.kind == .notFound {}
  }

  /// What failed in the operations of a stack or in the making of a change set, the oldest first: failed validation and hooks
  /// are told here alone.
  public func describeFailedEvents(of stack: String, changeSet: String? = nil) async throws
    -> [OperationEvent]
  {
    var parameters: QueryParameters = changeSet.map { ["ChangeSetName": $0] } ?? ["StackName": stack]
    parameters.set("Filters.FailedEvents", true)
    return try await pages("DescribeEvents", parameters, list: "OperationEvents", stack: stack)
      .map { OperationEvent($0) }.filter(\.isFailure).reversed()
  }

  // MARK: - Drift

  /// Starts a drift detection. Returns its id.
  public func detectStackDrift(_ stack: String) async throws -> String {
    try await call("DetectStackDrift", ["StackName": stack], stack: stack)
      .text("StackDriftDetectionId") ?? ""
  }

  /// How far a drift detection has come.
  public func describeStackDriftDetectionStatus(_ detection: String) async throws -> DriftDetection {
    let answer = try await call(
      "DescribeStackDriftDetectionStatus", ["StackDriftDetectionId": detection])
    return DriftDetection(
      stackId: answer.text("StackId") ?? "", detectionStatus: answer.text("DetectionStatus") ?? "",
      detectionReason: answer.nonEmpty("DetectionStatusReason"),
      driftStatus: answer.nonEmpty("StackDriftStatus"),
      driftedResources: answer.int("DriftedStackResourceCount"))
  }

  /// The resources that drifted, or all those with one of `statuses`.
  public func describeStackResourceDrifts(
    _ stack: String, statuses: [String] = ["MODIFIED", "DELETED"]
  ) async throws -> [ResourceDrift] {
    var parameters: QueryParameters = ["StackName": stack]
    parameters.set(list: "StackResourceDriftStatusFilters", statuses)
    return try await pages(
      "DescribeStackResourceDrifts", parameters, list: "StackResourceDrifts", stack: stack
    ).map { ResourceDrift($0) }
  }
}
