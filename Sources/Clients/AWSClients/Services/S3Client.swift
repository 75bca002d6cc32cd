import HTTPTransport
import Synchronization
import SystemInterfaces

/// S3. A bucket may stand in another region than the client: S3 says where, and the call is sent there.
public struct S3Client: Sendable {
  private let client: AWSClient
  private let regions = BucketRegions()

  /// A client over `client`.
  public init(_ client: AWSClient) { self.client = client }

  // MARK: - Buckets

  /// Where a bucket stands, or nil where there is none.
  /// - Throws: kind `accessDenied` where it exists and belongs to somebody else, or may not be looked at.
  public func headBucket(_ bucket: String) async throws -> S3BucketInfo? {
    do {
      let answer = try await send(operation("HeadBucket", "HEAD", bucket: bucket))
      return S3BucketInfo(name: bucket, region: answer.headers.first("x-amz-bucket-region") ?? client.region)
    } catch let error as AWSError where error.kind == .notFound {
      return nil
    }
  }

  /// Whether a bucket keeps the versions of its objects.
  public func keepsVersions(bucket: String) async throws -> Bool {
    var operation = operation("GetBucketVersioning", "GET", bucket: bucket)
    operation.query = [("versioning", "")]
    return try client.xml(try await send(operation), operation).text("Status") == "Enabled"
  }

  // MARK: - Objects

