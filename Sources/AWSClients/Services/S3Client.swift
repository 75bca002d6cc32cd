import HTTPTransport
import SystemInterfaces

/// What S3 says of an object.
public struct S3ObjectInfo: Hashable, Sendable {
  public var key: String
  public var size: Int
  public var eTag: String?
  public var versionId: String?
  public var lastModified: Timestamp?
}

/// An object with its bytes.
public struct S3Object: Hashable, Sendable {
  public var info: S3ObjectInfo
  public var bytes: [UInt8]
}

/// S3.
public struct S3Client: Sendable {
  private let client: AWSClient
  /// A client over `client`.
  public init(_ client: AWSClient) { self.client = client }

  /// The virtual host where that works, the path where the bucket's name has dots, or where one address serves all buckets.
  private func operation(_ name: String, _ method: String, bucket: String, key: String = "") -> AWSOperation {
    var operation = AWSOperation(service: .s3, name: name)
    operation.method = method
    let encoded = "/" + PercentEncoding.encode(key, keepsSlashes: true)
    let isCustom = client.endpoints.endpoint(of: .s3, region: client.region).isCustom
    if isCustom || bucket.contains(".") {
      operation.path = "/" + PercentEncoding.encode(bucket) + (key.isEmpty ? "" : encoded)
    } else {
      operation.hostPrefix = "\(bucket)."
      operation.path = encoded
    }
    operation.subject = key.isEmpty ? "bucket \(bucket)" : "s3://\(bucket)/\(key)"
    return operation
  }

  /// Size and version of an object, or nil where there is none.
  public func headObject(bucket: String, key: String, versionId: String? = nil) async throws -> S3ObjectInfo?
  {
    var operation = operation("HeadObject", "HEAD", bucket: bucket, key: key)
    if let versionId { operation.query = [("versionId", versionId)] }
    do {
      return info(try await client.send(operation), key: key)
    } catch let error as AWSError where error.kind == .notFound || error.statusCode == 404 {
      return nil
    }
  }

  /// An object; kind `notFound` where there is none.
  /// - Parameter maximumBytes: a larger one is an error.
  public func getObject(
    bucket: String, key: String, versionId: String? = nil, maximumBytes: Int = 256 << 20
  ) async throws -> S3Object {
    var operation = operation("GetObject", "GET", bucket: bucket, key: key)
    if let versionId { operation.query = [("versionId", versionId)] }
    operation.maximumBodyBytes = maximumBytes
    operation.timeout = .seconds(300)
    let response = try await client.send(operation)
    return S3Object(info: info(response, key: key), bytes: response.body)
  }

  /// Writes an object. Returns what S3 says of it.
  /// - Parameters:
  ///   - onlyIfAbsent: kind `conflict` where something is there already.
  ///   - kmsKey: encrypts by that key of KMS.
  @discardableResult
  public func putObject(
    bucket: String, key: String, _ bytes: [UInt8], contentType: String = "application/octet-stream",
    onlyIfAbsent: Bool = false, kmsKey: String? = nil
  ) async throws -> S3ObjectInfo {
    var operation = operation("PutObject", "PUT", bucket: bucket, key: key)
    operation.body = bytes
    operation.headers.append(HTTPField("Content-Type", contentType))
    if onlyIfAbsent { operation.headers.append(HTTPField("If-None-Match", "*")) }
    if let kmsKey {
      operation.headers.append(HTTPField("x-amz-server-side-encryption", "aws:kms"))
      operation.headers.append(HTTPField("x-amz-server-side-encryption-aws-kms-key-id", kmsKey))
    }
    operation.timeout = .seconds(300)
    // Written twice it is the same object, except where it must not be there yet.
    operation.repeating = onlyIfAbsent ? .unsafe : .safe
    var found = info(try await client.send(operation), key: key)
    found.size = bytes.count
    return found
  }

  /// All objects whose keys begin with `prefix`.
  public func listObjects(bucket: String, prefix: String = "") async throws -> [S3ObjectInfo] {
    var objects: [S3ObjectInfo] = []
    var token: String?
    repeat {
      var operation = operation("ListObjectsV2", "GET", bucket: bucket)
      operation.query = [("list-type", "2"), ("prefix", prefix)]
      if let token { operation.query.append(("continuation-token", token)) }
      let answer = try client.xml(try await client.send(operation), operation)
      objects += answer.all("Contents").map { element in
        S3ObjectInfo(
          key: element.text("Key") ?? "", size: element.int("Size") ?? 0,
          eTag: element.nonEmpty("ETag"), versionId: nil, lastModified: element.time("LastModified"))
      }
      token = answer.bool("IsTruncated") == true ? answer.nonEmpty("NextContinuationToken") : nil
    } while token != nil
    return objects
  }

  private func info(_ response: HTTPResponse, key: String) -> S3ObjectInfo {
    S3ObjectInfo(
      key: key, size: response.headers.first("content-length").flatMap { Int($0) } ?? response.body.count,
      eTag: response.headers.first("etag"), versionId: response.headers.first("x-amz-version-id"),
      lastModified: response.headers.first("last-modified").flatMap { HTTPDate.parse($0) })
  }
}
