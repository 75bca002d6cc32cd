import JSONValues

/// A service of Elastic Container Service.
public struct ECSService: Hashable, Sendable {
  public var name: String
  /// What it is told to run: the primary deployment's.
  public var taskDefinition: String
  public var deployments: [Deployment]

  /// One of its roll-outs.
  public struct Deployment: Hashable, Sendable {
    /// `PRIMARY`, `ACTIVE` or `INACTIVE`.
    public var status: String
    public var taskDefinition: String
    /// `IN_PROGRESS`, `COMPLETED` or `FAILED`; nil where the controller is not ECS itself.
    public var rolloutState: String?, rolloutStateReason: String?
    public var runningCount: Int?
  }

  /// The newest one.
  public var primary: Deployment? { deployments.first { $0.status == "PRIMARY" } }

  /// What answers calls now: while a roll-out is under way or has failed, that is what was rolled out before.
  public var runs: String {
    let running = deployments.filter { ($0.runningCount ?? 0) > 0 }
    if let primary, primary.rolloutState != "FAILED" { return primary.taskDefinition }
    return running.first { $0.status != "PRIMARY" }?.taskDefinition ?? taskDefinition
  }
}

/// Elastic Container Service.
public struct ECSClient: Sendable {
  private let client: AWSClient
  /// A client over `client`.
  public init(_ client: AWSClient) { self.client = client }

  /// A service by its ARN or name; nil where it is not there, or was deleted.
  public func describeService(_ service: String, cluster: String) async throws -> ECSService? {
    var body = JSONObject()
    body["cluster"] = .string(cluster)
    body["services"] = [.string(service)]
    let answer = try await client.json(.json(.ecs, "DescribeServices", body, subject: "service \(service)"))
    guard let json = answer.list("services").first, json.text("status") != "INACTIVE" else { return nil }
    return ECSService(json)
  }

  /// Lets a service run `taskDefinition`.
  public func updateService(_ service: String, cluster: String, taskDefinition: String) async throws {
    var body = JSONObject()
    body["cluster"] = .string(cluster)
    body["service"] = .string(service)
    body["taskDefinition"] = .string(taskDefinition)
    _ = try await client.json(.json(.ecs, "UpdateService", body, subject: "service \(service)"))
  }

  /// `ACTIVE`, or `INACTIVE` for one that no service takes any more; nil where there is none.
  public func taskDefinitionStatus(_ taskDefinition: String) async throws -> String? {
    var body = JSONObject()
    body["taskDefinition"] = .string(taskDefinition)
    let answer = try await client.json(
      .json(.ecs, "DescribeTaskDefinition", body, subject: "task definition \(taskDefinition)"))
    return answer["taskDefinition"]?.text("status")
  }
}

extension ECSService {
  fileprivate init(_ json: JSONValue) {
    self.init(
      name: json.text("serviceName") ?? "", taskDefinition: json.text("taskDefinition") ?? "",
      deployments: json.list("deployments").map { deployment in
        Deployment(
          status: deployment.text("status") ?? "", taskDefinition: deployment.text("taskDefinition") ?? "",
          rolloutState: deployment.text("rolloutState"),
          rolloutStateReason: deployment.text("rolloutStateReason"),
          runningCount: deployment.int("runningCount"))
      })
  }
}
