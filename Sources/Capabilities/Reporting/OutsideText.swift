import SystemInterfaces

/// Text of strangers (file names, reasons, log lines, answers) made harmless for each place that shows it: one function
/// a place. All go scalar by scalar: what a person sees as one character may hide markup in it.
public enum OutsideText {
  /// `text` with everything that is no plain text as `\u{…}`: controls but line ends and tabs, marks of direction,
  /// invisible and private characters, line ends that only some know, and combining marks on anything but letters.
  public static func visible(_ text: String) -> String {
    // Most texts are plain, and are found to be so by their bytes.
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F || $0 == 0x0A || $0 == 0x09 }) { return text }
    var out = String.UnicodeScalarView()
    var previous: Unicode.Scalar?
    var marks = 0
    let scalars = Array(text.unicodeScalars)
    for (index, scalar) in scalars.enumerated() {
      if scalar == "\r", index + 1 < scalars.count, scalars[index + 1] == "\n" { continue }
      marks = scalar.isMark ? marks + 1 : 0
      if scalar.isPlain(after: previous, marks: marks) {
        out.append(scalar)
      } else {
        out.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
      }
      previous = scalar
    }
    return String(out)
  }

  /// `text` as one line.
  public static func line(_ text: String) -> String {
    let text = visible(text)
    guard text.utf8.contains(where: { $0 == 0x0A || $0 == 0x09 }) else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\n" || $0 == "\t" ? " " : $0 }))
  }

  // MARK: - Logs

  /// Output in which no CI system finds a command: GitHub's and Azure's `::`, `##[` and `##vso[`, TeamCity's
  /// `##teamcity[`, GitLab's section marks. What is changed is written as JSON writes it, so that JSON stays the same
  /// document.
  public static func withoutLogCommands(_ text: String) -> String {
    guard text.utf8.contains(UInt8(ascii: "#")) || text.utf8.contains(UInt8(ascii: ":")) else { return text }
    let scalars = Array(text.unicodeScalars)
    var out = String.UnicodeScalarView()
    // Runners pass over white space before `::`, and take a carriage return for the end of a line.
    var isAtStart = true
    for (index, scalar) in scalars.enumerated() {
      func follows(_ word: StaticString) -> Bool {
        word.withUTF8Buffer { bytes in
          index + bytes.count <= scalars.count
            && bytes.indices.allSatisfy { scalars[index + $0].value == UInt32(bytes[$0]) }
        }
      }
      switch scalar {
      case "#" where follows("##[") || follows("##vso[") || follows("##teamcity["):
        out.append(contentsOf: "\\u0023".unicodeScalars)
      case ":" where isAtStart && follows("::"): out.append(contentsOf: "\\u003a".unicodeScalars)
      case "s" where follows("section_start:") || follows("section_end:"):
        out.append(contentsOf: "\\u0073".unicodeScalars)
      default: out.append(scalar)
      }
      isAtStart = scalar == "\n" || scalar == "\r" || isAtStart && scalar.properties.isWhitespace
    }
    return String(out)
  }

  /// A JSON document in which every hidden character is an escape: the same document, and nothing that turns a line of a
  /// log around.
  public static func json(_ document: String) -> String {
    if document.utf8.allSatisfy({ $0 < 0x7F }) { return document }
    var out = String.UnicodeScalarView()
    for scalar in document.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control where scalar != "\n" && scalar != "\t", .format, .lineSeparator, .paragraphSeparator,
        .privateUse:
        for unit in String(scalar).utf16 {
          let digits = String(unit, radix: 16)
          out.append(
            contentsOf: "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".unicodeScalars)
        }
      default: out.append(scalar)
      }
    }
    return String(out)
  }

  /// A record as it is kept: the same document, which a job may also print.
  public static func record(_ document: [UInt8]) -> [UInt8] {
    // Hardly one holds any of it, and many are long.
    guard document.holds("##") || document.holds("section_") || document.contains(where: { $0 >= 0x7F })
    else {
      return document
    }
    return Array(withoutLogCommands(json(String(decoding: document, as: UTF8.self))).utf8)
  }

  /// The message of a command of GitHub's.
  static func gitHubData(_ text: String) -> String {
    withoutLogCommands(visible(text)).replacing("%", with: "%25").replacing("\r", with: "%0D").replacing(
      "\n", with: "%0A")
  }

  /// A property of one, such as its title or file.
  static func gitHubProperty(_ text: String) -> String {
    gitHubData(text).replacing(":", with: "%3A").replacing(",", with: "%2C")
  }

  // MARK: - Markdown

  /// Text that neither ends a table's cell nor becomes markup, calls a person or makes a link.
  public static func markdown(_ text: String) -> String {
    let scalars = Array(visible(text).unicodeScalars)
    var out = String.UnicodeScalarView()
    for (index, scalar) in scalars.enumerated() {
      let next = index + 1 < scalars.count ? scalars[index + 1] : nil
      switch scalar {
      case "|", "\\", "`", "*", "_", "<", ">", "[", "]", "~", "&":
        out.append("\\")
        out.append(scalar)
      case "\n": out.append(contentsOf: "<br>".unicodeScalars)
      // Nothing that is seen, and no name, number or address any more.
      case "@", "#": out.append(contentsOf: "\(scalar)<!-- -->".unicodeScalars)
      case ":" where next == "/": out.append(contentsOf: ":<!-- -->".unicodeScalars)
      case "." where isBehindWWW(scalars, index): out.append(contentsOf: ".<!-- -->".unicodeScalars)
      default: out.append(scalar)
      }
    }
    return String(out)
  }

  /// `www.` makes a link without any scheme.
  private static func isBehindWWW(_ scalars: [Unicode.Scalar], _ index: Int) -> Bool {
    index >= 3 && scalars[index - 3..<index].allSatisfy { $0 == "w" || $0 == "W" }
  }

  /// Text as code in Markdown, in a table too.
  public static func markdownCode(_ text: String) -> String {
    let text = line(text)
    var longest = 0
    var run = 0
    for byte in text.utf8 {
      run = byte == UInt8(ascii: "`") ? run + 1 : 0
      longest = max(longest, run)
    }
    let fence = String(repeating: "`", count: longest + 1)
    let pad = text.utf8.first == UInt8(ascii: "`") || text.utf8.last == UInt8(ascii: "`") ? " " : ""
    return fence + pad + text.replacing("|", with: "\\|") + pad + fence
  }

  /// A word that a comment of HTML can hold.
  static func markdownMark(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map {
          $0.isASCII && ($0.properties.isAlphabetic || "0123456789._-".unicodeScalars.contains($0)) ? $0 : "_"
        }))
  }

  // MARK: - XML, JSON, messages

  /// Text for XML and HTML, in elements and attributes.
  static func xml(_ text: String) -> String { XMLText.escaped(visible(text)) }

  /// The message of a result in SARIF, in which brackets make links.
  static func sarif(_ text: String) -> String {
    visible(text).replacing("\\", with: "\\\\").replacing("[", with: "\\[").replacing("]", with: "\\]")
  }

  /// Slack's format: `<!channel>` in a reason calls nobody.
  public static func slack(_ text: String) -> String {
    visible(text).replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }

  /// A field of a message to people: one line, so that none can be added.
  public static func message(_ text: String) -> String { line(text) }
}

extension Unicode.Scalar {
  fileprivate var isMark: Bool {
    switch properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .spacingMark: true
    default: false
    }
  }

  /// Whether it can be shown as it is. `marks` counts it among the marks in a row.
  fileprivate func isPlain(after previous: Unicode.Scalar?, marks: Int) -> Bool {
    switch properties.generalCategory {
    case .control: return self == "\n" || self == "\t"
    // The joiner of emoji and of some scripts.
    case .format: return value == 0x200D && previous.map(\.canBeJoined) == true
    case .lineSeparator, .paragraphSeparator, .privateUse, .surrogate: return false
    case .nonspacingMark, .enclosingMark, .spacingMark:
      // More than a few climb over the lines around them.
      return marks <= 4 && (marks > 1 || previous.map(\.carriesMarks) == true)
    case .otherLetter: return ![0x115F, 0x1160, 0x3164, 0xFFA0].contains(value)
    case .unassigned: return !properties.isNoncharacterCodePoint
    default: return true
    }
  }

  private var carriesMarks: Bool {
    properties.isAlphabetic || properties.isEmoji && !isASCII || properties.numericType != nil
      || value == 0x25CC
  }

  private var canBeJoined: Bool { carriesMarks && !isASCII || isMark }
}
