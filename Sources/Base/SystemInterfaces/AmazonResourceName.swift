/// The parts of an ARN, `arn:partition:service:region:account:resource`.
public struct AmazonResourceName: Hashable, Sendable {
  /// `aws`, `aws-cn`, `aws-us-gov` …
  public var partition: String
  /// Such as `cloudformation`, and the region; empty for what has none, such as roles.
  public var service: String, region: String
  /// Twelve digits; empty for what has none, such as buckets.
  public var account: String
  /// All that follows, such as `stack/Shop-Api-prod/1a2b…` or `role/deploy`.
  public var resource: String

  /// Reads an ARN; nil where `text` is none.
  public init?(_ text: some StringProtocol) {
    let parts = String(text).split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false).map(
      String.init)
    guard parts.count == 6, parts[0] == "arn", !parts[1].isEmpty, !parts[2].isEmpty, !parts[5].isEmpty else {
      return nil
    }
    (partition, service, region, account, resource) = (parts[1], parts[2], parts[3], parts[4], parts[5])
  }

  /// The name of a stack, where this is a stack's ARN.
  public var stackName: String? {
    guard service == "cloudformation", resource.hasPrefix("stack/") else { return nil }
    return resource.split(separator: "/").dropFirst().first.map(String.init)
  }

  /// The name of the stack that is given by its ARN or by its name.
  public static func stackName(of stack: String) -> String { AmazonResourceName(stack)?.stackName ?? stack }
}
