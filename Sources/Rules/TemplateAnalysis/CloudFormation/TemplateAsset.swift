/// Something outside a template that CloudFormation fetches when it deploys the template.
public enum TemplateAsset: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// An object in S3.
  case object(bucket: String, key: String, version: String?)
  /// A container image.
  case image(String)

  public var description: String {
    switch self {
    case .object(let bucket, let key, let version):
      "s3://\(bucket)/\(key)" + (version.map { " (version \($0))" } ?? "")
    case .image(let uri): uri
    }
  }

  public static func < (one: TemplateAsset, other: TemplateAsset) -> Bool {
    one.description < other.description
  }

  /// The object behind `s3://bucket/key` or one of S3's web addresses; nil for other addresses.
  public init?(address: String) {
    var rest = Substring(address)
    for scheme in ["s3://", "https://", "http://"] where rest.hasPrefix(scheme) {
      rest = rest.dropFirst(scheme.count)
      if scheme == "s3://" {
        self.init(path: rest, version: nil)
        return
      }
      var version: String?
      if let mark = rest.firstIndex(of: "?") {
        version = rest[rest.index(after: mark)...].split(separator: "&").first { $0.hasPrefix("versionId=") }
          .map { String($0.dropFirst("versionId=".count)) }
        rest = rest[..<mark]
      }
      guard let slash = rest.firstIndex(of: "/") else { return nil }
      let host = rest[..<slash].split(separator: ":")[0]
      let path = rest[rest.index(after: slash)...]
      let labels = host.split(separator: ".")
      // `s3.region.amazonaws.com/bucket/key`, and services at an address of one's own, which know paths alone.
      if labels.first == "s3" || labels.first?.hasPrefix("s3-") == true || !host.contains("amazonaws.com") {
        self.init(path: path, version: version)
      } else if let mark = labels.firstIndex(where: { $0 == "s3" || $0.hasPrefix("s3-") }), mark > 0 {
        self.init(path: "\(labels[..<mark].joined(separator: "."))/\(path)", version: version)
      } else {
        return nil
      }
      return
    }
    return nil
  }

  private init?(path: Substring, version: String?) {
    guard let slash = path.firstIndex(of: "/") else { return nil }
    let (bucket, key) = (path[..<slash], path[path.index(after: slash)...])
    guard !bucket.isEmpty, !key.isEmpty else { return nil }
    self = .object(bucket: String(bucket), key: String(key), version: version)
  }
}

/// An asset and the resource that names it.
public struct TemplateAssetUse: Hashable, Sendable {
  /// The resource's name in the template; `Transform` where the template itself includes it.
  public var logicalId: String
  /// What it names.
  public var asset: TemplateAsset

  /// A use of an asset.
  public init(logicalId: String, asset: TemplateAsset) {
    self.logicalId = logicalId
    self.asset = asset
  }
}
