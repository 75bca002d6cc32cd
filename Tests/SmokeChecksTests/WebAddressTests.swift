import SmokeChecks
import Testing

@Suite struct `Web addresses` {
  @Test func `an address is read into its parts and written back`() throws {
    let text = "https://bob%40x:pw@[::1]:8443/a/b?x=1&y=%20"
    let address = try #require(WebAddress(text))
    #expect(address.scheme == "https")
    #expect(address.userInfo == "bob%40x:pw")
    #expect(address.host == "[::1]")
    #expect(address.port == 8443)
    #expect(address.path == "/a/b")
    #expect(address.query == "x=1&y=%20")
    #expect(address.description == text)
    #expect(address.display == "https://[::1]:8443/a/b")
  }

  @Test(arguments: [
    "", "ftp://a/", "//a/b", "http://", "http://a b/", "http://a:99999/", "http://a:x/", "a/b",
  ])
  func `what is no absolute HTTP URL is none`(text: String) {
    #expect(WebAddress(text) == nil)
  }

  // RFC 3986, section 5.4, those of its examples that stay within HTTP.
  @Test(arguments: [
    ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"), ("g/", "http://a/b/c/g/"), ("/g", "http://a/g"),
    ("//g", "http://g"), ("?y", "http://a/b/c/d;p?y"), ("g?y", "http://a/b/c/g?y"),
    ("", "http://a/b/c/d;p?q"),
    (".", "http://a/b/c/"), ("..", "http://a/b/"), ("../g", "http://a/b/g"), ("../..", "http://a/"),
    ("../../../g", "http://a/g"), ("/./g", "http://a/g"), ("g;x=1/../y", "http://a/b/c/y"),
    ("g#s", "http://a/b/c/g"), ("https://h/x", "https://h/x"),
  ])
  func `a reference is resolved as the standard says`(reference: String, target: String) throws {
    let base = try #require(WebAddress("http://a/b/c/d;p?q"))
    #expect(base.resolving(reference)?.description == target)
  }

  @Test func `a reference of another scheme is refused`() throws {
    let base = try #require(WebAddress("http://a/b"))
    #expect(base.resolving("file:///etc/passwd") == nil)
    #expect(base.resolving("javascript:alert(1)") == nil)
  }
}
