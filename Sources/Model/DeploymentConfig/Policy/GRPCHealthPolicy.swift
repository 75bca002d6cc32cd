/// One of `smoke-test.grpc`: a service that answers gRPC's health checks.
public struct GRPCHealthPolicy: Hashable, Sendable {
  /// `url`: where it is; nil means the endpoint.
  public var url: String?
  /// `service`: whose health is asked; empty means the server's.
  public var service = ""
  /// `critical`: whether it stops the chain also where others only warn.
  public var isCritical = false
  /// The line of the policy file on which it begins.
  public var line = 0

  init(_ section: PolicyReader) throws(ConfigError) {
    var section = section
    line = section.line
    url = try section.string("url")
    if let text = try section.string("service") { service = text }
    if let value = try section.bool("critical") { isCritical = value }
    try section.finish()
    if let url, !url.hasPrefix("https://"), !url.hasPrefix("http://") {
      throw section.problem("url: expected one such as https://orders.example.com")
    }
  }
}
