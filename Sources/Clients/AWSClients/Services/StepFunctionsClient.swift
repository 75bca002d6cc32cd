import JSONValues
import SystemInterfaces

/// A state machine.
public struct StateMachine: Hashable, Sendable {
  public var arn: String
  public var name: String
  /// `ACTIVE` or `DELETING`.
  public var status: String?
  /// The definition, as JSON text.
  public var definition: String
  public var roleARN: String
  /// `STANDARD` or `EXPRESS`.
  public var type: String
  /// Changes with every update.
  public var revisionId: String?
  public var createdAt: Timestamp?
}

/// A run of a state machine.
public struct StateMachineExecution: Hashable, Sendable {
  public var arn: String
  public var stateMachineARN: String
  /// `RUNNING`, `SUCCEEDED`, `FAILED`, `TIMED_OUT`, `ABORTED` or `PENDING_REDRIVE`.
  public var status: String
  public var startedAt: Timestamp?, stoppedAt: Timestamp?
  public var input: String?, output: String?
  public var error: String?, cause: String?
}

/// Step Functions.
public struct StepFunctionsClient: Sendable {
  private let client: AWSClient
  /// A client over `client`.
  public init(_ client: AWSClient) { self.client = client }

  private func call(
    _ name: String, _ body: JSONObject, repeating: AWSOperation.Repeating = .safe, subject: String
  ) async throws -> JSONValue {
    try await client.json(
      .json(.stepFunctions, name, body, repeating: repeating, subject: "state machine \(subject)"))
  }

  /// A state machine, or a version or alias of one, by ARN.
  public func describeStateMachine(_ arn: String) async throws -> StateMachine {
    var body = JSONObject()
    body["stateMachineArn"] = .string(arn)
    let json = try await call("DescribeStateMachine", body, subject: arn)
    return StateMachine(
      arn: json.text("stateMachineArn") ?? arn, name: json.text("name") ?? "", status: json.text("status"),
      definition: json.text("definition") ?? "", roleARN: json.text("roleArn") ?? "",
      type: json.text("type") ?? "STANDARD", revisionId: json.text("revisionId"),
      createdAt: json.time("creationDate"))
  }

  /// Replaces the definition, the role, or both. Returns the new revision's id.
  @discardableResult
  public func updateStateMachine(
    _ arn: String, definition: String? = nil, roleARN: String? = nil
  ) async throws -> String? {
    var body = JSONObject()
    body["stateMachineArn"] = .string(arn)
    body["definition"] = definition.map { .string($0) }
    body["roleArn"] = roleARN.map { .string($0) }
    return try await call("UpdateStateMachine", body, subject: arn).text("revisionId")
  }

  /// Starts an execution. Returns its ARN.
  /// - Parameter name: unique for 90 days; a second start of that name with the same input is the same execution.
  public func startExecution(_ arn: String, name: String, input: String = "{}") async throws -> String {
    var body = JSONObject()
    body["stateMachineArn"] = .string(arn)
    body["name"] = .string(name)
    body["input"] = .string(input)
    do {
      return try await call("StartExecution", body, subject: arn).text("executionArn") ?? ""
    } catch let error as AWSError where error.code == "ExecutionAlreadyExists" {
      // The name is nobody else's: an earlier answer was lost, and the execution has ended since.
      let parts = arn.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count > 6 else { throw error }
      return (parts[..<5] + ["execution", parts[6], Substring(name)]).joined(separator: ":")
    }
  }

  /// Runs an execution of an Express state machine and returns when it has ended, which takes five minutes at most.
  /// - Parameter timeout: for how long it is waited for; the execution goes on where that is over.
  public func startSyncExecution(
    _ arn: String, name: String, input: String = "{}", timeout: Duration = .seconds(310)
  ) async throws -> StateMachineExecution {
    var body = JSONObject()
    body["stateMachineArn"] = .string(arn)
    body["name"] = .string(name)
    body["input"] = .string(input)
    // Express executions are not told apart by name: a second start would be a second execution.
    var operation = AWSOperation.json(
      .stepFunctions, "StartSyncExecution", body, repeating: .unsafe, subject: "state machine \(arn)")
    operation.timeout = min(timeout, .seconds(310))
    let endpoint = client.endpoints.endpoint(of: .stepFunctions, region: client.region)
    if !endpoint.isCustom { operation.hostPrefix = "sync-" }
    return StepFunctionsClient.execution(try await client.json(operation), arn: arn)
  }

  private static func execution(_ json: JSONValue, arn: String) -> StateMachineExecution {
    StateMachineExecution(
      arn: json.text("executionArn") ?? arn, stateMachineARN: json.text("stateMachineArn") ?? "",
      status: json.text("status") ?? "", startedAt: json.time("startDate"), stoppedAt: json.time("stopDate"),
      input: json.text("input"), output: json.text("output"), error: json.text("error"),
      cause: json.text("cause"))
  }

  /// How an execution stands.
  public func describeExecution(_ arn: String) async throws -> StateMachineExecution {
    var body = JSONObject()
    body["executionArn"] = .string(arn)
    let json = try await client.json(
      .json(.stepFunctions, "DescribeExecution", body, subject: "execution \(arn)"))
    return StepFunctionsClient.execution(json, arn: arn)
  }
}
