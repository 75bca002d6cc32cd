import Testing

@testable import AWSClients

@Suite struct XMLReaderTests {
  func read(_ text: String) throws(XMLError) -> XMLElement { try XMLReader.parse(Array(text.utf8)) }

  @Test func `elements, texts, entities and character data`() throws {
    let root = try read(
      """
      <?xml version="1.0" encoding="UTF-8"?>
      <n:R xmlns:n="urn:x"><A>a &lt;b&gt; &amp; &#233; <![CDATA[<raw>]]></A>
        <L><member>1</member><member/></L><B>true</B><N>7</N></n:R>
      """)
    #expect(root.name == "R")
    #expect(root.text("A") == "a <b> & é <raw>")
    #expect(root.texts("L") == ["1", ""])
    #expect(root.bool("B") == true)
    #expect(root.int("N") == 7)
    #expect(root.text("absent") == nil)
    #expect(root.list("absent").isEmpty)
  }

  @Test func `white space in a text is kept, for templates byte for byte`() throws {
    #expect(try read("<T>\n  a:\n\tb\n</T>").text == "\n  a:\n\tb\n")
  }

  @Test(arguments: [
    #"<!DOCTYPE r [<!ENTITY a "aaaa">]><r>&a;</r>"#,
    #"<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><r>&a;</r>"#,
    #"<!DOCTYPE r SYSTEM "http://127.0.0.1/x.dtd"><r/>"#,
  ]) func `a document type is refused`(text: String) throws {
    let error = #expect(throws: XMLError.self) { try read(text) }
    #expect(error?.message == "a document type declaration is not allowed")
  }

  @Test func `depth is bounded`() {
    let error = #expect(throws: XMLError.self) { try read(String(repeating: "<a>", count: 65)) }
    #expect(error?.message == "elements are nested too deep")
  }

  @Test(arguments: ["", "<a>", "<a></b>", "<a/><b/>", "no xml", "<a>&unknown;</a>", "{}"])
  func `what is no XML is an error`(text: String) {
    #expect(throws: XMLError.self) { try read(text) }
  }
}
