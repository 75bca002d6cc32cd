/// `oauth` of `smoke-test`: where checks of OpenAPI documents get a token, by OAuth's client credentials grant.
public struct OAuthPolicy: Hashable, Sendable {
  /// `token-url`: where tokens are given.
  public var tokenURL: String
  /// `client-id`: the client, or `client-id-from`: the environment variable that names it.
  public var clientId: String?, clientIdVariable: String?
  /// `client-secret-from`: the environment variable that holds the client's secret.
  public var secretVariable: String
  /// `scope`, `audience`: what the token is for.
  public var scope = "", audience = ""
  /// `auth`: `header` (the default) or `body`, where the client's name and secret stand.
  public var isInBody = false

  private enum Place: String, CaseIterable { case header, body }

  init(_ section: PolicyReader) throws(ConfigError) {
    var section = section
    tokenURL = try section.required("token-url")
    clientId = try section.string("client-id")
    clientIdVariable = try section.string("client-id-from")
    secretVariable = try section.required("client-secret-from")
    if let text = try section.string("scope") { scope = text }
    if let text = try section.string("audience") { audience = text }
    isInBody = try section.word("auth", Place.self) == .body
    try section.finish()
    guard tokenURL.hasPrefix("https://") || tokenURL.hasPrefix("http://") else {
      throw section.problem("token-url: expected a URL such as https://auth.example.com/oauth2/token")
    }
    guard (clientId == nil) != (clientIdVariable == nil) else {
      throw section.missing("client-id, or client-id-from, the environment variable that holds it")
    }
  }
}
