import AWSClients
import Synchronization

/// Carries templates that a call cannot hold through a bucket: under a prefix of its own, encrypted, and only for as long
/// as CloudFormation reads them.
public final class TemplateUploader: Sendable {
  private let clients: StackClients
  /// What was uploaded and not yet removed, by change set.
  private let held = Mutex<[String: (s3: S3Client, bucket: String, key: String)]>([:])
  private let notRemoved = Mutex<[String]>([])

  /// An uploader over `clients`: each template goes with the credentials of its stack, whose caller then reads it.
  public init(_ clients: StackClients) { self.clients = clients }

  /// Objects that could not be removed, each with the reason.
  public var left: [String] { notRemoved.withLock { $0 } }

  /// The template under the change set's name: a run that follows a killed one finds and removes it. Returns its address.
  func upload(
    _ template: String, for changeSet: String, of stack: String, to place: String
  ) async throws -> String {
    let s3 = S3Client(clients[stack])
    let parts = place.split(separator: "/", maxSplits: 1).map(String.init)
    let prefix = parts.count > 1 ? parts[1].drop { $0 == "/" } + "/" : ""
    let key = "\(prefix)backstop/templates/\(changeSet).template"
    try await s3.putObject(
      bucket: parts[0], key: key, Array(template.utf8), contentType: "text/plain", encryption: .s3)
    held.withLock { $0[changeSet] = (s3, parts[0], key) }
    return s3.address(bucket: parts[0], key: key)
  }

  /// Removes what was uploaded for `changeSet`, if anything was.
  func remove(for changeSet: String) async {
    guard let (s3, bucket, key) = held.withLock({ $0.removeValue(forKey: changeSet) }) else { return }
    do {
      try await s3.deleteObject(bucket: bucket, key: key)
    } catch {
      // It stops nothing, and is told at the end.
      notRemoved.withLock { $0.append("s3://\(bucket)/\(key) (\(error))") }
    }
  }
}
