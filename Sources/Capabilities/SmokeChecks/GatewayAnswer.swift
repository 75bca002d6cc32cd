import HTTPTransport

/// An answer that was not the expected one, as API Gateway (REST and HTTP APIs) and Lambda function URLs give it.
///
/// The words and statuses are those of API Gateway's default gateway responses; REST APIs name the exception in
/// `x-amzn-ErrorType` besides.
struct GatewayAnswer {
  let status: Int
  let headers: [HTTPField]
  /// The answer's `message`.
  let said: String?

  var failure: FailureClass {
    switch status {
    case 401: .unauthorized
    case 403: forbidden
    case 404: isUnknownRoute ? .routeMissing : .notFound
    case 429: .throttled
    case 500:
      isOfGateway ? .gatewayFailed : isOfHTTPAPI("Internal Server Error") ? .functionFailed : .serverError
    case 502: .functionFailed
    case 503: .unavailable
    case 504: says("Network error communicating with endpoint") ? .integrationFailed : .functionTimedOut
    case 500...: .serverError
    default: .unexpectedStatus
    }
  }

  private var exception: String {
    // Some are followed by a colon and a URL.
    String((headers.first("x-amzn-errortype") ?? "").prefix { $0 != ":" })
  }

  private func says(_ words: String) -> Bool { said?.hasPrefix(words) == true }

  private var forbidden: FailureClass {
    // A route that is not there is looked for among those that ask for a signature, so what the answer complains of is
    // the signature: that there is none, or that some other Authorization field is none.
    if exception == "MissingAuthenticationTokenException" || says("Missing Authentication Token") {
      return .routeMissing
    }
    if exception == "IncompleteSignatureException" || says("Authorization header requires 'Credential'")
      || said?.contains("not a valid key=value pair (missing equal-sign) in Authorization header") == true
    {
      return .routeMissing
    }
    let credentials = [
      "ExpiredTokenException", "InvalidSignatureException", "UnrecognizedClientException",
      "InvalidClientTokenId",
    ]
    if credentials.contains(exception) || says("The security token included in the request")
      || says("The request signature we calculated does not match")
    {
      return .unauthorized
    }
    return .forbidden
  }

  /// An HTTP API that has no such route says no more than this; a REST API says 403.
  private var isUnknownRoute: Bool {
    said == "Not Found"
      && (headers.first("apigw-requestid") != nil || headers.first("x-amzn-requestid") != nil)
  }

  /// A REST API that could not even ask the function says so by its exception; a function's own 500 has none.
  private var isOfGateway: Bool {
    ["InternalServerErrorException", "AuthorizerConfigurationException", "AuthorizerFailureException"]
      .contains(exception)
  }

  private func isOfHTTPAPI(_ words: String) -> Bool {
    said == words && headers.first("apigw-requestid") != nil
  }
}
