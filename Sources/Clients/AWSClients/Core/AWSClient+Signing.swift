import HTTPTransport
import SystemInterfaces

extension AWSClient {
  /// `request`, signed for a service that is called directly, such as an API with IAM authorisation.
  /// - Parameters:
  ///   - service: the signing name, such as `execute-api`.
  ///   - region: this client's own where nil.
  ///   - given: used instead of the run's own credentials.
  /// - Throws: `CredentialsError`, `CancellationError`.
  public func signed(
    _ request: HTTPRequest, service: String, region: String? = nil, with given: AWSCredentials? = nil
  ) async throws -> HTTPRequest {
    var used = given
    if used == nil { used = try await credentials.credentials() }
    guard let used else { return request }
    let signer = SigV4Signer(
      credentials: used, region: region ?? self.region, service: service, encodesPathTwice: service != "s3")
    return signer.signed(request, at: clock.now)
  }
}
