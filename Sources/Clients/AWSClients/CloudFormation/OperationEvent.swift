public import SystemInterfaces

/// An event of an operation on a stack, as DescribeEvents shows it.
public struct OperationEvent: Hashable, Sendable {
  /// When.
  public var at: Timestamp?
  /// `VALIDATION_ERROR`, `PROVISIONING_ERROR`, `HOOK_INVOCATION_ERROR`, `STACK_EVENT` and the like.
  public var type: String
  /// The resource and its type, where the event is about one.
  public var logicalId: String?, resourceType: String?
  /// The status it took.
  public var status: String?
  /// What was checked, such as `AWS::EarlyValidation::ResourceExistenceCheck`, where in the template, and how it ended.
  public var check: String?, path: String?, checkStatus: String?
  /// In CloudFormation's words.
  public var reason: String?
  /// Whether it is about the stack itself, which fails for the sake of something in it.
  public var isOfStack: Bool

  init(_ element: XMLElement) {
    at = element.time("Timestamp")
    type = element.text("EventType") ?? ""
    logicalId = element.nonEmpty("LogicalResourceId")
    resourceType = element.nonEmpty("ResourceType")
    status = element.nonEmpty("ResourceStatus")
    isOfStack = element.nonEmpty("StackId").map { $0 == element.text("PhysicalResourceId") } ?? false
    check = element.nonEmpty("ValidationName") ?? element.nonEmpty("HookType")
    path = element.nonEmpty("ValidationPath")
    checkStatus = element.nonEmpty("ValidationStatus") ?? element.nonEmpty("HookStatus")
    reason =
      element.nonEmpty("ValidationStatusReason") ?? element.nonEmpty("HookStatusReason")
      ?? element.nonEmpty("ResourceStatusReason")
  }

  /// Whether it tells of a failure and not only that an operation failed for another's sake.
  public var isFailure: Bool {
    if check != nil { return type.hasSuffix("_ERROR") || checkStatus?.hasSuffix("FAILED") ?? false }
    return logicalId != nil && !isOfStack && status?.hasSuffix("_FAILED") ?? type.hasSuffix("_ERROR")
  }

  /// What failed, where, and why.
  public var words: String {
    let what = [logicalId.map { id in id + (resourceType.map { " (\($0))" } ?? "") }, check]
      .compactMap(\.self).joined(separator: ", ")
    return "\(what)\(path.map { " at \($0)" } ?? ""): \(reason ?? status ?? "no reason given")"
  }
}
