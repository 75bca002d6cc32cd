import JSONValues
import SystemInterfaces
import TestSupport
import Testing

private let server = Result { try ServerProcess(python: "hurl_server.py") }

/// Planted secrets: in the configuration, headers, bodies, URLs, captures, errors.
@Suite(.blocking) struct SmokeTestEndToEndSecretsTests {
  private let folder = TemporaryFolder()

  private func write(_ text: String, to name: String) throws {
    try LocalFileSystem().writeAtomically(Array(text.utf8), to: folder(name), mode: 0o644)
  }

  @Test func `are in no output byte`() throws {
    let port = try server.get().port("http")
    // Plain ones, and ones with characters that URLs, JSON, XML and HTML write in other ways.
    let secrets = (0..<200).map { number in
      number % 2 == 0 ? "planted\(number)Zq7Xv9Lm2Rt5" : "p<l>a&n\"t'e\(number) %d/+=Kq8Wz3"
    }
    var config = "ENVIRONMENT=dev\nAPI_ENDPOINT=http://127.0.0.1:\(port)/\n"
    for (number, secret) in secrets.enumerated() {
      let quoted = secret.replacing("'", with: "'\\''")
      config += "S\(number)_SECRET='\(quoted)'\n"
    }
    try write(config, to: "deployment-dev.config")
    // Each is sent, comes back, and stands in the message of a failed condition.
    var file = ""
    for number in secrets.indices {
      let name = "{{S\(number)_SECRET}}"
      switch number % 5 {
      case 0: file += "GET {{API_ENDPOINT}}/echo\nX-Planted: \(name)\nHTTP 200\n[Asserts]\nbody == \"x\"\n\n"
      case 1:
        file +=
          "GET {{API_ENDPOINT}}/echo\n[Query]\nq: \(name)\nHTTP 200\n[Asserts]\njsonpath \"$.query\" == \"x\"\n\n"
      case 2:
        file += "POST {{API_ENDPOINT}}/echo\n`\(name)`\nHTTP 200\n[Asserts]\njsonpath \"$.body\" == \"x\"\n\n"
      case 3:
        file +=
          "GET {{API_ENDPOINT}}/echo\n[BasicAuth]\nuser: \(name)\nHTTP 200\n[Asserts]\nbytes == hex,00;\n\n"
      default:
        file += "GET {{API_ENDPOINT}}/echo\nX-P: \(name)\nHTTP 200\n[Captures]\nc\(number): body\n"
        file += "[Asserts]\nvariable \"c\(number)\" == \"\(name)\"\n\n"
      }
    }
    try write(file, to: "a.hurl")
    for format in ["text", "json"] {
      let outcome = try BuiltStep("smoke-test", in: folder.path).run([
        "dev", "--smoke", "a.hurl", "--settle", "0", "--verbose", "--format", format, "--junit", "j.xml",
        "--tap", "t.tap", "--html", "h.html", "--markdown", "m.md",
      ])
      #expect(outcome.status == 1, "\(outcome.error.suffix(500))")
      var outputs = [("standard output", outcome.output), ("standard error", outcome.error)]
      for name in ["j.xml", "t.tap", "h.html", "m.md", ".backstop/dev/smoke-test.json"] {
        outputs.append((name, try LocalFileSystem().readText(folder(name))))
      }
      for (name, text) in outputs {
        #expect(text.contains("[redacted]"), "\(name)")
        let leaked = secrets.filter { text.contains($0) }
        #expect(leaked.isEmpty, "\(name): \(leaked.count), such as \(leaked.first ?? "")")
        // No recognisable half either.
        #expect(!text.contains("Zq7Xv9"), "\(name)")
        #expect(!text.contains("Kq8Wz"), "\(name)")
      }
    }
  }
}
