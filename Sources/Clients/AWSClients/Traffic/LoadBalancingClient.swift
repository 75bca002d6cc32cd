public import CloudFormationModel

/// Elastic Load Balancing, second version: where listeners and their rules forward to.
public struct LoadBalancingClient: Sendable {
  private let client: AWSClient
  /// A client over `client`.
  public init(_ client: AWSClient) { self.client = client }

  private func pages(
    _ name: String, _ parameters: QueryParameters, list: String, subject: String
  ) async throws -> [XMLElement] {
    var found: [XMLElement] = []
    try await client.pages(of: .loadBalancing, name, subject: subject) { token in
      var page = parameters
      page["Marker"] = token
      let answer = try await client.query(.query(.loadBalancing, name, page, subject: subject))
      found += answer.list(list)
      return answer.nonEmpty("NextMarker")
    }
    return found
  }

  /// The listeners of a load balancer that forward, with their target groups; kind `notFound` where there is none.
  public func describeListeners(ofLoadBalancer arn: String) async throws -> [ListenerShift] {
    try await pages(
      "DescribeListeners", ["LoadBalancerArn": arn], list: "Listeners", subject: "load balancer \(arn)"
    ).compactMap { ListenerShift($0) }
  }

  /// The rules of a listener that forward, its default one left out: that is the listener's own action.
  public func describeRules(ofListener arn: String) async throws -> [ListenerShift] {
    try await pages("DescribeRules", ["ListenerArn": arn], list: "Rules", subject: "listener \(arn)")
      .filter { $0.bool("IsDefault") != true }.compactMap { ListenerShift($0) }
  }

  /// Where one listener or rule, given by its ARN, forwards to; nil where it does not forward.
  public func shift(of arn: String) async throws -> ListenerShift? { ListenerShift(try await element(arn)) }

  private func element(_ arn: String) async throws -> XMLElement {
    let isRule = ListenerShift(arn: arn, targets: []).isRule
    let (name, list) = isRule ? ("DescribeRules", "Rules") : ("DescribeListeners", "Listeners")
    var parameters = QueryParameters()
    parameters.set(list: isRule ? "RuleArns" : "ListenerArns", [arn])
    guard let found = try await pages(name, parameters, list: list, subject: arn).first else {
      throw client.badAnswer(
        AWSOperation(service: .loadBalancing, name: name, subject: arn), nil, "the answer names none")
    }
    return found
  }

  /// Gives the target groups of a listener or rule other weights, in one call; what else it does, such as asking who somebody
  /// is, stays. Returns where it forwards to now.
  ///
  /// The service takes an action's whole text and knows no revision, so that is read right before it.
  @discardableResult
  public func setWeights(_ arn: String, _ weights: [TargetGroupWeight]) async throws -> ListenerShift? {
    let now = try await element(arn)
    let isRule = now["RuleArn"] != nil
    var parameters: QueryParameters = [isRule ? "RuleArn" : "ListenerArn": arn]
    let actions = now.list(isRule ? "Actions" : "DefaultActions").map { Self.action($0, with: weights) }
    parameters.set(
      XMLElement(name: isRule ? "Actions" : "DefaultActions", children: actions), at: nil)
    let name = isRule ? "ModifyRule" : "ModifyListener"
    let answer = try await client.query(.query(.loadBalancing, name, parameters, subject: arn))
    return answer.list(isRule ? "Rules" : "Listeners").first.flatMap { ListenerShift($0) }
  }

  private static func action(_ action: XMLElement, with weights: [TargetGroupWeight]) -> XMLElement {
    var action = action
    // A secret is never told; the service keeps the one that it has where it is told so.
    if let place = action.children.firstIndex(where: { $0.name == "AuthenticateOidcConfig" }) {
      action.children[place].children.removeAll {
        ["ClientSecret", "UseExistingClientSecret"].contains($0.name)
      }
      action.children[place].children.append(XMLElement(name: "UseExistingClientSecret", text: "true"))
    }
    guard action.text("Type") == "forward" else { return action }
    // Beside a list of target groups a single one may not stand.
    action.children.removeAll { $0.name == "TargetGroupArn" }
    var config = action["ForwardConfig"] ?? XMLElement(name: "ForwardConfig")
    config.children.removeAll { $0.name == "TargetGroups" }
    let groups = weights.map { group in
      XMLElement(
        name: "member",
        children: [
          XMLElement(name: "TargetGroupArn", text: group.arn),
          XMLElement(name: "Weight", text: String(group.weight)),
        ])
    }
    config.children.insert(XMLElement(name: "TargetGroups", children: groups), at: 0)
    action.children.removeAll { $0.name == "ForwardConfig" }
    action.children.append(config)
    return action
  }
}

extension ListenerShift {
  /// What a listener or a rule forwards to; nil where none of its actions does.
  fileprivate init?(_ element: XMLElement) {
    guard let arn = element.nonEmpty("RuleArn") ?? element.nonEmpty("ListenerArn") else { return nil }
    let actions = element.list("Actions") + element.list("DefaultActions")
    guard let forward = actions.first(where: { $0.text("Type") == "forward" }) else { return nil }
    var targets = (forward["ForwardConfig"]?.list("TargetGroups") ?? []).compactMap { group in
      group.nonEmpty("TargetGroupArn").map { TargetGroupWeight(arn: $0, weight: group.int("Weight") ?? 1) }
    }
    if targets.isEmpty, let single = forward.nonEmpty("TargetGroupArn") {
      targets = [TargetGroupWeight(arn: single, weight: 1)]
    }
    let stickiness = forward["ForwardConfig"]?["TargetGroupStickinessConfig"]
    self.init(
      arn: arn, targets: targets,
      stickinessSeconds: stickiness?.bool("Enabled") == true ? stickiness?.int("DurationSeconds") : nil)
  }
}

extension QueryParameters {
  /// Writes an element of an answer as the request of the same shape has it.
  fileprivate mutating func set(_ element: XMLElement, at place: String?) {
    let name = place.map { "\($0).\(element.name)" } ?? element.name
    let isList = element.children.contains { ["member", "entry"].contains($0.name) }
    if element.children.isEmpty { self[name] = element.text.isEmpty ? nil : element.text }
    for (position, child) in element.children.enumerated() {
      guard isList else {
        set(child, at: name)
        continue
      }
      let item = "\(name).\(child.name).\(position + 1)"
      if child.children.isEmpty { self[item] = child.text }
      for member in child.children { set(member, at: item) }
    }
  }
}
