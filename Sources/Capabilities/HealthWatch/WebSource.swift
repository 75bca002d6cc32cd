import HTTPTransport
import JSONValues
import SystemInterfaces

/// Metrics from everywhere: CloudWatch, and what the policy names besides.
struct CombinedSource: MetricSource {
  var cloudWatch: any MetricSource
  var web: WebSource

  func points(
    of metrics: [MetricStatistic], from start: Timestamp, to end: Timestamp, period: Duration
  ) async throws -> MetricAnswer {
    let foreign = metrics.filter(\.isOfTheWeb)
    var answer = try await cloudWatch.points(
      of: metrics.filter { !$0.isOfTheWeb }, from: start, to: end, period: period)
    guard !foreign.isEmpty else { return answer }
    let more = try await web.points(of: foreign, from: start, to: end, period: period)
    answer.points.merge(more.points) { $1 }
    answer.incomplete.merge(more.incomplete) { $1 }
    return answer
  }
}

extension MetricStatistic {
  fileprivate var isOfTheWeb: Bool {
    switch origin {
    case .cloudWatch, .expression: false
    case .prometheus, .document: true
    }
  }
}

/// Metrics from a Prometheus server or a JSON document. What does not come is not whole; it ends no watch.
struct WebSource: Sendable {
  var transport: any HTTPTransport
  /// The value of an environment variable that holds a token.
  var token: @Sendable (String) -> String? = { _ in nil }
  var timeout: Duration = .seconds(10)

  func points(
    of metrics: [MetricStatistic], from start: Timestamp, to end: Timestamp, period: Duration
  ) async throws -> MetricAnswer {
    var answer = MetricAnswer()
    // A document that holds several numbers is asked for once.
    var documents: [String: Result<JSONValue, WebFault>] = [:]
    let size = max(1, period.microseconds)
    let first = Timestamp(microseconds: start.microseconds / size * size)
    for metric in metrics {
      do throws(WebFault) {
        switch metric.origin {
        case .cloudWatch, .expression: continue
        case .prometheus(let address, let query, let variable):
          let seconds = period.inSeconds
          let url =
            "\(address.hasSuffix("/") ? String(address.dropLast()) : address)/api/v1/query_range?query="
            + PercentEncoding.encode(query)
            + "&start=\(WebSource.seconds(first + period))&end=\(WebSource.seconds(end))&step=\(seconds)"
          answer.points[metric] = try WebSource.matrix(try await document(url, variable), step: period)
        case .document(let address, let pointer, let variable):
          let url = WebSource.filled(address, from: first, to: end, period: period)
          if documents[url] == nil {
            do throws(WebFault) {
              documents[url] = .success(try await document(url, variable))
            } catch {
              documents[url] = .failure(error)
            }
          }
          guard let found = documents[url] else { continue }
          let now = Timestamp(microseconds: end.microseconds / size * size)
          answer.points[metric] = try WebSource.values(
            at: pointer, in: try found.get(), now: now, size: size)
        }
      } catch {
        if error.isCancelled { throw CancellationError() }
        answer.incomplete[metric] = error.words
      }
    }
    return answer
  }

  /// Why numbers did not come.
  struct WebFault: Error, Hashable {
    var words: String
    var isCancelled = false
  }

  private func document(_ url: String, _ variable: String?) async throws(WebFault) -> JSONValue {
    var request = HTTPRequest("GET", url, timeout: timeout)
    request.headers.append(HTTPField("Accept", "application/json"))
    if let variable {
      guard let token = token(variable) else {
        throw WebFault(words: "nothing: the environment variable \(variable) is not set")
      }
      request.headers.append(HTTPField("Authorization", "Bearer \(token)"))
    }
    let response: HTTPResponse
    do {
      response = try await transport.send(request)
    } catch {
      throw WebFault(words: "nothing: \(error)", isCancelled: error is CancellationError)
    }
    guard response.status == 200 else {
      let said = String(decoding: response.body.prefix(200), as: UTF8.self).split(whereSeparator: \.isNewline)
      throw WebFault(words: "status \(response.status): \(said.first ?? "")")
    }
    do {
      return try JSONValue(parsing: response.body)
    } catch {
      throw WebFault(words: "something that is no JSON: \(error)")
    }
  }

  // MARK: - Prometheus

  /// The points of the one series of a range query's answer. A value at a time is of the period that ended then.
  static func matrix(_ answer: JSONValue, step: Duration) throws(WebFault) -> [Timestamp: Double] {
    guard answer["status"]?.string == "success", answer["data"]?["resultType"]?.string == "matrix",
      let series = answer["data"]?["result"]?.array
    else { throw WebFault(words: answer["error"]?.string ?? "no answer of a range query") }
    guard series.count <= 1 else {
      throw WebFault(words: "\(series.count) series; let the query give one, such as by sum(…)")
    }
    var points: [Timestamp: Double] = [:]
    for pair in series.first?["values"]?.array ?? [] {
      guard let time = pair[0]?.double, let value = pair[1]?.string.flatMap(Double.init), value.isFinite
      else {
        continue
      }
      points[Timestamp(microseconds: Int64((time * 1e6).rounded())) - step] = value
    }
    return points
  }

  // MARK: - Documents

  private static func seconds(_ time: Timestamp) -> String { "\(time.microseconds / 1_000_000)" }

  /// The address with the times that are asked for.
  static func filled(_ address: String, from start: Timestamp, to end: Timestamp, period: Duration) -> String
  {
    var out = address
    for (place, value) in [
      ("{start}", seconds(start)), ("{end}", seconds(end)), ("{period}", "\(Int(period.inSeconds))"),
    ] {
      out = out.split(separator: place, omittingEmptySubsequences: false).joined(separator: value)
    }
    return out
  }

  /// The number that `pointer` leads to, as the value of now, or the pairs of time and value.
  static func values(
    at pointer: String, in document: JSONValue, now: Timestamp, size: Int64
  ) throws(WebFault) -> [Timestamp: Double] {
    var found = document
    for step in pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
      let name = step.split(separator: "~1", omittingEmptySubsequences: false).joined(separator: "/")
        .split(separator: "~0", omittingEmptySubsequences: false).joined(separator: "~")
      guard let next = found[name] ?? Int(name).flatMap({ found[$0] }) else {
        throw WebFault(words: "a document without \(pointer)")
      }
      found = next
    }
    if let number = found.double, number.isFinite { return [now: number] }
    guard let pairs = found.array else { throw WebFault(words: "no number at \(pointer)") }
    var points: [Timestamp: Double] = [:]
    for pair in pairs {
      guard let value = (pair[1] ?? pair["value"])?.double, value.isFinite,
        let time = time(pair[0] ?? pair["time"] ?? pair["timestamp"])
      else { throw WebFault(words: "at \(pointer) something that is no pair of time and value") }
      points[Timestamp(microseconds: time.microseconds / size * size)] = value
    }
    return points
  }

  /// RFC 3339, or seconds or milliseconds since 1970.
  private static func time(_ value: JSONValue?) -> Timestamp? {
    if let text = value?.string { return Timestamp(text) }
    guard let number = value?.double, number.isFinite, abs(number) < 1e15 else { return nil }
    return Timestamp(microseconds: Int64(abs(number) > 1e11 ? number * 1e3 : number * 1e6))
  }
}
