import JSONValues
import SystemInterfaces

/// A version of a function, or its `$LATEST`.
public struct FunctionConfiguration: Hashable, Sendable {
  public var name: String
  public var arn: String
  /// `$LATEST` or a number.
  public var version: String
  /// The digest of the deployed package, in base64.
  public var codeSha256: String?
  public var codeSize: Int?
  public var runtime: String?, handler: String?, role: String?
  public var timeoutSeconds: Int?, memoryMegabytes: Int?
  /// As Lambda writes it: `2026-01-12T10:00:00.000+0000`.
  public var lastModified: String?
  /// The same as a time.
  public var lastModifiedTime: Timestamp? {
    // Lambda writes `+0000` where RFC 3339 has `+00:00`.
    lastModified.flatMap { Timestamp($0.hasSuffix("+0000") ? "\($0.dropLast(5))Z" : $0) }
  }
  public var revisionId: String?
  /// `Zip` or `Image`.
  public var packageType: String?
  /// `Pending`, `Active`, `Inactive` or `Failed`.
  public var state: String?, stateReason: String?
  /// `Successful`, `InProgress` or `Failed`.
  public var lastUpdateStatus: String?, lastUpdateStatusReason: String?
  /// The variables that it runs with; values may be secret.
  public var environment: [String: String] = [:]
  public var layers: [String] = []
  /// `x86_64` or `arm64`.
  public var architecture: String?
  /// Further settings as UpdateFunctionConfiguration takes them, by their names there; what the answer leaves out stands
  /// there with the value that takes it away.
  public var further: [String: JSONValue] = [:]
  public var description: String?

  init(_ json: JSONValue) {
    name = json.text("FunctionName") ?? ""
    arn = json.text("FunctionArn") ?? ""
    version = json.text("Version") ?? ""
    codeSha256 = json.text("CodeSha256")
    codeSize = json.int("CodeSize")
    runtime = json.text("Runtime")
    handler = json.text("Handler")
    role = json.text("Role")
    timeoutSeconds = json.int("Timeout")
    memoryMegabytes = json.int("MemorySize")
    lastModified = json.text("LastModified")
    revisionId = json.text("RevisionId")
    packageType = json.text("PackageType")
    state = json.text("State")
    stateReason = json.text("StateReason")
    lastUpdateStatus = json.text("LastUpdateStatus")
    lastUpdateStatusReason = json.text("LastUpdateStatusReason")
    environment = json["Environment"]?.map("Variables") ?? [:]
    layers = json.list("Layers").compactMap { $0.text("Arn") }
    architecture = json["Architectures"]?.array?.first?.string
    further = FunctionConfiguration.further(json)
    description = json.text("Description")
  }
}

extension FunctionConfiguration {
  /// Without ids that the service adds, and in an order that does not depend on chance.
  private static func further(_ json: JSONValue) -> [String: JSONValue] {
    func texts(_ name: String) -> JSONValue {
      .array((json["VpcConfig"]?[name]?.array ?? []).compactMap(\.string).sorted().map { .string($0) })
    }
    var further: [String: JSONValue] = [:]
    further["DeadLetterConfig"] = ["TargetArn": .string(json["DeadLetterConfig"]?.text("TargetArn") ?? "")]
    further["EphemeralStorage"] = [
      "Size": .number(JSONNumber(json["EphemeralStorage"]?.int("Size") ?? 512))
    ]
    further["FileSystemConfigs"] = json["FileSystemConfigs"] ?? []
    further["KMSKeyArn"] = .string(json.text("KMSKeyArn") ?? "")
    further["TracingConfig"] = ["Mode": .string(json["TracingConfig"]?.text("Mode") ?? "PassThrough")]
    further["VpcConfig"] = [
      "SecurityGroupIds": texts("SecurityGroupIds"), "SubnetIds": texts("SubnetIds"),
    ]
    return further
  }
}

/// What a function is to run with; what is nil stays as it is.
public struct FunctionChange: Hashable, Sendable {
  /// The variables, which are replaced as a whole.
  public var environment: [String: String]?
  public var timeoutSeconds: Int?, memoryMegabytes: Int?
  public var handler: String?, runtime: String?, role: String?
  /// ARNs with versions; replaced as a whole.
  public var layers: [String]?
  /// As `FunctionConfiguration.further` has them.
  public var further: [String: JSONValue] = [:]

  /// No change.
  public init() {}

  /// Whether there is nothing to change.
  public var isEmpty: Bool { self == FunctionChange() }
}

/// A function with where its code is.
public struct FunctionDetails: Hashable, Sendable {
  public var configuration: FunctionConfiguration
  /// `S3` or `ECR`.
  public var codeRepositoryType: String?
  /// A signed URL, good for ten minutes: a secret.
  public var codeLocation: String?
  public var imageURI: String?, resolvedImageURI: String?
  public var tags: [String: String] = [:]
  public var reservedConcurrency: Int?

  /// A function of whose code nothing is known.
  public init(configuration: FunctionConfiguration) { self.configuration = configuration }

  init(_ json: JSONValue) {
    configuration = FunctionConfiguration(json["Configuration"] ?? .null)
    codeRepositoryType = json["Code"]?.text("RepositoryType")
    codeLocation = json["Code"]?.text("Location")
    imageURI = json["Code"]?.text("ImageUri")
    resolvedImageURI = json["Code"]?.text("ResolvedImageUri")
    tags = json.map("Tags")
    reservedConcurrency = json["Concurrency"]?.int("ReservedConcurrentExecutions")
  }
}

/// A name that stands for one version of a function, or for two by weight.
public struct FunctionAlias: Hashable, Sendable {
  public var arn: String
  public var name: String
  public var functionVersion: String
  public var description: String?
  /// Versions and the share of calls that each gets, beside `functionVersion`.
  public var additionalVersionWeights: [String: Double] = [:]
  public var revisionId: String?

  init(_ json: JSONValue) {
    arn = json.text("AliasArn") ?? ""
    name = json.text("Name") ?? ""
    functionVersion = json.text("FunctionVersion") ?? ""
    description = json.text("Description")
    additionalVersionWeights = Dictionary(
      (json["RoutingConfig"]?["AdditionalVersionWeights"]?.object?.members ?? []).compactMap { member in
        member.value.double.map { (member.name, $0) }
      }, uniquingKeysWith: { $1 })
    revisionId = json.text("RevisionId")
  }
}

/// New code for a function.
public enum FunctionCode: Hashable, Sendable {
  /// A package in S3.
  case s3(bucket: String, key: String, version: String?)
  /// A container image.
  case image(String)
  /// A package, at most 50 MB.
  case zip([UInt8])
}
