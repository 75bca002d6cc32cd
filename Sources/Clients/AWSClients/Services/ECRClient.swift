import JSONValues

/// An image in a registry of ECR.
public struct ECRImage: Hashable, Sendable {
  /// The account that the registry belongs to, its region, and the repository's name.
  public var registry: String, region: String, repository: String
  /// One of them is there.
  public var tag: String?, digest: String?

  /// Reads `123456789012.dkr.ecr.eu-central-1.amazonaws.com/name:tag` or `…/name@sha256:…`; nil for images elsewhere.
  public init?(_ uri: String) {
    guard let slash = uri.firstIndex(of: "/") else { return nil }
    let host = uri[..<slash].split(separator: ".")
    guard host.count >= 6, host[1] == "dkr", host[2].hasPrefix("ecr"), host[4] == "amazonaws" else {
      return nil
    }
    (registry, region) = (String(host[0]), String(host[3]))
    let rest = uri[uri.index(after: slash)...]
    if let at = rest.firstIndex(of: "@") {
      let name = rest[..<at]
      repository = String(name[..<(name.lastIndex(of: ":") ?? name.endIndex)])
      digest = String(rest[rest.index(after: at)...])
    } else if let colon = rest.lastIndex(of: ":") {
      repository = String(rest[..<colon])
      tag = String(rest[rest.index(after: colon)...])
    } else {
      repository = String(rest)
      tag = "latest"
    }
    guard !repository.isEmpty else { return nil }
  }
}

/// Elastic Container Registry.
public struct ECRClient: Sendable {
  private let client: AWSClient
  /// A client over `client`.
  public init(_ client: AWSClient) { self.client = client }

  /// The digest of an image, or nil where there is none of that tag or digest.
  public func digest(of image: ECRImage) async throws -> String? {
    var id = JSONObject()
    id["imageTag"] = image.tag.map { .string($0) }
    id["imageDigest"] = image.digest.map { .string($0) }
    var body = JSONObject()
    body["registryId"] = .string(image.registry)
    body["repositoryName"] = .string(image.repository)
    body["imageIds"] = .array([.object(id)])
    do {
      var operation = AWSOperation.json(
        .ecr, "DescribeImages", body, subject: "repository \(image.repository)")
      operation.region = image.region
      let answer = try await client.json(operation)
      return answer.list("imageDetails").first?.text("imageDigest")
    } catch let error as AWSError where error.kind == .notFound || error.code == "ImageNotFoundException" {
      return nil
    }
  }
}
