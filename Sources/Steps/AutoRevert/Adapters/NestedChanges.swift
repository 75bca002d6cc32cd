import AWSClients

/// A change set together with those of the stacks nested in the one that it is for: a person who is shown the root's alone
/// sees "Modify Child" where a table in it is replaced.
struct NestedChanges {
  private let client: CloudFormationClient

  init(_ client: CloudFormationClient) { self.client = client }

  /// `root`, which is ready, as the engine judges it.
  func described(_ root: ChangeSet) async throws -> DescribedChangeSet {
    let nested = try await client.describeNestedChangeSets(of: root)
    // The root is ready once all below it are; one that is not yet is an answer of a moment ago.
    if nested.values.contains(where: \.isPending) { return DescribedChangeSet(state: .pending) }
    for (place, one) in nested.sorted(by: { $0.key < $1.key }) {
      if case .failed(let why) = AWSOperations.state(one) {
        return DescribedChangeSet(state: .failed("the change set of the nested stack \(place): \(why)"))
      }
    }
    let replacements = nested.merging(["": root]) { $1 }.mapValues { ProvedReplacements($0.changes) }
    var all: [ChangedResource] = []
    for (place, change) in root.changes(with: nested) {
      let path = place.isEmpty ? change.logicalId : "\(place)/\(change.logicalId)"
      var own = ChangedResource(
        logicalID: path, type: change.type, action: change.action,
        replacement: replacements[place]?[change.logicalId] ?? change.replacement, policy: change.policyAction
      )
      own.physicalID = change.physicalId
      all.append(own)
      let isThere =
        change.isOfNestedStack || change.type == ResourceChange.nestedStack && change.action == "Remove"
      if isThere, nested[path] == nil, let id = change.physicalId {
        all += try await members(id, at: path + "/", of: change)
      }
    }
    return DescribedChangeSet(state: all.isEmpty ? .empty : .ready, changes: all)
  }

  /// Everything in a nested stack whose change set is not shown: it goes with a stack that goes, of which none is made, and
  /// else anything may happen to it.
  private func members(
    _ stack: String, at place: String, of change: ResourceChange
  ) async throws -> [ChangedResource] {
    let goes = change.action == "Remove"
    var all: [ChangedResource] = []
    for resource in try await client.listStackResources(stack) where resource.status != "DELETE_COMPLETE" {
      guard resource.type != ResourceChange.nestedStack else {
        if let id = resource.physicalId {
          all += try await members(id, at: "\(place)\(resource.logicalId)/", of: change)
        }
        continue
      }
      var one = ChangedResource(
        logicalID: place + resource.logicalId, type: resource.type, action: goes ? "Remove" : "Modify",
        replacement: goes ? nil : "Conditional", policy: goes ? change.policyAction : nil)
      one.isUnseen = !goes
      one.physicalID = resource.physicalId
      all.append(one)
    }
    return all
  }
}
