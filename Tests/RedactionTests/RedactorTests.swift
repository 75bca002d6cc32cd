import Foundation
import Redaction
import Testing

@Suite struct RedactorTests {
  private let secret = "s3cr3t/va+lue \"x\"&é"

  @Test func `a learned value is gone in every shape it takes`() {
    let redactor = Redactor()
    redactor.learn(secret)
    let shapes = [
      secret, secret.addingPercentEncoding(withAllowedCharacters: .alphanumerics)!,
      Data(secret.utf8).base64EncodedString(), "user:\(secret)".replacingOccurrences(of: "\"", with: "\\\""),
      "s3cr3t%2fva%2blue%20%22x%22%26%c3%a9", "s3cr3t/va+lue &quot;x&quot;&amp;é",
    ]
    for shape in shapes {
      let out = redactor.redact("before \(shape) after")
      #expect(out.hasPrefix("before ") && out.hasSuffix(" after"))
      #expect(out.contains(Redactor.mark), "\(shape) → \(out)")
      #expect(!out.contains("lue"), "\(shape) → \(out)")
    }
  }

  @Test func `a value inside longer Base64 is gone`() {
    let redactor = Redactor()
    redactor.learn("correct-horse-battery-staple")
    for prefix in ["", "a", "ab", "abc", "user:"] {
      let encoded = Data("\(prefix)correct-horse-battery-staple:tail".utf8).base64EncodedString()
      #expect(redactor.redact("Basic \(encoded)").contains(Redactor.mark), "\(prefix)")
    }
  }

  @Test func `names decide for fields, length for text`() {
    let redactor = Redactor()
    #expect(redactor.redact("abc", named: "API_KEY") == Redactor.mark)
    #expect(redactor.redact("abc", named: "db_password") == Redactor.mark)
    #expect(redactor.redact("", named: "API_KEY") == "")
    #expect(redactor.redact("abc", named: "REGION") == "abc")
    redactor.learn("abc", named: "API_KEY")
    #expect(redactor.redact("x abc y") == "x abc y")
    redactor.learn("abcdefgh", named: "API_KEY")
    #expect(redactor.redact("x abcdefgh y") == "x [redacted] y")
  }

  @Test(
    arguments: [
      ("postgres://app:p4ss@db/x", "postgres://app:[redacted]@db/x"),
      (
        "https://a:b1@c,https://d:e2@f/g,http://h3@i",
        "https://a:[redacted]@c,https://d:[redacted]@f/g,http://[redacted]@i"
      ),
      ("git https://tok3n@github.example/x", "git https://[redacted]@github.example/x"),
      ("see https://host/a@b and https://u:p@h", "see https://host/a@b and https://u:[redacted]@h"),
      ("id AKIAIOSFODNN7EXAMPLE.", "id [redacted]."), ("XAKIAIOSFODNN7EXAMPLE", "XAKIAIOSFODNN7EXAMPLE"),
      ("AKIAIOSFODNN7EXAMPLEX", "AKIAIOSFODNN7EXAMPLEX"), ("http://", "http://"), ("p@ss://x", "p@ss://x"),
    ])
  func `passwords in URLs and access key ids need no learning`(text: String, expected: String) {
    #expect(Redactor().redact(text) == expected)
  }

  @Test func `a URL's password is learned and gone elsewhere too`() {
    let redactor = Redactor()
    redactor.learn("postgres://app:long-password@db/x", named: "DATABASE_URL")
    #expect(redactor.redact("psql: long-password refused") == "psql: [redacted] refused")
  }

  @Test func `the longest of two overlapping values wins`() {
    let redactor = Redactor()
    redactor.learn("abcdefgh")
    redactor.learn("abcdefghijkl")
    #expect(redactor.redact("1abcdefghijkl2abcdefgh3") == "1[redacted]2[redacted]3")
  }

  @Test func `a thousand values in a long text are all gone`() {
    let redactor = Redactor()
    var text = ""
    let secrets = (0..<1000).map { "secret-\($0)-\(UUID().uuidString)" }
    for secret in secrets {
      redactor.learn(secret)
      text += "x\(secret)y\(secret.lowercased().first!)"
    }
    let out = redactor.redact(text)
    #expect(secrets.allSatisfy { !out.contains($0) })
  }

  @Test func `many secrets that overlap are found as by looking at every place`() {
    var generator = SystemRandomNumberGenerator()
    func word(_ count: ClosedRange<Int>) -> String {
      String((0..<Int.random(in: count, using: &generator)).map { _ in Bool.random() ? "a" : "b" })
    }
    for _ in 0..<300 {
      let secrets = (0..<Int.random(in: 1...12)).map { _ in word(8...12) }
      let text = word(0...200)
      let redactor = Redactor()
      for secret in secrets { redactor.learn(secret) }
      var expected = ""
      var rest = Substring(text)
      while let first = rest.first {
        if let found = secrets.filter({ rest.hasPrefix($0) }).max(by: { $0.count < $1.count }) {
          expected += Redactor.mark
          rest = rest.dropFirst(found.count)
        } else {
          expected.append(first)
          rest.removeFirst()
        }
      }
      #expect(redactor.redact(text) == expected, "\(secrets) in \(text)")
    }
  }
}
