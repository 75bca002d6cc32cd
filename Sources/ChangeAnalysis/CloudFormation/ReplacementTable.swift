/// Which property of which type means replacement, from CloudFormation's resource provider schemas.
public struct ReplacementTable: Sendable {
  /// The table that is built in, made by `ci/generate-replacement-table`.
  public static let builtIn = ReplacementTable()
}
