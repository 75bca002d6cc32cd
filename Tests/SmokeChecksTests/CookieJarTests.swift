import HTTPTransport
import SmokeChecks
import SystemInterfaces
import Testing

@Suite struct `Cookies of a session` {
  private let now = Timestamp("2026-11-24T10:00:00Z")!

  private func sent(_ cookies: [String], from: String = "http://app.example/a/b", to: String) -> [String] {
    var jar = CookieJar()
    jar.store(cookies.map { HTTPField("Set-Cookie", $0) }, from: WebAddress(from)!, now: now)
    return jar.pairs(for: WebAddress(to)!, now: now).map { "\($0.name)=\($0.value)" }
  }

  @Test func `a cookie goes back to its host and below its path`() {
    #expect(sent(["a=1"], to: "http://app.example/a/c") == ["a=1"])
    #expect(sent(["a=1"], to: "http://app.example/other") == [])
    #expect(sent(["a=1; Path=/"], to: "http://app.example/other") == ["a=1"])
    #expect(sent(["a=1; Path=/"], to: "http://sub.app.example/") == [])
    #expect(sent(["a=1; Path=/; Domain=app.example"], to: "http://sub.app.example/") == ["a=1"])
    #expect(sent(["a=1; Path=/ab"], to: "http://app.example/abc") == [])
  }

  @Test func `nobody sets cookies for others`() {
    #expect(sent(["a=1; Domain=evil.example; Path=/"], to: "http://evil.example/") == [])
    #expect(sent(["a=1; Domain=ample; Path=/"], to: "http://x.ample/") == [])
  }

  @Test func `a secure cookie goes over TLS, and to this machine`() {
    #expect(sent(["a=1; Path=/; Secure"], to: "http://app.example/") == [])
    #expect(sent(["a=1; Path=/; Secure"], to: "https://app.example/") == ["a=1"])
    #expect(sent(["a=1; Path=/; Secure"], from: "http://localhost/", to: "http://localhost/") == ["a=1"])
  }

  @Test func `a cookie ends by age before date`() {
    #expect(sent(["a=1; Path=/; Max-Age=0"], to: "http://app.example/") == [])
    #expect(
      sent(["a=1; Path=/; Max-Age=60; Expires=Wed, 21 Oct 2015 07:28:00 GMT"], to: "http://app.example/")
        == ["a=1"])
    #expect(sent(["a=1; Path=/; Expires=Wed, 21-Oct-2015 07:28:00 GMT"], to: "http://app.example/") == [])
  }

  @Test func `a cookie is replaced and deleted`() {
    #expect(sent(["a=1; Path=/", "a=2; Path=/"], to: "http://app.example/") == ["a=2"])
    #expect(sent(["a=1; Path=/", "a=; Path=/; Max-Age=0"], to: "http://app.example/") == [])
  }

  @Test func `longer paths come first`() {
    #expect(sent(["a=1; Path=/", "b=2; Path=/a/b"], to: "http://app.example/a/b") == ["b=2", "a=1"])
  }

  @Test(arguments: ["", "=x", ";", "novalue"]) func `what names nothing is no cookie`(text: String) {
    #expect(sent([text], to: "http://app.example/a/b") == [])
  }
}

@Suite struct `Cookies without end` {
  private let now = Timestamp("2026-11-24T10:00:00Z")!
  private let address = WebAddress("http://app.example/")!

  @Test func `what one answer sets, one request carries and the jar keeps is bounded, as in libcurl`() {
    var jar = CookieJar()
    jar.store(
      (0..<1500).map { HTTPField("Set-Cookie", "c\($0)=v") } + [HTTPField("X-A", "1")], from: address,
      now: now)
    #expect(jar.pairs(for: address, now: now).count == 50)
    for answer in 0..<100 {
      jar.store((0..<50).map { HTTPField("Set-Cookie", "d\(answer)-\($0)=v") }, from: address, now: now)
    }
    let sent = jar.pairs(for: address, now: now)
    #expect(sent.count == 150)
    #expect(!sent.contains { $0.name == "c0" }, "the oldest went first")
  }

  @Test func `a cookie that is too large is passed over, and no request grows too large by many`() {
    var jar = CookieJar()
    let large = String(repeating: "v", count: 4000)
    jar.store(
      [HTTPField("Set-Cookie", "huge=\(large)\(large)")]
        + (0..<5).map { HTTPField("Set-Cookie", "c\($0)=\(large)") },
      from: address, now: now)
    #expect(jar.pairs(for: address, now: now).map(\.name) == ["c0", "c1"])
  }
}
