import HTTPTransport
import JSONValues
import SystemInterfaces

/// What all service clients share: where requests go, who signs them, how often they are tried.
public final class AWSClient: Sendable {
  /// Where calls go unless they say otherwise, such as `eu-central-1`.
  public let region: String
  /// The account of the role that it acts as; nil where the credentials are the run's own, and nobody asked whose.
  public let account: String?
  let configuration: AWSConfiguration
  let transport: any HTTPTransport
  let clock: any WallClock
  let random: Randomness
  let credentials: any AWSCredentialsProvider
  let endpoints: AWSEndpoints
  let retries: AWSRetries
  let concurrency = AWSConcurrency()
  let userAgent: String

  /// A client of `region`.
  /// - Parameters:
  ///   - configuration: `AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_<SERVICE>`, `AWS_MAX_ATTEMPTS` and the like are read from it.
  ///   - credentials: asked before every call; it caches by itself.
  public init(
    transport: any HTTPTransport, clock: any WallClock, random: Randomness, configuration: AWSConfiguration,
    region: String, credentials: any AWSCredentialsProvider, userAgent: String = "backstop",
    account: String? = nil
  ) {
    self.region = region
    self.account = account
    self.configuration = configuration
    self.transport = transport
    self.clock = clock
    self.random = random
    self.credentials = credentials
    self.userAgent = userAgent
    endpoints = AWSEndpoints(configuration)
    retries = AWSRetries(environment: configuration.environment, clock: clock, random: random)
  }

  /// Sends `operation`, with retries.
  /// - Throws: `AWSError`, `CredentialsError` or `CancellationError`.
  /// - Parameter counter: counts each attempt.
  func send(_ operation: AWSOperation, counter: AttemptCounter? = nil) async throws -> HTTPResponse {
    do {
      return try await retries.run(operation) { [self] in
        counter?.add()
        return try await sendOnce(operation, attempt: $0)
      }
    } catch let error as AWSError where error.kind == .credentialsExpired && operation.isSigned {
      // AWS may call them expired before we do: a long watch outlives what a CI job was given.
      guard await credentials.forget() else { throw error }
      return try await retries.run(operation) { [self] in
        counter?.add()
        return try await sendOnce(operation, attempt: $0)
      }
    }
  }

  /// The `…Result` of a query protocol call; an element without children where it has none.
  func query(_ operation: AWSOperation, counter: AttemptCounter? = nil) async throws -> XMLElement {
    let response = try await send(operation, counter: counter)
    let root = try xml(response, operation)
    // A page that a proxy puts in front of a network may be well-formed, and is no answer.
    guard root.name == operation.name + "Response" else {
      throw badAnswer(operation, response, "the answer is a <\(root.name)>, not an \(operation.name)Response")
    }
    if let result = root[operation.name + "Result"] { return result }
    // What only changes something is answered without a result; what was asked for cannot be missing.
    guard !operation.onlyReads else {
      throw badAnswer(operation, response, "the answer holds no \(operation.name)Result")
    }
    return XMLElement(name: operation.name + "Result")
  }

  /// The answer of a call that answers in JSON; an empty object where the body is empty.
  func json(_ operation: AWSOperation) async throws -> JSONValue {
    let response = try await send(operation)
    if response.body.isEmpty {
      guard !operation.onlyReads || response.status != 200 else {
        throw badAnswer(operation, response, "the answer is empty")
      }
      return .object(JSONObject())
    }
    do {
      return try JSONValue(parsing: response.body)
    } catch {
      throw badAnswer(operation, response, "the answer is no JSON: \(error)")
    }
  }

  /// From `time` on no call is tried again, and none waits longer for its answer: one limit for everything that a run does.
  public func limit(to time: Timestamp) { retries.limit(to: time) }

  func xml(_ response: HTTPResponse, _ operation: AWSOperation) throws -> XMLElement {
    do {
      return try XMLReader.parse(response.body)
    } catch {
      throw badAnswer(operation, response, "the answer is no XML: \(error)")
    }
  }

