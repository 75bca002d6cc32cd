import HTTPTransport
import SystemInterfaces

extension AWSClient {
  /// Why AWS's endpoint of the region, which every run must reach, gives no answer; nil where it gives one, whatever it
  /// says. Asked without credentials, by the run's own settings, and once more where it failed.
  public func unreachableReason(within timeout: Duration = .seconds(10)) async -> String? {
    let endpoint = endpoints.endpoint(of: .cloudFormation, region: region)
    var reason: String?
    for _ in 0..<2 {
      var request = HTTPRequest("GET", endpoint.base + "/", timeout: timeout)
      request.headers.append(HTTPField("User-Agent", userAgent))
      request.options.connectTimeout = timeout
      do {
        _ = try await transport.send(request)
        return nil
      } catch let error as TransferError {
        reason = "\(endpoint.authority): \(error.message)"
      } catch {
        // Who was interrupted learns nothing of the network.
        return nil
      }
    }
    return reason
  }
}
