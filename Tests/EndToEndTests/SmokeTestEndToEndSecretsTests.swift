import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

private let server = Result { try ServerProcess(python: "hurl_server.py") }

/// Planted secrets: in the configuration, headers, bodies, URLs, captures, errors.
@Suite(.blockingFirst) struct SmokeTestEndToEndSecretsTests {
  private let folder = TemporaryFolder()

  private func write(_ text: String, to name: String) throws {
    try LocalFileSystem().writeAtomically(Array(text.utf8), to: folder(name), mode: 0o644)
  }

  /// Plain ones, and ones with characters that URLs, JSON, XML and HTML write in other ways.
  private static func secret(_ number: Int) -> String {
    number.isMultiple(of: 2)
      ? "planted\(number)Zq7Xv9Lm2Rt5" : "p<l>a&n\"t'e\\\(number) %d/+=Kq8Wz3"
  }

  /// An entry that sends the secret `name`; it comes back, and stands in the message of a condition that fails.
  private static func entry(_ number: Int, _ name: String) -> String {
    let ok = "HTTP 200\n[Asserts]\n"
    let echo = "{{API_ENDPOINT}}/echo"
    return switch number % 20 {
    case 0: "GET \(echo)\nX-Planted: \(name)\n\(ok)body == \"x\"\n"
    case 1: "GET \(echo)\n[Query]\nq: \(name)\n\(ok)jsonpath \"$.query\" == \"x\"\n"
    case 2: "POST \(echo)\n`\(name)`\n\(ok)jsonpath \"$.body\" == \"x\"\n"
    case 3: "GET \(echo)\n[BasicAuth]\nuser: \(name)\n\(ok)bytes == hex,00;\n"
    case 4:
      "GET \(echo)\nX-P: \(name)\nHTTP 200\n[Captures]\nc\(number): body\n[Asserts]\nvariable \"c\(number)\" == \"\(name)\"\n"
    case 5: "GET {{API_ENDPOINT}}/none/\(name)\nHTTP 200\n"
    case 6: "POST \(echo)\n{ \"a\": \"\(name)\" }\n\(ok)body contains \"\(name)-not\"\n"
    case 7: "POST \(echo)\n`\(name)`\n\(ok)jsonpath \"$.body\" htmlEscape == \"x\"\n"
    case 8: "POST \(echo)\n`\(name)`\n\(ok)jsonpath \"$.body\" urlEncode == \"x\"\n"
    case 9: "POST \(echo)\n`\(name)`\n\(ok)jsonpath \"$.body\" utf8Encode base64Encode == \"x\"\n"
    case 10: "POST \(echo)\n`\(name)`\n\(ok)jsonpath \"$.body\" utf8Encode toHex == \"x\"\n"
    case 11: "POST \(echo)\n[Form]\nf: \(name)\n\(ok)jsonpath \"$.body\" == \"x\"\n"
    case 12: "POST \(echo)\n[Multipart]\nf: \(name)\n\(ok)jsonpath \"$.body\" == \"x\"\n"
    case 13: "POST \(echo)\n```graphql\n{ a(b: \"\(name)\") }\n```\n\(ok)jsonpath \"$.body\" == \"x\"\n"
    case 14: "GET \(echo)\n[Cookies]\nc: planted\(number)\nX: \(name)\n\(ok)body matches /^x/\n"
    case 15: "GET http://\(name)@127.0.0.1:1/\nHTTP 200\n"
    case 16: "GET \(echo)\n[Options]\nuser: me:\(name)\nvery-verbose: true\n\(ok)body == \"x\"\n"
    case 17: "GET \(echo)\n[Options]\nproxy: http://me:\(name)@127.0.0.1:1\nHTTP 200\n"
    case 18: "GET \(echo)\nX-Planted: \(name)\nHTTP 200\nX-Planted: \(name)\n"
    default:
      "GET \(echo)\nX-Planted: \(name)\nHTTP 200\n[Captures]\nd\(number): regex \"(nothing \(number))\"\n"
    }
  }