  /// Size, version and encryption of an object, or nil where there is none or that version is a deletion.
  public func headObject(bucket: String, key: String, versionId: String? = nil) async throws -> S3ObjectInfo?
  {
    var operation = operation("HeadObject", "HEAD", bucket: bucket, key: key)
    if let versionId { operation.query = [("versionId", versionId)] }
    do {
      return info(try await send(operation), key: key)
    } catch let error as AWSError where error.kind == .notFound || error.statusCode == 405 {
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
    let response = try await send(operation)
    var found = info(response, key: key)
    found.size = response.body.count
    return S3Object(info: found, bytes: response.body)
  }

  /// Writes an object. Returns what S3 says of it.
  /// - Parameters:
  ///   - onlyIfAbsent: kind `conflict` where something is there already.
  ///   - encryption: asked of S3 where given; the bucket's own rule where not.
  @discardableResult
  public func putObject(
    bucket: String, key: String, _ bytes: [UInt8], contentType: String = "application/octet-stream",
    onlyIfAbsent: Bool = false, encryption: S3Encryption? = nil
  ) async throws -> S3ObjectInfo {
    var operation = operation("PutObject", "PUT", bucket: bucket, key: key)
    operation.body = bytes
    operation.headers.append(HTTPField("Content-Type", contentType))
    if onlyIfAbsent { operation.headers.append(HTTPField("If-None-Match", "*")) }
    operation.headers += encryption?.headers ?? []
    operation.timeout = .seconds(300)
    // Written twice it is the same object, except where it must not be there yet.
    operation.repeating = onlyIfAbsent ? .unsafe : .safe
    var found = info(try await send(operation), key: key)
    found.size = bytes.count
    return found
  }

  /// Deletes an object, or one version of it. What is not there is no error.
  public func deleteObject(bucket: String, key: String, versionId: String? = nil) async throws {
    var operation = operation("DeleteObject", "DELETE", bucket: bucket, key: key)
    if let versionId { operation.query = [("versionId", versionId)] }
    _ = try await send(operation)
  }

  /// All objects whose keys begin with `prefix`, in the order of their keys.
  /// - Parameter pageSize: how many S3 gives at once; its own limit is 1,000.
  public func listObjects(
    bucket: String, prefix: String = "", pageSize: Int? = nil
  ) async throws -> [S3ObjectInfo] {
    var objects: [S3ObjectInfo] = []
    try await client.pages(of: .s3, "ListObjectsV2", subject: "bucket \(bucket)") { token in
      var operation = operation("ListObjectsV2", "GET", bucket: bucket)
      // Keys may hold what XML cannot.
      operation.query = [("list-type", "2"), ("prefix", prefix), ("encoding-type", "url")]
      if let pageSize { operation.query.append(("max-keys", "\(pageSize)")) }
      if let token { operation.query.append(("continuation-token", token)) }
      let response = try await send(operation)
      let answer = try client.xml(response, operation)
      let isEncoded = answer.text("EncodingType") == "url"
      objects += answer.all("Contents").map { element in
        let key = element.text("Key") ?? ""
        return S3ObjectInfo(
          key: isEncoded ? PercentEncoding.decode(key.replacing("+", with: " ")) ?? key : key,
          size: element.int("Size") ?? 0, eTag: element.nonEmpty("ETag"),
          lastModified: element.time("LastModified"))
      }
      return answer.bool("IsTruncated") == true ? answer.nonEmpty("NextContinuationToken") : nil
    }
    return objects
  }

  /// Where an object is found by other services, such as CloudFormation by a template's address.
  public func address(bucket: String, key: String) -> String {
    let operation = operation("", "GET", bucket: bucket, key: key)
    return client.endpoints.endpoint(of: .s3, region: operation.region ?? client.region).url(of: operation)
  }

  // MARK: - Requests

  /// The virtual host where that works; the path where the bucket's name is no single host label, or where one address
  /// serves all buckets.
  private func operation(_ name: String, _ method: String, bucket: String, key: String = "") -> AWSOperation {
    var operation = AWSOperation(service: .s3, name: name)
    operation.method = method
    let encoded = "/" + PercentEncoding.encode(key, keeping: "/")
    let isCustom = client.endpoints.endpoint(of: .s3, region: client.region).isCustom
    if isCustom || !S3Client.isHostLabel(bucket) {
      operation.path = "/" + PercentEncoding.encode(bucket) + (key.isEmpty ? "" : encoded)
    } else {
      operation.hostPrefix = "\(bucket)."
      operation.path = encoded
    }
    operation.subject = key.isEmpty ? "bucket \(bucket)" : "s3://\(bucket)/\(key)"
    operation.region = regions[bucket]
    return operation
  }

  /// Buckets of the early years have capitals and underscores; a dot does not fit the certificate of all buckets.
  private static func isHostLabel(_ bucket: String) -> Bool {
    (3...63).contains(bucket.utf8.count) && !bucket.hasPrefix("-") && !bucket.hasSuffix("-")
      && bucket.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
  }

  /// Sends, once more where S3 says that the bucket stands elsewhere.
  private func send(_ operation: AWSOperation) async throws -> HTTPResponse {
    do {
      return try await client.send(operation)
    } catch let error as AWSError {
      let used = operation.region ?? client.region
      guard [301, 307, 400].contains(error.statusCode), let region = error.bucketRegion, region != used else {
        throw explained(error)
      }
      regions[operation.bucket] = region
      var again = operation
      again.region = region
      do {
        return try await client.send(again)
      } catch let error as AWSError { throw explained(error) }
    }
  }

  /// An answer to HEAD has no body, so S3's reason is missing; and what may not be listed is denied, there or not.
  private func explained(_ error: AWSError) -> AWSError {
    guard error.message.isEmpty, error.statusCode == 403 else { return error }
    var error = error
    error.message =
      error.operation == "HeadObject"
      ? "not permitted, or not there and s3:ListBucket is not permitted" : "not permitted, or somebody else's"
    return error
  }

  private func info(_ response: HTTPResponse, key: String) -> S3ObjectInfo {
    S3ObjectInfo(
      key: key, size: response.headers.first("content-length").flatMap { Int($0) } ?? response.body.count,
      eTag: response.headers.first("etag"), versionId: response.headers.first("x-amz-version-id"),
      lastModified: response.headers.first("last-modified").flatMap { HTTPDate.parse($0) },
      encryption: S3Encryption(response.headers))
  }
}

extension AWSOperation {
  /// The bucket that it is about: the host's prefix or the first part of the path.
  fileprivate var bucket: String {
    hostPrefix.isEmpty
      ? path.split(separator: "/").first.flatMap { PercentEncoding.decode($0) } ?? ""
      : String(hostPrefix.dropLast())
  }
}

/// Where buckets stand that are not in the client's region, learnt from S3's answers.
private final class BucketRegions: Sendable {
  private let known = Mutex<[String: String]>([:])
  subscript(_ bucket: String) -> String? {
    get { known.withLock { $0[bucket] } }
    set { known.withLock { $0[bucket] = newValue } }
  }
}
