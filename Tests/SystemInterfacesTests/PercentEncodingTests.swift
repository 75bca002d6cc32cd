import SystemInterfaces
import Testing

@Suite struct `Percent-encoding` {
  @Test func `leaves the unreserved characters and those that are kept`() {
    #expect(PercentEncoding.encode("aZ09-_.~ /+%é") == "aZ09-_.~%20%2F%2B%25%C3%A9")
    #expect(PercentEncoding.encode("a/b c", keeping: "/") == "a/b%20c")
    #expect(PercentEncoding.encode([0x00, 0x41, 0xFF]) { $0 == 0x41 } == "%00A%FF")
  }

  @Test(arguments: ["", "a b", "ä€", "/?&=%", "~-._", "😀", "+"])
  func `is undone by decoding`(text: String) {
    let encoded = PercentEncoding.encode(text)
    #expect(encoded.utf8.allSatisfy { $0 < 0x80 && $0 != 0x20 })
    #expect(PercentEncoding.decode(encoded) == text)
  }

  @Test(arguments: [
    ("a%20b%C3%A9%2f", "a bé/"), ("100%, %zz, %4", "100%, %zz, %4"), ("%", "%"), ("%%41", "%A"),
    ("%4%41", "%4A"), ("a+b", "a+b"), ("%+1", "%+1"),
  ]) func `leaves what is no escape as it is`(text: String, decoded: String) {
    #expect(PercentEncoding.decode(text) == decoded)
  }

  @Test func `tells bytes that are no text`() {
    #expect(PercentEncoding.decode("%FF") == nil)
    #expect(PercentEncoding.bytes(decoding: "a%FF%C3") == [0x61, 0xFF, 0xC3])
  }
}
