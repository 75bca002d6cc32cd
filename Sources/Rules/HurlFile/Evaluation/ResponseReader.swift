import CryptoDigests
import JSONValues
import SystemInterfaces

/// Why a query or a filter has no result.
struct EvaluationFailure: Error {
  let message: String
}

/// Looks into one answer; text and JSON are made once.
struct ResponseReader {
  let response: HurlResponseValues
  private var knownText: Result<String, EvaluationFailure>?
  private var knownJSON: Result<JSONValue, EvaluationFailure>?
  private var knownMarkup: Result<XPathDocument, EvaluationFailure>?

  init(_ response: HurlResponseValues) { self.response = response }

  /// The body as JSON, where it has been read as such and is.
  var parsedJSON: JSONValue? { try? knownJSON?.get() }

  /// The body's bytes without content coding.
  func bytes() throws(EvaluationFailure) -> [UInt8] {
    if let problem = response.bodyProblem { throw EvaluationFailure(message: problem) }
    return response.body
  }

  /// The body as text by the charset of its content type, else UTF-8.
  mutating func text() throws(EvaluationFailure) -> String {
    if let knownText { return try knownText.get() }
    let made = Result { () throws(EvaluationFailure) in try decodedText() }
    knownText = made
    return try made.get()
  }

  private func decodedText() throws(EvaluationFailure) -> String {
    let bytes = try bytes()
    let contentType = first("Content-Type") ?? ""
    do throws(CharacterSets.Failure) {
      return try CharacterSets.text(
        bytes, encoding: CharacterSets.label(inContentType: contentType) ?? "utf-8")
    } catch {
      throw EvaluationFailure(message: "the body cannot be read as text: \(error.message)")
    }
  }

  /// The body as JSON.
  mutating func json() throws(EvaluationFailure) -> JSONValue {
    if let knownJSON { return try knownJSON.get() }
    let made = Result { () throws(EvaluationFailure) in
      if let value = jsonOfBytes { return value }
      return try ResponseReader.json(try text(), "the body")
    }
    knownJSON = made
    return try made.get()
  }

  /// The body as HTML where its content type says so, else as XML.
  mutating func markup() throws(EvaluationFailure) -> XPathDocument {
    if let knownMarkup { return try knownMarkup.get() }
    let text = try text()
    let contentType = values(of: "Content-Type").first ?? ""
    let kind: XPathDocument.Kind =
      contentType.trimmingSpacesAtStart.lowercased().hasPrefix("text/html") ? .html : .xml
    let made = Result { () throws(EvaluationFailure) in try XPathDocument(text, kind, "the body") }
    knownMarkup = made
    return try made.get()
  }

  /// The body read without a text in between, as it can be where it is in UTF-8; nil where it is no JSON either.
  private var jsonOfBytes: JSONValue? {
    guard response.bodyProblem == nil, CharacterSets.isUTF8(contentType: first("Content-Type") ?? "") else {
      return nil
    }
    return try? JSONValue(parsing: response.body)
  }

  static func json(_ text: String, _ what: String) throws(EvaluationFailure) -> JSONValue {
    do throws(JSONSyntaxError) { return try JSONValue(parsing: text) } catch {
      throw EvaluationFailure(message: "\(what) is no JSON: \(error)")
    }
  }

  /// All values of a header field.
  func values(of name: String) -> [String] {
    response.headers.filter { ResponseReader.isSame($0.name, name) }.map(\.value)
  }

  /// The first value of a header field.
  private func first(_ name: String) -> String? {
    response.headers.first { ResponseReader.isSame($0.name, name) }?.value
  }

  /// Whether both are the same name of a field, whatever the case of their letters.
  private static func isSame(_ left: String, _ right: String) -> Bool {
    // Mostly it is written in the usual way, or is not even as long.
    guard left.utf8.count == right.utf8.count else { return false }
    return left == right || zip(left.utf8, right.utf8).allSatisfy { $0 == $1 || lower($0) == lower($1) }
  }
  private static func lower(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte + 32 : byte }

  /// A field of the certificate.
  func certificate(_ field: HurlQuery.CertificateField) -> HurlValue? {
    guard let certificate = response.certificate else { return nil }
    let text: String
    switch field {
    case .startDate: return certificate.start.map(HurlValue.date)
    case .expireDate: return certificate.end.map(HurlValue.date)
    case .subject: text = certificate.subject
    case .issuer: text = certificate.issuer
    case .serialNumber: text = certificate.serialNumber
    case .subjectAlternativeName: text = certificate.alternativeNames
    case .value: text = certificate.pem
    }
    return text.isEmpty ? nil : .string(text)
  }

  /// A cookie that the answer sets, or one attribute of it.
  func cookie(_ name: String, _ attribute: HurlQuery.CookieAttribute) -> HurlValue? {
    for line in values(of: "Set-Cookie") {
      let parts = line.split(separator: ";", omittingEmptySubsequences: false).map { part in
        let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return (
          name: String(sides[0]).trimmingSpaces,
          value: sides.count > 1 ? String(sides[1]).trimmingSpaces : nil
        )
      }
      guard let first = parts.first, first.name.isExactly(name), let value = first.value else { continue }
      if attribute == .value { return .string(value) }
      guard
        let found = parts.dropFirst().first(where: { $0.name.lowercased() == attribute.rawValue.lowercased() }
        )
      else { return nil }
      switch attribute {
      case .secure, .httpOnly: return .unit
      case .maxAge: return found.value.flatMap { Int64($0) }.map(HurlValue.integer)
      case .expires: return found.value.flatMap(DateText.httpDate).map(HurlValue.date)
      default: return found.value.map(HurlValue.string)
      }
    }
    return nil
  }
}
