extension HurlDocument {
  /// Reads the Hurl file `text`, which is named `file` in errors.
  public init(parsing text: String, file: String) throws(HurlSyntaxError) {
    var parser = HurlParser(text, file: file)
    self = try parser.document()
  }

  /// Reads the bytes of a Hurl file, which is named `file` in errors; they must be UTF-8.
  public init(parsing bytes: [UInt8], file: String) throws(HurlSyntaxError) {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      var line = 1, column = 1
      var rest = bytes[...]
      // The longest valid beginning tells where the first wrong byte stands.
      while let next = rest.first {
        let length = next < 0x80 ? 1 : next >= 0xF0 ? 4 : next >= 0xE0 ? 3 : 2
        guard String(validating: rest.prefix(length), as: UTF8.self) != nil else { break }
        if next == 0x0A { (line, column) = (line + 1, 1) } else { column += 1 }
        rest = rest.dropFirst(length)
      }
      throw HurlSyntaxError(
        file: file, line: line, column: column, message: "expected text in UTF-8", isUnsupported: false)
    }
    try self.init(parsing: text, file: file)
  }
}