  @Test func `are in no output byte`() throws {
    let port = try server.get().port("http")
    let secrets = (0..<1000).map(Self.secret)
    var config = "ENVIRONMENT=dev\nAPI_ENDPOINT=http://127.0.0.1:\(port)/\n"
    for (number, secret) in secrets.enumerated() {
      let quoted = secret.replacing("'", with: "'\\''")
      config += "S\(number)_SECRET='\(quoted)'\n"
    }
    try write(config, to: "deployment-dev.config")
    // All in one document, which holds what every reporter is told; text of its own from the first of each kind.
    for (format, count) in [("json", secrets.count), ("text", 40)] {
      let file = secrets.indices.prefix(count).map { Self.entry($0, "{{S\($0)_SECRET}}") }
      try write(file.joined(separator: "\n"), to: "a.hurl")
      let outcome = try BuiltStep("smoke-test", in: folder.path).run([
        "dev", "--smoke", "a.hurl", "--settle", "0", "--verbose", "--format", format, "--junit", "j.xml",
        "--tap", "t.tap", "--html", "h.html", "--markdown", "m.md", "--output", "body",
      ])
      #expect(outcome.status == 1, "\(outcome.error.suffix(500))")
      var outputs = [("standard output", outcome.output), ("standard error", outcome.error)]
      for name in ["j.xml", "t.tap", "h.html", "m.md", ".backstop/dev/smoke-test.json"] {
        outputs.append((name, try LocalFileSystem().readText(folder(name))))
      }
      for (name, text) in outputs {
        let output = Searched(text)
        // Brackets are escaped where they would be markup.
        let mark = name == "m.md" ? "\\[redacted\\]" : "[redacted]"
        #expect(output.place(of: mark) != nil, "\(name)")
        let leaked = secrets.filter { output.place(of: $0) != nil }
        #expect(leaked.isEmpty, "\(name): \(leaked.count), such as \(leaked.first ?? "")")
        // No recognisable half, and none in another writing.
        for half in ["Zq7Xv9", "Kq8Wz"] {
          for form in Self.writings(of: half) {
            let place = output.place(of: form)
            #expect(place == nil, "\(name): \(place ?? "")")
          }
        }
      }
    }
  }

  @Test(arguments: [302, 307])
  func `go to no other host that a redirect names, whatever the header is called`(status: Int) throws {
    let port = try server.get().port("http")
    try write(
      "ENVIRONMENT=dev\nAPI_ENDPOINT=http://127.0.0.1:\(port)/\nAPI_KEY=planted-Zq7Xv9Lm2\nSESSION_SECRET=planted-other-Rt5\n",
      to: "deployment-dev.config")
    let names = ["x-auth-token", "X-Whatever", "Authorization", "X-Api-Key", "Cookie", "X-Words"]
    let fields = names.map { name in
      name == "X-Words" ? "X-Words: with {{SESSION_SECRET}} inside" : "\(name): {{API_KEY}}"
    }
    func file(_ option: String, _ asserts: String) -> String {
      "GET {{API_ENDPOINT}}redirect-to-another-host?\(status)\n\(fields.joined(separator: "\n"))\nX-Trace: 7\n"
        + "[Options]\n\(option)\nHTTP 200\n[Asserts]\n\(asserts)\n"
    }
    let without = "body not contains \"planted\"\nbody contains \"X-Trace\""
    try write(file("location: true", without), to: "stranger.hurl")
    // To see that they would have gone along.
    try write(file("location-trusted: true", "body contains \"planted\""), to: "trusted.hurl")
    let outcome = try BuiltStep("smoke-test", in: folder.path).run(
      ["dev", "--smoke", "stranger.hurl", "--smoke", "trusted.hurl", "--settle", "0s", "--format", "json"])
    let checks = try JSONValue(parsing: outcome.output)["checks"]?.array ?? []
    let asked = checks.filter { $0["file"]?.string?.hasSuffix(".hurl") == true }
    #expect(asked.map { $0["outcome"]?.string } == ["pass", "pass"], "\(outcome.output)\(outcome.error)")
    #expect(!outcome.output.contains("planted"))
  }

  /// `text` as it is, in hexadecimal, and in Base64 at each of the three places that it can begin at.
  private static func writings(of text: String) -> [String] {
    let bytes = Array(text.utf8)
    let hex = bytes.map { String($0, radix: 16) }.joined()
    let base64 = (0..<3).map { offset in
      let all = Data([UInt8](repeating: 0, count: offset) + bytes).base64EncodedString()
      return String(all.filter { $0 != "=" }.dropFirst(offset == 0 ? 0 : offset + 1).dropLast(1))
    }
    return [text, hex, hex.uppercased()] + base64.filter { $0.count > 4 }
  }
}

/// Text that much is looked for in, byte for byte.
private struct Searched {
  private let bytes: Data
  init(_ text: String) { bytes = Data(text.utf8) }

  /// What stands before and in the first place that holds `needle`.
  func place(of needle: String) -> String? {
    bytes.range(of: Data(needle.utf8)).map {
      String(decoding: bytes[max(0, $0.upperBound - 120)..<$0.upperBound], as: UTF8.self)
    }
  }
}
