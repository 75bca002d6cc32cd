public import CloudFormationModel
import YAMLDocuments

/// What a deployed template says beside its resources' properties: what it fetches, imports and hides.
public struct TemplateDependencies: Hashable, Sendable {
  /// Parameters that the template declares NoEcho.
  public private(set) var hiddenParameters: Set<String> = []
  /// Names of the exports that it imports, as far as they can be known.
  public private(set) var imports: Set<String> = []
  /// What it fetches, in the order of the resources.
  public private(set) var assets: [TemplateAssetUse] = []
  /// Resources that fetch something whose place depends on values that only the service knows.
  public private(set) var unknownAssets: [String] = []
  /// Resources that stay when the stack lets go of them, by logical id.
  public private(set) var kept: [String: KeptResource] = [:]
  /// Functions whose code stands in the template.
  public private(set) var inlineFunctions: Set<String> = []
  /// Applications of CodeDeploy that its deployment groups name.
  public private(set) var deploymentApplications: [String] = []
  /// The shares of traffic that it declares, each list those of one alias, stage, listener or rule.
  public private(set) var sharedTraffic: [[Double]] = []
  /// The bucket for assets that the CDK's bootstrap made, where the template was made by the CDK.
  public private(set) var bootstrapBucket: String?

  /// Reads the facts of a template.
  /// - Parameters:
  ///   - template: as processed, where it has transforms.
  ///   - original: as it was sent, where that is another: only there are includes to be seen.
  ///   - parameters: the stack's values.
  ///   - resolved: what parameters that are looked up in Systems Manager stood for.
  ///   - pseudoParameters: `AWS::Region`, `AWS::AccountId` and the like, where they are known.
  public init(
    of template: CloudFormationTemplate, includedBy original: CloudFormationTemplate? = nil,
    parameters: [String: String] = [:], resolved: [String: String] = [:],
    pseudoParameters: [String: String] = [:]
  ) {
    let values = template.parameters.map { parameter -> (String, ResolvedValue) in
      guard
        let text = resolved[parameter.name]
          ?? (parameter.isLookedUp ? nil : parameters[parameter.name] ?? parameter.defaultValue)
      else { return (parameter.name, .unknown(.parameter(parameter.name))) }
      guard parameter.isList else { return (parameter.name, .text(text)) }
      return (parameter.name, .list(text.split(separator: ",").map { .text(String($0)) }))
    }
    let evaluator = TemplateEvaluator(
      template, parameters: Dictionary(values, uniquingKeysWith: { $1 }), pseudoParameters: pseudoParameters,
      replacements: .builtIn)
    hiddenParameters = Set(template.parameters.filter(\.isSecret).map(\.name))
    for resource in evaluator.resources where evaluator.presence(of: resource).truth != false {
      let properties = evaluator.properties(of: resource)
      properties.collectImports(&imports)
      func keeps(_ policy: String) -> Bool {
        let policy = resource.node[policy].map { evaluator.evaluate($0) }?.text
        return policy == "Retain" || policy == "RetainExceptOnCreate"
      }
      let (whenDropped, whenReplaced) = (keeps("DeletionPolicy"), keeps("UpdateReplacePolicy"))
      if whenDropped || whenReplaced {
        kept[resource.id] = KeptResource(
          isNamed: evaluator.physicalName(of: resource) != nil, whenDropped: whenDropped,
          whenReplaced: whenReplaced)
      }
      if resource.type == "AWS::Lambda::Function", properties["Code"]["ZipFile"] != .absent {
        inlineFunctions.insert(resource.id)
      }
      if resource.type == "AWS::Serverless::Function", properties["InlineCode"] != .absent {
        inlineFunctions.insert(resource.id)
      }
      if resource.type == "AWS::CodeDeploy::DeploymentGroup", let name = properties["ApplicationName"].text {
        deploymentApplications.append(name)
      }
      if let shares = TrafficShares.declared(resource.type, properties) { sharedTraffic.append(shares) }
      collectAssets(properties, resource)
    }
    for output in evaluator.outputs { evaluator.evaluate(output.node).collectImports(&imports) }
    collectIncludes((original ?? template).root)
    bootstrapBucket = TemplateDependencies.bootstrapBucket(template, parameters, pseudoParameters)
  }

  // MARK: - Assets

