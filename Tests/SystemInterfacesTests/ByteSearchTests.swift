import SystemInterfaces
import Testing

@Suite struct ByteSearchTests {
  @Test(arguments: [
    ("", false), ("a", false), ("#", false), ("##", true), ("a##", true), ("# #", false), ("a#b##c", true),
  ])
  func `two signs are found wherever they stand`(text: String, isThere: Bool) {
    #expect(Array(text.utf8).holds("##") == isThere)
  }

  @Test func `nothing stands everywhere, and what is longer nowhere`() {
    #expect([UInt8]().holds(""))
    #expect(![UInt8]().holds("a"))
    #expect(!Array("section".utf8).holds("section_"))
  }
}
