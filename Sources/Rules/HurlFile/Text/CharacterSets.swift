import Glibc

/// Bytes to text by the encodings of the Encoding Standard (encoding.spec.whatwg.org), over the C library's iconv.
enum CharacterSets {
  /// Why bytes are no text.
  struct Failure: Error {
    let message: String
  }

  /// The encoding that a `Content-Type` names, if it does.
  static func label(inContentType contentType: String) -> String? {
    guard contentType.utf8.contains(UInt8(ascii: ";")) else { return nil }
    for parameter in contentType.split(separator: ";").dropFirst() {
      let parts = parameter.split(separator: "=", maxSplits: 1)
      guard parts.count == 2, String(parts[0]).trimmingSpaces.lowercased() == "charset" else { continue }
      let value = String(parts[1]).trimmingSpaces
      return value.hasPrefix("\"") && value.hasSuffix("\"") && value.utf8.count > 1
        ? String(value.dropFirst().dropLast()) : value
    }
    return nil
  }

  /// Whether what has this `Content-Type` is in UTF-8, which is also the default.
  static func isUTF8(contentType: String) -> Bool {
    guard let label = label(inContentType: contentType) else { return true }
    return ["utf-8", "utf8", "unicode-1-1-utf-8"].contains(label.lowercased())
  }

  /// The text of `bytes` in the encoding `label`.
  static func text(_ bytes: [UInt8], encoding label: String) throws(Failure) -> String {
    let name = label.lowercased()
    switch name {
    case "utf-8", "utf8", "unicode-1-1-utf-8":
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw Failure(message: "the bytes are no text in UTF-8")
      }
      return text
    case "latin1", "iso-8859-1", "iso8859-1", "iso88591", "iso_8859-1", "l1", "us-ascii", "ascii",
      "windows-1252",
      "cp1252", "x-cp1252":
      return latin(bytes)
    default: return try converted(bytes, from: converterName(name), label: label)
    }
  }

  /// Windows-1252, which the standard takes for Latin-1 and ASCII too.
  private static func latin(_ bytes: [UInt8]) -> String {
    var text = String.UnicodeScalarView()
    for byte in bytes {
      let value = (0x80..<0xA0).contains(byte) ? UInt32(windows1252[Int(byte) - 0x80]) : UInt32(byte)
      text.append(Unicode.Scalar(value) ?? "\u{FFFD}")
    }
    return String(text)
  }
  private static let windows1252: [UInt16] = [
    0x20AC, 0x81, 0x201A, 0x192, 0x201E, 0x2026, 0x2020, 0x2021, 0x2C6, 0x2030, 0x160, 0x2039, 0x152, 0x8D,
    0x17D,
    0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x2DC, 0x2122, 0x161, 0x203A, 0x153,
    0x9D,
    0x17E, 0x178,
  ]

  /// The C library's name of an encoding that the standard names otherwise.
  private static func converterName(_ label: String) -> String {
    switch label {
    case "gb2312", "gbk", "chinese", "gb_2312-80", "x-gbk", "csgb2312": "GB18030"
    case "shift_jis", "shift-jis", "sjis", "x-sjis", "ms_kanji", "windows-31j": "CP932"
    case "euc-kr", "korean", "ks_c_5601-1987", "windows-949": "CP949"
    case "big5", "cn-big5", "x-x-big5": "BIG5-HKSCS"
    case "utf-16", "utf-16le": "UTF-16LE"
    case "x-mac-roman", "macintosh", "mac": "MACINTOSH"
    case "iso-8859-9", "latin5", "l5": "CP1254"
    case "iso-8859-11", "tis-620", "dos-874", "windows-874": "CP874"
    default:
      label.hasPrefix("x-cp") ? String(label.dropFirst(2)) : label.replacingPrefix("windows-", with: "CP")
    }
  }

  private static func converted(
    _ bytes: [UInt8], from encoding: String, label: String
  ) throws(Failure) -> String {
    // Only plain names reach the converter: it would take //IGNORE and the like as instructions.
    let isPlain = encoding.utf8.allSatisfy { byte in
      byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "/") && byte != UInt8(ascii: ",")
    }
    guard isPlain, let converter = iconv_open("UTF-8", encoding), converter != iconv_t(bitPattern: -1) else {
      throw Failure(message: "the encoding \(label) is not known")
    }
    defer { iconv_close(converter) }
    var input = bytes
    var output = [UInt8](repeating: 0, count: bytes.count * 4 + 16)
    var written = 0
    let isDone = input.withUnsafeMutableBytes { source in
      output.withUnsafeMutableBytes { target in
        var from = source.baseAddress?.assumingMemoryBound(to: CChar.self)
        var to = target.baseAddress?.assumingMemoryBound(to: CChar.self)
        var left = source.count
        var room = target.count
        let isConverted = iconv(converter, &from, &left, &to, &room) != .max
        let isFlushed = iconv(converter, nil, nil, &to, &room) != .max
        written = target.count - room
        return isConverted && isFlushed && left == 0
      }
    }
    guard isDone, let text = String(validating: output[..<written], as: UTF8.self) else {
      throw Failure(message: "the bytes are no text in \(label)")
    }
    return text
  }
}

extension String {
  fileprivate func replacingPrefix(_ prefix: String, with replacement: String) -> String {
    hasPrefix(prefix) ? replacement + dropFirst(prefix.count) : self
  }
}
