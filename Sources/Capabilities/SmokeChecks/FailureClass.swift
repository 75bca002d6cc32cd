/// What kind of failure it was, told apart so that a person knows where to look.
public enum FailureClass: String, Hashable, Sendable, Codable, CaseIterable {
  // On the way.
  case nameNotResolved = "dns"
  case connectionRefused = "connection-refused"
  case connectionFailed = "connection-failed"
  case connectionReset = "connection-reset"
  case tlsFailed = "tls"
  case certificateExpiring = "certificate-expiring"
  case timedOut = "timeout"
  case proxyFailed = "proxy"
  case thisMachine = "this-machine"
  // An answer that is none.
  case emptyAnswer = "empty-answer"
  case truncatedAnswer = "truncated-answer"
  case malformedAnswer = "malformed-answer"
  case badEncoding = "bad-encoding"
  case bodyTooLarge = "body-too-large"
  case redirectLoop = "redirect-loop"
  // What AWS and servers in general answer.
  case routeMissing = "route-missing"
  case forbidden = "forbidden"
  case unauthorized = "unauthorized"
  case openWithoutKey = "open-without-key"
  case notFound = "not-found"
  case throttled = "throttled"
  case serverError = "server-error"
  case functionFailed = "function-failed"
  case unavailable = "unavailable"
  case functionTimedOut = "function-timeout"
  case gatewayFailed = "gateway-failed"
  case integrationFailed = "integration-failed"
  case coldStart = "cold-start"
  // What the check itself asks for.
  case unexpectedStatus = "unexpected-status"
  case assertion = "assertion"
  case unhealthy = "unhealthy"
  case oldVersion = "old-version"
  case regressed = "regressed"
  case latency = "latency"
  // What the control plane says.
  case stackState = "stack-state"
  case stackMissing = "stack-missing"
  case functionState = "function-state"
  case stateMachineState = "state-machine-state"
  case databaseState = "database-state"
  case resourceMissing = "resource-missing"
  case integrity = "integrity"
  case sql = "sql"
  case execution = "execution"
  case controlPlane = "control-plane"
  // Why a check could not be run.
  case badRequest = "bad-request"
  case variable = "variable"
  case capture = "capture"
  case file = "file"
  case dependency = "dependency"
  case writesNotAllowed = "writes-not-allowed"
  case skippedByFile = "skipped-by-file"
  case noBaseline = "no-baseline"
  case deadline = "deadline"
  case other = "other"
}

extension FailureClass {
  /// Whether the same request may pass a moment later while a deployment settles. What is false here ends a
  /// check at once.
  public var settles: Bool {
    switch self {
    case .nameNotResolved, .connectionRefused, .connectionFailed, .connectionReset, .timedOut, .proxyFailed,
      .emptyAnswer, .truncatedAnswer, .routeMissing, .throttled, .serverError, .functionFailed, .unavailable,
      .functionTimedOut, .gatewayFailed, .integrationFailed, .coldStart, .oldVersion:
      true
    default: false
    }
  }

  /// Whether nothing came back at all, so that the fault may also be in the network on this side.
  public var isWithoutAnswer: Bool {
    switch self {
    case .nameNotResolved, .connectionRefused, .connectionFailed, .timedOut, .proxyFailed, .thisMachine: true
    default: false
    }
  }

  /// Whether the fault may be in the network or the settings on this side.
  public var mayBeThisMachine: Bool { isWithoutAnswer || self == .tlsFailed || self == .connectionReset }

