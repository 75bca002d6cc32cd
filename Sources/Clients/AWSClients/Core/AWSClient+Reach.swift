import HTTPTransport
import SystemInterfaces

extension AWSClient {
  /// Why AWS's endpoint of the region, which every run must reach, gives no answer; nil where it gives one, whatever it
  /// says. Asked without credentials, by the run's own settings, and once more where it failed.
  public func unreachableReason(within timeout: Duration = .seconds(10)) async -> String? {
    var reason: String?
    for _ in 0..<2 {
      switch await answer(within: timeout) {
      case .success: return nil
      case .failure(let error): reason = "\(regionEndpoint.authority): \(error.message)"
      // Who was interrupted learns nothing of the network.
      case nil: return nil
      }
    }
    return reason
  }

  /// Whether AWS's endpoint of the region answers through this proxy.
  public func answers(through proxy: String) async -> Bool {
    guard case .success(let response) = await answer(within: .seconds(10)) else { return false }
    return response.proxy == proxy
  }

  /// By how much this machine's clock is off, by AWS's: nil where it is not, or where nothing tells.
  public func clockFault() async -> String? {
    guard case .success(let response) = await answer(within: .seconds(10)),
      let theirs = response.headers.first("date").flatMap({ HTTPDate.parse($0) })
    else { return nil }
    let off = clock.now - theirs
    // What AWS's signatures allow.
    guard off > .seconds(300) || off < .seconds(-300) else { return nil }
    return "this machine's clock says \(clock.now.formatted(milliseconds: false)), and that of "
      + "\(regionEndpoint.authority) says \(theirs.formatted(milliseconds: false))"
  }

  private var regionEndpoint: AWSEndpoints.Endpoint {
    endpoints.endpoint(of: .cloudFormation, region: region)
  }

  /// Nil where it was interrupted.
  private func answer(within timeout: Duration) async -> Result<HTTPResponse, TransferError>? {
    var request = HTTPRequest("GET", regionEndpoint.base + "/", timeout: timeout)
    request.headers.append(HTTPField("User-Agent", userAgent))
    request.options.connectTimeout = timeout
    do {
      return .success(try await transport.send(request))
    } catch let error as TransferError { return .failure(error) } catch { return nil }
  }
}
