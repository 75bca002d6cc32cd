import JSONValues
import SystemInterfaces

/// A line of a log.
public struct LogEvent: Hashable, Sendable {
  public var id: String
  public var time: Timestamp
  public var message: String
  public var stream: String

  /// A line.
  public init(id: String, time: Timestamp, message: String, stream: String) {
    self.id = id
    self.time = time
    self.message = message
    self.stream = stream
  }
}

/// CloudWatch Logs.
public struct LogsClient: Sendable {
  private let client: AWSClient
  /// A client over `client`.
  public init(_ client: AWSClient) { self.client = client }

  /// Events from `start` up to and without `end` that match `pattern`, over all pages; empty pages in between are passed over.
  /// - Parameter maximum: no more events than this are fetched.
  public func filterLogEvents(
    group: String, pattern: String? = nil, start: Timestamp, end: Timestamp? = nil, maximum: Int = 10_000
  ) async throws -> [LogEvent] {
    var events: [LogEvent] = []
    try await client.pages(of: .logs, "FilterLogEvents", subject: "log group \(group)") { token in
      var body = JSONObject()
      body["logGroupName"] = .string(group)
      body["filterPattern"] = pattern.map { .string($0) }
      body["startTime"] = .number(JSONNumber(Int(start.microseconds / 1000)))
      // The service counts `endTime` in.
      body["endTime"] = end.map { .number(JSONNumber(Int($0.microseconds / 1000) - 1)) }
      body["nextToken"] = token.map { .string($0) }
      let answer = try await client.json(
        .json(.logs, "FilterLogEvents", body, subject: "log group \(group)"))
      events += answer.list("events").map { event in
        LogEvent(
          id: event.text("eventId") ?? "",
          time: Timestamp(microseconds: Int64(event.int("timestamp") ?? 0) * 1000),
          message: event.text("message") ?? "", stream: event.text("logStreamName") ?? "")
      }
      return events.count < maximum ? answer.text("nextToken") : nil
    }
    return Array(events.prefix(maximum))
  }
}
