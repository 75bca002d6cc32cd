import CXMLAdapter
import Glibc

/// XPath 1.0, over libxml2 where this machine has it.
public enum XPathLibrary {
  /// Whether expressions can be evaluated.
  public static var isPresent: Bool { xml_adapter_is_present() != 0 }
  /// Whether `text` is an expression, as far as can be told without a document.
  static func isExpression(_ text: String) -> Bool { xml_adapter_is_expression(text) != 0 }
  /// What to do where they cannot.
  public static let advice = "install libxml2 (on Debian and Ubuntu: apt-get install libxml2)"
}

/// A document that XPath expressions look into. Its prefixes can be used in expressions, its default namespace as `_`.
final class XPathDocument {
  /// By which rules text is read.
  enum Kind { case html, xml }
  private let document: OpaquePointer
  /// A tree takes up to forty times the bytes of its text.
  private static let maximumBytes = 4 << 20

  /// Reads `text`; `what` names it in errors. XML has to be well-formed and may declare no entities; HTML may be anything.
  init(_ text: String, _ kind: Kind, _ what: String) throws(EvaluationFailure) {
    guard XPathLibrary.isPresent else {
      throw EvaluationFailure(message: "xpath needs libxml2: \(XPathLibrary.advice)")
    }
    guard text.utf8.count <= XPathDocument.maximumBytes else {
      throw EvaluationFailure(
        message: "\(what) has \(text.utf8.count) bytes; xpath reads at most \(XPathDocument.maximumBytes)")
    }
    var text = text
    // Entities that hold each other grow without bound.
    if kind == .xml, text.utf8.count > 8, Array(text.utf8).firstOccurrence(of: Array("<!ENTITY".utf8)) != nil
    {
      throw EvaluationFailure(message: "\(what) declares entities, which are not read")
    }
    let opened = text.withUTF8 { utf8 in
      utf8.withMemoryRebound(to: CChar.self) {
        xml_adapter_open($0.baseAddress, $0.count, kind == .html ? 1 : 0)
      }
    }
    guard let opened else {
      let isBlank = text.utf8.allSatisfy { $0 <= 0x20 }
      throw EvaluationFailure(
        message: isBlank ? "\(what) is empty" : "\(what) is no \(kind == .html ? "HTML" : "XML") document")
    }
    document = opened
  }

  deinit { xml_adapter_close(document) }

  /// What `expression` comes to; a node set by the number of its nodes.
  func value(of expression: String) throws(EvaluationFailure) -> HurlValue {
    let value = xml_adapter_evaluate(document, expression)
    defer { free(value.string) }
    switch value.kind {
    case XML_DOOR_NODES: return .nodeset(Int(value.number))
    case XML_DOOR_BOOLEAN: return .bool(value.number != 0)
    case XML_DOOR_NUMBER: return .float(value.number)
    case XML_DOOR_STRING: return .string(value.string.map { String(cString: $0) } ?? "")
    default:
      throw EvaluationFailure(message: "\(expression) is no XPath expression, or uses an undeclared prefix")
    }
  }
}
