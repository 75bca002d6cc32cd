import SystemInterfaces

/// Where the requests of a service go, by the variables that all SDKs know.
struct AWSEndpoints: Sendable {
  /// One service in one region.
  struct Endpoint: Sendable {
    /// Without a slash at the end; a path of its own is kept.
    var base: String
    /// The region to sign for.
    var region: String
    /// Whether the service stands behind one address for all.
    var isCustom: Bool

    /// Host and port.
    var authority: String { AWSEndpoints.authority(of: base) }

    func url(of operation: AWSOperation) -> String {
      var url = base
      if !operation.hostPrefix.isEmpty, let mark = url.firstRange(of: "://") {
        url.insert(contentsOf: operation.hostPrefix, at: mark.upperBound)
      }
      url += operation.path
      if !operation.query.isEmpty {
        url +=
          "?"
          + operation.query.map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }
          .joined(separator: "&")
      }
      return url
    }
  }

  private let environment: Environment
  private let configuration: AWSConfiguration

  init(_ configuration: AWSConfiguration) {
    self.configuration = configuration
    environment = configuration.environment
  }

  /// The endpoint of `service` in `region`.
  func endpoint(of service: AWSService, region: String) -> Endpoint {
    let ignores = environment.nonEmpty("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")?.lowercased() == "true"
    if !ignores,
      let url = environment.nonEmpty("AWS_ENDPOINT_URL_\(service.environmentSuffix)")
        ?? environment.nonEmpty("AWS_ENDPOINT_URL") ?? configuration.profileEndpoint
    {
      let base = url.hasSuffix("/") ? String(url.dropLast()) : url
      return Endpoint(base: base.contains("://") ? base : "https://\(base)", region: region, isCustom: true)
    }
    if service == .iam { return AWSEndpoints.iam(region) }
    let fips = environment.nonEmpty("AWS_USE_FIPS_ENDPOINT")?.lowercased() == "true"
    let dual = environment.nonEmpty("AWS_USE_DUALSTACK_ENDPOINT")?.lowercased() == "true"
    let name = service.endpointPrefix + (fips ? "-fips" : "")
    let suffix = AWSEndpoints.suffix(of: region, dual: dual)
    let isS3Dual = dual && service == .s3
    let host =
      isS3Dual
      ? "\(name).dualstack.\(region).\(AWSEndpoints.suffix(of: region, dual: false))"
      : "\(name).\(region).\(suffix)"
    return Endpoint(base: "https://\(host)", region: region, isCustom: false)
  }

  /// IAM has one address in a partition, and signatures name the region where that stands.
  private static func iam(_ region: String) -> Endpoint {
    let (host, home) =
      if region.hasPrefix("cn-") {
        ("iam.cn-north-1", "cn-north-1")
      } else if region.hasPrefix("us-gov-") {
        ("iam.us-gov", "us-gov-west-1")
      } else if region.hasPrefix("us-iso") || region.hasPrefix("eusc-") {
        ("iam.\(region)", region)
      } else {
        ("iam", "us-east-1")
      }
    return Endpoint(base: "https://\(host).\(suffix(of: region, dual: false))", region: home, isCustom: false)
  }

  /// The domain of the partition that `region` belongs to.
  private static func suffix(of region: String, dual: Bool) -> String {
    if region.hasPrefix("cn-") { return dual ? "api.amazonwebservices.com.cn" : "amazonaws.com.cn" }
    if region.hasPrefix("us-iso-") { return "c2s.ic.gov" }
    if region.hasPrefix("us-isob-") { return "sc2s.sgov.gov" }
    if region.hasPrefix("eusc-") { return "amazonaws.eu" }
    return dual ? "api.aws" : "amazonaws.com"
  }

  /// Host and port of `url`, without credentials that may stand before them.
  static func authority(of url: String) -> String {
    var rest = Substring(url)
    if let scheme = rest.firstRange(of: "://") { rest = rest[scheme.upperBound...] }
    rest = rest[..<(rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex)]
    if let at = rest.lastIndex(of: "@") { rest = rest[rest.index(after: at)...] }
    return String(rest)
  }
}
