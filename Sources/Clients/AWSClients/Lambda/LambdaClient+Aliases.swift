public import CloudFormationModel

extension LambdaAliasShift {
  /// How an alias of `function` shares its calls out.
  public init(function: String, _ alias: FunctionAlias) {
    // Lambda knows two versions of an alias at most.
    let other = alias.additionalVersionWeights.min { $0.key < $1.key }
    self.init(
      function: function, alias: alias.name, stableVersion: alias.functionVersion, newVersion: other?.key,
      weight: other?.value ?? 0, revisionId: alias.revisionId)
  }
}

extension LambdaClient {
  /// How an alias shares its calls out; kind `notFound` where it is not there.
  public func shift(ofAlias alias: String, function: String) async throws -> LambdaAliasShift {
    LambdaAliasShift(function: function, try await getAlias(function, name: alias))
  }

  /// Makes an alias share its calls out as `shift` says, in one call; without a new version all go to the stable one. Where
  /// `shift` names a revision and the alias has changed since, the call fails.
  public func setShift(_ shift: LambdaAliasShift) async throws -> LambdaAliasShift {
    var weights: [String: Double] = [:]
    if let version = shift.newVersion { weights[version] = shift.weight }
    return LambdaAliasShift(
      function: shift.function,
      try await updateAlias(
        shift.function, name: shift.alias, version: shift.stableVersion, weights: weights,
        revisionId: shift.revisionId))
  }
}
