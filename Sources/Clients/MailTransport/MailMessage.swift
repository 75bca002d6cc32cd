import CryptoDigests
import SystemInterfaces

/// A plain-text message as RFC 5322 has it.
public struct MailMessage: Hashable, Sendable {
  /// Who it is from: an address alone.
  public var sender: String
  /// The name shown beside the address.
  public var senderName: String
  /// Who gets it.
  public var recipients: [String]
  /// Any text: what is not printable ASCII is encoded, line breaks become spaces.
  public var subject: String
  /// Any text.
  public var text: String
  /// When it was written.
  public var date: Timestamp
  /// `id@domain`, without brackets.
  public var messageId: String
  /// The messages before it in the thread, oldest first, without brackets.
  public var references: [String]

  /// A message.
  public init(
    sender: String, senderName: String, recipients: [String], subject: String, text: String, date: Timestamp,
    messageId: String, references: [String] = []
  ) {
    self.sender = sender
    self.senderName = senderName
    self.recipients = recipients
    self.subject = subject
    self.text = text
    self.date = date
    self.messageId = messageId
    self.references = references
  }

  /// The message as it goes over the wire. Nothing that is handed in can begin a field of its own.
  public func encoded() -> [UInt8] {
    var lines = [
      "Date: \(MailMessage.date(date))",
      "From: \(MailText.unstructured(senderName)) <\(MailText.token(sender))>",
      "To: " + recipients.map(MailText.token).joined(separator: ",\r\n "),
      "Subject: \(MailText.unstructured(subject))",
      "Message-ID: <\(MailText.token(messageId))>",
    ]
    if let last = references.last {
      lines.append("In-Reply-To: <\(MailText.token(last))>")
      lines.append("References: " + references.map { "<\(MailText.token($0))>" }.joined(separator: "\r\n "))
    }
    lines += [
      // Out-of-office programs do not answer these.
      "Auto-Submitted: auto-generated", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
      "Content-Transfer-Encoding: base64", "",
    ]
    let body = text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.hasSuffix("\r") ? String($0.dropLast()) : String($0) }.joined(separator: "\r\n")
    let digits = Array(Base64.encode(Array(body.utf8)).utf8)
    for start in stride(from: 0, to: digits.count, by: 76) {
      lines.append(String(decoding: digits[start..<min(start + 76, digits.count)], as: UTF8.self))
    }
    return Array((lines.joined(separator: "\r\n") + "\r\n").utf8)
  }

  /// `Thu, 26 Nov 2026 00:41:08 +0000`.
  static func date(_ time: Timestamp) -> String {
    let fields = CivilFields(time)
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let day = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][fields.weekday]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return "\(day), \(two(fields.day)) \(months[fields.month - 1]) \(fields.year) \(two(fields.hour)):"
      + "\(two(fields.minute)):\(two(fields.second)) +0000"
  }
}

/// Text as header fields take it.
enum MailText {
  /// A word without white space, controls or anything beyond ASCII: what is, goes.
  static func token(_ text: String) -> String {
    String(
      decoding: text.utf8.filter { (0x21...0x7E).contains($0) && $0 != 0x3C && $0 != 0x3E }, as: UTF8.self)
  }

  /// Text as it is where it is short and printable ASCII, else as encoded words of RFC 2047.
  static func unstructured(_ text: String) -> String {
    let flat = String(
      String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }))
    let isPlain = flat.utf8.allSatisfy { (0x20...0x7E).contains($0) } && flat.utf8.count <= 60
    // What looks like an encoded word would be read as one.
    if isPlain, !flat.contains("=?") { return flat }
    var words: [String] = []
    var word: [UInt8] = []
    // An encoded word has at most 75 characters and holds whole characters.
    for scalar in flat.unicodeScalars {
      let bytes = Array(String(scalar).utf8)
      if word.count + bytes.count > 42 {
        words.append("=?utf-8?B?\(Base64.encode(word))?=")
        word = []
      }
      word += bytes
    }
    words.append("=?utf-8?B?\(Base64.encode(word))?=")
    return words.joined(separator: "\r\n ")
  }
}
