import AWSClients
import HealthWatch

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
  func found() async throws -> [PromotedAlias] {
    var found: [PromotedAlias] = []
    for stack in stacks {
      let known = try await CloudFormationClient(clients[stack]).describeStack(stack)
      guard known != nil else { continue }
      for function in try await functions(of: stack, depth: 0) {
        found += try await aliases(of: function, stack)
      }
    }
    return found
  }

  private func functions(of stack: String, depth: Int) async throws -> [String] {
    var names: [String] = []
    for resource in try await CloudFormationClient(clients[stack]).listStackResources(stack) {
      guard let id = resource.physicalId, !id.isEmpty else { continue }
      if resource.type == "AWS::Lambda::Function" {
        names.append(String(id.split(separator: ":").last ?? ""))
      } else if resource.type == "AWS::CloudFormation::Stack", depth < 5 {
        names += try await functions(of: id, depth: depth + 1)
      }
    }
    return names
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
      if let shift = AliasShift(alias) {
        (one.new, one.old) = (shift.new, shift.old)
        found.append(one.seen(alias) ?? one)
        continue
      }
      // An alias of what changes under it cannot divide its calls.
      guard alias.functionVersion != "$LATEST" else { continue }
      if newest == nil {
        newest =
          try await lambda.listVersionsByFunction(function).map(\.version).filter { $0 != "$LATEST" }
          .max { AliasShift.isNewer($1, than: $0) } ?? ""
      }
      guard let version = newest, !version.isEmpty, AliasShift.isNewer(version, than: alias.functionVersion)
      else { continue }
      one.new = version
      found.append(one)
    }
    return found
  }
}
