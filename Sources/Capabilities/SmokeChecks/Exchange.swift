import DeploymentRecords
import HTTPTransport
import JSONValues
import SystemInterfaces

/// One request and what came of it, as checks see it.
enum Exchange {
  /// The most that a check reads of a body: what is larger is no answer that a check can judge.
  static let maximumBodyBytes = 16 << 20
  /// A body that no condition looks at is counted, not kept; what is larger than this is no answer either.
  static let maximumUnreadBytes = 1 << 30
  /// How long events are listened to: a stream of them does not end by itself.
  static let listening = Duration.seconds(5)
  /// Kept of such a body, for its `message`.
  static let excerptBytes = 65_536

  /// Says who asks: firewalls refuse requests that do not.
  static func introduce(_ request: inout HTTPRequest) {
    guard request.headers.first("user-agent") == nil else { return }
    request.headers.append(userAgent)
  }

  private static let userAgent = HTTPField("User-Agent", "backstop/\(ToolVersion.current.version)")

  /// The answer to `request`, or the attempt's failure where none came.
  static func send(
    _ request: HTTPRequest, _ context: AttemptContext
  ) async -> Result<HTTPResponse, ExchangeFailure> {
    do {
      return .success(try await context.transport.send(request))
    } catch let error as TransferError {
      return .failure(ExchangeFailure(AnswerClassifier.diagnosis(of: error)))
    } catch is CancellationError {
      return .failure(
        ExchangeFailure(Diagnosis(failure: .deadline, message: "the run was interrupted"), isCancelled: true))
    } catch {
      return .failure(ExchangeFailure(Diagnosis(failure: .other, message: "\(error)")))
    }
  }

  /// Fills in what every exchange shows.
  static func describe(_ response: HTTPResponse, of request: HTTPRequest, in result: inout AttemptResult) {
    result.method = request.method
    result.url = request.url
    result.status = response.status
    result.address = response.address
    result.waterfall = Waterfall(response.timings)
    if response.status == 429 || response.status == 503, let text = response.headers.first("retry-after"),
      let seconds = Int64(text), seconds >= 0
    {
      result.retryAfter = .seconds(min(seconds, 3600))
    }
  }

  /// Adds how to ask again and what came back, where the attempt did not pass. An answer out of a cache may be one from
  /// before the deployment: then trying again may help.
  static func explain(
    _ response: HTTPResponse, of request: HTTPRequest, in result: inout AttemptResult,
    redact: (String) -> String
  ) {
    guard case .failed(let failure, let message, let settles) = result.verdict else { return }
    result.evidence = Evidence(request, response, redact: redact)
    if let cache = cache(response) {
      result.staleFor = freshness(response)
      if settles { return }
      result.verdict = .failed(
        failure, "\(message); the answer came out of a cache (\(cache))", settles: true)
    }
  }

  /// For how long the cache will not ask again (RFC 9111, section 4.2.1); nil where the answer does not say.
  private static func freshness(_ response: HTTPResponse) -> Duration? {
    let directives = response.headers.all("cache-control").joined(separator: ",").lowercased()
      .split(separator: ",").map { $0.filter { $0 != " " && $0 != "\"" } }
    func seconds(_ name: String) -> Int? {
      directives.first { $0.hasPrefix(name + "=") }.flatMap { Int($0.dropFirst(name.count + 1)) }
    }
    guard let lifetime = seconds("s-maxage") ?? seconds("max-age"), lifetime <= 86_400 else { return nil }
    return .seconds(max(0, lifetime - (response.headers.first("age").flatMap { Int($0) } ?? 0)))
  }

  /// What says that an answer came out of a cache; nil where nothing does.
  static func cache(_ response: HTTPResponse) -> String? {
    if let age = response.headers.first("age"), Int(age).map({ $0 > 0 }) ?? false { return "Age: \(age)" }
    for name in ["x-cache", "cf-cache-status", "x-cache-status"] {
      if let text = response.headers.first(name), text.lowercased().hasPrefix("hit") {
        return "\(name): \(text)"
      }
    }
    return nil
  }

  /// The body as JSON, nil where it is none.
  static func json(_ response: HTTPResponse) -> JSONValue? {
    guard response.droppedBodyBytes == 0, let first = response.body.first(where: { $0 > 0x20 }) else {
      return nil
    }
    guard first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else { return nil }
    // A body that is no JSON is an answer like any other.
    return try? JSONValue(parsing: response.body)
  }

  /// What a baseline keeps of an answer.
  static func observation(_ response: HTTPResponse, json: JSONValue?, version: String?) -> Observation {
    Observation(
      status: response.status, shape: json.map { JSONShape(of: $0) },
      headers: Set(response.headers.map { $0.name.lowercased() }).sorted(),
      certificateIssuer: response.certificate?.issuer,
      certificateExpires: response.certificate.flatMap { HTTPDate.parse($0.expireDate) }, version: version)
  }
}

/// Why no answer came.
struct ExchangeFailure: Error {
  var diagnosis: Diagnosis
  var isCancelled = false

  init(_ diagnosis: Diagnosis, isCancelled: Bool = false) {
    self.diagnosis = diagnosis
    self.isCancelled = isCancelled
  }

  /// As the result of an attempt to send `request`.
  func result(of request: HTTPRequest, redact: (String) -> String) -> AttemptResult {
    var result: AttemptResult
    if isCancelled {
      result = AttemptResult(.skipped(diagnosis.failure, diagnosis.message))
    } else if diagnosis.failure == .badRequest {
      result = AttemptResult(.unusable(diagnosis.failure, diagnosis.message))
    } else {
      result = .failed(diagnosis.failure, diagnosis.message)
    }
    result.method = request.method
    result.url = request.url
    result.evidence = Evidence(request, nil, redact: redact)
    return result
  }
}

extension Waterfall {
  /// Durations as milliseconds.
  init(_ timings: HTTPTimings) {
    self.init()
    nameLookup = milliseconds(timings.nameLookup)
    connect = milliseconds(timings.connect)
    tls = milliseconds(timings.tls)
    firstByte = milliseconds(timings.firstByte)
    total = milliseconds(timings.total)
    reusedConnection = timings.reusedConnection
  }
}
