import AWSClients
import DeploymentConfig
import DeploymentRecords
import Redaction
import StepResults

/// Where templates go that are too large for a call: `bucket` or `bucket/prefix`.
struct TemplateBucket: Hashable, Sendable {
  let bucket: String
  let prefix: String

  /// Reads `bucket` or `bucket/prefix`; nil without a bucket.
  init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1)
    guard let first = parts.first, !text.hasPrefix("/") else { return nil }
    bucket = String(first)
    var rest = parts.count > 1 ? parts[1] : ""
    while rest.hasSuffix("/") { rest.removeLast() }
    prefix = String(rest)
  }

  /// As it was read.
  var text: String { prefix.isEmpty ? bucket : "\(bucket)/\(prefix)" }

  /// The key of an object of ours.
  func key(_ name: String) -> String { prefix.isEmpty ? "backstop/\(name)" : "\(prefix)/backstop/\(name)" }

  /// What the search for a bucket came to.
  enum Found: Hashable, Sendable {
    case bucket(TemplateBucket)
    /// Why there is none.
    case none(String)
  }

  /// The bucket of the policy, or the one that the CDK's bootstrap made.
  static func find(policy: SnapshotPolicy, bootstrap: [String], client: AWSClient) async throws -> Found {
    let candidates = policy.templateBucket.map { [$0] } ?? bootstrap
    var reasons: [String] = []
    for text in candidates {
      guard let candidate = TemplateBucket(text) else {
        reasons.append("'\(text)' names no bucket")
        continue
      }
      do {
        if try await S3Client(client).headBucket(candidate.bucket) != nil { return .bucket(candidate) }
        reasons.append("there is no bucket \(candidate.bucket)")
      } catch let error as AWSError where error.kind == .accessDenied {
        reasons.append("the bucket \(candidate.bucket) may not be used: \(error.message)")
      }
    }
    return .none(reasons.isEmpty ? "no bucket is named" : reasons.joined(separator: ", "))
  }
}
