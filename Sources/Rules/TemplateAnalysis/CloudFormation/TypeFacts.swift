import CloudFormationModel

/// What CloudFormation does for single types beyond what their schemas say.
enum TypeFacts {
  /// Custom resources and nested stacks: attributes come from what ran, not from properties.
  static func hasOwnAttributes(_ type: String) -> Bool {
    CustomResources.contains(type) || isNestedStack(type)
  }

  /// A stack that is a resource of another one.
  static func isNestedStack(_ type: String) -> Bool {
    type == "AWS::CloudFormation::Stack" || type == "AWS::Serverless::Application"
  }

  /// Types that are versions of something: a new one beside the old is how they are meant to change.
  static let revisionTypes: Set<String> = [
    "AWS::ApiGateway::Deployment", "AWS::ApiGatewayV2::Deployment", "AWS::AppConfig::Deployment",
    "AWS::AppConfig::HostedConfigurationVersion", "AWS::AutoScaling::LaunchConfiguration",
    "AWS::Batch::JobDefinition", "AWS::ECS::TaskDefinition", "AWS::ImageBuilder::Component",
    "AWS::ImageBuilder::ContainerRecipe", "AWS::ImageBuilder::ImageRecipe", "AWS::Lambda::LayerVersion",
    "AWS::Lambda::Version", "AWS::Serverless::LayerVersion", "AWS::StepFunctions::StateMachineVersion",
  ]

  /// What SAM makes of its own types, under the same logical id.
  private static let transformed: [String: String] = [
    "AWS::Serverless::Function": "AWS::Lambda::Function",
    "AWS::Serverless::SimpleTable": "AWS::DynamoDB::Table",
    "AWS::Serverless::Api": "AWS::ApiGateway::RestApi", "AWS::Serverless::HttpApi": "AWS::ApiGatewayV2::Api",
    "AWS::Serverless::StateMachine": "AWS::StepFunctions::StateMachine",
    "AWS::Serverless::Application": "AWS::CloudFormation::Stack",
    "AWS::Serverless::GraphQLApi": "AWS::AppSync::GraphQLApi",
  ]

  /// Whether two types are one once SAM has gone over the template.
  static func isSameAfterTransform(_ one: String, _ other: String) -> Bool {
    (transformed[one] ?? one) == (transformed[other] ?? other)
  }

  /// Whether a change of a property that its schema calls conditionally create-only always makes a new resource: keys and
  /// local indexes of a table are fixed when it is made.
  static func replacesInFact(_ property: String, of type: String) -> Bool {
    switch type {
    case "AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable":
      ["KeySchema", "LocalSecondaryIndexes"].contains(property)
    case "AWS::RDS::DBCluster": property == "MasterUsername"
    default: false
    }
  }

  /// Services that keep identifiers in lower case, whatever the template says.
  static func hasLowercaseName(_ type: String) -> Bool {
    ["AWS::RDS::", "AWS::DocDB::", "AWS::Neptune::", "AWS::Redshift::", "AWS::ElastiCache::"].contains {
      type.hasPrefix($0)
    }
  }

  /// Whether an attribute may take another value while its resource is changed in place.
  static func isVolatile(_ attribute: String, of type: String, changed properties: Set<String>) -> Bool {
    if hasOwnAttributes(type) { return true }
    let head = attribute.prefix { $0 != "." }
    if properties.contains(String(head)) { return true }
    switch (type, attribute) {
    case ("AWS::DynamoDB::Table", "StreamArn"), ("AWS::DynamoDB::GlobalTable", "StreamArn"):
      return properties.contains("StreamSpecification")
    case (_, "Endpoint.Port"), (_, "ConfigurationEndpoint.Port"): return properties.contains("Port")
    case (_, "MasterUserSecret.SecretArn"): return properties.contains("ManageMasterUserPassword")
    default: break
    }
    let moving = ["Version", "Revision", "Modified", "Updated", "UpdateTime", "Status", "ETag", "Etag"]
    return moving.contains { attribute.contains($0) }
  }

  /// Whether an attribute can keep its value although its resource is another one.
  static func survivesReplacement(_ attribute: String) -> Bool {
    ["HostedZoneId", "HostedZoneID", "HostedZoneNameID", ".Port", "Partition", "Region", "Status"].contains {
      attribute.hasSuffix($0)
    }
  }

  /// The policy that holds where a template states none.
  static func defaultDeletionPolicy(_ type: String, properties: ResolvedValue) -> String {
    switch type {
    case "AWS::RDS::DBCluster": "Snapshot"
    case "AWS::RDS::DBInstance" where properties["DBClusterIdentifier"] == .absent: "Snapshot"
    default: "Delete"
    }
  }

  /// The policy of a resource that states none, for `DeletionPolicy` or `UpdateReplacePolicy`.
  static func defaultPolicy(
    _ name: String, _ type: String, _ side: TemplateEvaluator?, _ resource: TemplateEvaluator.Resource
  ) -> String {
    guard name == "DeletionPolicy", let side else { return "Delete" }
    return defaultDeletionPolicy(type, properties: side.properties(of: resource))
  }
}
