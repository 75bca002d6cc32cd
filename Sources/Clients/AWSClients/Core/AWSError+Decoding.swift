import HTTPTransport
import JSONValues

extension AWSError {
  /// The error that an answer outside 200…299 carries.
  init(response: HTTPResponse, operation: AWSOperation, host: String, attempt: Int) {
    let found = ErrorDocument(response)
    self.init(
      kind: found.isForeign && response.status < 500 && response.status != 429
        ? .badAnswer : AWSError.kind(code: found.code, message: found.message, status: response.status),
      code: found.code, message: found.message, statusCode: response.status,
      requestId: found.requestId ?? response.headers.first("x-amzn-requestid")
        ?? response.headers.first("x-amz-request-id"),
      service: operation.service.displayName, operation: operation.name, host: host,
      subject: operation.subject, attempts: attempt)
    if operation.service == .s3 {
      bucketRegion = response.headers.first("x-amz-bucket-region") ?? found.region
    }
  }

  /// The error of a request that got no answer.
  init(transfer: TransferError, operation: AWSOperation, host: String, attempt: Int) {
    // Only where the request cannot have arrived is it certain that nothing was done.
    let neverArrived = [
      TransferError.Kind.nameNotResolved, .connectionFailed, .tlsFailed, .badRequest, .proxyFailed,
    ]
    .contains(transfer.kind)
    let isLost = operation.repeating == .unsafe && !neverArrived
    self.init(
      kind: isLost ? .replyLost : transfer.kind == .bodyTooLarge ? .badAnswer : .unreachable,
      message: transfer.message, service: operation.service.displayName, operation: operation.name,
      host: host, subject: operation.subject, attempts: attempt)
  }

  /// Codes as the services and their models name them; where they give none, the status decides.
  static func kind(code: String, message: String, status: Int) -> Kind {
    if message.contains("No updates are to be performed") { return .noUpdates }
    if throttling.contains(code) || status == 429 { return .throttled }
    if quotas.contains(code) { return .quotaExceeded }
    if expired.contains(code) || message.contains("security token included in the request is expired") {
      return .credentialsExpired
    }
    if missing.contains(code) { return .credentialsMissing }
    if invalid.contains(code) || skew.contains(code) { return .credentialsInvalid }
    if denied.contains(code) { return .accessDenied }
    if conflicts.contains(code) { return .conflict }
    if missingNames.contains(code) || isNotFoundName(code) { return .notFound }
    // CloudFormation says so in words alone.
    if code == "ValidationError", message.contains("does not exist") { return .notFound }
    if transient.contains(code) { return .transient }
    switch status {
    case 401, 403: return .accessDenied
    case 404: return .notFound
    case 500...: return .transient
    default: return .other
    }
  }

  private static func isNotFoundName(_ code: String) -> Bool {
    ["NotFound", "NotFoundFault", "NotFoundException", "DoesNotExist", "DoesNotExistException"].contains {
      code.hasSuffix($0)
    }
  }

