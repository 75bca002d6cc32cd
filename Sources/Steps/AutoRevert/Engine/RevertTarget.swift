public import CloudFormationModel
import CryptoDigests
import DeploymentRecords
import JSONValues
import RollbackPlanning
import SystemInterfaces

/// A stack of the configuration.
public struct TargetStack: Hashable, Sendable {
  /// What stands before `_STACK`, in lower case, and the stack's name.
  public var role: String, name: String

  /// A stack.
  public init(role: String, name: String) {
    self.role = role
    self.name = name
  }
}

/// A restore point with the files that the engine needs of it.
public struct LoadedRestorePoint: Sendable {
  /// The manifest.
  public var point: RestorePoint
  /// The template of each stack as it was uploaded, by stack name.
  public var templates: [String: String]
  /// The definition of each state machine, by ARN.
  public var definitions: [String: String]
  /// What a stack's template fetches and cannot be had as it was, in words, by stack name.
  public var missingAssets: [String: [String]] = [:]
  /// Packages of functions that are not where their template fetches them, and that the restore point keeps.
  public var lostPackages: [LostPackage] = []
  /// Templates of nested stacks that are other ones by now, by the name of the stack that they are nested in.
  public var rewrittenTemplates: [String: [String]] = [:]
  /// The policy of each stack that has one, by stack name.
  public var policies: [String: String] = [:]
  /// The packages that it keeps of functions' code, by the functions' designation.
  public var packages: [String: [UInt8]] = [:]
  /// Resources whose template keeps them when their stack lets go of them, by stack and logical id.
  public var leftBehind: [String: [String: KeptResource]] = [:]
  /// Values of hidden parameters that were handed in for this run, by stack and name.
  public var hiddenValues: [String: [String: String]] = [:]
  /// Where templates go that a call cannot carry, `bucket` or `bucket/prefix`; nil takes what was recorded.
  public var templateBucket: String?

  /// A restore point and its files.
  public init(point: RestorePoint, templates: [String: String], definitions: [String: String] = [:]) {
    self.point = point
    self.templates = templates
    self.definitions = definitions
  }

  /// Reads `id` whole; every file is proved to be as it was written.
  public static func load(_ id: String, from store: RestorePointStore) throws -> LoadedRestorePoint {
    let point = try store.read(id)
    var templates: [String: String] = [:]
    for stack in point.stacks {
      templates[stack.name] = String(
        decoding: try store.contents(of: stack.templateFile, in: id), as: UTF8.self)
    }
    var definitions: [String: String] = [:]
    for machine in point.stateMachines {
      definitions[machine.arn] = String(
        decoding: try store.contents(of: machine.definitionFile, in: id), as: UTF8.self)
    }
    var loaded = LoadedRestorePoint(point: point, templates: templates, definitions: definitions)
    for stack in point.stacks {
      guard let file = stack.stackPolicyFile else { continue }
      loaded.policies[stack.name] = String(decoding: try store.contents(of: file, in: id), as: UTF8.self)
    }
    for function in point.functions {
      guard let file = function.code?.file else { continue }
      loaded.packages[point.designation(of: function)] = try store.contents(of: file, in: id)
    }
    return loaded
  }

  /// The recorded state of the stack `name`.
  func stack(_ name: String) -> StackState? { point.stacks.first { $0.name == name } }

  /// The stacks nested in `stack`, at any depth: they are put back with it.
  func nested(in stack: StackState) -> [StackState] {
    point.stacks.filter { $0.parentId == stack.stackId }.flatMap { [$0] + nested(in: $0) }
  }

  /// What the restore point tells of a resource.
  enum RecordedResource: Equatable {
    case there(StackResourceState)
    case absent
    /// The stack that it stands in is not recorded.
    case unknown
  }

  /// What is recorded of the resource at `path`, one in a nested stack with its place, of the stack `name`.
  func resource(_ path: String, of name: String) -> RecordedResource {
    guard var state = stack(name) else { return .unknown }
    let parts = path.split(separator: "/").map(String.init)
    for part in parts.dropLast() {
      guard let parent = state.resources.first(where: { $0.logicalId == part }) else { return .absent }
      guard let nested = point.stacks.first(where: { $0.stackId == parent.physicalId }) else {
        return .unknown
      }
      state = nested
    }
    return state.resources.first { $0.logicalId == parts.last }.map { .there($0) } ?? .absent
  }

