import JSONValues
import YAMLDocuments

/// What a document (OpenAPI 3.0, 3.1, 3.2, or Swagger 2.0; YAML or JSON) says about operations that only read.
public struct OpenAPIDocument: Sendable {
  /// An operation that can be asked as it stands.
  public struct Operation: Hashable, Sendable {
    /// As documented, such as `/invoices/{id}`.
    public var template: String
    /// With examples and defaults in place, percent-encoded; a query included.
    public var path: String
    /// Header fields that must be there, by name.
    public var headers: [String: String] = [:]
    /// What a caller must prove: any one of these lists, all of it; empty where nothing is asked for.
    public var security: [[Credential]] = []
    /// The documented answers.
    public var answers: [Answer] = []
    /// The line on which `get` stands.
    public var line: Int
  }
  /// Something that a caller proves.
  public enum Credential: Hashable, Sendable {
    /// An API key, in a header field, the query or a cookie of this name.
    case headerKey(String), queryKey(String), cookieKey(String)
    /// A token in `Authorization`: of OAuth, OpenID Connect, or handed out in another way. Named as the document does.
    case bearer(String)
    /// What else goes into `Authorization`, or not into the request at all. Named as the document does.
    case authorization(String), other(String)
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
    /// What it would need.
    public enum Need: String, Hashable, Sendable, CaseIterable {
      case example = "examples"
      case body = "a body"
      case method = "another method than GET"
      case credentials = "credentials"
      case webhook = "to be called by the service (webhooks)"
    }
    /// Its method and path.
    public var method: String, template: String
    /// What it would need.
    public var need: Need
    /// Why it is left out, in words.
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

  /// Files that its references name and that cannot be read: what they describe is not judged.
  public private(set) var missingFiles: [String] = []

  /// Reads a document.
  /// - Parameters:
  ///   - example: the name of the examples that parameters take their values from, where they have one of it.
  ///   - path: where the document stands, for references to other files.
  ///   - read: the bytes of a file that a reference leads to; nil where it cannot be read.
  public init(
    parsing bytes: [UInt8], file: String, example: String? = nil, at path: String? = nil,
    reading read: (String) -> [UInt8]? = { _ in nil }
  ) throws(CheckSourceError) {
    func wrong(_ line: Int, _ message: String) -> CheckSourceError {
      CheckSourceError(
        problems: ["\(file):\(line): \(message)"],
        advice: "give an OpenAPI 3.0, 3.1 or 3.2 document, or a Swagger 2.0 one")
    }
    var root: YAMLNode
    do throws(YAMLError) { root = try YAMLNode.parse(bytes) } catch {
      throw wrong(error.line, error.message)
    }
    var files = OpenAPIFiles(path: path ?? file)
    root = try files.bundled(root, read: read)
    missingFiles = files.missing.sorted()
    self.file = file
    guard let version = root["openapi"]?.text ?? root["swagger"]?.text else {
      throw wrong(root.line, "neither openapi nor swagger names a version")
    }
    guard ["3.0", "3.1", "3.2"].contains(where: { version.hasPrefix($0) }) || version == "2.0" else {
      let line = (root["openapi"] ?? root["swagger"])?.line ?? 1
      throw wrong(line, "version \(version) is not read")
    }
    // Since 3.1 a document may describe nothing but what the service itself calls.
    let mayLackPaths = version.hasPrefix("3.") && !version.hasPrefix("3.0")
    guard
      root["paths"]?.mapping != nil
        || (mayLackPaths && root["paths"] == nil && (root["webhooks"] ?? root["components"])?.mapping != nil)
    else { throw wrong(root["paths"]?.line ?? root.line, "paths is missing or no mapping") }
    server = OpenAPIServer.url(root)
    let reader = OpenAPIOperationReader(root: root, example: example)
    for path in root["paths"]?.mapping?.members ?? [] where path.name.hasPrefix("/") {
      let item = reader.resolved(path.value)
      for (method, operation) in OpenAPIDocument.operations(of: item) {
        guard method == "GET" else {
          omissions.append(
            Omission(
              method: method, template: path.name, need: .method, reason: "only GET operations are asked"))
          continue
        }
        switch reader.read(path.name, item, operation) {
        case .operation(let operation): operations.append(operation)
        case .omitted(let need, let reason):
          omissions.append(Omission(method: method, template: path.name, need: need, reason: reason))
        }
      }
    }
    for hook in root["webhooks"]?.mapping?.members ?? [] {
      omissions += OpenAPIDocument.operations(of: reader.resolved(hook.value)).map { method, _ in
        Omission(
          method: method, template: hook.name, need: .webhook, reason: "the service calls it (webhooks)")
      }
    }
  }

  /// All that a path can be asked, by method.
  private static func operations(of item: YAMLNode) -> [(method: String, member: YAMLMapping.Member)] {
    let members = item.mapping?.members ?? []
    let named = members.filter { methods.contains($0.name) }
    // Since 3.2 a path may name methods of its own.
    let more = item["additionalOperations"]?.mapping?.members ?? []
    return (named + more).map { ($0.name.uppercased(), $0) }
  }

  private static let methods: Set<String> = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace", "query",
  ]
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
