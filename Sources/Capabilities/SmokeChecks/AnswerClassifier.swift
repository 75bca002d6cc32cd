import HTTPTransport
import JSONValues

/// What an answer that was not the expected one means.
public struct Diagnosis: Hashable, Sendable {
  /// The kind of failure.
  public var failure: FailureClass
  /// What came back, in one sentence.
  public var message: String
}

/// Reads AWS's and other servers' answers.
public enum AnswerClassifier {
  /// What a transfer without a whole answer means. The codes are libcurl's (`curl/curl.h`).
  public static func diagnosis(of error: TransferError) -> Diagnosis {
    if error.isFaultOfThisMachine { return Diagnosis(failure: .thisMachine, message: error.message) }
    let failure: FailureClass =
      switch error.kind {
      case .nameNotResolved: .nameNotResolved
      case .connectionFailed:
        error.message.lowercased().contains("refused") ? .connectionRefused : .connectionFailed
      case .tlsFailed: .tlsFailed
      case .timedOut: .timedOut
      case .tooManyRedirects: .redirectLoop
      case .bodyTooLarge: .bodyTooLarge
      // The URL was fine where the complaint is about the answer.
      case .badRequest:
        error.code == 1 && error.message.contains("HTTP/0.9") || error.message.contains("HTTP version")
          || error.message.contains("HTTP response") ? .malformedAnswer : .badRequest
      case .proxyFailed: .proxyFailed
      // A header line past libcurl's own limit is "out of memory" there.
      case .other: error.code == 27 || error.code == 100 ? .malformedAnswer : .other
      case .brokenAnswer:
        switch error.code {
        case 52: .emptyAnswer
        case 18: .truncatedAnswer
        case 23, 61: .badEncoding
        // HTTP/2's GOAWAY and RST_STREAM, with which servers also drain before they go.
        case 16, 55, 92: .connectionReset
        case 56 where isAboutTLS(error.message): .tlsFailed
        case 56: isAboutSyntax(error.message) ? .malformedAnswer : .connectionReset
        default: .malformedAnswer
        }
      }
    return Diagnosis(failure: failure, message: error.message)
  }

  /// libcurl has one code for a connection that broke and for an answer that it could not read.
  private static func isAboutSyntax(_ message: String) -> Bool {
    ["chunked-encoding", "response headers", "Invalid", "Nul byte", "header", "CONTINUATION"].contains(
      where: message.contains)
  }

  /// A record that TLS refuses, in words of OpenSSL; a connection that just ends is not TLS's fault.
  private static func isAboutTLS(_ message: String) -> Bool {
    message.contains("SSL routines") && !message.contains("unexpected eof")
  }

  /// What a status that was not expected means, by the status and, where AWS says more, its body. The messages
  /// are those of API Gateway's REST and HTTP APIs and of Lambda function URLs.
  ///
  /// - Parameter redact: takes secrets out of the server's words before they are shortened.
  public static func diagnosis(
    status: Int, headers: [HTTPField], body: [UInt8], redact: (String) -> String = { $0 }
  ) -> Diagnosis {
    let said = serverMessage(body).map { String(redact($0).prefix(200)) }
    let quoted = said.map { ": \"\($0)\"" } ?? ""
    let failure = GatewayAnswer(status: status, headers: headers, said: said).failure
    return Diagnosis(failure: failure, message: "answered \(status)\(quoted)")
  }

  /// The `message` that AWS's answers carry, or the title of a page, as load balancers and CloudFront answer; nil where
  /// the body is neither.
  static func serverMessage(_ body: [UInt8]) -> String? {
    guard body.count < 65_536, let first = body.first(where: { $0 > 0x20 }) else { return nil }
    if first == UInt8(ascii: "<") { return title(body) }
    guard first == UInt8(ascii: "{") else { return nil }
    // A body that is no JSON has no message to show: that is an answer, not an error.
    guard let value = try? JSONValue(parsing: body) else { return nil }
    for name in ["message", "Message", "errorMessage", "error"] {
      if let text = value[name]?.string, !text.isEmpty { return text }
    }
    return nil
  }

  /// What stands between `<title>` and `</title>`, on one line.
  private static func title(_ body: [UInt8]) -> String? {
    let text = String(decoding: body.prefix(4096), as: UTF8.self)
    let lower = text.lowercased()
    guard lower.utf8.count == text.utf8.count, let open = lower.firstRange(of: "<title>"),
      let close = lower[open.upperBound...].firstRange(of: "</title>")
    else { return nil }
    let words = lower[open.upperBound..<close.lowerBound]
    let start = lower.utf8.distance(from: lower.startIndex, to: words.startIndex)
    let bytes = Array(text.utf8)[start..<start + words.utf8.count]
    let found = String(decoding: bytes, as: UTF8.self).split { $0.isWhitespace }.joined(separator: " ")
    return found.isEmpty ? nil : found
  }
}