  private mutating func collectAssets(_ properties: ResolvedValue, _ resource: TemplateEvaluator.Resource) {
    if resource.type == "AWS::CloudFormation::Stack" {
      add(address: properties["TemplateURL"], resource.id)
    }
    if resource.type == "Custom::CDKBucketDeployment",
      case .list(let buckets) = properties["SourceBucketNames"],
      case .list(let keys) = properties["SourceObjectKeys"]
    {
      for (bucket, key) in zip(buckets, keys) { add(bucket, key, .absent, resource.id) }
    }
    walk(properties, under: "", resource.id)
  }

  private mutating func walk(_ value: ResolvedValue, under name: String, _ id: String) {
    switch value {
    case .map(let members):
      if value["S3Bucket"] != .absent, value["S3Key"] != .absent {
        add(value["S3Bucket"], value["S3Key"], value["S3ObjectVersion"], id)
      } else if name.hasSuffix("S3Location"), value["Bucket"] != .absent, value["Key"] != .absent {
        add(value["Bucket"], value["Key"], value["Version"], id)
      }
      for member in members { walk(member.value, under: member.name, id) }
    case .list(let values): for value in values { walk(value, under: name, id) }
    case .choice(_, let then, let otherwise):
      walk(then, under: name, id)
      walk(otherwise, under: name, id)
    case .text(let text):
      if TemplateDependencies.addressNames.contains(name), text.hasPrefix("s3://") {
        add(address: value, id)
      } else if TemplateDependencies.imageNames.contains(name), text.contains(".dkr.ecr") {
        add(.image(text), id)
      }
    case .joined, .unknown, .call:
      if TemplateDependencies.imageNames.contains(name) { addUnknown(id) }
    case .absent, .number: break
    }
  }

  /// Properties whose text may be an address of an object.
  private static let addressNames: Set<String> = [
    "CodeUri", "ContentUri", "DefinitionUri", "ScriptLocation", "DefinitionS3Location",
    "RequestMappingTemplateS3Location", "ResponseMappingTemplateS3Location", "CodeS3Location",
  ]
  /// Properties whose text may be an image.
  private static let imageNames: Set<String> = ["ImageUri", "Image", "ContainerImage"]

  private mutating func add(
    _ bucket: ResolvedValue, _ key: ResolvedValue, _ version: ResolvedValue, _ id: String
  ) {
    guard let bucket = bucket.text, let key = key.text else { return addUnknown(id) }
    add(.object(bucket: bucket, key: key, version: version.text), id)
  }

  private mutating func add(address: ResolvedValue, _ id: String) {
    guard address != .absent else { return }
    guard let text = address.text, let asset = TemplateAsset(address: text) else { return addUnknown(id) }
    add(asset, id)
  }

  private mutating func add(_ asset: TemplateAsset, _ id: String) {
    let use = TemplateAssetUse(logicalId: id, asset: asset)
    if !assets.contains(use) { assets.append(use) }
  }

  private mutating func addUnknown(_ id: String) {
    if !unknownAssets.contains(id) { unknownAssets.append(id) }
  }

  /// `AWS::Include` fetches a part of the template, at its top or anywhere inside.
  private mutating func collectIncludes(_ node: YAMLNode) {
    if node["Name"]?.text == "AWS::Include", let location = node["Parameters"]?["Location"] {
      if let text = location.text, location.tag == nil, let asset = TemplateAsset(address: text) {
        add(asset, "Transform")
      } else {
        addUnknown("Transform")
      }
    }
    for element in node.sequence ?? [] { collectIncludes(element) }
    for member in node.mapping?.members ?? [] { collectIncludes(member.value) }
  }

  // MARK: - The CDK

  /// The bootstrap's parameter names its qualifier; the bucket's name follows from it, unless somebody chose another.
  private static func bootstrapBucket(
    _ template: CloudFormationTemplate, _ parameters: [String: String], _ pseudo: [String: String]
  ) -> String? {
    guard let parameter = template.parameters.first(where: { $0.name == "BootstrapVersion" }),
      let name = parameters[parameter.name] ?? parameter.defaultValue,
      let account = pseudo["AWS::AccountId"], let region = pseudo["AWS::Region"]
    else { return nil }
    let parts = name.split(separator: "/")
    guard parts.count == 3, parts[0] == "cdk-bootstrap", parts[2] == "version" else { return nil }
    return "cdk-\(parts[1])-assets-\(account)-\(region)"
  }
}
