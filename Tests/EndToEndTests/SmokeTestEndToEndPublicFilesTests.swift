import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

private let server = Result {
  try ServerProcess(
    python: "public_hurl_server.py", arguments: [try #require(SharedData.path("smoke/hurl/tests_ok"))])
}

/// The built `smoke-test` over all public Hurl files, against a server that answers as the files expect.
@Suite(.blocking, .enabled(if: SharedData.exists("smoke/hurl/tests_ok")))
struct SmokeTestEndToEndPublicFilesTests {
  private let folder = TemporaryFolder()
  private var step: BuiltStep { BuiltStep("smoke-test", in: folder.path) }

  /// Files that Hurl runs with options of its own command line, or by features of its own outside the format.
  static let needsHurlItself: Set<String> = [
    "basic_authentication", "connect_to", "cookie_storage", "http_version_10", "ignore_asserts", "resolve",
    "retry",
    "test.2", "unix_socket", "max_filesize", "output_decompress", "proxy_port", "timeout",
    "many_glob_not_found",
  ]
  /// Files whose `.out` holds the answers of several runs or of several entries.
  static let outputOfSeveral: Set<String> = ["output_option", "parallel"]
  /// Files of `tests_failed` with paths, patterns, expressions or files that are none, and variables that nothing sets.
  static let cannotWork: Set<String> = [
    "assert_template_variable_not_found", "body_json", "invalid_jsonpath", "multipart_form_data", "predicate",
  ]
  static let variables: [String: [String]] = [
    "variables": [
      "name=Jennifer", "age=30", "height=1.70", "female=true", "my-id=\"123\"", "a_null=null",
      "galaxy=Milky Way",
    ],
    "parallel": ["name=Bob"], "cookies": ["name=Bruce"], "post_json": ["string_variable=\\"],
    "post_file": ["filename=data.bin"],
  ]

  private func write(_ bytes: [UInt8], to name: String) throws {
    let path = folder(name)
    try FileManager.default.createDirectory(
      atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  /// The files that bodies name; they are no part of the public data.
  private func writeBodies() throws {
    let hello = Array("Hello World!".utf8), bytes: [UInt8] = [1, 2, 3]
    let bodies: [String: [UInt8]] = [
      "data.txt": hello, "hello.txt": hello, "assert_body.bin": Array("line1\nline2\nline3\n".utf8),
      "bytes.bin": bytes, "data.html": Array("<div>Hello <b>World</b>!</div>".utf8),
      "data.bin": bytes + [13, 10], "post_file_with space": bytes + [13, 10],
      "post_large.bin": [UInt8](repeating: 0, count: 15_728_640),
      "cat.jpg": [0xFF, 0xD8, 0xFF, 0xE0] + (0..<600).flatMap { _ in Array(UInt8.min...UInt8.max) },
    ]
    for (name, body) in bodies { try write(body, to: "tests/\(name)") }
    try write(
      Array("machine localhost login bob@email.com password secret\n".utf8), to: "tests_ok/netrc_file.netrc")
    try write([], to: "build/empty")
  }

  private func run(_ group: String, _ name: String) throws -> BuiltStep.Outcome {
    let server = try server.get()
    var text = try #require(SharedData.text("smoke/hurl/\(group)/\(name).hurl"))
    for (usual, port) in [
      (":8000", server.port("http")), ("=8000", server.port("http")), (":3128", server.port("proxy")),
    ] {
      text = text.replacing(usual, with: "\(usual.first.map(String.init) ?? "")\(port)")
    }
    try write(Array(text.utf8), to: "tests/\(name).hurl")
    let endpoint = "http://127.0.0.1:\(server.port("http"))/"
    try write(Array("ENVIRONMENT=dev\nAPI_ENDPOINT=\(endpoint)\n".utf8), to: "deployment-dev.config")
    var arguments = ["dev", "--settle", "0", "--smoke", "tests/\(name).hurl", "--records", "records"]
    // A body of half a gigabyte is counted, not kept.
    if name != "get_large" { arguments += ["--output", "out"] }
    for variable in Self.variables[name] ?? [] { arguments += ["--variable", variable] }
    return try step.run(arguments)
  }

  private static func names(_ group: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: try #require(SharedData.path("smoke/hurl/\(group)")))
      .filter { $0.hasSuffix(".hurl") }.map { String($0.dropLast(5)) }.sorted()
  }

  @Test func `files that Hurl passes pass, and their last body is the one that Hurl gives`() throws {
    try writeBodies()
    var passed = 0, bodies = 0
    for name in try Self.names("tests_ok")
    where !Self.needsHurlItself.contains(name) {
      let outcome = try run("tests_ok", name)
      #expect(outcome.status == 0, "\(name): \(outcome.output)\(outcome.error)")
      passed += outcome.status == 0 ? 1 : 0
      guard let path = SharedData.path("smoke/hurl/tests_ok/\(name).out"),
        !Self.outputOfSeveral.contains(name),
        let expected = FileManager.default.contents(atPath: path)
      else { continue }
      #expect(FileManager.default.contents(atPath: folder("out")) == expected, "\(name): another body")
      bodies += 1
    }
    #expect(passed > 30)
    print("tests_ok: \(passed) files passed, \(bodies) bodies as expected")
  }

  @Test func `files that Hurl fails stop`() throws {
    try writeBodies()
    var stopped = 0
    for name in try Self.names("tests_failed")
    where !Self.needsHurlItself.contains(name) {
      let outcome = try run("tests_failed", name)
      // What cannot work is refused before anything is sent.
      let expected: Int32 = Self.cannotWork.contains(name) ? 65 : 1
      #expect(outcome.status == expected, "\(name): \(outcome.output)\(outcome.error)")
      stopped += outcome.status == expected ? 1 : 0
    }
    #expect(stopped > 15)
    print("tests_failed: \(stopped) files stopped")
  }

  @Test func `files that Hurl cannot read are data errors with a place`() throws {
    var refused = 0
    for name in try Self.names("tests_error_parser") where name != "parallel_parsing_error_d" {
      let outcome = try run("tests_error_parser", name)
      #expect(outcome.status == 65, "\(name): \(outcome.output)")
      #expect(outcome.error.contains("tests/\(name).hurl:"), "\(name): \(outcome.error)")
      refused += outcome.status == 65 ? 1 : 0
    }
    #expect(refused > 20)
    print("\(refused) files refused")
  }

  @Test func `every file that Hurl reads is read by --parse-only, which sends nothing`() throws {
    try write(Array("ENVIRONMENT=dev\nAPI_ENDPOINT=http://127.0.0.1:1/\n".utf8), to: "deployment-dev.config")
    try writeBodies()
    var read = 0
    for group in ["tests_ok", "tests_failed"] {
      for name in try Self.names(group) {
        try write(
          Array(try #require(SharedData.text("smoke/hurl/\(group)/\(name).hurl")).utf8),
          to: "tests/\(name).hurl")
        let variables = (Self.variables[name] ?? []).flatMap { ["--variable", $0] }
        let outcome = try step.run(["dev", "--parse-only", "--smoke", "tests/\(name).hurl"] + variables)
        // A file without a request is read, and is no go.
        let expected: Int32 =
          group == "tests_failed" && Self.cannotWork.contains(name)
          ? 65 : name == "many_glob_not_found" ? 3 : 0
        #expect(outcome.status == expected, "\(name): \(outcome.error)")
        read += 1
      }
    }
    print("\(read) files read by --parse-only")
  }
}
