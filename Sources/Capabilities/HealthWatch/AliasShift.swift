import AWSClients

/// An alias that divides its calls between two versions: the newer one is the one that is judged.
public struct AliasShift: Hashable, Sendable {
  /// Versions of the function.
  public var new: String, old: String
  /// The share of the calls that the new version gets, from 0 to 1.
  public var share: Double

  /// Nil where the alias stands for one version.
  public init?(_ alias: FunctionAlias) {
    guard let other = alias.additionalVersionWeights.first(where: { $0.value > 0 }) else { return nil }
    if AliasShift.isNewer(alias.functionVersion, than: other.key) {
      (new, old, share) = (alias.functionVersion, other.key, 1 - other.value)
    } else {
      (new, old, share) = (other.key, alias.functionVersion, other.value)
    }
  }

  /// Versions are numbers; `$LATEST` is newer than all.
  public static func isNewer(_ version: String, than other: String) -> Bool {
    func rank(_ version: String) -> Int { version == "$LATEST" ? Int.max : Int(version) ?? 0 }
    return rank(version) > rank(other)
  }
}
