import AWSClients
import CloudFormationModel
import CryptoDigests
import DeploymentConfig
import DeploymentRecords
import JSONValues
import RestorePoints
import SystemInterfaces
import TemplateAnalysis

/// Reads stacks: all facts of one stack beside each other, all stacks beside each other.
struct StackReader: Sendable {
  let cloudFormation: CloudFormationClient

  /// The stack named by `stack` and, after it, its nested stacks; nil where there is none of that name.
  func read(_ stack: ConfiguredStack) async throws -> [StackReading]? {
    guard let found = try await cloudFormation.describeStack(stack.name), found.status != .deleteComplete
    else {
      return nil
    }
    return try await read(found, role: stack.role, prefix: stack.role)
  }

  private func read(_ stack: Stack, role: String, prefix: String) async throws -> [StackReading] {
    async let original = cloudFormation.getTemplate(stack.id, stage: .original)
    async let processed = cloudFormation.getTemplate(stack.id, stage: .processed)
    async let policy = cloudFormation.getStackPolicy(stack.id)
    async let resources = cloudFormation.listStackResources(stack.id)
    async let importers = importers(of: stack)
    let template = try await original
    let bytes = Array(template.utf8)
    let name = "templates/\(prefix)\(template.drop(while: \.isWhitespace).first == "{" ? ".json" : ".yaml")"
    var state = StackState(
      role: role, name: stack.name, stackId: stack.id, status: stack.status.rawValue,
      lastUpdatedAt: stack.lastUpdatedAt, templateFile: name,
      templateSha256: Digest.sha256Hex(bytes))
    var files = [name: bytes]
    let processedText = try await processed
    if processedText != template {
      let processedName = "templates/\(prefix).processed"
      state.processedTemplateFile = processedName
      files[processedName] = Array(processedText.utf8)
    }
    if let policy = try await policy, !policy.isEmpty {
      state.stackPolicyFile = "policies/\(prefix).json"
      files["policies/\(prefix).json"] = Array(policy.utf8)
    }
    fill(&state, from: stack)
    let place = AmazonResourceName(stack.id)
    (state.account, state.region) = (place?.account, place?.region)
    state.importers = try await importers
    let members = try await resources
    state.resources = members.map {
      StackResourceState(logicalId: $0.logicalId, physicalId: $0.physicalId, type: $0.type, status: $0.status)
    }
    var own = StackReading(state: state, status: stack.status, files: files, template: template)
    own.takeFacts()
    own.disablesRollback = stack.disablesRollback
    var readings = [own]
    let nested = members.filter { $0.type == "AWS::CloudFormation::Stack" }
    let cloudFormation = cloudFormation
    readings += try await nested.mapAtOnce { member -> [StackReading] in
      guard let id = member.physicalId, let found = try await cloudFormation.describeStack(id) else {
        return []
      }
      var inside = try await read(found, role: role, prefix: "\(prefix)-\(member.logicalId)")
      // Not every service behind an endpoint names the parent.
      if inside[0].state.parentId == nil { inside[0].state.parentId = stack.id }
      return inside
    }.flatMap { $0 }
    return readings
  }

  private func fill(_ state: inout StackState, from stack: Stack) {
    state.parentId = stack.parentId
    state.parameters = stack.parameters.map { parameter in
      // CloudFormation masks a NoEcho value with asterisks; a real value of that shape is treated as masked too.
      let masked = parameter.value.map { !$0.isEmpty && $0.allSatisfy { $0 == "*" } } ?? false
      return DeploymentRecords.StackParameter(
        name: parameter.key, value: masked ? nil : parameter.value, noEcho: masked,
        resolvedValue: parameter.resolvedValue)
    }
    state.tags = stack.tags.map { StackTag(name: $0.key, value: $0.value) }
    state.capabilities = stack.capabilities
    state.notificationARNs = stack.notificationARNs
    state.roleARN = stack.roleARN
    state.terminationProtection = stack.hasTerminationProtection
    state.driftStatus = stack.driftStatus
    state.deploymentMode = stack.deploymentMode
    state.outputs = stack.outputs.map {
      DeploymentRecords.StackOutput(name: $0.key, value: $0.value, exportName: $0.exportName)
    }
    let rollback = stack.rollbackConfiguration
    if !rollback.triggers.isEmpty || rollback.monitoringMinutes != nil {
      state.rollbackConfiguration = [
        "triggers": .array(rollback.triggers.map { ["arn": .string($0.arn), "type": .string($0.type)] }),
        "monitoringMinutes": rollback.monitoringMinutes.map { .number(JSONNumber($0)) } ?? .null,
      ]
    }
  }

  private func importers(of stack: Stack) async throws -> [String: [String]] {
    let names = stack.outputs.compactMap(\.exportName)
    let cloudFormation = cloudFormation
    return try await withThrowingTaskGroup(of: (String, [String]).self) { group in
      for name in names { group.addTask { (name, try await cloudFormation.listImports(name)) } }
      return try await group.reduce(into: [:]) { all, found in
        if !found.1.isEmpty { all[found.0] = found.1 }
      }
    }
  }
}
