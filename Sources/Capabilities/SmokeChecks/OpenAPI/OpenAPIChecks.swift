import HTTPTransport
import JSONValues
import SystemInterfaces

/// Checks of the operations of OpenAPI documents that only read.
public struct OpenAPIChecks: Sendable {
  /// One chain an operation.
  public private(set) var chains: [CheckChain] = []
  /// What is worth saying beside the results: how much of each document is asked, and what the rest needs.
  public private(set) var notes: [String] = []

  /// The checks of `documents`.
  /// - Parameters:
  ///   - endpoint: where the API is, in place of what the documents say.
  ///   - credentials: what there is to prove who asks.
  public init(
    _ documents: [OpenAPIDocument], endpoint: String?, credentials: CheckCredentials
  ) throws(CheckSourceError) {
    for document in documents {
      guard let base = OpenAPIServer.base(endpoint: endpoint, server: document.server) else {
        throw CheckSourceError(
          problems: ["\(document.file): neither the configuration nor the document says where the API is"],
          advice: "set API_ENDPOINT, or give servers a url with https://")
      }
      let coverage = OpenAPICoverage(document, credentials)
      for (operation, needed) in coverage.asked {
        let asking = Asking(operation, file: document.file, base: base, needed: needed, credentials)
        chains.append(CheckChain([asking.check]))
      }
      notes += coverage.notes
    }
  }

  /// How one operation is asked.
  private struct Asking {
    private let operation: OpenAPIDocument.Operation
    private let file: String
    private let url: String
    private let headers: [HTTPField]
    private let tokens: ClientCredentials?

    init(
      _ operation: OpenAPIDocument.Operation, file: String, base: String,
      needed: [OpenAPIDocument.Credential], _ credentials: CheckCredentials
    ) {
      self.operation = operation
      self.file = file
      var url = base + operation.path
      var headers = operation.headers.sorted { $0.key < $1.key }.map { HTTPField($0.key, $0.value) }
      headers.removeAll { credentials.headers.first($0.name) != nil && !$0.isNamed("cookie") }
      for credential in needed {
        switch (credential, credentials.apiKey) {
        case (.headerKey(let name), let key?) where credentials.headers.first(name) == nil:
          headers.append(HTTPField(name, key))
        case (.queryKey(let name), let key?):
          url +=
            (url.contains("?") ? "&" : "?") + "\(PercentEncoding.encode(name))=\(PercentEncoding.encode(key))"
        default: break
        }
      }
      let types = operation.answers.flatMap(\.mediaTypes)
      if !types.isEmpty, (headers + credentials.headers).first("accept") == nil {
        // What is documented, and anything else rather than a 406.
        let listed = types.enumerated().filter { types.firstIndex(of: $1) == $0 }.map(\.element)
        headers.append(HTTPField("Accept", (listed + ["*/*;q=0.1"]).joined(separator: ", ")))
      }
      self.url = url
      self.headers = headers + credentials.headers
      tokens =
        needed.contains { if case .bearer = $0 { true } else { false } }
          && credentials.headers.first("authorization") == nil ? credentials.tokens : nil
    }

    var check: Check {
      Check(
        name: "GET \(operation.template)", key: "\(file) GET \(operation.template)", file: file,
        line: operation.line, method: "GET", url: url
      ) { await ask($0) }
    }

    private func ask(_ context: AttemptContext) async -> AttemptResult {
      var request = HTTPRequest("GET", url, headers: headers, timeout: context.timeout(for: url))
      Exchange.introduce(&request)
      request.options.maximumBodyBytes = Exchange.maximumBodyBytes
      request.options.acceptsCompression = true
      if let tokens {
        switch await tokens.token(context) {
        case .success(let token): request.headers.append(HTTPField("Authorization", "Bearer \(token)"))
        case .failure(let error): return AttemptResult(.unusable(.controlPlane, error.message))
        }
      }
      switch await Exchange.send(request, context) {
      case .failure(let failure): return failure.result(of: request, redact: context.redact)
      case .success(let response):
        var result = OpenAPIRules.judged(response, operation.answers, redact: context.redact)
        Exchange.describe(response, of: request, in: &result)
        Exchange.explain(response, of: request, in: &result, redact: context.redact)
        let json = Exchange.json(response)
        result.version = VersionSource.usual.version(headers: response.headers, json: json)
        if context.wantsObservation {
          result.observation = Exchange.observation(response, json: json, version: result.version)
          result.repeatable = request
        }
        return result
      }
    }
  }
}

