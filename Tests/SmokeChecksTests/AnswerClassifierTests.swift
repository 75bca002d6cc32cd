import HTTPTransport
import SmokeChecks
import Testing

@Suite struct `What an answer means` {
  // The bodies are API Gateway's and Lambda's own.
  @Test(arguments: [
    (403, #"{"message":"Missing Authentication Token"}"#, FailureClass.routeMissing),
    (403, #"{"message":"Forbidden"}"#, .forbidden),
    (403, #"{"Message":"User is not authorized to access this resource"}"#, .forbidden),
    (401, #"{"message":"Unauthorized"}"#, .unauthorized),
    (404, "gone", .notFound),
    (429, #"{"message":"Too Many Requests"}"#, .throttled),
    (500, #"{"message":"Internal Server Error"}"#, .serverError),
    (502, #"{"message": "Internal server error"}"#, .functionFailed),
    (503, #"{"message":"Service Unavailable"}"#, .unavailable),
    (504, #"{"message": "Endpoint request timed out"}"#, .functionTimedOut),
    (301, "", .unexpectedStatus),
    (201, "{}", .unexpectedStatus),
  ])
  func `by status and body`(status: Int, body: String, expected: FailureClass) {
    #expect(
      AnswerClassifier.diagnosis(status: status, headers: [], body: Array(body.utf8)).failure == expected)
  }

  @Test func `an HTTP API without such a route is told from an application's own 404`() {
    let body = Array(#"{"message":"Not Found"}"#.utf8)
    let gateway = [HTTPField("Apigw-Requestid", "abc=")]
    #expect(
      AnswerClassifier.diagnosis(status: 404, headers: gateway, body: body).failure == .routeMissing)
    #expect(AnswerClassifier.diagnosis(status: 404, headers: [], body: body).failure == .notFound)
  }

  @Test func `the server's own words are quoted`() {
    let body = Array(#"{"message":"Missing Authentication Token"}"#.utf8)
    #expect(
      AnswerClassifier.diagnosis(status: 403, headers: [], body: body).message
        == #"answered 403: "Missing Authentication Token""#)
    #expect(
      AnswerClassifier.diagnosis(status: 500, headers: [], body: Array("{broken".utf8)).message
        == "answered 500")
  }

  @Test(arguments: [
    (TransferError(.nameNotResolved, message: ""), FailureClass.nameNotResolved),
    (TransferError(.connectionFailed, code: 7, message: "Connection refused"), .connectionRefused),
    (TransferError(.connectionFailed, code: 7, message: "No route to host"), .connectionFailed),
    (TransferError(.tlsFailed, code: 60, message: ""), .tlsFailed),
    (TransferError(.timedOut, code: 28, message: ""), .timedOut),
    (TransferError(.brokenAnswer, code: 52, message: ""), .emptyAnswer),
    (TransferError(.brokenAnswer, code: 18, message: ""), .truncatedAnswer),
    (TransferError(.brokenAnswer, code: 56, message: ""), .connectionReset),
    (TransferError(.brokenAnswer, code: 61, message: ""), .badEncoding),
    (TransferError(.brokenAnswer, code: 8, message: ""), .malformedAnswer),
    (TransferError(.bodyTooLarge, code: 23, message: ""), .bodyTooLarge),
    (TransferError(.badRequest, code: 3, message: ""), .badRequest),
  ])
  func `by what libcurl says where no answer came`(error: TransferError, expected: FailureClass) {
    #expect(AnswerClassifier.diagnosis(of: error).failure == expected)
  }

  @Test func `every class says what to look at`() {
    for failure in FailureClass.allCases {
      #expect([".", "?"].contains(failure.advice.last), "\(failure)")
      #expect(failure.advice.count < 140, "\(failure)")
    }
    #expect(Set(FailureClass.allCases.map(\.rawValue)).count == FailureClass.allCases.count)
  }
}