  /// What the plan needs of the stack `name`, judged against what is live.
  func recorded(_ name: String, live: DescribedStack?) -> RecordedStack? {
    guard let state = stack(name) else { return nil }
    var recorded = RecordedStack(id: state.stackId, updatedAt: state.lastUpdatedAt)
    for output in state.outputs {
      if let export = output.exportName { recorded.exports[export] = state.importers[export] ?? [] }
    }
    recorded.imports = state.imports
    if !state.restorable {
      recorded.obstacles.append(state.why ?? "the restore point says so without a reason")
    }
    if let template = templates[name] {
      let bytes = template.utf8.count
      if bytes > RestoreLimits.template {
        recorded.obstacles.append(
          "its template has \(bytes) bytes, and CloudFormation takes \(RestoreLimits.template) at most")
      } else if bytes > RestoreLimits.inlineTemplate, bucket(state) == nil {
        recorded.obstacles.append(
          "its template has \(bytes) bytes; more than \(RestoreLimits.inlineTemplate) have to go through a bucket: "
            + "name one with template-bucket under preflight-snapshot: in the policy")
      }
    } else {
      recorded.obstacles.append("its template is not in the restore point")
    }
    for stack in [state] + nested(in: state) {
      recorded.obstacles += missingAssets[stack.name] ?? []
      recorded.obstacles += rewrittenTemplates[stack.name] ?? []
    }
    for parameter in state.parameters
    where parameter.noEcho && hiddenValues[name]?[parameter.name] == nil {
      recorded.maskedParameters.append(parameter.name)
      // UsePreviousValue fails for a parameter that the deployed template does not have.
      if let live, !live.parameters.contains(where: { $0.name == parameter.name }) {
        recorded.obstacles.append(
          "the parameter \(parameter.name) is NoEcho and not in the deployed template, so its value is nowhere to be "
            + "had: hand it in with --parameter \(state.role)/\(parameter.name)")
      }
    }
    recorded.policy = policies[name]
    recorded.triggers = RollbackTriggers(state.rollbackConfiguration)
    recorded.redirectedParameters = state.parameters.filter { parameter in
      point.isRedirected(live?.parameters.first { $0.name == parameter.name }?.value, from: parameter.value)
    }.map(\.name)
    recorded.movedParameters = state.parameters.filter { parameter in
      guard let resolved = parameter.resolvedValue,
        let now = live?.parameters.first(where: { $0.name == parameter.name })?.resolvedValue
      else { return false }
      return resolved != now
    }.map(\.name)
    return recorded
  }

  /// Where the template of a stack goes if a call cannot carry it.
  private func bucket(_ state: StackState) -> String? { templateBucket ?? state.templateBucket }

  /// The change set that puts the stack `name` back.
  func request(_ name: String, stackID: String, changeSet: String) -> RestoreRequest? {
    guard let state = stack(name), let template = templates[name] else { return nil }
    var request = RestoreRequest(
      stack: stackID, name: changeSet, template: template,
      parameters: state.parameters.map {
        .init(name: $0.name, value: $0.noEcho ? hiddenValues[name]?[$0.name] : $0.value)
      },
      capabilities: state.capabilities, tags: state.tags, notificationARNs: state.notificationARNs)
    request.templateBucket = bucket(state)
    request.includesNestedStacks = state.resources.contains { $0.type == "AWS::CloudFormation::Stack" }
    return request
  }

  /// How `live`, with the template `template`, differs from what was recorded.
  func difference(_ name: String, live: DescribedStack, template: String) -> StackDifference {
    guard let state = stack(name) else { return .unknown("it is not in the restore point") }
    var parts: [String] = []
    if Digest.sha256Hex(Array(template.utf8)) != state.templateSha256 { parts.append("template") }
    let now = Dictionary(live.parameters.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    for parameter in state.parameters where !parameter.noEcho {
      let value = now[parameter.name]?.value
      if value != parameter.value, !point.isRedirected(value, from: parameter.value) {
        parts.append("parameter \(parameter.name)")
      }
    }
    let names = Set(state.parameters.map(\.name))
    for parameter in live.parameters where !names.contains(parameter.name) {
      parts.append("parameter \(parameter.name)")
    }
    func own(_ tags: [StackTag]) -> Set<StackTag> { Set(tags.filter { !$0.name.hasPrefix("aws:") }) }
    if own(state.tags) != own(live.tags) { parts.append("tags") }
    return parts.isEmpty ? .none : .some(parts)
  }
}

/// A package that a template fetches from a place where it is not any more.
public struct LostPackage: Hashable, Sendable {
  /// The stack whose template names it, the bucket and the key, and the function whose package it is.
  public var stack: String, bucket: String, key: String, function: String

  /// As plans and journals call it.
  public var target: String { "s3://\(bucket)/\(key)" }

  /// A package.
  public init(stack: String, bucket: String, key: String, function: String) {
    self.stack = stack
    self.bucket = bucket
    self.key = key
    self.function = function
  }
}

/// Limits of the service.
enum RestoreLimits {
  /// Bytes of a template in a call's body, and of one in a bucket.
  static let inlineTemplate = 51_200, template = 1_000_000
}

extension RollbackTriggers {
  /// As a restore point holds them: `triggers` with `arn` and `type`, and `monitoringMinutes`.
  init(_ json: JSONValue?) {
    self.init(
      types: Dictionary(
        (json?["triggers"]?.array ?? []).compactMap { trigger in
          trigger["arn"]?.string.map { ($0, trigger["type"]?.string ?? "AWS::CloudWatch::Alarm") }
        }, uniquingKeysWith: { $1 }),
      monitoringMinutes: json?["monitoringMinutes"]?.int ?? 0)
  }
}

extension RestoreChange {
  /// A change as the plan judges it. What may be replaced counts as replaced.
  init(_ changed: ChangedResource, statefulTypes: StatefulTypes) {
    let effect: Effect =
      switch (changed.action, changed.replacement) {
      case ("Add", _): .add
      case ("Remove", _): .delete
      case ("Import", _): .import
      case ("Modify", "True"): .replace
      case ("Modify", "False"), ("Modify", nil): .modify
      default: .mayReplace
      }
    self.init(logicalID: changed.logicalID, type: changed.type, effect: effect, statefulTypes: statefulTypes)
    isUnseen = changed.isUnseen
  }
}
