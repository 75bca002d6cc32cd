import CurlTransport
import HTTPTransport
import JSONValues
import SmokeChecks
import SystemInterfaces
import TestSupport
import Testing

/// Trusts the test server's own certificates and nothing else.
private struct TrustingTransport: HTTPTransport {
  let base: any HTTPTransport
  let authority: String?

  func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    var request = request
    request.options.certificateAuthorityFile = authority
    return try await base.send(request)
  }
}

private let server = Result { try ServerProcess(python: "misbehaving_server.py") }
private let transport = CurlTransport(environment: Environment())

@Suite(.serialized) struct `A server that misbehaves` {
  /// Briefly: for what never comes.
  private static let brief = Duration.milliseconds(800)

  /// Asks with as much time as a loaded machine may take, unless told otherwise. The run's own deadline is long: here
  /// the time of one request ends it, however late a loaded machine begins it.
  private func ask(
    _ url: String, authority: String? = nil, window: Duration = .zero, timeout: Duration = .seconds(60)
  ) async -> [CheckResult] {
    var settings = SmokeSettings()
    settings.maxTime = timeout
    settings.settling = Settling(
      window: window, deadline: .seconds(180), firstWait: .milliseconds(20))
    let report = await SmokeRun.run(
      EndpointChecks(endpoint: url).chains, settings: settings,
      dependencies: SmokeDependencies(
        transport: TrustingTransport(base: transport, authority: authority), clock: SystemClock(),
        random: Randomness()))
    return report.results
  }

  private static let plain: [(path: String, expected: FailureClass?)] = [
    ("no_answer", .timedOut), ("slow_status_line", .timedOut), ("slow_headers", .timedOut),
    ("slow_body", .timedOut), ("slow_chunks", .timedOut), ("silent_after_headers", .timedOut),
    ("half_closed_at_once", .emptyAnswer),
    ("endless_body", .bodyTooLarge), ("endless_chunks", .bodyTooLarge), ("ten_gigabytes", .bodyTooLarge),
    ("gzip_bomb", .bodyTooLarge),
    ("endless_headers", .malformedAnswer), ("endless_header_line", .malformedAnswer), ("many_headers", nil),
    ("short_body", .truncatedAnswer), ("half_closed", .truncatedAnswer), ("cut_chunk", .truncatedAnswer),
    ("no_last_chunk", .truncatedAnswer), ("close_in_headers", .truncatedAnswer), ("long_body", nil),
    ("reset_at_once", .connectionReset), ("reset_in_headers", .connectionReset),
    ("reset_in_body", .connectionReset), ("close_at_once", .emptyAnswer),
    ("no_http", .malformedAnswer), ("binary", .malformedAnswer), ("old_http", .malformedAnswer),
    ("bad_status", .malformedAnswer), ("huge_status", .malformedAnswer), ("bad_version", .malformedAnswer),
    ("bad_chunk_size", .malformedAnswer), ("huge_chunk_size", .malformedAnswer),
    ("negative_length", .malformedAnswer), ("text_length", .malformedAnswer),
    ("nul_in_header", .malformedAnswer),
    ("bad_gzip", .badEncoding), ("unknown_encoding", .badEncoding),
    ("endless_informational", .malformedAnswer), ("early_hints", nil), ("unasked_continue", nil),
    ("no_content_with_body", .unexpectedStatus), ("bare_line_feeds", nil),
    ("missing_route", .routeMissing), ("forbidden", .forbidden), ("throttled", .throttled),
    ("server_error", .serverError), ("bad_gateway", .functionFailed), ("unavailable", .unavailable),
    ("gateway_timeout", .functionTimedOut), ("closes_kept_connection", nil), ("good", nil),
    ("redirect_loop", .unexpectedStatus),
    ("one_byte_a_second", .timedOut), ("two_lengths", .truncatedAnswer), ("length_and_chunks", nil),
    ("overflowing_length", nil), ("unknown_transfer_encoding", .badEncoding),
    ("endless_chunk_extension", .timedOut), ("endless_trailers", .malformedAnswer),
    ("bad_chunk_end", .malformedAnswer), ("trailers", nil), ("trailing_answer", nil),
    ("switching_protocols", .timedOut), ("informational_then_close", .emptyAnswer),
    ("informational_then_silence", .timedOut), ("no_colon", .malformedAnswer), ("folded_header", nil),
    ("no_reason", nil), ("small_letters", nil), ("zero_status", .malformedAnswer),
    ("not_modified_with_body", .unexpectedStatus), ("http_1_0", nil), ("nested_encoding", nil),
    ("nested_bomb", .bodyTooLarge), ("many_encodings", .badEncoding), ("gzip_with_more", .badEncoding),
    ("not_compressed", nil), ("cookie_flood", nil), ("giant_cookie", nil),
    ("unauthorized_loop", .unauthorized),
    ("too_many_retries", .unavailable),
    // libcurl does not notice that the end of a compressed body is missing.
    ("cut_gzip", nil),
  ]

