import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

private let server = Result {
  try ServerProcess(
    Repository.root + "/.build/venv/bin/python",
    arguments: [Repository.root + "/Tests/Servers/options_server.py"])
}

/// How a request is made, against servers that ask for it: the built `smoke-test` and nothing in between.
@Suite(.blocking, .enabled(if: LocalAWS.isInstalled)) struct SmokeTestEndToEndOptionsTests {
  private let folder = TemporaryFolder()
  private let server: ServerProcess
  private let files: String

  init() throws {
    server = try EndToEndTests.server.get()
    files = try #require(server.ready["folder"]?.string)
    try write(
      "ENVIRONMENT=dev\nAPI_ENDPOINT=http://127.0.0.1:\(server.port("plain"))/\n", to: "deployment-dev.config"
    )
  }

  private func write(_ text: String, to name: String) throws {
    try LocalFileSystem().writeAtomically(Array(text.utf8), to: folder(name), mode: 0o644)
  }

  private func url(_ scheme: String, _ port: String, _ host: String = "localhost") -> String {
    "\(scheme)://\(host):\(server.port(port))"
  }

  /// The outcomes of the entries of `text`, and what was said of those that did not pass.
  private func outcomes(
    _ text: String, variables: [String: String] = [:], _ more: String...
  ) throws -> (outcomes: [String], said: String) {
    try write(text, to: "a.hurl")
    let run = try BuiltStep("smoke-test", in: folder.path, variables: variables).run(
      ["dev", "--smoke", "a.hurl", "--settle", "0", "--format", "json"] + more)
    let checks = try JSONValue(parsing: run.output)["checks"]?.array ?? []
    return (
      checks.map { $0["class"]?.string ?? $0["outcome"]?.string ?? "" },
      checks.compactMap { $0["message"]?.string }.filter { !$0.isEmpty }.joined(separator: "\n")
    )
  }

  @Test func `an authority of its own, and a client's certificate`() throws {
    let (found, said) = try outcomes(
      """
      GET \(url("https", "mtls"))/
      [Options]
      cacert: \(files)/ca.crt
      cert: \(files)/client.crt
      key: \(files)/client.key
      HTTP 200
      [Asserts]
      jsonpath "$.client" == "the client"
      certificate "Issuer" contains "Test CA"
      certificate "Expire-Date" daysAfterNow > 0
      certificate "Value" startsWith "-----BEGIN CERTIFICATE-----"

      # Without a certificate the server ends the handshake.
      GET \(url("https", "mtls"))/
      [Options]
      cacert: \(files)/ca.crt
      HTTP 200

      # Without the authority this side does.
      GET \(url("https", "tls"))/
      HTTP 200

      GET \(url("https", "tls"))/
      [Options]
      insecure: true
      HTTP 200
      """)
    #expect(found.first == "pass" && found.last == "pass" && found.count == 4, "\(said)")
    // TLS 1.3 tells a client of the missing certificate only after the handshake.
    #expect(found[1] != "pass", "\(said)")
    #expect(found[2] == "tls", "\(said)")
  }

  @Test func `a certificate and its locked key in one file, and a serial number as Hurl prints it`() throws {
    let serial = try #require(server.ready["serial"]?.string)
    let entry = """
      GET \(url("https", "mtls"))/
      [Options]
      cacert: \(files)/ca.crt
      cert: \(files)/client.pem:PASSPHRASE
      HTTP 200
      [Asserts]
      jsonpath "$.client" == "the client"
      certificate "Serial-Number" == "\(serial)"

      """
    let right = try outcomes(entry.replacing("PASSPHRASE", with: "open-sesame-word"))
    #expect(right.outcomes == ["pass"], "\(right.said)")
    let wrong = try outcomes(entry.replacing("PASSPHRASE", with: "another-word-here"))
    #expect(wrong.outcomes == ["tls"], "\(wrong.said)")
    #expect(!wrong.said.contains("another-word-here"))
  }

  @Test func `a public key that is pinned, and another`() throws {
    let pin = try #require(server.ready["pin"]?.string)
    let (found, said) = try outcomes(
      """
      GET \(url("https", "tls"))/
      [Options]
      cacert: \(files)/ca.crt
      pinnedpubkey: sha256//\(pin)
      HTTP 200

      GET \(url("https", "tls"))/
      [Options]
      cacert: \(files)/ca.crt
      pinnedpubkey: sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
      HTTP 200
      """)
    #expect(found == ["pass", "tls"], "\(said)")
  }

  @Test func `names are led elsewhere by resolve and connect-to`() throws {
    let (tls, plain) = (server.port("tls"), server.port("plain"))
    let (found, said) = try outcomes(
      """
      GET https://api.example.test:\(tls)/
      [Options]
      cacert: \(files)/ca.crt
      resolve: api.example.test:\(tls):127.0.0.1
      HTTP 200
      [Asserts]
      jsonpath "$.host" == "api.example.test:\(tls)"

      GET http://api.example.test/
      [Options]
      connect-to: api.example.test:80:127.0.0.1:\(plain)
      HTTP 200
      [Asserts]
      jsonpath "$.host" == "api.example.test"

      # Trusted, and of another name.
      GET https://other.example.test:\(tls)/
      [Options]
      cacert: \(files)/ca.crt
      resolve: other.example.test:\(tls):127.0.0.1
      HTTP 200
      """)
    #expect(found == ["pass", "pass", "tls"], "\(said)")
  }

  @Test func `a tunnel through a proxy that wants a name and a password`() throws {
    let proxy = "127.0.0.1:\(server.port("proxy"))"
    let entry = """
      GET https://api.example.test/
      [Options]
      cacert: \(files)/ca.crt
      PROXY
      HTTP 200
      [Asserts]
      jsonpath "$.host" == "api.example.test"

      """
    let (found, said) = try outcomes(
      entry.replacing("PROXY", with: "proxy: http://me:through@\(proxy)")
        + entry.replacing("PROXY", with: "proxy: http://me:wrongpass@\(proxy)"))
    #expect(found.first == "pass" && found.last != "pass" && found.count == 2, "\(said)")
    #expect(!said.contains("wrongpass"))
    let byVariable = try outcomes(
      entry.replacing("PROXY\n", with: ""), variables: ["https_proxy": "http://me:through@\(proxy)"])
    #expect(byVariable.outcomes == ["pass"], "\(byVariable.said)")
    let excepted = try outcomes(
      entry.replacing("PROXY\n", with: ""),
      variables: ["https_proxy": "http://me:through@\(proxy)", "no_proxy": "example.test"])
    #expect(excepted.outcomes == ["dns"], "\(excepted.said)")
  }

  @Test func `HTTP/2 where the server offers it, on one connection`() throws {
    let entry = """
      GET \(url("https", "http2"))/
      [Options]
      cacert: \(files)/ca.crt
      HTTP/2 200
      [Asserts]
      version == "2"
      jsonpath "$.streams" == NUMBER

      """
    let (found, said) = try outcomes(
      (1...3).map { entry.replacing("NUMBER", with: "\($0)") }.joined(), "--concurrency", "1")
    #expect(found == ["pass", "pass", "pass"], "\(said)")
    let other = try outcomes(
      "GET \(url("https", "tls"))/\n[Options]\ncacert: \(files)/ca.crt\nHTTP/1.1 200\n")
    #expect(other.outcomes == ["pass"], "\(other.said)")
  }

  @Test func `requests are signed as botocore signs them`() throws {
    let options = "[Options]\naws-sigv4: aws:amz:eu-central-1:execute-api\n"
    let user = "user: AKIAEXAMPLEEXAMPLE01:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n"
    let base = url("http", "plain", "127.0.0.1")
    let (found, said) = try outcomes(
      """
      GET \(base)/signed?b=2&a=1&empty=
      \(options)\(user)HTTP 200

      POST \(base)/signed
      X-Custom:  two  spaces
      \(options)\(user){ "kind": "nightly" }
      HTTP 200

      # By the run's own credentials, which are those of the variables.
      PUT \(base)/signed?name=a%20b
      \(options)`text`
      HTTP 200

      GET \(base)/signed
      [Options]
      aws-sigv4: aws:amz:eu-central-1:execute-api
      user: AKIAEXAMPLEEXAMPLE01:anothersecretofthesamelengthasthefirst00
      HTTP 200

      GET \(base)/signed
      HTTP 403
      """,
      variables: [
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLEEXAMPLE01",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        // The entry's own region counts.
        "AWS_REGION": "us-west-2",
      ])
    #expect(found.count == 5 && found[3] != "pass", "\(found) \(said)")
    #expect(found[0] == "pass" && found[1] == "pass" && found[2] == "pass" && found[4] == "pass", "\(said)")
  }

  @Test func `credentials are proved by a digest`() throws {
    let base = url("http", "plain", "127.0.0.1")
    let (found, said) = try outcomes(
      """
      GET \(base)/digest
      [Options]
      digest: true
      user: bob:opensesame
      HTTP 200
      `{"user": "bob"}`

      GET \(base)/digest
      [Options]
      digest: true
      user: bob:wrong-password
      HTTP 401

      GET \(base)/digest
      [Options]
      user: bob:opensesame
      HTTP 401
      """)
    #expect(found == ["pass", "pass", "pass"], "\(said)")
  }

  @Test func `a Unix socket, header options and a limit of speed`() throws {
    let socket = try #require(server.ready["socket"]?.string)
    let base = url("http", "plain", "127.0.0.1")
    let (found, said) = try outcomes(
      """
      GET http://api.example.test/
      [Options]
      unix-socket: \(socket)
      HTTP 200
      [Asserts]
      jsonpath "$.host" == "api.example.test"

      GET \(base)/
      [Options]
      header: X-One: 1
      header: X-Two: 2
      HTTP 200
      [Asserts]
      jsonpath "$.headers['x-one']" == "1"
      jsonpath "$.headers['x-two']" == "2"

      GET \(base)/sized
      [Options]
      limit-rate: 100000
      HTTP 200
      [Asserts]
      jsonpath "$.text" matches /^x{20000}$/
      """)
    #expect(found == ["pass", "pass", "pass"], "\(said)")
  }

  @Test func `connections are used again`() throws {
    let base = url("http", "plain", "127.0.0.1")
    let (found, said) = try outcomes(
      """
      GET \(base)/
      HTTP 200
      [Captures]
      number: jsonpath "$.connection"

      GET \(base)/
      HTTP 200
      [Asserts]
      jsonpath "$.connection" == {{number}}

      GET \(base)/?again
      HTTP 200
      [Asserts]
      jsonpath "$.connection" == {{number}}

      # The certificate is known on a connection that is used again, too.
      GET \(url("https", "tls"))/
      [Options]
      cacert: \(files)/ca.crt
      HTTP 200
      [Asserts]
      certificate "Subject" contains "localhost"

      GET \(url("https", "tls"))/
      [Options]
      cacert: \(files)/ca.crt
      HTTP 200
      [Asserts]
      certificate "Subject" contains "localhost"
      """, "--concurrency", "1")
    #expect(found == ["pass", "pass", "pass", "pass", "pass"], "\(said)")
  }

  @Test func `what cannot be done and comes from a variable is named, as a fault of the check`() throws {
    let plain = url("http", "plain")
    let (found, said) = try outcomes(
      ["netrc: {{on}}", "netrc-optional: {{on}}", "http3: {{on}}", "netrc: false"].map {
        "GET \(plain)/\n[Options]\n\($0)\nHTTP 200\n"
      }.joined(separator: "\n"), "--variable", "on=true")
    #expect(found == Array(repeating: "bad-request", count: 3) + ["pass"], "\(said)")
    #expect(said.contains("option netrc without netrc-file is not supported by smoke-test"))
    #expect(said.contains("option http3 is not supported by smoke-test"))
  }
}
