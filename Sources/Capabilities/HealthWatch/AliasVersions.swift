import CloudFormationModel

/// The two versions of an alias in their order: the newer one is the one that is judged, whichever the alias points to.
public struct AliasVersions: Hashable, Sendable {
  /// Versions of the function.
  public var new: String, old: String
  /// The share of the calls that the new version gets, from 0 to 1.
  public var share: Double

  /// Nil where all calls go to one version.
  public init?(_ shift: LambdaAliasShift) {
    guard let other = shift.newVersion, shift.weight > 0 else { return nil }
    if AliasVersions.isNewer(shift.stableVersion, than: other) {
      (new, old, share) = (shift.stableVersion, other, 1 - shift.weight)
    } else {
      (new, old, share) = (other, shift.stableVersion, shift.weight)
    }
  }

  /// Versions are numbers; `$LATEST` is newer than all.
  public static func isNewer(_ version: String, than other: String) -> Bool {
    func rank(_ version: String) -> Int { version == "$LATEST" ? Int.max : Int(version) ?? 0 }
    return rank(version) > rank(other)
  }
}
