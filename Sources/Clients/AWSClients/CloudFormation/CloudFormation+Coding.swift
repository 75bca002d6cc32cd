import CloudFormationModel
import SystemInterfaces

// Names as the service model has them.

extension StackUpdate {
  func write(to parameters: inout QueryParameters) {
    switch template {
    case .body(let body): parameters["TemplateBody"] = body
    case .url(let url): parameters["TemplateURL"] = url
    case .previous: parameters.set("UsePreviousTemplate", true)
    }
    if !self.parameters.isEmpty {
      parameters.set(list: "Parameters", self.parameters) { parameter, members in
        members["ParameterKey"] = parameter.key
        if parameter.usesPreviousValue {
          members.set("UsePreviousValue", true)
        } else {
          members["ParameterValue"] = parameter.value ?? ""
        }
      }
    }
    if !capabilities.isEmpty { parameters.set(list: "Capabilities", capabilities) }
    parameters.set(list: "Tags", tags) { tag, members in
      members["Key"] = tag.key
      members["Value"] = tag.value
    }
    parameters.set(list: "NotificationARNs", notificationARNs)
    parameters["RoleARN"] = roleARN
    if let configuration = rollbackConfiguration {
      parameters.set(list: "RollbackConfiguration.RollbackTriggers", configuration.triggers) {
        trigger, members in
        members["Arn"] = trigger.arn
        members["Type"] = trigger.type
      }
      parameters.set("RollbackConfiguration.MonitoringTimeInMinutes", configuration.monitoringMinutes)
    }
  }
}

extension Stack {
  init(_ element: XMLElement) {
    self.init(
      id: element.text("StackId") ?? "", name: element.text("StackName") ?? "",
      status: StackStatus(rawValue: element.text("StackStatus") ?? ""))
    statusReason = element.nonEmpty("StackStatusReason")
    description = element.nonEmpty("Description")
    createdAt = element.time("CreationTime")
    updatedAt = element.time("LastUpdatedTime")
    deletedAt = element.time("DeletionTime")
    parameters = element.list("Parameters").map { StackParameter($0) }
    outputs = element.list("Outputs").map { output in
      StackOutput(
        key: output.text("OutputKey") ?? "", value: output.text("OutputValue") ?? "",
        description: output.nonEmpty("Description"), exportName: output.nonEmpty("ExportName"))
    }
    tags = element.list("Tags").map { AWSTag($0.text("Key") ?? "", $0.text("Value") ?? "") }
    capabilities = element.texts("Capabilities")
    roleARN = element.nonEmpty("RoleARN")
    notificationARNs = element.texts("NotificationARNs")
    if let configuration = element["RollbackConfiguration"] {
      rollbackConfiguration = RollbackConfiguration(
        triggers: configuration.list("RollbackTriggers").map {
          .init(arn: $0.text("Arn") ?? "", type: $0.text("Type") ?? "")
        },
        monitoringMinutes: configuration.int("MonitoringTimeInMinutes"))
    }
    hasTerminationProtection = element.bool("EnableTerminationProtection") ?? false
    let deployment = element["DeploymentConfig"]
    deploymentMode = deployment?.nonEmpty("Mode")
    disablesRollback = element.bool("DisableRollback") ?? deployment?.bool("DisableRollback") ?? false
    retainsExceptOnCreate = element.bool("RetainExceptOnCreate") ?? false
    driftStatus = element["DriftInformation"]?.nonEmpty("StackDriftStatus")
    driftCheckedAt = element["DriftInformation"]?.time("LastCheckTimestamp")
    parentId = element.nonEmpty("ParentId")
    rootId = element.nonEmpty("RootId")
    changeSetId = element.nonEmpty("ChangeSetId")
    detailedStatus = element.nonEmpty("DetailedStatus")
    timeoutMinutes = element.int("TimeoutInMinutes")
  }
}

