import HTTPTransport
import SystemInterfaces
import TestSupport
import Testing

@testable import AWSClients

/// Each form of an error answer, and what a step is told.
@Suite struct AWSErrorTests {
  static func queryError(_ code: String, _ message: String = "words") -> String {
    "<ErrorResponse><Error><Type>Sender</Type><Code>\(code)</Code><Message>\(message)</Message></Error>"
      + "<RequestId>r-1</RequestId></ErrorResponse>"
  }

  /// The error of a DescribeStacks that is answered so.
  func error(_ status: Int, _ body: String, _ headers: [HTTPField] = []) async -> AWSError? {
    let client = AWSClient.over(
      ScriptedTransport { _ in .text(status, body, headers) }, ["AWS_MAX_ATTEMPTS": "1"])
    return await #expect(throws: AWSError.self) {
      try await CloudFormationClient(client).describeStacks("shop")
    }
  }

  @Test(arguments: [
    (400, "Throttling", "", AWSError.Kind.throttled), (400, "RequestLimitExceeded", "", .throttled),
    (403, "ExpiredToken", "", .credentialsExpired), (403, "InvalidClientTokenId", "", .credentialsInvalid),
    (403, "SignatureDoesNotMatch", "", .credentialsInvalid), (403, "AccessDenied", "", .accessDenied),
    (400, "AccessDeniedException", "", .accessDenied),
    (403, "MissingAuthenticationToken", "", .credentialsMissing),
    (400, "ValidationError", "Stack with id shop does not exist", .notFound),
    (400, "ValidationError", "No updates are to be performed.", .noUpdates),
    (400, "ValidationError", "Stack is in UPDATE_IN_PROGRESS state", .other),
    (400, "TokenAlreadyExistsException", "", .conflict), (404, "ChangeSetNotFound", "", .notFound),
    (404, "DBInstanceNotFound", "", .notFound), (400, "InvalidDBInstanceState", "", .conflict),
    (503, "ServiceUnavailable", "", .transient), (500, "InternalFailure", "", .transient),
    (400, "InsufficientCapabilitiesException", "", .other),
  ]) func `codes of the query protocol`(status: Int, code: String, message: String, kind: AWSError.Kind)
    async
  {
    let error = await error(status, Self.queryError(code, message))
    #expect(error?.kind == kind)
    #expect(error?.code == code)
    #expect(error?.requestId == "r-1")
    #expect(error?.statusCode == status)
  }

  @Test(arguments: [
    (400, #"{"__type":"com.amazonaws.x#ResourceNotFoundException","message":"m"}"#, AWSError.Kind.notFound),
    (400, #"{"__type":"ThrottlingException","Message":"m"}"#, .throttled),
    (400, #"{"__type":"ExpiredTokenException","message":"m"}"#, .credentialsExpired),
    (403, #"{"message":"m"}"#, .accessDenied), (429, #"{"message":"m"}"#, .throttled),
    (409, #"{"Type":"User","code":"ResourceConflictException","message":"m"}"#, .conflict),
  ]) func `errors in JSON`(status: Int, body: String, kind: AWSError.Kind) async {
    let error = await error(status, body)
    #expect(error?.kind == kind)
    #expect(error?.message == "m")
  }

  @Test func `the code in a header`() async {
    let field = HTTPField("X-Amzn-ErrorType", "ResourceNotFoundException:http://internal/")
    let error = await error(404, #"{"Message":"Function not found"}"#, [field])
    #expect(error?.code == "ResourceNotFoundException")
    #expect(error?.kind == .notFound)
  }

  @Test func `a page of somebody else's`() async {
    let error = await error(502, "<html><body>Bad\nGateway</body></html>")
    #expect(error?.kind == .transient)
    let text = await self.error(407, "Proxy Authentication\nRequired")
    #expect(text?.message == "Proxy Authentication Required")
  }

  @Test func `an answer that is no XML`() async {
    let error = await error(200, "{}")
    #expect(error?.kind == .badAnswer)
    #expect(error?.message.hasPrefix("the answer is no XML") == true)
  }

  @Test func `the message says what was tried, where, what came back, and what to do`() async {
    let error = await error(403, Self.queryError("AccessDenied", "User: u is not authorized"))
    #expect(
      error?.description
        == "CloudFormation DescribeStacks of stack shop at cloudformation.us-east-1.amazonaws.com was answered "
        + "403 AccessDenied: User: u is not authorized [request r-1]")
    #expect(
      error?.advice == "permit CloudFormation DescribeStacks to this role or user, and run the step again")
  }

  @Test func `a host that cannot be reached`() async {
    let client = AWSClient.over(
      ScriptedTransport { _ in throw TransferError(.connectionFailed, code: 7, message: "refused") })
    let error = await #expect(throws: AWSError.self) { try await STSClient(client).getCallerIdentity() }
    #expect(error?.kind == .unreachable)
    #expect(error?.attempts == 5)
    #expect(
      error?.description
        == "STS GetCallerIdentity at sts.us-east-1.amazonaws.com got no answer: refused (after 5 attempts)")
  }

  @Test(arguments: AWSError.Kind.all) func `every kind but two has advice`(kind: AWSError.Kind) {
    let error = AWSError(kind: kind, message: "m", service: "S", operation: "O")
    #expect(error.advice.isEmpty == [.noUpdates, .other].contains(kind))
  }
}

extension AWSError.Kind {
  static let all: [AWSError.Kind] = [
    .throttled, .credentialsMissing, .credentialsExpired, .credentialsInvalid, .accessDenied, .notFound,
    .quotaExceeded, .noUpdates, .conflict, .transient, .unreachable, .replyLost, .badAnswer, .other,
  ]
}
