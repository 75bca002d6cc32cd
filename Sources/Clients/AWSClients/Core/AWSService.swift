/// A service: how its requests are addressed, signed and written.
public struct AWSService: Hashable, Sendable {
  /// The first label of its host name, such as `monitoring`.
  public var endpointPrefix: String
  /// The name in the signature's scope.
  public var signingName: String
  /// As people know it, such as `CloudWatch`.
  public var displayName: String
  /// What follows `AWS_ENDPOINT_URL_`, such as `SECRETS_MANAGER`.
  public var environmentSuffix: String
  /// The `Version` of the query protocol; empty elsewhere.
  public var version = ""
  /// What precedes the operation in `X-Amz-Target`; empty outside the JSON protocol.
  public var targetPrefix = ""
  /// `1.0` or `1.1`; empty outside the JSON protocol.
  public var jsonVersion = ""

  // Names, prefixes and versions are those of the service models in botocore.
  static let cloudFormation = AWSService(
    endpointPrefix: "cloudformation", signingName: "cloudformation", displayName: "CloudFormation",
    environmentSuffix: "CLOUDFORMATION", version: "2010-05-15")
  static let cloudWatch = AWSService(
    endpointPrefix: "monitoring", signingName: "monitoring", displayName: "CloudWatch",
    environmentSuffix: "CLOUDWATCH", version: "2010-08-01")
  static let rds = AWSService(
    endpointPrefix: "rds", signingName: "rds", displayName: "RDS", environmentSuffix: "RDS",
    version: "2014-10-31")
  static let sts = AWSService(
    endpointPrefix: "sts", signingName: "sts", displayName: "STS", environmentSuffix: "STS",
    version: "2011-06-15")
  static let iam = AWSService(
    endpointPrefix: "iam", signingName: "iam", displayName: "IAM", environmentSuffix: "IAM",
    version: "2010-05-08")
  static let logs = AWSService(
    endpointPrefix: "logs", signingName: "logs", displayName: "CloudWatch Logs",
    environmentSuffix: "CLOUDWATCH_LOGS", targetPrefix: "Logs_20140328", jsonVersion: "1.1")
  static let secretsManager = AWSService(
    endpointPrefix: "secretsmanager", signingName: "secretsmanager", displayName: "Secrets Manager",
    environmentSuffix: "SECRETS_MANAGER", targetPrefix: "secretsmanager", jsonVersion: "1.1")
  static let stepFunctions = AWSService(
    endpointPrefix: "states", signingName: "states", displayName: "Step Functions",
    environmentSuffix: "SFN", targetPrefix: "AWSStepFunctions", jsonVersion: "1.0")
  static let ssm = AWSService(
    endpointPrefix: "ssm", signingName: "ssm", displayName: "Systems Manager", environmentSuffix: "SSM",
    targetPrefix: "AmazonSSM", jsonVersion: "1.1")
  static let lambda = AWSService(
    endpointPrefix: "lambda", signingName: "lambda", displayName: "Lambda", environmentSuffix: "LAMBDA")
  static let apiGateway = AWSService(
    endpointPrefix: "apigateway", signingName: "apigateway", displayName: "API Gateway",
    environmentSuffix: "API_GATEWAY")
  static let apiGatewayV2 = AWSService(
    endpointPrefix: "apigateway", signingName: "apigateway", displayName: "API Gateway",
    environmentSuffix: "APIGATEWAYV2")
  static let ecr = AWSService(
    endpointPrefix: "api.ecr", signingName: "ecr", displayName: "ECR", environmentSuffix: "ECR",
    targetPrefix: "AmazonEC2ContainerRegistry_V20150921", jsonVersion: "1.1")
  static let ecs = AWSService(
    endpointPrefix: "ecs", signingName: "ecs", displayName: "ECS", environmentSuffix: "ECS",
    targetPrefix: "AmazonEC2ContainerServiceV20141113", jsonVersion: "1.1")
  static let events = AWSService(
    endpointPrefix: "events", signingName: "events", displayName: "EventBridge",
    environmentSuffix: "EVENTBRIDGE", targetPrefix: "AWSEvents", jsonVersion: "1.1")
  static let dynamoDB = AWSService(
    endpointPrefix: "dynamodb", signingName: "dynamodb", displayName: "DynamoDB",
    environmentSuffix: "DYNAMODB", targetPrefix: "DynamoDB_20120810", jsonVersion: "1.0")
  static let appConfig = AWSService(
    endpointPrefix: "appconfig", signingName: "appconfig", displayName: "AppConfig",
    environmentSuffix: "APPCONFIG")
  static let codeDeploy = AWSService(
    endpointPrefix: "codedeploy", signingName: "codedeploy", displayName: "CodeDeploy",
    environmentSuffix: "CODEDEPLOY", targetPrefix: "CodeDeploy_20141006", jsonVersion: "1.1")
  static let loadBalancing = AWSService(
    endpointPrefix: "elasticloadbalancing", signingName: "elasticloadbalancing",
    displayName: "Elastic Load Balancing", environmentSuffix: "ELASTIC_LOAD_BALANCING_V2",
    version: "2015-12-01")
  static let s3 = AWSService(
    endpointPrefix: "s3", signingName: "s3", displayName: "S3", environmentSuffix: "S3")
}
