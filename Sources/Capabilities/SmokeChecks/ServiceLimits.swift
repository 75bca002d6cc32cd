/// How long services let an answer take.
enum ServiceLimits {
  /// After so long an answer of `url` cannot come any more. API Gateway gives up on what stands behind it after 29
  /// seconds, and a second more lets its own answer (504) be seen; most servers and load balancers give up no later. A
  /// function URL waits as long as its function may run.
  static func longestAnswer(of url: String) -> Duration {
    guard let host = WebAddress(url)?.host.lowercased() else { return usual }
    return host.contains(".lambda-url.") && host.hasSuffix(".on.aws") ? .seconds(900) : usual
  }

  private static let usual = Duration.seconds(30)
}
