/// How long services let an answer take.
enum ServiceLimits {
  /// After so long an answer of `url` cannot come any more. API Gateway gives up on what stands behind it after 29
  /// seconds, and a second more lets its own answer (504) be seen; most servers and load balancers give up no later. A
  /// function URL waits as long as its function may run.
  static func longestAnswer(of url: String) -> Duration {
    // Every check asks: what names no such service is not taken apart.
    guard mayNameFunction(url), let host = WebAddress(url)?.host.lowercased() else { return usual }
    return host.contains(".lambda-url.") && host.hasSuffix(".on.aws") ? .seconds(900) : usual
  }

  private static let usual = Duration.seconds(30)

  /// Whether `-url.` stands anywhere, in capitals or not.
  private static func mayNameFunction(_ url: String) -> Bool {
    var url = url
    return url.withUTF8 { bytes in
      var position = 0
      while position + 4 < bytes.count {
        if bytes[position] == UInt8(ascii: "-"), bytes[position + 1] | 0x20 == UInt8(ascii: "u"),
          bytes[position + 2] | 0x20 == UInt8(ascii: "r"), bytes[position + 3] | 0x20 == UInt8(ascii: "l"),
          bytes[position + 4] == UInt8(ascii: ".")
        {
          return true
        }
        position += 1
      }
      return false
    }
  }
}