  /// An answer that lacks what the service documents.
  func badAnswer(_ operation: AWSOperation, _ response: HTTPResponse? = nil, _ message: String) -> AWSError {
    AWSError(
      kind: .badAnswer, message: message, statusCode: response?.status ?? 200,
      service: operation.service.displayName, operation: operation.name,
      host: endpoints.endpoint(of: operation.service, region: region).authority, subject: operation.subject)
  }

  /// What stands at `url`, an address that is signed already: a secret, so messages do not show it.
  func download(_ url: String, _ operation: AWSOperation, maximumBytes: Int) async throws -> [UInt8] {
    var request = HTTPRequest("GET", url, timeout: .seconds(300))
    request.options.maximumBodyBytes = maximumBytes
    let sent = request
    return try await retries.run(operation) { [self] attempt in
      let response: HTTPResponse
      do {
        response = try await transport.send(sent)
      } catch let error as TransferError {
        throw AWSError(
          transfer: error, operation: operation, host: "its signed address", attempt: attempt.number)
      }
      guard response.status == 200 else {
        throw AWSFailure(
          error: AWSError(
            response: response, operation: operation, host: "its signed address", attempt: attempt.number),
          response: response)
      }
      return response.body
    }
  }

  // MARK: - One attempt

  private func sendOnce(_ operation: AWSOperation, attempt: AWSAttempt) async throws -> HTTPResponse {
    let service = operation.service.displayName
    await concurrency.enter(service)
    do {
      let response = try await sendNow(operation, attempt: attempt)
      concurrency.leave(service, isThrottled: false)
      return response
    } catch {
      concurrency.leave(service, isThrottled: (error as? AWSFailure)?.error.kind == .throttled)
      throw error
    }
  }

  private func sendNow(_ operation: AWSOperation, attempt: AWSAttempt) async throws -> HTTPResponse {
    try Task.checkCancellation()
    let endpoint = endpoints.endpoint(of: operation.service, region: operation.region ?? region)
    var request = HTTPRequest(
      operation.method, endpoint.url(of: operation), headers: operation.headers, body: operation.body,
      timeout: retries.timeout(operation.timeout))
    request.options.maximumBodyBytes = operation.maximumBodyBytes
    // A key of S3 may hold `..`; the signature is over the path as it stands.
    request.options.sendsPathAsIs = operation.service == .s3
    request.headers.append(HTTPField("User-Agent", userAgent))
    request.headers.append(
      HTTPField("amz-sdk-request", "attempt=\(attempt.number); max=\(attempt.maximum)"))
    request.headers.append(HTTPField("amz-sdk-invocation-id", attempt.invocationId))
    if operation.isSigned {
      let signer = SigV4Signer(
        credentials: try await credentials.credentials(), region: endpoint.region,
        service: operation.service.signingName, encodesPathTwice: operation.service != .s3)
      request = signer.signed(request, at: clock.now + attempt.clockOffset)
    }
    let response: HTTPResponse
    do {
      response = try await transport.send(request)
    } catch let error as TransferError {
      throw AWSError(
        transfer: error, operation: operation, host: endpoint.authority, attempt: attempt.number)
    }
    guard (200..<300).contains(response.status) else {
      throw AWSFailure(
        error: AWSError(
          response: response, operation: operation, host: endpoint.authority, attempt: attempt.number),
        response: response)
    }
    if response.isSomebodyElsesPage {
      throw badAnswer(operation, response, "the answer is a web page and none of AWS's")
    }
    return response
  }
}

extension HTTPResponse {
  /// Whether it is a page for people that did not come from AWS: a proxy's, which wants a password or says that it is down.
  var isSomebodyElsesPage: Bool {
    let isAWS = ["x-amzn-requestid", "x-amz-request-id", "x-amz-id-2"].contains { headers.first($0) != nil }
    guard !isAWS else { return false }
    let start = String(decoding: body.prefix(64), as: UTF8.self).drop(while: \.isWhitespace).lowercased()
    return headers.first("content-type")?.lowercased().hasPrefix("text/html") ?? false
      || start.hasPrefix("<!doctype html") || start.hasPrefix("<html")
  }
}

/// An error that came as an answer, with the answer's own advice on when to try again.
struct AWSFailure: Error {
  var error: AWSError
  var response: HTTPResponse
}
