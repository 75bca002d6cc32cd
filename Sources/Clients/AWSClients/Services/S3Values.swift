import HTTPTransport
import SystemInterfaces

/// What S3 says of an object.
public struct S3ObjectInfo: Hashable, Sendable {
  /// The object's name in its bucket.
  public var key: String
  /// Bytes.
  public var size: Int
  /// A digest of S3's own kind, in quotation marks.
  public var eTag: String?
  /// The version, where the bucket keeps versions.
  public var versionId: String?
  /// When it was written.
  public var lastModified: Timestamp?
  /// How it is encrypted at rest, where the answer says so.
  public var encryption: S3Encryption?
}

/// An object with its bytes.
public struct S3Object: Hashable, Sendable {
  /// What S3 says of it.
  public var info: S3ObjectInfo
  /// All of them.
  public var bytes: [UInt8]
}

/// What S3 says of a bucket.
public struct S3BucketInfo: Hashable, Sendable {
  /// Its name, and the region in which it stands.
  public var name: String, region: String
}

/// How S3 encrypts an object at rest.
public enum S3Encryption: Hashable, Sendable {
  /// By a key of S3's own.
  case s3
  /// By a key of KMS: an id, an ARN or an alias; nil is the account's key for S3.
  case kms(key: String?)

  private static let algorithm = "x-amz-server-side-encryption"
  private static let keyId = "x-amz-server-side-encryption-aws-kms-key-id"

  /// What asks for it.
  var headers: [HTTPField] {
    switch self {
    case .s3: [HTTPField(S3Encryption.algorithm, "AES256")]
    case .kms(let key):
      [HTTPField(S3Encryption.algorithm, "aws:kms")] + (key.map { [HTTPField(S3Encryption.keyId, $0)] } ?? [])
    }
  }

  /// What an answer says; nil where it says nothing.
  init?(_ headers: [HTTPField]) {
    switch headers.first(S3Encryption.algorithm) {
    case "AES256": self = .s3
    case "aws:kms", "aws:kms:dsse": self = .kms(key: headers.first(S3Encryption.keyId))
    default: return nil
    }
  }
}