extension StackParameter {
  init(_ element: XMLElement) {
    self.init(
      element.text("ParameterKey") ?? "", element.text("ParameterValue"),
      resolvedValue: element.nonEmpty("ResolvedValue"))
    usesPreviousValue = element.bool("UsePreviousValue") ?? false
  }
}

extension StackResource {
  init(_ element: XMLElement) {
    self.init(
      logicalId: element.text("LogicalResourceId") ?? "",
      physicalId: element.nonEmpty("PhysicalResourceId"), type: element.text("ResourceType") ?? "",
      status: element.text("ResourceStatus") ?? "")
    statusReason = element.nonEmpty("ResourceStatusReason")
    updatedAt = element.time("LastUpdatedTimestamp") ?? element.time("Timestamp")
    driftStatus = element["DriftInformation"]?.nonEmpty("StackResourceDriftStatus")
  }
}

extension StackEvent {
  init(_ element: XMLElement) {
    self.init(
      id: element.text("EventId") ?? "", stackId: element.text("StackId") ?? "",
      stackName: element.text("StackName") ?? "",
      time: element.time("Timestamp") ?? Timestamp(microseconds: 0),
      logicalId: element.text("LogicalResourceId") ?? "",
      physicalId: element.nonEmpty("PhysicalResourceId"), type: element.text("ResourceType") ?? "",
      status: element.text("ResourceStatus") ?? "", statusReason: element.nonEmpty("ResourceStatusReason"),
      clientRequestToken: element.nonEmpty("ClientRequestToken"))
    operationId = element.nonEmpty("OperationId")
    detailedStatus = element.nonEmpty("DetailedStatus")
  }
}

extension ChangeSet {
  init(_ element: XMLElement) {
    self.init(
      id: element.text("ChangeSetId") ?? "", name: element.text("ChangeSetName") ?? "",
      stackId: element.text("StackId") ?? "", stackName: element.text("StackName") ?? "",
      status: element.text("Status") ?? "", executionStatus: element.text("ExecutionStatus") ?? "")
    statusReason = element.nonEmpty("StatusReason")
    createdAt = element.time("CreationTime")
    parameters = element.list("Parameters").map { StackParameter($0) }
  }
}

extension ResourceChange {
  init(_ element: XMLElement) {
    self.init(
      action: element.text("Action") ?? "", logicalId: element.text("LogicalResourceId") ?? "",
      physicalId: element.nonEmpty("PhysicalResourceId"), type: element.text("ResourceType") ?? "")
    replacement = element.nonEmpty("Replacement")
    policyAction = element.nonEmpty("PolicyAction")
    scope = element.texts("Scope")
    nestedChangeSetId = element.nonEmpty("ChangeSetId")
    before = element.nonEmpty("BeforeContext")
    after = element.nonEmpty("AfterContext")
    details = element.list("Details").map { item in
      var detail = Detail()
      if let target = item["Target"] {
        detail.attribute = target.nonEmpty("Attribute")
        detail.name = target.nonEmpty("Name")
        detail.path = target.nonEmpty("Path")
        detail.requiresRecreation = target.nonEmpty("RequiresRecreation")
        detail.beforeValue = target.text("BeforeValue")
        detail.afterValue = target.text("AfterValue")
      }
      detail.evaluation = item.nonEmpty("Evaluation")
      detail.changeSource = item.nonEmpty("ChangeSource")
      detail.causingEntity = item.nonEmpty("CausingEntity")
      return detail
    }
  }
}

extension ResourceDrift {
  init(_ element: XMLElement) {
    self.init(
      logicalId: element.text("LogicalResourceId") ?? "",
      physicalId: element.nonEmpty("PhysicalResourceId"), type: element.text("ResourceType") ?? "",
      status: element.text("StackResourceDriftStatus") ?? "",
      differences: element.list("PropertyDifferences").map {
        Difference(
          path: $0.text("PropertyPath") ?? "", expected: $0.text("ExpectedValue") ?? "",
          actual: $0.text("ActualValue") ?? "", type: $0.text("DifferenceType") ?? "")
      })
  }
}
