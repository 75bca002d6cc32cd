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

  // As API Gateway's REST APIs answer, with the exception that they name in a field.
  @Test(arguments: [
    (403, "MissingAuthenticationTokenException", "x", FailureClass.routeMissing),
    (403, "IncompleteSignatureException", "'abc' not a valid key=value pair", .routeMissing),
    (
      403, "", "'tok' not a valid key=value pair (missing equal-sign) in Authorization header: 'Bearer tok'.",
      .routeMissing
    ),
    (403, "", "Authorization header requires 'Credential' parameter. Authorization …", .routeMissing),
    (403, "ForbiddenException", "Forbidden", .forbidden),
    (403, "AccessDeniedException", "User: anonymous is not authorized to perform: …", .forbidden),
    (403, "ExpiredTokenException", "The security token included in the request is expired", .unauthorized),
    (403, "InvalidSignatureException", "x", .unauthorized),
    (429, "LimitExceededException", "Limit Exceeded", .throttled),
    (500, "InternalServerErrorException", "Internal server error", .gatewayFailed),
    (500, "AuthorizerConfigurationException", "", .gatewayFailed),
    (500, "", "Internal server error", .serverError),
    (502, "InternalServerErrorException", "Internal server error", .functionFailed),
    (504, "InternalServerErrorException", "Endpoint request timed out", .functionTimedOut),
    (504, "", "Network error communicating with endpoint", .integrationFailed),
    (403, "InvalidSignatureException:http://internal.amazon.com/", "x", .unauthorized),
  ])
  func `by the exception that a REST API names`(
    status: Int, exception: String, message: String, expected: FailureClass
  ) {
    let found = AnswerClassifier.diagnosis(
      status: status, headers: exception.isEmpty ? [] : [HTTPField("x-amzn-ErrorType", exception)],
      body: Array("{\"message\":\"\(message)\"}".utf8))
    #expect(found.failure == expected)
  }

  @Test func `an HTTP API's function that broke is told from an application's own 500`() {
    let body = Array(#"{"message":"Internal Server Error"}"#.utf8)
    let gateway = [HTTPField("Apigw-Requestid", "abc=")]
    #expect(AnswerClassifier.diagnosis(status: 500, headers: gateway, body: body).failure == .functionFailed)
    #expect(AnswerClassifier.diagnosis(status: 500, headers: [], body: body).failure == .serverError)
  }

  @Test func `of a page the title is quoted`() {
    let page = "<html>\r\n<head><TITLE>503 Service\n Temporarily Unavailable</TITLE></head>"
    #expect(
      AnswerClassifier.diagnosis(status: 503, headers: [], body: Array(page.utf8)).message
        == #"answered 503: "503 Service Temporarily Unavailable""#)
    #expect(
      AnswerClassifier.diagnosis(status: 503, headers: [], body: Array("<p>no title".utf8)).message
        == "answered 503")
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
