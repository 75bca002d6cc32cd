import AWSClients
import CloudFormationModel
import HealthWatch
import StepResults
import StepRuntime

/// An alias whose new version is to get more traffic, as it was seen last.
struct PromotedAlias: Hashable, Sendable {
  var function: String
  var alias: String
  /// The stack in whose account the function stands.
  var stack: String
  /// Versions.
  var new: String, old: String
  /// The share of the new version, in per cent.
  var share: Double
  /// The alias as it was then; a call with it fails where somebody has changed the alias since.
  var revisionId: String?

  /// `FUNCTION:ALIAS`.
  var target: String { "\(function):\(alias)" }

  var record: PromotionRecord.Alias {
    PromotionRecord.Alias(function: function, alias: alias, new: new, old: old, share: share)
  }

  /// The alias in AWS as this one sees it; nil where it stands for other versions.
  func seen(_ live: FunctionAlias) -> PromotedAlias? {
    var seen = self
    seen.revisionId = live.revisionId
    let weights = live.additionalVersionWeights.filter { $0.value > 0 }
    if live.functionVersion == old, weights.isEmpty {
      seen.share = 0
    } else if live.functionVersion == new, weights.isEmpty {
      seen.share = 100
    } else if weights.count == 1, live.functionVersion == old, let weight = weights[new] {
      seen.share = PromotedAlias.percent(weight)
    } else if weights.count == 1, live.functionVersion == new, let weight = weights[old] {
      seen.share = PromotedAlias.percent(1 - weight)
    } else {
      return nil
    }
    return seen
  }

  /// The version and the weights that give the new one `share` per cent.
  func routing(_ share: Double) -> (version: String, weights: [String: Double]) {
    share >= 100 ? (new, [:]) : share <= 0 ? (old, [:]) : (old, [new: share / 100])
  }

  private static func percent(_ weight: Double) -> Double { (weight * 10_000).rounded() / 100 }

  /// What an alias stands for, in words.
  static func text(_ live: FunctionAlias) -> String {
    let weights = live.additionalVersionWeights.filter { $0.value > 0 }.sorted { $0.key < $1.key }
    return "version \(live.functionVersion)"
      + weights.map { " and version \($0.key) at \(shareText(percent($0.value)))" }.joined()
  }

  /// The command of AWS's own tool that gives the old version all traffic.
  var takingBack: String {
    "aws lambda update-alias --function-name \(function) --name \(alias) --function-version \(old) "
      + "--routing-config AdditionalVersionWeights={}"
  }
}

/// Finds the aliases of the stacks that a newer version can be given traffic by.
struct PromotionTargets: Sendable {
  var stacks: [String]
  var clients: StackClients
  var wish: PromotionWish

  /// Aliases that divide their calls between two versions, and aliases with a newer published version.
  /// - Throws: `StepFailure` where CodeDeploy moves the traffic of one of them, or may.
  func found() async throws -> [PromotedAlias] {
    var found: [PromotedAlias] = []
    for stack in stacks {
      let known = try await CloudFormationClient(clients[stack]).describeStack(stack)
      guard known != nil else { continue }
      var resources: [StackResource] = []
      try await add(resourcesOf: stack, to: &resources, depth: 0)
      var here: [PromotedAlias] = []
      for function in resources where function.type == "AWS::Lambda::Function" {
        guard let name = function.physicalId?.split(separator: ":").last else { continue }
        here += try await aliases(of: String(name), stack)
      }
      if !here.isEmpty { try await refuse(here, controlledBy: resources, stack) }
      found += here
    }
    return found
  }

  private func add(resourcesOf stack: String, to resources: inout [StackResource], depth: Int) async throws {
    let own = try await CloudFormationClient(clients[stack]).listStackResources(stack)
    resources += own
    for child in own where child.type == "AWS::CloudFormation::Stack" && depth < 5 {
      guard let id = child.physicalId, !id.isEmpty else { continue }
      try await add(resourcesOf: id, to: &resources, depth: depth + 1)
    }
  }

  /// CodeDeploy moves the traffic of an alias by itself, and two must not pull at one alias. Which alias a deployment group is
  /// for only its deployments say: of one that has had none nobody knows.
  private func refuse(
    _ aliases: [PromotedAlias], controlledBy resources: [StackResource], _ stack: String
  ) async throws {
    let groups = resources.filter { $0.type == "AWS::CodeDeploy::DeploymentGroup" }.compactMap(\.physicalId)
    let applications = resources.filter { $0.type == "AWS::CodeDeploy::Application" }.compactMap(\.physicalId)
    let codeDeploy = CodeDeployClient(clients[stack])
    for name in groups {
      for application in applications {
        let group: CodeDeployGroup
        do {
          group = try await codeDeploy.getDeploymentGroup(application: application, group: name)
        } catch let error as AWSError where error.kind == .notFound {
          continue
        }
        guard group.platform == .lambda || group.platform == nil else { continue }
        let running = try await codeDeploy.listDeployments(application: application, group: name)
        var moved: Set<String> = []
        for id in running + [group.lastAttempted, group.lastSuccessful].compactMap({ $0 }) {
          moved.formUnion(
            try await codeDeploy.getDeploymentWithTargets(id).aliases.map { "\($0.function):\($0.alias)" })
        }
        guard let alias = aliases.first(where: { moved.isEmpty || moved.contains($0.target) }) else {
          continue
        }
        throw StepFailure(
          .refused,
          moved.isEmpty
            ? "\(alias.target) may be moved by CodeDeploy's \(application)/\(name), which has had no deployment yet"
            : "\(alias.target) is moved by CodeDeploy's \(application)/\(name)",
          advice:
            "let CodeDeploy move the traffic, and watch it with watch-30m; or take the deployment group away")
      }
    }
  }

  private func aliases(of function: String, _ stack: String) async throws -> [PromotedAlias] {
    let lambda = LambdaClient(clients[stack])
    var found: [PromotedAlias] = []
    var newest: String?
    for alias in try await lambda.listAliases(function)
    where wish.includes(function: function, alias: alias.name) {
      var one = PromotedAlias(
        function: function, alias: alias.name, stack: stack, new: "", old: alias.functionVersion, share: 0,
        revisionId: alias.revisionId)
      if let shift = AliasVersions(LambdaAliasShift(function: function, alias)) {
        (one.new, one.old) = (shift.new, shift.old)
        found.append(one.seen(alias) ?? one)
        continue
      }
      // An alias of what changes under it cannot divide its calls.
      guard alias.functionVersion != "$LATEST" else { continue }
      if newest == nil {
        newest =
          try await lambda.listVersionsByFunction(function).map(\.version).filter { $0 != "$LATEST" }
          .max { AliasVersions.isNewer($1, than: $0) } ?? ""
      }
      guard let version = newest, !version.isEmpty,
        AliasVersions.isNewer(version, than: alias.functionVersion)
      else { continue }
      one.new = version
      found.append(one)
    }
    return found
  }
}
