import SystemInterfaces

/// CloudFormation. All calls throw `AWSError`, `CredentialsError` or `CancellationError`.
public struct CloudFormationClient: Sendable {
  let client: AWSClient
  /// A client over `client`.
  public init(_ client: AWSClient) { self.client = client }

  func call(
    _ name: String, _ parameters: QueryParameters, repeating: AWSOperation.Repeating = .safe,
    stack: String? = nil
  ) async throws -> XMLElement {
    try await client.query(
      .query(
        .cloudFormation, name, parameters, repeating: repeating, subject: stack.map { "stack \($0)" }))
  }

  /// All elements of `list` over all pages.
  func pages(
    _ name: String, _ parameters: QueryParameters, list: String, stack: String? = nil
  ) async throws -> [XMLElement] {
    var elements: [XMLElement] = []
    try await client.pages(of: .cloudFormation, name, subject: stack.map { "stack \($0)" }) { token in
      var page = parameters
      page["NextToken"] = token
      let answer = try await call(name, page, stack: stack)
      elements += answer.list(list)
      return answer.nonEmpty("NextToken")
    }
    return elements
  }

  // MARK: - Stacks

  /// The stack of that name or id, or nil where there is none.
  public func describeStack(_ name: String) async throws -> Stack? {
    do {
      guard let stack = try await describeStacks(name).first else {
        // AWS says in words that there is no such stack: an answer without stacks is none of AWS's.
        throw client.badAnswer(
          .query(.cloudFormation, "DescribeStacks", [:], subject: "stack \(name)"), nil,
          "the answer names no stack, and does not say that there is none")
      }
      return stack
    } catch let error as AWSError where error.kind == .notFound {
      return nil
    }
  }

  /// All stacks, or the one of that name or id; `AWSError` of kind `notFound` where there is none.
  public func describeStacks(_ name: String? = nil) async throws -> [Stack] {
    try await pages("DescribeStacks", ["StackName": name], list: "Stacks", stack: name).map { Stack($0) }
  }

  /// All resources of a stack, page by page.
  public func listStackResources(_ stack: String) async throws -> [StackResource] {
    try await pages(
      "ListStackResources", ["StackName": stack], list: "StackResourceSummaries", stack: stack
    ).map { StackResource($0) }
  }

  /// At most 100 resources, deleted ones of a deleted stack included.
  public func describeStackResources(_ stack: String) async throws -> [StackResource] {
    try await call("DescribeStackResources", ["StackName": stack], stack: stack)
      .list("StackResources").map { StackResource($0) }
  }

  /// Which form of a template is asked for.
  public enum TemplateStage: String, Sendable {
    /// As it was sent.
    case original = "Original"
    /// After macros and transforms; the service's own default.
    case processed = "Processed"
  }

  /// The template, byte for byte where it is text.
  public func getTemplate(_ stack: String, stage: TemplateStage) async throws -> String {
    let answer = try await call(
      "GetTemplate", ["StackName": stack, "TemplateStage": stage.rawValue], stack: stack)
    guard let body = answer.text("TemplateBody") else {
      throw client.badAnswer(
        .query(.cloudFormation, "GetTemplate", [:], subject: "stack \(stack)"), nil,
        "the answer holds no template")
    }
    return body
  }

  /// Events, newest first, up to and without the first one that `stop` says yes to.
  public func describeStackEvents(
    _ stack: String, until stop: (StackEvent) -> Bool = { _ in false }
  ) async throws -> [StackEvent] {
    var events: [StackEvent] = []
    try await client.pages(of: .cloudFormation, "DescribeStackEvents", subject: "stack \(stack)") { token in
      let answer = try await call(
        "DescribeStackEvents", ["StackName": stack, "NextToken": token], stack: stack)
      for element in answer.list("StackEvents") {
        let event = StackEvent(element)
        if stop(event) { return nil }
        events.append(event)
      }
      return answer.nonEmpty("NextToken")
    }
    return events
  }

  /// Events newer than the one with that id, newest first.
  public func describeStackEvents(_ stack: String, after eventId: String) async throws -> [StackEvent] {
    try await describeStackEvents(stack) { $0.id == eventId }
  }

  /// Events at or after `time`, newest first.
  public func describeStackEvents(_ stack: String, since time: Timestamp) async throws -> [StackEvent] {
    try await describeStackEvents(stack) { $0.time < time }
  }

  /// The stack's policy, or nil where it has none.
  public func getStackPolicy(_ stack: String) async throws -> String? {
    try await call("GetStackPolicy", ["StackName": stack], stack: stack).nonEmpty("StackPolicyBody")
  }

  /// Sets the stack's policy.
  public func setStackPolicy(_ stack: String, body: String) async throws {
    _ = try await call("SetStackPolicy", ["StackName": stack, "StackPolicyBody": body], stack: stack)
  }

  /// Switches termination protection; nested stacks take that of their root.
  public func updateTerminationProtection(_ stack: String, enabled: Bool) async throws {
    _ = try await call(
      "UpdateTerminationProtection",
      ["StackName": stack, "EnableTerminationProtection": enabled ? "true" : "false"], stack: stack)
  }

  // MARK: - Exports

  /// All exports of the region.
  public func listExports() async throws -> [StackExport] {
    try await pages("ListExports", [:], list: "Exports").map { element in
      StackExport(
        name: element.text("Name") ?? "", value: element.text("Value") ?? "",
        exportingStackId: element.text("ExportingStackId") ?? "")
    }
  }

  /// The names of the stacks that import `export`; none where nobody does, which the service calls an error.
  public func listImports(_ export: String) async throws -> [String] {
    do {
      return try await pages("ListImports", ["ExportName": export], list: "Imports").map(\.text)
    } catch let error as AWSError
      where error.code == "ValidationError" && error.message.contains("is not imported by any stack")
    {
      return []
    }
  }
}
