import HurlFile
import SystemInterfaces
import Testing

/// Evaluates lines of Hurl against an answer made by hand.
struct Evaluating {
  var response = HurlResponseValues(status: 200)
  var variables = HurlVariables()
  var files: [String: [UInt8]] = [:]
  /// 2026-11-24T00:00:00Z
  var now = Timestamp(seconds: 1_795_478_400)

  init(_ body: String = "", headers: [(String, String)] = []) {
    response.body = Array(body.utf8)
    response.headers = headers.map { HurlRequestSpec.Parameter(name: $0.0, value: $0.1) }
  }

  var context: HurlContext {
    let files = files
    return HurlContext(now: now, randomness: Randomness()) { path in
      guard let bytes = files[path] else { throw MissingFile() }
      return bytes
    }
  }
  struct MissingFile: Error, CustomStringConvertible {
    var description: String { "there is no such file" }
  }

  /// The judgement of an entry whose response is `lines`.
  func evaluate(_ lines: String) throws -> HurlEvaluation {
    let text = "GET http://localhost/\n\(lines)\n"
    let entry = try #require(try HurlDocument(parsing: text, file: "test.hurl").entries.first)
    return entry.evaluate(response, variables, context)
  }

  /// The judgement of one assert line.
  func assert(_ line: String) throws -> HurlEvaluation.Assertion {
    try #require(try evaluate("HTTP 200\n[Asserts]\n\(line)").assertions.last)
  }

  /// Expects every line to hold.
  func expectAll(_ lines: [String], sourceLocation: SourceLocation = #_sourceLocation) throws {
    for line in lines {
      let assertion = try assert(line)
      #expect(
        assertion.passed, "\(line): expected \(assertion.expected), found \(assertion.actual)",
        sourceLocation: sourceLocation)
    }
  }

  /// Expects every line not to hold.
  func expectNone(_ lines: [String], sourceLocation: SourceLocation = #_sourceLocation) throws {
    for line in lines {
      let assertion = try assert(line)
      #expect(
        !assertion.passed, "\(line) was found to hold: \(assertion.actual)", sourceLocation: sourceLocation)
    }
  }
}