  static let throttling: Set<String> = [
    "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
    "TooManyRequestsException", "ProvisionedThroughputExceededException", "TransactionInProgressException",
    "RequestLimitExceeded", "BandwidthLimitExceeded", "RequestThrottled", "SlowDown",
    "PriorRequestNotComplete", "EC2ThrottledException",
  ]
  /// They look like throttling, and no waiting cures them.
  private static let quotas: Set<String> = [
    "LimitExceededException", "LimitExceeded", "LimitExceededFault", "CodeStorageExceededException",
    "SnapshotQuotaExceeded", "DBClusterSnapshotQuotaExceeded", "InstanceQuotaExceeded",
    "DBClusterQuotaExceededFault", "StorageQuotaExceeded", "ServiceQuotaExceededException",
  ]
  /// This machine's clock is off: the answer's date says by how much.
  static let skew: Set<String> = ["RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"]
  private static let expired: Set<String> = [
    "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "ExpiredTokenError",
  ]
  private static let missing: Set<String> = [
    "MissingAuthenticationToken", "MissingAuthenticationTokenException",
  ]
  private static let invalid: Set<String> = [
    "InvalidClientTokenId", "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidSignatureException",
    "UnrecognizedClientException", "AuthFailure", "IncompleteSignature", "InvalidToken",
    "InvalidIdentityToken",
    "NotSignedUp", "OptInRequired",
  ]
  private static let denied: Set<String> = [
    "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedAccess",
    "NotAuthorized", "AccessDeniedFault", "ForbiddenException", "UnauthorizedException", "AllAccessDisabled",
  ]
  private static let conflicts: Set<String> = [
    "OperationInProgressException", "OperationInProgress", "ResourceConflictException", "ConflictException",
    "TokenAlreadyExistsException", "InvalidChangeSetStatus", "InvalidChangeSetStatusException",
    "AlreadyExistsException", "InvalidDBInstanceState", "InvalidDBClusterStateFault",
    "InvalidDBSnapshotState",
    "InvalidDBClusterSnapshotStateFault", "DBSnapshotAlreadyExists", "DBInstanceAlreadyExists",
    "DBClusterSnapshotAlreadyExistsFault", "DBClusterAlreadyExistsFault", "PreconditionFailedException",
    "ResourceExistsException", "ExecutionAlreadyExists", "PreconditionFailed",
  ]
  private static let missingNames: Set<String> = [
    "NoSuchKey", "NoSuchBucket", "NoSuchVersion", "ParameterNotFound", "ParameterVersionNotFound",
    "StateMachineDoesNotExist", "ExecutionDoesNotExist", "ChangeSetNotFound",
  ]
  private static let transient: Set<String> = [
    "InternalFailure", "InternalError", "InternalServerError", "InternalServiceError",
    "ServiceUnavailable", "ServiceUnavailableException", "ServiceException", "RequestTimeout",
    "RequestTimeoutException", "IDPCommunicationError",
  ]
}

/// Code and words of an error answer, in whichever of AWS's forms it came.
private struct ErrorDocument {
  var code = ""
  var message = ""
  var requestId: String?
  var region: String?
  /// Not of any form that AWS's errors have, such as the page of a proxy that wants a password.
  var isForeign = false

  init(_ response: HTTPResponse) {
    // `X-Amzn-Errortype: ResourceNotFoundException:http://internal.amazon.com/…`
    if let type = response.headers.first("x-amzn-errortype") { code = ErrorDocument.shortened(type) }
    let first = response.body.first { $0 > 0x20 }
    if first == UInt8(ascii: "{"), let json = try? JSONValue(parsing: response.body) {
      if code.isEmpty {
        code = ErrorDocument.shortened(json.text("__type") ?? json.text("code") ?? json.text("Code") ?? "")
      }
      message = json.text("message") ?? json.text("Message") ?? json.text("errorMessage") ?? ""
    } else if first == UInt8(ascii: "<"), let root = try? XMLReader.parse(response.body) {
      let error = root.name == "Error" ? root : root["Error"] ?? root["Errors"]?["Error"] ?? root
      if let found = error.nonEmpty("Code") { code = found }
      message = error.text("Message") ?? error.text("message") ?? ""
      region = error.nonEmpty("Region")
      requestId = root.nonEmpty("RequestId") ?? root.nonEmpty("RequestID") ?? error.nonEmpty("RequestId")
    }
    if code.isEmpty, message.isEmpty {
      // Not AWS's form, perhaps a proxy's page: its beginning helps the reader.
      message = String(decoding: response.body.prefix(200), as: UTF8.self)
        .split { $0.isNewline }.joined(separator: " ")
      isForeign = !response.body.isEmpty || (300..<400).contains(response.status)
    }
  }

  /// `aws.prefix#Name:http://…` as `Name`.
  private static func shortened(_ type: String) -> String {
    let name = type.split(separator: ":", omittingEmptySubsequences: false).first ?? ""
    return String(name.split(separator: "#").last ?? "")
  }
}
