public import DeploymentEvidence
import JSONValues
import SystemInterfaces

/// What is good now, recorded so that it can be put back: the manifest of `<records>/restore-points/<id>/`.
///
/// Templates, stack policies and definitions stand in files of their own beside it, byte for byte.
/// What it must hold: AWS's rules of which values a later update needs and which read back masked.
public struct RestorePoint: Codable, Hashable, Sendable {
  /// See `RestorePointFormat`: older ones are brought to this when they are read.
  public var formatVersion = RestorePointFormat.current
  /// `20261124T002213Z-1a2b3c`; sorts by time.
  public var id: String
  /// As on the command line.
  public var environment: String
  /// The application, and the id of the deployment that it holds; nil in older restore points.
  public var application: String?, deployment: String?
  /// The commit whose deployment this is, by the records; nil outside a repository.
  public var commit: String?
  /// When the facts were read.
  public var createdAt: Timestamp
  /// Where they were read.
  public var region: String
  /// The account, where STS answered.
  public var account: String?
  /// In the order of the policy, nested stacks after their parents.
  public var stacks: [StackState]
  /// Functions of the stacks, with published versions and aliases.
  public var functions: [FunctionState]
  /// Stages of the stacks' APIs.
  public var apiStages: [APIStageState]
  /// State machines of the stacks.
  public var stateMachines: [StateMachineState]
  /// Secrets of the stacks, without their values.
  public var managedSecrets: [ManagedSecretState]
  /// What people and services change without CloudFormation; nil in older restore points.
  public var settings: [SettingState]?
  /// Where the calls of users went; nil in older restore points, and where nobody looked.
  public var traffic: TrafficState?
  /// nil where the environment has no database of its own.
  public var database: DatabaseState?
  /// The schema's version, as the migration tool's own table tells; nil where nobody could ask.
  public var schema: SchemaState?
  /// What was normal before the deployment.
  public var baseline: Baseline
  /// Every other file of the folder, with its digest: an altered or truncated restore point is refused.
  public var files: [RecordInput]

  /// Whether something happened after the restore point was made, or in the same second: answers may tell whole seconds.
  public func precedes(_ time: Timestamp) -> Bool {
    time.seconds.rounded(.down) >= createdAt.seconds.rounded(.down)
  }

  /// A restore point; lists start empty.
  public init(
    id: String, environment: String, commit: String?, createdAt: Timestamp, region: String, account: String?
  ) {
    self.id = id
    self.environment = environment
    self.commit = commit
    self.createdAt = createdAt
    self.region = region
    self.account = account
    stacks = []
    functions = []
    apiStages = []
    stateMachines = []
    managedSecrets = []
    baseline = Baseline()
    files = []
  }
}

/// A stack as an update would need it.
public struct StackState: Codable, Hashable, Sendable {
  /// What stands before `_STACK` in the configuration, in lower case; nested stacks have their parent's.
  public var role: String
  /// The name, and the id that tells a stack from a later one of the same name.
  public var name: String, stackId: String
  /// Whether the name follows from the others and nobody confirmed it: a rollback leaves such a stack alone. Nil for no.
  public var isDerived: Bool?
  /// The status when it was read.
  public var status: String
  /// The last update or, without one, the creation.
  public var lastUpdatedAt: Timestamp
  /// Where the stack stands; nil in older restore points, whose `stackId` says it too.
  public var account: String?, region: String?
  /// The stack that this one is nested in.
  public var parentId: String?
  /// In the order of the answer.
  public var parameters: [StackParameter]
  /// Kept by an update that leaves them out, removed by an empty list.
  public var tags: [StackTag]
  /// `CAPABILITY_IAM` and the like.
  public var capabilities: [String]
  /// Topics that get the stack's events.
  public var notificationARNs: [String]
  /// The service role, where the stack has one.
  public var roleARN: String?
  /// Rollback triggers and monitoring time as answered, put back after a restore.
  public var rollbackConfiguration: JSONValue?
  /// Whether deletion is refused.
  public var terminationProtection: Bool
  /// `EXPRESS` and the like, where the answer names it.
  public var deploymentMode: String?
  /// Files inside the restore point: the template as it was uploaded, and as it was processed; the policy.
  public var templateFile: String, processedTemplateFile: String?, stackPolicyFile: String?
  /// The digest of the former.
  public var templateSha256: String
  /// Values and export names.
  public var outputs: [StackOutput]
  /// Export names that this stack's template imports.
  public var imports: [String]
  /// Stacks that import each export, by export name.
  public var importers: [String: [String]]
  /// `IN_SYNC`, `DRIFTED`, `NOT_CHECKED`, `UNKNOWN`.
  public var driftStatus: String?
  /// Logical and physical ids of the resources.
  public var resources: [StackResourceState]
  /// Whether the recorded state suffices to put this stack back, and what is missing where it does not.
  public var restorable: Bool, why: String?

