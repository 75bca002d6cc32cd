import HTTPTransport
import JSONValues
import SystemInterfaces

/// One call, before it is addressed and signed.
struct AWSOperation: Sendable {
  /// Whether the same request may be sent again when it is not known what became of the first.
  enum Repeating: Sendable {
    /// It only reads, or a second one changes nothing, or it carries an idempotency token.
    case safe
    /// A second one may do it twice.
    case unsafe
  }

  var service: AWSService
  var name: String
  var method = "POST"
  /// Percent-encoded, with a slash in front.
  var path = "/"
  /// Not encoded.
  var query: [(name: String, value: String)] = []
  var headers: [HTTPField] = []
  var body: [UInt8] = []
  var repeating = Repeating.safe
  /// What it is about, for messages.
  var subject: String?
  /// Put in front of the host: S3's bucket.
  var hostPrefix = ""
  /// Nil where the caller is not known yet: AssumeRoleWithWebIdentity.
  var isSigned = true
  var timeout: Duration = .seconds(60)
  var maximumBodyBytes = 64 << 20
  /// Another region than the client's: where S3 says that a bucket stands.
  var region: String?
}

extension AWSOperation {
  /// Whether it asks for something and changes nothing.
  var onlyReads: Bool {
    ["Describe", "Get", "List", "Simulate", "Filter", "Head"].contains { name.hasPrefix($0) }
  }

  /// A call by the query protocol.
  static func query(
    _ service: AWSService, _ name: String, _ parameters: QueryParameters, repeating: Repeating = .safe,
    subject: String? = nil
  ) -> AWSOperation {
    var operation = AWSOperation(service: service, name: name)
    operation.headers = [
      HTTPField("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
    ]
    operation.body = Array(parameters.encoded(action: name, version: service.version).utf8)
    operation.repeating = repeating
    operation.subject = subject
    return operation
  }

  /// A call by the JSON protocol.
  static func json(
    _ service: AWSService, _ name: String, _ body: JSONObject, repeating: Repeating = .safe,
    subject: String? = nil
  ) -> AWSOperation {
    var operation = AWSOperation(service: service, name: name)
    operation.headers = [
      HTTPField("Content-Type", "application/x-amz-json-\(service.jsonVersion)"),
      HTTPField("X-Amz-Target", "\(service.targetPrefix).\(name)"),
    ]
    operation.body = Array(JSONValue.object(body).serialized().utf8)
    operation.repeating = repeating
    operation.subject = subject
    return operation
  }

  /// A call by method and path; `segments` are encoded here.
  static func rest(
    _ service: AWSService, _ name: String, _ method: String, _ segments: [String],
    query: [(name: String, value: String?)] = [], body: JSONObject? = nil, repeating: Repeating = .safe,
    subject: String? = nil
  ) -> AWSOperation {
    var operation = AWSOperation(service: service, name: name)
    operation.method = method
    operation.path = "/" + segments.map { PercentEncoding.encode($0) }.joined(separator: "/")
    operation.query = query.compactMap { pair in pair.value.map { (pair.name, $0) } }
    operation.headers = [HTTPField("Accept", "application/json")]
    if let body {
      operation.headers.append(HTTPField("Content-Type", "application/json"))
      operation.body = Array(JSONValue.object(body).serialized().utf8)
    }
    operation.repeating = repeating
    operation.subject = subject
    return operation
  }
}
