import SystemInterfaces

/// Whether a call would be permitted.
public struct PolicyDecision: Hashable, Sendable {
  /// Such as `cloudformation:UpdateStack`.
  public var action: String
  /// What it would be done to; `*` where nothing was named.
  public var resource: String
  /// `allowed`, `explicitDeny` or `implicitDeny`.
  public var decision: String

  /// A decision.
  public init(action: String, resource: String, decision: String) {
    self.action = action
    self.resource = resource
    self.decision = decision
  }

  /// Whether it would be permitted.
  public var isAllowed: Bool { decision == "allowed" }
}

/// Identity and Access Management. One address serves all regions of a partition.
public struct IAMClient: Sendable {
  private let client: AWSClient
  /// A client over `client`.
  public init(_ client: AWSClient) { self.client = client }

  /// Whether the policies of a user or role permit `actions` on each of `resources`; nothing is done.
  /// - Parameter principal: the ARN of a user or role; one of a session is not accepted.
  public func simulatePrincipalPolicy(
    _ principal: String, actions: [String], resources: [String] = []
  ) async throws -> [PolicyDecision] {
    var results: [XMLElement] = []
    try await client.pages(of: .iam, "SimulatePrincipalPolicy", subject: principal) { marker in
      var parameters: QueryParameters = ["PolicySourceArn": principal]
      parameters.set(list: "ActionNames", actions)
      parameters.set(list: "ResourceArns", resources.isEmpty ? nil : resources)
      parameters["Marker"] = marker
      let answer = try await client.query(
        .query(.iam, "SimulatePrincipalPolicy", parameters, subject: principal))
      results += answer.list("EvaluationResults")
      return answer.bool("IsTruncated") == true ? answer.nonEmpty("Marker") : nil
    }
    return results.flatMap { result -> [PolicyDecision] in
      let action = result.text("EvalActionName") ?? ""
      let single = result.list("ResourceSpecificResults")
      // What holds for all resources together says nothing of one of them.
      guard single.isEmpty else {
        return single.map {
          PolicyDecision(
            action: action, resource: $0.text("EvalResourceName") ?? "*",
            decision: $0.text("EvalResourceDecision") ?? "")
        }
      }
      return [
        PolicyDecision(
          action: action, resource: result.nonEmpty("EvalResourceName") ?? resources.first ?? "*",
          decision: result.text("EvalDecision") ?? "")
      ]
    }
  }

  /// The ARN of the role whose session `arn` is; other principals as they are. A role's path is not part of the
  /// session's name, so a role with one is not found by it.
  public static func principal(ofCaller arn: String) -> String {
    guard let name = AmazonResourceName(arn), name.service == "sts",
      name.resource.hasPrefix("assumed-role/")
    else { return arn }
    let role = name.resource.split(separator: "/").dropFirst().first ?? ""
    return "arn:\(name.partition):iam::\(name.account):role/\(role)"
  }
}