  /// What its template fetches, with what it was then; nil in older restore points.
  public var assets: [AssetState]?

  /// Where a template too large for a call goes through, `bucket` or `bucket/prefix`; nil where it fits into one.
  public var templateBucket: String?

  /// A stack; what is not given is empty.
  public init(
    role: String, name: String, stackId: String, status: String, lastUpdatedAt: Timestamp,
    templateFile: String,
    templateSha256: String
  ) {
    self.role = role
    self.name = name
    self.stackId = stackId
    self.status = status
    self.lastUpdatedAt = lastUpdatedAt
    self.templateFile = templateFile
    self.templateSha256 = templateSha256
    parameters = []
    tags = []
    capabilities = []
    notificationARNs = []
    terminationProtection = false
    outputs = []
    imports = []
    importers = [:]
    resources = []
    restorable = true
  }
}

extension RestorePoint {
  /// What it holds of the application; nil where it holds no stack that somebody named.
  public var held: Deployment? {
    Deployment(
      stacks.filter { $0.parentId == nil && $0.isDerived != true }.map {
        StackVersion(name: $0.name, id: $0.stackId, updatedAt: $0.lastUpdatedAt, status: $0.status)
      })
  }

  /// What rules look at; nil where it holds nothing.
  public var recorded: RecordedDeployment? {
    held.map {
      var recorded = RecordedDeployment(
        id: id, application: application, commit: commit, createdAt: createdAt, deployment: $0)
      recorded.isInBetween = traffic?.shifts.contains(where: \.isUnsettled) ?? false
      return recorded
    }
  }
}

extension StackState {
  /// The variable that a rollback takes the old value of the hidden parameter `name` from.
  public func variable(ofParameter name: String) -> String { StackState.variable(role, name) }

  /// `BACKSTOP_PARAMETER_API_DBPASSWORD`: the stack by its role or name, and the parameter.
  public static func variable(_ stack: String, _ parameter: String) -> String {
    let text = "PARAMETER_\(stack)_\(parameter)".uppercased()
    return "BACKSTOP_" + String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
  }

  /// Whether the two stand in one account and region, and so share exports.
  public func isBeside(_ other: StackState) -> Bool { account == other.account && region == other.region }
}

/// Something that a template fetches from a place where another could be written.
public struct AssetState: Codable, Hashable, Sendable {
  /// The resource that names it, its place, and what tells it from another at the same place.
  public var logicalId: String, address: String, fingerprint: String
  /// An asset.
  public init(logicalId: String, address: String, fingerprint: String) {
    self.logicalId = logicalId
    self.address = address
    self.fingerprint = fingerprint
  }
}

/// A stack parameter.
public struct StackParameter: Codable, Hashable, Sendable {
  /// The parameter's name. Not called `key`: fields of that name are redacted.
  public var name: String
  /// nil where it is NoEcho, since CloudFormation answers with a mask.
  public var value: String?
  /// Whether the template says NoEcho, or the answer is masked.
  public var noEcho: Bool
  /// What an SSM-typed parameter stood for.
  public var resolvedValue: String?

  /// A parameter.
  public init(name: String, value: String?, noEcho: Bool, resolvedValue: String? = nil) {
    self.name = name
    self.value = value
    self.noEcho = noEcho
    self.resolvedValue = resolvedValue
  }
}

/// A tag of a stack.
public struct StackTag: Codable, Hashable, Sendable {
  /// The tag's name and value.
  public var name: String, value: String
  /// A tag.
  public init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

/// An output of a stack.
public struct StackOutput: Codable, Hashable, Sendable {
  /// The output's name, its value, and its export name where it has one.
  public var name: String, value: String, exportName: String?
  /// An output.
  public init(name: String, value: String, exportName: String?) {
    self.name = name
    self.value = value
    self.exportName = exportName
  }
}

/// A resource of a stack.
public struct StackResourceState: Codable, Hashable, Sendable {
  /// As in the template; the physical id where there is one; the type; the status.
  public var logicalId: String, physicalId: String?, type: String, status: String
  /// A resource.
  public init(logicalId: String, physicalId: String?, type: String, status: String) {
    self.logicalId = logicalId
    self.physicalId = physicalId
    self.type = type
    self.status = status
  }
}
