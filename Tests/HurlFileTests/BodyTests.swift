import HurlFile
import SystemInterfaces
import Testing

/// Bodies that are more than text: multipart forms, XML, GraphQL, bytes in several lines.
@Suite struct `Bodies` {
  private func request(
    _ text: String, _ variables: [String: HurlValue] = [:], files: [String: [UInt8]] = [:]
  ) throws -> HurlRequestSpec {
    var evaluating = Evaluating()
    evaluating.files = files
    let document = try HurlDocument(parsing: "POST http://x/\n\(text)\n", file: "t.hurl")
    return try #require(document.entries.first).request(HurlVariables(variables), evaluating.context)
  }
  private func body(_ text: String, _ variables: [String: HurlValue] = [:]) throws -> String {
    String(decoding: try request(text, variables).body, as: UTF8.self)
  }
  private func contentType(_ spec: HurlRequestSpec) -> String? {
    spec.headers.first { $0.name.lowercased() == "content-type" }?.value
  }

  // MARK: Multipart

  @Test func `a multipart form holds texts and files with their types`() throws {
    let spec = try request(
      """
      [MultipartFormData]
      key{{n}}: value {{n}} # comment
      upload1: file,data.txt;
      upload2: file,folder/data.html;
      upload3: file,data.txt; text/x-{{n}}; charset=utf-8 # comment
      upload4: file,with\\ space.bin;
      """,
      ["n": .integer(1)],
      files: [
        "data.txt": Array("Hello".utf8), "folder/data.html": Array("<b>".utf8), "with space.bin": [0, 0xFF],
      ])
    let type = try #require(contentType(spec))
    let boundary = try #require(type.split(separator: "=").last.map(String.init))
    #expect(type == "multipart/form-data; boundary=\(boundary)" && boundary.utf8.count > 30)
    func part(_ head: String) -> String { "--\(boundary)\r\nContent-Disposition: form-data; \(head)\r\n\r\n" }
    let text = String(decoding: spec.body, as: UTF8.self)
    let type2 = "\r\nContent-Type: "
    #expect(
      text.hasPrefix(
        part("name=\"key1\"") + "value 1\r\n"
          + part("name=\"upload1\"; filename=\"data.txt\"\(type2)text/plain") + "Hello\r\n"
          + part("name=\"upload2\"; filename=\"data.html\"\(type2)text/html") + "<b>\r\n"
          + part("name=\"upload3\"; filename=\"data.txt\"\(type2)text/x-1; charset=utf-8") + "Hello\r\n"
          + part("name=\"upload4\"; filename=\"with space.bin\"\(type2)application/octet-stream")))
    #expect(spec.body.suffix(2 + boundary.utf8.count + 8).starts(with: [0, 0xFF, 13, 10]) == true)
    #expect(text.hasSuffix("\r\n--\(boundary)--\r\n"))
    #expect(spec.hasBody)
  }

  @Test func `names cannot break out of a multipart head`() throws {
    let spec = try request("[Multipart]\n{{n}}: x", ["n": .string("a\"\r\nX: y")])
    #expect(String(decoding: spec.body, as: UTF8.self).contains("name=\"a%22%0D%0AX: y\"\r\n\r\nx\r\n"))
  }

  @Test func `a content type of the file's own gets the boundary`() throws {
    let spec = try request("Content-Type: multipart/mixed\n[Multipart]\na: b")
    let boundary = String(decoding: spec.body, as: UTF8.self).split(separator: "\r\n")[0].dropFirst(2)
    #expect(contentType(spec) == "multipart/mixed; boundary=\(boundary)")
    #expect(contentType(try request("Content-Type: text/plain\n[Multipart]\na: b")) == "text/plain")
  }

  @Test func `a file that is not there is an error with its place`() throws {
    let error = #expect(throws: HurlRuntimeError.self) { try request("[Multipart]\na: b\nc: file,unknown;") }
    #expect(error?.description == "4:1: the file unknown cannot be read: there is no such file")
  }

  // MARK: XML

  @Test(arguments: [
    "<a/>", "<a></a>", "<?xml version=\"1.0\"?>\n<drink>café</drink>", "<a b='>'><!-- </a> --><c/>\n</a>",
    "<a><![CDATA[</a>]]></a>", "<a>{{x}}</a>", "<!DOCTYPE a [<!ENTITY e \"v\">]><a>&e;</a>",
  ])
  func `an XML document is sent as written`(document: String) throws {
    let spec = try request("\(document) # comment\nHTTP 200")
    #expect(String(decoding: spec.body, as: UTF8.self) == document)
    #expect(contentType(spec) == "application/xml")
  }

  @Test func `an XML document that must come is compared as written`() throws {
    #expect(try Evaluating("<a>\n<b/></a>").evaluate("HTTP 200\n<a>\n<b/></a>").passed)
    #expect(try !Evaluating("<a><b/></a>").evaluate("HTTP 200\n<a>\n<b/></a>").passed)
  }

  @Test func `what follows an XML document belongs to the file`() throws {
    let text = "POST http://x/\n<a>\n</a>\nHTTP 201\n<b/>\n\nGET http://y/\n"
    let document = try HurlDocument(parsing: text, file: "t")
    #expect(document.entries.map(\.position.line) == [1, 7])
    #expect(document.entries[0].response?.body?.content == .xml("<b/>"))
  }

  // MARK: GraphQL

  @Test func `a GraphQL document becomes JSON`() throws {
    let spec = try request("```graphql\n\n{\n  hero(a: \"{{v}}\") # c\n}\n\n```", ["v": .string("x\"y")])
    #expect(
      String(decoding: spec.body, as: UTF8.self)
        == #"{"query":"{\n  hero(a: \"x\"y\") # c\n}"}"#.replacing("x\"y", with: #"x\"y"#))
    #expect(contentType(spec) == "application/json")
  }

  @Test func `GraphQL variables stand beside the document`() throws {
    let text = """
      ```graphql
      query Q($variables: V) { a(variables: $variables) }

      variables {
        "b": {{b}},
        "c": "{{c}}"
      }
      ```
      """
    #expect(
      try body(text, ["b": .bool(true), "c": .string("\n")])
        == #"{"query":"query Q($variables: V) { a(variables: $variables) }","variables":"#
        + "{\n  \"b\": true,\n  \"c\": \"\\n\"\n}}")
  }

  @Test func `a GraphQL document that must come is compared as JSON`() throws {
    let answer = Evaluating(#"{"query":"{ a }"}"#)
    #expect(try answer.evaluate("HTTP 200\n```graphql\n{ a }\n```").passed)
    #expect(try answer.assert("body == ```graphql\n{ a }\n```").passed)
    #expect(try !answer.assert("body == ```graphql\n{ b }\n```").passed)
  }

  @Test func `novariable and escape hold for GraphQL too`() throws {
    #expect(try body("```graphql,novariable\n{{a}}\n```") == #"{"query":"{{a}}"}"#)
    #expect(try body("```graphql,escape\na\\tb\n```") == #"{"query":"a\tb"}"#)
  }

  // MARK: Bytes

  @Test func `bytes in several lines`() throws {
    #expect(try request("```hex\nc3 a9\n0D0a\n```").body == [0xC3, 0xA9, 0x0D, 0x0A])
    #expect(try request("```base64\nSGVs\nbG8=\n```").body == Array("Hello".utf8))
    #expect(try Evaluating("Hello").assert("bytes == ```base64\nSGVsbG8=\n```").passed)
    #expect(try Evaluating("Hello").evaluate("HTTP 200\n```hex\n48656c6c6f\n```").passed)
  }
}
