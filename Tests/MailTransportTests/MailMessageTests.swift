import CryptoDigests
import MailTransport
import SystemInterfaces
import Testing

@Suite struct MailMessageTests {
  private let date = Timestamp("2026-11-26T00:41:08Z")!

  private func message(subject: String = "Rolling back prod", text: String = "Issue: 500") -> MailMessage {
    MailMessage(
      sender: "ops@example.com", senderName: "Backstop", recipients: ["a@example.com", "b@example.com"],
      subject: subject, text: text, date: date, messageId: "backstop.1@example.com")
  }

  /// Fields by name, unfolded, and the body's bytes.
  private func parts(_ message: MailMessage) throws -> (fields: [(name: String, value: String)], body: String)
  {
    let text = String(decoding: message.encoded(), as: UTF8.self)
    // Bare line breaks would end a line for some servers and not for others.
    #expect(!text.replacing("\r\n", with: "").contains { $0 == "\r" || $0 == "\n" })
    let halves = text.split(separator: "\r\n\r\n", maxSplits: 1)
    let lines = halves[0].replacing("\r\n ", with: " ").split(separator: "\r\n")
    let fields = lines.map { line in
      let colon = line.firstIndex(of: ":") ?? line.endIndex
      return (String(line[..<colon]), String(line[colon...].dropFirst(2)))
    }
    let digits = halves[1].utf8.filter { $0 != 0x0D && $0 != 0x0A }
    return (fields, String(decoding: try #require(Base64.decode(Array(digits))), as: UTF8.self))
  }

  private func value(_ name: String, _ message: MailMessage) throws -> String? {
    try parts(message).fields.first { $0.name == name }?.value
  }

  /// The text of encoded words, as a mail program reads them.
  private func decoded(_ value: String) throws -> String {
    var bytes: [UInt8] = []
    for word in value.split(separator: " ") {
      #expect(word.hasPrefix("=?utf-8?B?") && word.hasSuffix("?=") && word.utf8.count <= 75)
      let digits = word.dropFirst("=?utf-8?B?".count).dropLast(2)
      let part = try #require(Base64.decode(Array(digits.utf8)))
      #expect(String(validating: part, as: UTF8.self) != nil, "a word holds whole characters")
      bytes += part
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test func `plain text stays as it is`() throws {
    let (fields, body) = try parts(message())
    #expect(
      fields.map(\.name) == [
        "Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
        "Content-Transfer-Encoding",
      ])
    #expect(try value("Date", message()) == "Thu, 26 Nov 2026 00:41:08 +0000")
    #expect(try value("From", message()) == "Backstop <ops@example.com>")
    #expect(try value("To", message()) == "a@example.com, b@example.com")
    #expect(try value("Subject", message()) == "Rolling back prod")
    #expect(try value("Message-ID", message()) == "<backstop.1@example.com>")
    #expect(body == "Issue: 500")
  }

  @Test(arguments: [
    "x\r\nBcc: everybody@example.com", "x\nBcc: everybody@example.com", "x\r\n\r\nAnother body",
    "x\u{0B}y\u{0C}z\u{00}", "=?utf-8?B?QmNjOiBh?=", "x\u{85}Bcc: a\u{2028}Cc: b",
  ]) func `a subject cannot begin a field`(_ subject: String) throws {
    let (fields, body) = try parts(message(subject: subject))
    #expect(fields.count == 9 && body == "Issue: 500")
    #expect(!fields.contains { $0.name == "Bcc" || $0.name == "Cc" })
  }

  @Test func `addresses and ids cannot begin a field either`() throws {
    var message = message()
    message.sender = "ops@example.com>\r\nBcc: x@example.com"
    message.recipients = ["a@example.com\r\nBcc: x@example.com"]
    message.messageId = "id@x>\r\nBcc: x@example.com"
    message.references = ["one@x\r\nBcc: x@example.com"]
    let fields = try parts(message).fields
    #expect(!fields.contains { $0.name == "Bcc" })
    #expect(fields.count == 11)
  }

  @Test(arguments: [
    "Zurückrollen: Bestellungen fehlgeschlagen, bitte bereithalten und beobachten – 日本語 🚨🚨🚨 und noch mehr Text",
    "ü", String(repeating: "🚨", count: 60), String(repeating: "a", count: 300),
  ]) func `other text is encoded and comes back whole`(_ subject: String) throws {
    let value = try #require(try value("Subject", message(subject: subject)))
    #expect(try decoded(value) == subject)
    let lines = String(decoding: message(subject: subject).encoded(), as: UTF8.self).split(separator: "\r\n")
    #expect(lines.allSatisfy { $0.utf8.count <= 998 && $0.utf8.allSatisfy { $0 < 0x80 } })
  }

  @Test func `a body of any text comes back, with the line ends of mail`() throws {
    let text = "Grüße\n.\n.leading dot\r\nFrom x\n" + String(repeating: "lang ", count: 400)
    let (_, body) = try parts(message(text: text))
    #expect(body == text.replacing("\r\n", with: "\n").replacing("\n", with: "\r\n"))
    let lines = String(decoding: message(text: text).encoded(), as: UTF8.self).split(separator: "\r\n")
    #expect(lines.allSatisfy { $0.utf8.count <= 100 })
  }

  @Test func `an answer names the first message and the one before`() throws {
    var message = message()
    message.references = ["one@example.com", "two@example.com"]
    #expect(try value("In-Reply-To", message) == "<two@example.com>")
    #expect(try value("References", message) == "<one@example.com> <two@example.com>")
  }
}
