import AWSClients
import DeploymentConfig
import DeploymentRecords
import RestorePoints
import StepResults
import SystemInterfaces

/// Reads what people and services change without CloudFormation: what services run, rules, stages, and what the policy names.
struct SettingRecorder: Sendable {
  let clients: StackClients
  let policy: SnapshotPolicy
  private let reader: SettingReader

  init(clients: StackClients, policy: SnapshotPolicy) {
    self.clients = clients
    self.policy = policy
    reader = SettingReader(clients)
  }

  /// A setting of a stack, or what keeps it from being recorded; nothing where it is not there.
  func setting(_ kind: SettingState.Kind, _ target: String, _ stack: StackReading) async throws
    -> ResourceReading
  {
    try await record(SettingState(kind: kind, target: target, stack: stack.state.name, value: ""), stack)
  }

  /// What the policy names.
  func named() async throws -> ResourceReading {
    var all = ResourceReading()
    for name in policy.parameters {
      all.add(try await record(SettingState(kind: .parameter, target: name, stack: nil, value: ""), nil))
    }
    for name in policy.appConfigurations {
      all.add(try await record(SettingState(kind: .configuration, target: name, stack: nil, value: ""), nil))
    }
    return all
  }

  private func record(_ setting: SettingState, _ stack: StackReading?) async throws -> ResourceReading {
    var reading = ResourceReading()
    var setting = setting
    do {
      let now = try await reader.read(setting)
      guard let value = now.value else {
        // A resource that is gone is drift, and told as such; what the policy names is asked for.
        if stack == nil { reading.findings = [unread(setting, "it is not there", .error)] }
        return reading
      }
      setting.value = value
      if setting.kind == .service, let stack {
        let own = stack.state.resources.filter { $0.type == "AWS::ECS::TaskDefinition" }.compactMap(
          \.physicalId)
        if !own.isEmpty {
          setting.isTemplates = own.contains(value)
          if !own.contains(value) { reading.findings.append(other(setting, now, own)) }
        }
      }
      reading.settings = [setting]
    } catch let error as AWSError where error.kind == .accessDenied {
      reading.findings = [unread(setting, "\(error)", stack == nil ? .error : .warning)]
    }
    return reading
  }

  /// What runs is recorded, and that it is not what the template says is told: the circuit breaker, or a person, did that.
  private func other(_ setting: SettingState, _ now: SettingReader.Reading, _ own: [String]) -> Finding {
    let why = now.failure.map { ", whose roll-out failed (\($0))" } ?? ""
    return Finding(
      "service-other-than-template", .warning,
      "the service \(setting.target) runs \(setting.value), and the template says \(own.joined(separator: ", "))\(why): "
        + "what runs is recorded and is what a rollback puts back",
      subject: setting.target)
  }

  private func unread(_ setting: SettingState, _ why: String, _ severity: Severity) -> Finding {
    Finding(
      "setting-not-recorded", severity,
      "the \(setting.kind.rawValue) \(setting.target) is not recorded, so a rollback leaves it as it is: \(why)",
      subject: setting.target)
  }
}