  @Test func `gets the right class within the time, whatever it does`() async throws {
    let port = try server.get().port("plain")
    await withTaskGroup(of: Void.self) { group in
      for (path, expected) in Self.plain {
        group.addTask {
          let timeout: Duration = expected == .timedOut ? Self.brief : .seconds(60)
          let result = await ask("http://127.0.0.1:\(port)/\(path)", timeout: timeout)[0]
          #expect(result.failure == expected, "\(path): \(result.message)")
          // Of a root that is no route nobody knows whether it should be one.
          let outcome: CheckOutcome =
            expected == nil ? .pass : expected == .routeMissing && path == "missing_route" ? .skipped : .fail
          #expect(result.outcome == outcome, "\(path)")
        }
      }
    }
  }

  @Test func `shows what it did wrong in TLS`() async throws {
    let server = try server.get()
    let good = server.ready["good"]?.string
    for (port, authority, expected) in [
      ("tls", good, nil), ("tls", nil, .tlsFailed),
      ("tls-other-name", server.ready["other"]?.string, .tlsFailed),
      ("tls-old-protocol", good, .tlsFailed), ("tls-reset", good, .tlsFailed),
      ("tls-garbage", good, .tlsFailed),
      ("tls-alert", good, .tlsFailed), ("tls-expired", server.ready["expired"]?.string, .tlsFailed),
      ("tls-not-yet", server.ready["not-yet"]?.string, .tlsFailed),
      ("tls-no-tls", good, .tlsFailed), ("tls-silent", good, .timedOut), ("closed", good, .connectionRefused),
    ] as [(String, String?, FailureClass?)] {
      let result = await ask(
        "https://127.0.0.1:\(server.port(port))/good", authority: authority,
        timeout: expected == .timedOut ? Self.brief : .seconds(60))[0]
      #expect(result.failure == expected, "\(port): \(result.message)")
    }
    let soon = await ask(
      "https://127.0.0.1:\(server.port("tls-ends-soon"))/good", authority: server.ready["soon"]?.string)
    #expect(soon.map(\.outcome) == [.pass, .fail])
    #expect(soon[1].failure == .certificateExpiring)
  }

  @Test func `misbehaves in HTTP/2`() async throws {
    let server = try server.get()
    let authority = server.ready["good"]?.string
    // Which of two ends libcurl sees first, a broken frame or a closed connection, is up to the moment.
    let cases: [(port: String, expected: [FailureClass?])] = [
      ("good", [nil]), ("reset-stream", [.emptyAnswer, .connectionReset]),
      ("reset-in-body", [.connectionReset, .truncatedAnswer]),
      ("refused-stream", [.connectionReset, .emptyAnswer]), ("go-away", [.connectionReset, .emptyAnswer]),
      ("go-away-in-body", [.truncatedAnswer, .connectionReset]),
      ("garbage", [.connectionReset, .emptyAnswer]),
      ("bad-header-block", [.connectionReset, .emptyAnswer]),
      ("giant-frame", [.emptyAnswer, .connectionReset]),
      ("endless-settings", [.timedOut, .connectionReset]), ("endless-headers", [.malformedAnswer]),
      ("silent", [.timedOut]), ("silent-after-head", [.timedOut]),
      ("closed-in-body", [.truncatedAnswer, .connectionReset]),
      ("endless-body", [.bodyTooLarge]),
    ]
    await withTaskGroup(of: Void.self) { group in
      for (port, expected) in cases {
        group.addTask {
          let timeout: Duration = expected.contains(.timedOut) ? Self.brief : .seconds(60)
          let url = "https://127.0.0.1:\(server.port("h2-\(port)"))/"
          let result = await ask(url, authority: authority, timeout: timeout)[0]
          #expect(expected.contains(result.failure), "\(port): \(result.message)")
        }
      }
    }
  }

  @Test func `does not take up the connection`() async throws {
    let port = try server.get().port("no-accept")
    #expect(await ask("http://127.0.0.1:\(port)/", timeout: Self.brief)[0].failure == .timedOut)
    #expect(await ask("http://[::1]:\(port)/")[0].failure == .connectionRefused)
  }

  @Test func `passes at the third try and is flaky`() async throws {
    let port = try server.get().port("plain")
    let result = await ask("http://127.0.0.1:\(port)/good_at_third", window: .seconds(60))[0]
    #expect(result.outcome == .flaky)
    #expect(result.attempts.map(\.status) == [503, 503, 200])
  }

  @Test func `starts slowly once, which is a cold start`() async throws {
    let port = try server.get().port("plain")
    let result = await ask("http://127.0.0.1:\(port)/slow_start", window: .seconds(60))[0]
    #expect(result.outcome == .flaky)
    #expect(result.failure == .coldStart)
  }

  @Test func `is nowhere to be found`() async throws {
    let port = try server.get().port("closed")
    #expect(await ask("http://127.0.0.1:\(port)/")[0].failure == .connectionRefused)
    #expect(await ask("http://no-such-host.invalid/")[0].failure == .nameNotResolved)
  }
}
