import JSONValues
import YAMLDocuments

/// What a document (OpenAPI 3.0, 3.1, or Swagger 2.0; YAML or JSON) says about operations that only read.
public struct OpenAPIDocument: Sendable {
  /// An operation that can be asked as it stands.
  public struct Operation: Hashable, Sendable {
    /// As documented, such as `/invoices/{id}`.
    public var template: String
    /// With examples and defaults in place, percent-encoded; a query included.
    public var path: String
    /// Header fields that must be there, by name.
    public var headers: [String: String] = [:]
    /// Where the API key goes, where one is asked for.
    public var apiKey: KeyPlace?
    /// The documented answers.
    public var answers: [Answer] = []
    /// The line on which `get` stands.
    public var line: Int
  }
  /// Where an API key goes.
  public enum KeyPlace: Hashable, Sendable {
    case header(String)
    case query(String)
  }
  /// A documented answer.
  public struct Answer: Hashable, Sendable {
    /// `200`, `2XX` or `default`.
    public var status: String
    /// Media types of its body; empty where none is documented.
    public var mediaTypes: [String]
    /// The schemas of those that are JSON, by media type.
    public var schemas: [String: OpenAPISchema] = [:]
  }
  /// An operation that cannot be asked, and why.
  public struct Omission: Hashable, Sendable {
    /// Its path.
    public var template: String
    /// Why it is left out.
    public var reason: String
  }

  /// Where it was read.
  public let file: String
  /// The first server's URL with its variables' defaults in place; nil where none is named.
  public private(set) var server: String?
  /// In the order of the document.
  public private(set) var operations: [Operation] = []
  /// In the order of the document.
  public private(set) var omissions: [Omission] = []

  /// Reads a document.
  public init(parsing bytes: [UInt8], file: String) throws(CheckSourceError) {
    func wrong(_ line: Int, _ message: String) -> CheckSourceError {
      CheckSourceError(
        problems: ["\(file):\(line): \(message)"],
        advice: "give an OpenAPI 3.0 or 3.1 document, or a Swagger 2.0 one")
    }
    let root: YAMLNode
    do throws(YAMLError) { root = try YAMLNode.parse(bytes) } catch {
      throw wrong(error.line, error.message)
    }
    self.file = file
    guard let version = root["openapi"]?.text ?? root["swagger"]?.text else {
      throw wrong(root.line, "neither openapi nor swagger names a version")
    }
    guard version.hasPrefix("3.0") || version.hasPrefix("3.1") || version == "2.0" else {
      let line = (root["openapi"] ?? root["swagger"])?.line ?? 1
      throw wrong(line, "version \(version) is not read")
    }
    guard let paths = root["paths"]?.mapping else {
      throw wrong(root["paths"]?.line ?? root.line, "paths is missing or no mapping")
    }
    server = OpenAPIServer.url(root)
    let reader = OpenAPIOperationReader(root: root)
    for path in paths.members where path.name.hasPrefix("/") {
      let item = reader.resolved(path.value)
      guard let get = item.mapping?.member("get") else { continue }
      switch reader.read(path.name, item, get) {
      case .operation(let operation): operations.append(operation)
      case .omitted(let reason): omissions.append(Omission(template: path.name, reason: reason))
      }
    }
  }
}

/// Where a document says that the API is.
enum OpenAPIServer {
  static func url(_ root: YAMLNode) -> String? {
    if let first = root["servers"]?[0], var url = first["url"]?.text {
      for variable in first["variables"]?.mapping?.members ?? [] {
        url = url.replacing("{\(variable.name)}", with: variable.value["default"]?.scalarText ?? "")
      }
      return url
    }
    guard root["swagger"] != nil else { return nil }
    let base = root["basePath"]?.text ?? ""
    guard let host = root["host"]?.text else { return base.isEmpty ? nil : base }
    let schemes = root["schemes"]?.sequence?.compactMap(\.text) ?? ["https"]
    return "\(schemes.contains("https") ? "https" : schemes.first ?? "https")://\(host)\(base)"
  }

  /// The URL that paths are put behind, without a slash at its end: the configured endpoint, which names this
  /// environment, with a server's path where the document gives no more than that; else the document's server.
  static func base(endpoint: String?, server: String?) -> String? {
    func trimmed(_ text: String) -> String {
      var text = text
      while text.hasSuffix("/") { text.removeLast() }
      return text
    }
    guard let endpoint else { return server.flatMap { $0.contains("://") ? trimmed($0) : nil } }
    let base = trimmed(endpoint)
    guard let server, server.hasPrefix("/") else { return base }
    let path = trimmed(server)
    return base.hasSuffix(path) ? base : base + path
  }
}
