import JSONValues
import SystemInterfaces

/// A function as it was.
public struct FunctionState: Codable, Hashable, Sendable {
  /// The function's name and the stack that owns it.
  public var name: String, stack: String
  /// The digest that Lambda gives of the code, Base64.
  public var codeSha256: String
  /// The published version that was newest, `$LATEST` aside.
  public var version: String?
  /// Seconds, megabytes.
  public var timeout: Int?, memory: Int?
  /// Alias names and the versions they pointed to.
  public var aliases: [String: String]
  /// Aliases that share their calls out: for each, further versions and their shares.
  public var aliasWeights: [String: [String: Double]]?
  /// The digest of the code behind each alias.
  public var aliasDigests: [String: String]?
  /// The revision of the configuration.
  public var revisionId: String?
  /// Whether the code stands in the stack's template: then each deployment packs it anew, and its digest changes
  /// though the code does not. nil where nobody looked.
  public var hasInlineCode: Bool?
  /// Where the code can be had again; nil where it cannot.
  public var code: FunctionCodeState?
  /// What else it ran with: a template that stays as it is does not put these back where somebody changed them by hand.
  public var settings: FunctionSettings?

  /// A function.
  public init(
    name: String, stack: String, codeSha256: String, version: String? = nil, timeout: Int? = nil,
    memory: Int? = nil, aliases: [String: String] = [:], revisionId: String? = nil
  ) {
    self.name = name
    self.stack = stack
    self.codeSha256 = codeSha256
    self.version = version
    self.timeout = timeout
    self.memory = memory
    self.aliases = aliases
    self.revisionId = revisionId
  }
}

/// Where the code of a function can be had again, in the order of preference: a file of the restore point, an object in
/// S3, an image by its digest.
public struct FunctionCodeState: Codable, Hashable, Sendable {
  /// The package as a file of the restore point.
  public var file: String?
  /// The package in S3, with the version that the object had where its bucket keeps versions.
  public var bucket: String?, key: String?, versionId: String?
  /// The image with its digest.
  public var image: String?
  /// The package's size.
  public var bytes: Int?

  /// Code that is nowhere yet.
  public init() {}
}

/// What a function ran with beside its code.
public struct FunctionSettings: Codable, Hashable, Sendable {
  /// The variables; values may be secret, and stay in the restore point.
  public var environment: [String: String]
  /// The handler, the runtime, the role, the layers' ARNs, and how many calls at once are kept for it.
  public var handler: String?, runtime: String?, role: String?, layers: [String], reservedConcurrency: Int?
  /// `x86_64` or `arm64`; nil where nobody looked.
  public var architecture: String?
  /// Further settings as UpdateFunctionConfiguration takes them, by their names there; nil where nobody looked.
  public var further: [String: JSONValue]?

  /// Settings.
  public init(
    environment: [String: String] = [:], handler: String? = nil, runtime: String? = nil, role: String? = nil,
    layers: [String] = [], reservedConcurrency: Int? = nil
  ) {
    self.environment = environment
    self.handler = handler
    self.runtime = runtime
    self.role = role
    self.layers = layers
    self.reservedConcurrency = reservedConcurrency
  }
}

/// A stage of an API and the deployment it served.
public struct APIStageState: Codable, Hashable, Sendable {
  /// The API's id and name, the stage's name, the deployment's id, the stack that owns it.
  public var apiId: String, apiName: String, stage: String, deploymentId: String?, stack: String
  /// `rest` or `v2`: which of the two services it belongs to.
  public var version: String?
  /// The stage's variables; whether changes are deployed by themselves.
  public var variables: [String: String]?, deploysAutomatically: Bool?
  /// A stage.
  public init(apiId: String, apiName: String, stage: String, deploymentId: String?, stack: String) {
    self.apiId = apiId
    self.apiName = apiName
    self.stage = stage
    self.deploymentId = deploymentId
    self.stack = stack
  }
}

/// A state machine as it was.
public struct StateMachineState: Codable, Hashable, Sendable {
  /// The ARN, the stack, the revision, the digest of the definition, and the file that holds it.
  public var arn: String, stack: String, revisionId: String?, definitionSha256: String, definitionFile: String
  /// The role that it runs with.
  public var role: String?
  /// A state machine.
  public init(
    arn: String, stack: String, revisionId: String?, definitionSha256: String, definitionFile: String
  ) {
    self.arn = arn
    self.stack = stack
    self.revisionId = revisionId
    self.definitionSha256 = definitionSha256
    self.definitionFile = definitionFile
  }
}

/// Which version of a secret was current; never its value.
public struct ManagedSecretState: Codable, Hashable, Sendable {
  /// The ARN, the stack, the version that bore AWSCURRENT, whether rotation is on.
  public var arn: String, stack: String, versionId: String?, rotates: Bool
  /// The label that the snapshot put on that version: a version without one may be deleted at any time.
  public var label: String?
  /// The service that manages the secret, such as `rds`.
  public var owningService: String?
  /// A secret.
  public init(arn: String, stack: String, versionId: String?, rotates: Bool) {
    self.arn = arn
    self.stack = stack
    self.versionId = versionId
    self.rotates = rotates
  }
}

/// The database and its snapshot.
public struct DatabaseState: Codable, Hashable, Sendable {
  /// `instance` or `cluster`; the identifier; the status when it was read; the stack.
  public var kind: String, identifier: String, status: String, stack: String
  /// The snapshot of this restore point, where one was made.
  public var snapshotId: String?
  /// Engine and version, as answered.
  public var engine: String?, engineVersion: String?
  /// All that a restore to a new instance must pass, as answered by the service.
  public var settings: JSONValue?
  /// Until when the service can restore to any point in time, the alternative to a snapshot; nil where it cannot.
  public var restorableUntil: Timestamp?

  /// A database.
  public init(kind: String, identifier: String, status: String, stack: String) {
    self.kind = kind
    self.identifier = identifier
    self.status = status
    self.stack = stack
  }
}

/// Which migrations a database has seen.
public struct SchemaState: Codable, Hashable, Sendable {
  /// The table that tells, such as `schema_migrations`.
  public var table: String
  /// The newest version in it.
  public var version: String
  /// How many migrations it holds.
  public var count: Int

  /// A schema's version.
  public init(table: String, version: String, count: Int) {
    self.table = table
    self.version = version
    self.count = count
  }
}
