import JSONValues
import SystemInterfaces

/// From when until when a table can be had back as it was at any second; nil times where it cannot.
public struct TableRecovery: Hashable, Sendable {
  public var isOn: Bool
  public var earliest: Timestamp?, latest: Timestamp?

  /// What a table says.
  public init(isOn: Bool, earliest: Timestamp? = nil, latest: Timestamp? = nil) {
    self.isOn = isOn
    self.earliest = earliest
    self.latest = latest
  }
}

/// DynamoDB's backups; never the data itself.
public struct DynamoDBClient: Sendable {
  private let client: AWSClient
  /// A client over `client`.
  public init(_ client: AWSClient) { self.client = client }

  /// Whether a table's point-in-time recovery is on, and from when until when it reaches.
  public func describeContinuousBackups(_ table: String) async throws -> TableRecovery {
    var body = JSONObject()
    body["TableName"] = .string(table)
    let answer = try await client.json(
      .json(.dynamoDB, "DescribeContinuousBackups", body, subject: "table \(table)"))
    let recovery = answer["ContinuousBackupsDescription"]?["PointInTimeRecoveryDescription"]
    return TableRecovery(
      isOn: recovery?.text("PointInTimeRecoveryStatus") == "ENABLED",
      earliest: recovery?.time("EarliestRestorableDateTime"),
      latest: recovery?.time("LatestRestorableDateTime"))
  }
}
