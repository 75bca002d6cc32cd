import JSONValues

/// A parameter of the parameter store.
public struct SSMParameter: Hashable, Sendable {
  public var name: String
  /// `String`, `StringList` or `SecureString`.
  public var type: String
  public var value: String
  public var version: Int?
}

/// Systems Manager's parameter store.
public struct SSMClient: Sendable {
  private let client: AWSClient
  /// A client over `client`.
  public init(_ client: AWSClient) { self.client = client }

  /// A parameter by name or ARN.
  /// - Parameter decrypts: a `SecureString` comes decrypted: hand it to the redactor first.
  public func getParameter(_ name: String, decrypts: Bool = false) async throws -> SSMParameter {
    var body = JSONObject()
    body["Name"] = .string(name)
    if decrypts { body["WithDecryption"] = true }
    let operation = AWSOperation.json(.ssm, "GetParameter", body, subject: "parameter \(name)")
    let answer = try await client.json(operation)
    guard let json = answer["Parameter"], let value = json.text("Value") else {
      throw client.badAnswer(operation, nil, "the answer has no parameter")
    }
    return SSMParameter(
      name: json.text("Name") ?? name, type: json.text("Type") ?? "String", value: value,
      version: json.int("Version"))
  }

  /// Writes a new version of a parameter, or its first.
  public func putParameter(_ name: String, value: String, type: String) async throws {
    var body = JSONObject()
    body["Name"] = .string(name)
    body["Value"] = .string(value)
    body["Type"] = .string(type)
    body["Overwrite"] = true
    _ = try await client.json(.json(.ssm, "PutParameter", body, subject: "parameter \(name)"))
  }
}
