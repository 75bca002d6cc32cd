import Foundation
import SystemInterfaces
import TestSupport
import Testing

private let server = Result { try ServerProcess(python: "hurl_server.py") }

/// The built `smoke-test` as a person at a terminal sees it.
@Suite(.blocking) struct SmokeTestEndToEndTerminalTests {
  private let folder = TemporaryFolder()
  private let step: BuiltStep

  init() throws {
    step = BuiltStep("smoke-test", in: folder.path, variables: ["TERM": "xterm"])
    let endpoint = "http://127.0.0.1:\(try server.get().port("http"))/"
    try write("ENVIRONMENT=dev\nAPI_ENDPOINT=\(endpoint)\n", to: "deployment-dev.config")
    let long = String(repeating: "a-long-path-", count: 20)
    try write(
      (0..<12).map { "# @name check \($0) 発票 \(long)\nGET {{API_ENDPOINT}}/hello?\($0)\nHTTP 200\n" }.joined(
        separator: "\n"), to: "a.hurl")
  }

  private func write(_ text: String, to name: String) throws {
    try LocalFileSystem().writeAtomically(Array(text.utf8), to: folder(name), mode: 0o644)
  }

  /// How many columns a terminal needs: two for each ideograph.
  private func width(_ text: Substring) -> Int {
    text.unicodeScalars.reduce(0) { $0 + ($1.value >= 0x1100 ? 2 : 1) }
  }

  @Test(arguments: [40, 100, 400])
  func `a live line fits the terminal and is gone at the end`(columns: Int) throws {
    let outcome = try step.run(onTerminalOf: columns, ["dev", "--smoke", "a.hurl"])
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    let live = outcome.output.split(separator: "\r").filter { $0.hasSuffix("\u{1B}[K") }.map {
      $0.dropLast(3)
    }
    #expect(live.contains { $0.contains("/12 checks") }, "\(outcome.output)")
    for line in live { #expect(width(line) < columns, "\(line)") }
    #expect(outcome.output.contains("\r\u{1B}[K\u{1B}[1;32mGO"), "the line is taken away before the result")
  }

  @Test(arguments: [50, 80, 120])
  func `the table keeps to the terminal`(columns: Int) throws {
    let outcome = try step.run(
      onTerminalOf: columns, ["dev", "--smoke", "a.hurl", "--color", "never", "--quiet"])
    let rows = outcome.output.split { $0.isNewline }.filter { $0.hasPrefix("  pass ") }
    #expect(rows.count == 12, "\(outcome.output)")
    for row in rows { #expect(width(row) <= columns && row.contains("…"), "\(row)") }
  }

  @Test(arguments: [["--color", "never"], ["--quiet"]])
  func `colour and the live line can be had separately or not at all`(options: [String]) throws {
    let outcome = try step.run(onTerminalOf: 80, ["dev", "--smoke", "a.hurl"] + options)
    #expect(outcome.status == 0)
    let isQuiet = options == ["--quiet"]
    #expect(outcome.output.contains("/12 checks") == !isQuiet, "\(outcome.output)")
    #expect(outcome.output.contains("\u{1B}[1;32m") == isQuiet, "\(outcome.output)")
  }

  @Test func `in a log there is neither`() throws {
    let outcome = try step.run(["dev", "--smoke", "a.hurl"])
    #expect(outcome.status == 0)
    #expect(!(outcome.output + outcome.error).contains("\u{1B}") && !outcome.error.contains("\r"))
  }

  @Test func `what a server sends moves no cursor`() throws {
    try write(
      "GET {{API_ENDPOINT}}/hello\nHTTP 200\n[Asserts]\nbody == \"\\u{1b}[2J\\u{7}\\u{9b}31m\"\n",
      to: "b.hurl")
    let outcome = try step.run(
      onTerminalOf: 200, ["dev", "--smoke", "b.hurl", "--settle", "0", "--color", "never"])
    #expect(outcome.status == 1)
    #expect(!outcome.output.contains("\u{1B}[2J") && !outcome.output.contains("\u{7}"), "\(outcome.output)")
    #expect(!outcome.output.contains("\u{9B}"), "\(outcome.output)")
  }
}
