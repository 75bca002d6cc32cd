import HTTPTransport
import SystemInterfaces

/// What an answer of gRPC says: its status stands in the trailers, behind the body, and HTTP's own is 200 whatever
/// happened.
struct GRPCAnswer {
  private let response: HTTPResponse

  /// Nil where the answer is none of gRPC.
  init?(_ response: HTTPResponse) {
    guard GRPCAnswer.isGRPC(response.headers.first("content-type")) else { return nil }
    self.response = response
  }

  /// Whether a content type is gRPC's over HTTP/2; gRPC-Web has its trailers in the body.
  static func isGRPC(_ type: String?) -> Bool {
    guard let bare = type?.prefix(while: { $0 != ";" }).lowercased() else { return false }
    return bare == "application/grpc" || bare.hasPrefix("application/grpc+")
  }

  /// Why the call did not succeed; nil where it did.
  func failure(redact: (String) -> String) -> Diagnosis? {
    guard let text = response.headers.first("grpc-status") else {
      return Diagnosis(
        failure: .truncatedAnswer, message: "the answer ended without grpc-status: its trailers did not come")
    }
    guard let code = Int(text) else {
      return Diagnosis(failure: .malformedAnswer, message: "grpc-status is \(redact(text).prefix(40))")
    }
    if code == 0 { return nil }
    let said = response.headers.first("grpc-message").map {
      String(redact(PercentEncoding.decode($0) ?? $0).prefix(200))
    }
    let name = GRPCAnswer.names.indices.contains(code) ? " (\(GRPCAnswer.names[code]))" : ""
    let quoted = said.map { $0.isEmpty ? "" : ": \"\($0)\"" } ?? ""
    return Diagnosis(failure: GRPCAnswer.kind(code), message: "grpc-status \(code)\(name)\(quoted)")
  }

  /// Why a health check's answer does not say that the service is serving; nil where it does.
  func complaint() -> Diagnosis? {
    // One byte for compression, four for the length, then the message: field 1 is the status.
    let body = response.body
    guard body.count >= 5, body[0] == 0 else {
      return Diagnosis(failure: .malformedAnswer, message: "the answer is no message of a health check")
    }
    var status = 0
    var message = body[5...].prefix(body[1..<5].reduce(0) { $0 << 8 | Int($1) })
    while let tag = message.popFirst(), let value = GRPCAnswer.number(&message) {
      // Other fields are passed over; those that hold texts say how long they are.
      if tag == 0x08 { status = value } else if tag & 7 == 2 { message = message.dropFirst(value) }
    }
    if status == 1 { return nil }
    let word = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"]
    return Diagnosis(
      failure: .unhealthy, message: "says \(word.indices.contains(status) ? word[status] : "\(status)")")
  }

  /// A number of variable length.
  private static func number(_ bytes: inout ArraySlice<UInt8>) -> Int? {
    var value = 0
    for shift in stride(from: 0, to: 63, by: 7) {
      guard let byte = bytes.popFirst() else { return nil }
      value |= Int(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
    }
    return nil
  }

  private static let names = [
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
    "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
  ]

  private static func kind(_ code: Int) -> FailureClass {
    switch code {
    case 4: .timedOut
    case 5, 12: .notFound
    case 7: .forbidden
    case 8: .throttled
    case 14: .unavailable
    case 16: .unauthorized
    default: .serverError
    }
  }
}