  /// What to look at, in one sentence.
  public var advice: String {
    switch self {
    case .nameNotResolved:
      "Check the host name in API_ENDPOINT and whether the API or its custom domain still exists."
    case .connectionRefused: "Nothing listens there: check host and port, and whether the service is running."
    case .connectionFailed: "Check the network path: security groups, private endpoints, firewalls, proxies."
    case .connectionReset: "The server ended the connection: look for a crash or a load balancer's limit."
    case .tlsFailed: "Check the certificate's names, chain and dates, and the TLS versions the server offers."
    case .certificateExpiring: "Renew the certificate, or find out why its automatic renewal fails."
    case .timedOut:
      "Look at the function's duration, its start-up time and what it waits for (database, network)."
    case .proxyFailed: "Check http_proxy, https_proxy and no_proxy."
    case .thisMachine: "Nothing is known of the service: check this machine's proxy and CA settings."
    case .emptyAnswer: "The server closed the connection without a word: look for a crash in its log."
    case .truncatedAnswer: "The answer ended before its stated length: look for a crash while it was written."
    case .malformedAnswer: "What answers is no HTTP server, or a proxy in between garbles it."
    case .badEncoding:
      "The body is not what Content-Encoding says: look at compression in the server or a proxy."
    case .bodyTooLarge: "The answer is far larger than a check expects: look at what the route returns."
    case .redirectLoop: "Follow the Location headers by hand: two rules send the request back and forth."
    case .routeMissing:
      "API Gateway knows no such route in the deployed stage: was the stage deployed after the route was added?"
    case .forbidden: "Check API key, usage plan, resource policy, authoriser and web application firewall."
    case .unauthorized: "Check the credentials that the check sends, and the authoriser."
    case .openWithoutKey: "The route answers without the API key: check ApiKeyRequired and the usage plan."
    case .notFound: "The service answers, but not on this path: check the path and the route's integration."
    case .throttled: "Check the stage's and usage plan's limits and the function's reserved concurrency."
    case .serverError: "Look at the function's log for the exception behind this answer."
    case .functionFailed:
      "The function broke or answered in a form API Gateway cannot use: look at its log and its last change."
    case .unavailable: "Look at the service's health, its concurrency limits and the integration behind it."
    case .functionTimedOut:
      "The function did not answer within the integration's limit: look at its duration."
    case .gatewayFailed:
      "API Gateway could not call the function: look at its invoke permission, the authoriser and the mappings."
    case .integrationFailed:
      "API Gateway could not reach what stands behind the route: look at VPC link, targets and security groups."
    case .coldStart: "Only the first request was slow or failed: look at the function's start-up time."
    case .unexpectedStatus: "Compare the route's behaviour with what the check expects."
    case .assertion: "Compare the answer with what the check expects."
    case .unhealthy: "The service itself says it is not healthy: look at the part it names."
    case .oldVersion:
      "The deployment is not in effect: look at stage deployment, alias, function version, caches."
    case .regressed: "This worked before the deployment: compare with the recorded answer."
    case .latency: "Much slower than before the deployment: look at durations, cold starts and the database."
    case .stackState: "Look at the stack's events for the first failure."
    case .stackMissing: "Check the stack's name in the configuration, the region and the account."
    case .functionState: "Look at the function's StateReason and LastUpdateStatusReason."
    case .stateMachineState:
      "Look at the state machine in the console; one that is DELETING does not come back."
    case .databaseState: "Look at the database's events."
    case .resourceMissing: "The stack lists it but the service does not know it: it was deleted by hand."
    case .integrity: "Compare the data with what the query expects before anything else writes to it."
    case .sql: "Run the query by hand with psql; look at the role's rights and at the last migration."
    case .execution: "Look at the execution's history in Step Functions for the first state that failed."
    case .controlPlane: "AWS could not be asked: check network, credentials, permissions and region."
    case .badRequest: "Correct the URL or the request in the check."
    case .variable: "Define the variable in the configuration, with --variable, or capture it before its use."
    case .capture: "The answer lacks what a later check needs."
    case .file: "Put the file where the check looks for it, inside the project's folder."
    case .dependency: "An earlier check that this one needs did not pass; look there first."
    case .writesNotAllowed: "Allow it in the policy (smoke.writesInProduction) if it is safe."
    case .skippedByFile: "The file itself asks to skip it."
    case .noBaseline: "Run preflight-snapshot before the deployment."
    case .deadline: "The run's total time was up; raise --deadline or look at what took so long."
    case .other: "See the message."
    }
  }
}