/// Whether an answer is one that a document describes as a success.
enum OpenAPIRules {
  static func judged(
    _ response: HTTPResponse, _ documented: [OpenAPIDocument.Answer],
    redact: @escaping @Sendable (String) -> String
  ) -> AttemptResult {
    var result = AttemptResult(verdict(response, documented, redact: redact))
    guard case .passed = result.verdict, let answer = match(response.status, documented),
      !response.body.isEmpty,
      let type = response.headers.first("content-type"),
      let schema = answer.mediaTypes.first(where: { accepts(type, $0) && answer.schemas[$0] != nil })
        .flatMap({ answer.schemas[$0] })
    else { return result }
    let body: JSONValue
    do throws(JSONSyntaxError) { body = try JSONValue(parsing: response.body) } catch {
      result.verdict = .failed(
        .assertion, "the body is no JSON, though its type says so: \(error)", settles: false)
      return result
    }
    let problems = schema.problems(with: body, redact: redact)
    result.conditions = problems.map { FailedCondition(line: $0.line, $0.message) }
    if let first = problems.first {
      let others = problems.dropFirst().map(\.message)
      result.verdict = .failed(
        .assertion, ([first.message] + others).joined(separator: "; "), settles: false)
    }
    return result
  }

  /// Whether bodies of this documented type are JSON.
  static func isJSON(_ type: String) -> Bool {
    let bare = type.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
    return bare == "application/json" || bare.hasSuffix("+json") || bare == "text/json"
  }

  private static func verdict(
    _ response: HTTPResponse, _ documented: [OpenAPIDocument.Answer], redact: (String) -> String
  ) -> AttemptResult.Verdict {
    let successes = documented.filter { ["2", "3"].contains($0.status.prefix(1)) }
    guard let answer = match(response.status, documented), (200..<400).contains(response.status) else {
      let diagnosis = AnswerClassifier.diagnosis(
        status: response.status, headers: response.headers, body: response.body, redact: redact)
      let expected = successes.isEmpty ? "a success" : successes.map(\.status).joined(separator: " or ")
      return .failed(
        diagnosis.failure, "\(diagnosis.message), documented \(expected)", settles: diagnosis.failure.settles)
    }
    guard !answer.mediaTypes.isEmpty, !response.body.isEmpty else { return .passed }
    guard let type = response.headers.first("content-type") else {
      return .failed(
        .assertion, "has no Content-Type, documented \(answer.mediaTypes.joined(separator: " or "))",
        settles: false)
    }
    guard answer.mediaTypes.contains(where: { accepts(type, $0) }) else {
      return .failed(
        .assertion, "is \(redact(type)), documented \(answer.mediaTypes.joined(separator: " or "))",
        settles: false)
    }
    return .passed
  }

  /// The most exact description of `status`; where none is given at all, any success is as documented.
  private static func match(
    _ status: Int, _ documented: [OpenAPIDocument.Answer]
  ) -> OpenAPIDocument.Answer? {
    let text = String(status)
    return documented.first { $0.status == text } ?? documented.first { $0.status == "\(text.prefix(1))XX" }
      ?? documented.first { $0.status == "DEFAULT" }
      ?? (documented.isEmpty ? OpenAPIDocument.Answer(status: text, mediaTypes: []) : nil)
  }

  /// Whether a Content-Type falls under a documented media type, parameters aside.
  static func accepts(_ type: String, _ documented: String) -> Bool {
    func plain(_ text: String) -> [Substring] {
      text.prefix { $0 != ";" }.lowercased().filter { $0 != " " }[...].split(separator: "/", maxSplits: 1)
    }
    let (left, right) = (plain(type), plain(documented))
    guard left.count == 2, right.count == 2 else { return false }
    return (right[0] == "*" || left[0] == right[0]) && (right[1] == "*" || left[1] == right[1])
  }
}
