import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// What is refused before anything is sent, and what is no go although nothing failed.
@Suite(.blocking) struct SmokeTestEndToEndRefusalTests {
  private let bench: SmokeTestEndToEndMeaningTests

  init() throws { bench = try SmokeTestEndToEndMeaningTests() }

  /// The places and words of mistakes in the second entry of a file; the first would answer.
  @Test(arguments: [
    (#"jsonpath "$.a[" exists"#, "is no JSONPath"), (#"jsonpath "$[?(@.a=='x'].b" exists"#, "is no JSONPath"),
    (#"jsonpath "a.b" exists"#, "is no JSONPath"), (#"body jsonpath "$..[" exists"#, "is no JSONPath"),
    (#"jsonpath "$.{{name}}[" exists"#, "is no JSONPath"), (#"body matches "[a-""#, "is no pattern"),
    (#"regex "(" == "1""#, "is no pattern"), (#"body regex "a{2,1}" exists"#, "is no pattern"),
    (#"body replaceRegex "(" "x" == "1""#, "is no pattern"), (#"bytes == file,gone.bin;"#, "gone.bin"),
    (#"bytes decode "klingon" exists"#, "the encoding klingon is not known"),
    (#"body toDate "%Q" exists"#, "%Q"),
    (#"jsonpath "$.a" == {{nobody}}"#, "nothing sets the variable nobody"),
    (#"header "{{nobody}}" exists"#, "nothing sets the variable nobody"),
    (#"jsonpath "$.a" matches "{{nobody}}""#, "nothing sets the variable nobody"),
  ])
  func `an assertion that cannot work is refused`(line: String, words: String) throws {
    try refuses("HTTP 200\n[Asserts]\n\(line)", line: 6, words, "--variable", "name=a")
  }

  @Test(arguments: [
    ("[Options]\ncert: gone.pem", "there is no file gone.pem", 5),
    ("[Options]\ncert: gone.pem:secret", "there is no file gone.pem", 5),
    ("[Options]\ncacert: gone.pem", "there is no file gone.pem", 5),
    ("[Options]\nhttp3: true", "http3", 5), ("[Options]\noutput: -", "output", 5),
    ("[Options]\nnetrc: true", "netrc", 5), ("X-A: {{nobody}}", "nobody", 4),
    ("[Query]\na: {{nobody}}", "nobody", 5), ("[BasicAuth]\na: {{nobody}}", "nobody", 5),
    ("file,gone.json;", "gone.json", 4), ("[Multipart]\na: file,gone.txt;", "gone.txt", 5),
    ("{ \"a\": \"{{nobody}}\" }", "nobody", 4), ("HTTP/3 200", "HTTP/3", 4),
  ])
  func `a request that cannot be made is refused`(lines: String, words: String, line: Int) throws {
    try refuses(lines, line: line, words)
  }

  private func refuses(_ lines: String, line: Int, _ words: String, _ arguments: String...) throws {
    let mark = UUID().uuidString
    try bench.write(
      "GET {{API_ENDPOINT}}/ok?\(mark)\n\nGET {{API_ENDPOINT}}/ok?\(mark)\n\(lines)\n", to: "a.hurl")
    let step = BuiltStep("smoke-test", in: bench.folder.path)
    for more in [["--parse-only"], []] {
      let outcome = try step.run(["dev", "--smoke", "a.hurl", "--settle", "0"] + arguments + more)
      #expect(outcome.status == 65, "\(lines): \(outcome.output)\(outcome.error)")
      #expect(outcome.error.contains("a.hurl:\(line):"), "\(outcome.error)")
      #expect(outcome.error.contains(words), "\(outcome.error)")
    }
    #expect(try bench.asked("/ok?\(mark)").isEmpty, "something was sent")
  }

  @Test func `variables that something sets are none of those`() throws {
    let login = "GET {{API_ENDPOINT}}/items\nHTTP 200\n[Captures]\ntoken: jsonpath \"$[0].n\"\n"
    try bench.write(login, to: "login.hurl")
    try bench.write(
      """
      # @needs login.hurl

      GET {{API_ENDPOINT}}/ok?{{token}}&{{given}}&{{HURLY}}
      [Options]
      variable: own=1
      HTTP 200
      [Captures]
      state: status
      [Asserts]
      variable "state" == 200
      variable "maybe" not exists
      status == {{state}}

      GET {{API_ENDPOINT}}/ok?{{own}}&{{state}}&{{newUuid}}
      HTTP 200
      """, to: "a.hurl")
    try bench.write("# names\n\nHURLY=7\r\n", to: "names.txt")
    let outcome = try bench.run(
      "--smoke", "a.hurl", "--secret", "given=very-secret-value", "--variables-file", "names.txt",
      "--format", "json")
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(!outcome.output.contains("very-secret-value"))
  }

  @Test func `a file without a check is no go`() throws {
    let skipped = "GET {{API_ENDPOINT}}/ok\n[Options]\nskip: true\nHTTP 200\n"
    for text in ["", "\n\n", "# nothing\n# @critical\n", skipped, skipped + "\n" + skipped] {
      for more in [[], ["--parse-only"]] {
        try bench.write(text, to: "a.hurl")
        let outcome = try BuiltStep("smoke-test", in: bench.folder.path).run(
          ["dev", "--smoke", "a.hurl", "--format", "json"] + more)
        #expect(outcome.status == 3, "\(text): \(outcome.output)\(outcome.error)")
        #expect(try bench.codes(outcome).contains("file-without-checks"))
      }
    }
    // Nor does it become one beside a good one.
    try bench.write("GET {{API_ENDPOINT}}/ok\nHTTP 200\n", to: "b.hurl")
    #expect(try bench.run("--smoke", "a.hurl", "--smoke", "b.hurl").status == 3)
    #expect(try bench.run("--smoke", "b.hurl").status == 0)
  }

  @Test func `an entry that expects no status is told of`() throws {
    let outcome = try bench.run(
      file: "GET {{API_ENDPOINT}}/gone\n\nGET {{API_ENDPOINT}}/ok\nHTTP *\n[Asserts]\nstatus < 300\n\n"
        + "GET {{API_ENDPOINT}}/ok\nHTTP *\n", "--format", "json")
    #expect(outcome.status == 0)
    let found = try (JSONValue(parsing: outcome.output)["findings"]?.array ?? []).filter {
      $0["code"] == "status-not-expected"
    }
    #expect(found.compactMap { $0["line"]?.int } == [1, 8], "\(outcome.output)")
    #expect(found.allSatisfy { $0["severity"] == "warning" })
  }

  @Test func `a version that was asked for must be seen`() throws {
    let unnamed = try bench.run(
      file: "GET {{API_ENDPOINT}}/status\nHTTP 200\n", "--expect-version", "2.0.0", "--format", "json")
    #expect(unnamed.status == 3, "\(unnamed.output)")
    #expect(try bench.codes(unnamed).contains("version-not-seen"))
    let named = "GET {{API_ENDPOINT}}/version\nHTTP 200\n"
    #expect(try bench.run(file: named, "--expect-version", "2.0.0").status == 0)
    #expect(try bench.run(file: named, "--expect-version", "2.0.1").status == 1)
    // A commit cannot be compared with a number.
    #expect(
      try bench.run(file: named, "--expect-version", "0123456789abcdef0123456789abcdef01234567").status == 3)
  }
}
