import AWSClients
import DeploymentConfig
import Records
import SystemInterfaces

extension StepSession {
  /// The client that all service clients share, made when first asked for. Credentials that it comes across are redacted.
  /// - Throws: `StepFailure` where no region is known.
  public func aws() throws -> AWSClient {
    try sharedClient { [self] in
      let source = AWSConfiguration(environment: context.environment, files: context.files)
      guard let region = config.region ?? source.region else {
        throw StepFailure(
          .data, "no AWS region: neither the configuration nor AWS_REGION nor a profile names one",
          advice: "add AWS_REGION=… to deployment-\(common.environment).config")
      }
      let redactor = redactor
      let credentials = CredentialsChain(
        configuration: source, region: region, transport: http(), clock: context.clock,
        random: context.random, processes: context.processes, onSecret: { redactor.learn($0) })
      return AWSClient(
        transport: http(), clock: context.clock, random: context.random, configuration: source,
        region: region, credentials: credentials, userAgent: "backstop/\(ToolVersion.current.version)")
    }
  }

  /// CloudFormation.
  public func cloudFormation() throws -> CloudFormationClient { CloudFormationClient(try aws()) }
  /// CloudWatch metrics.
  public func cloudWatch() throws -> CloudWatchClient { CloudWatchClient(try aws()) }
  /// CloudWatch Logs.
  public func logs() throws -> LogsClient { LogsClient(try aws()) }
  /// Lambda.
  public func lambda() throws -> LambdaClient { LambdaClient(try aws()) }
  /// API Gateway, both versions.
  public func apiGateway() throws -> APIGatewayClient { APIGatewayClient(try aws()) }
  /// Step Functions.
  public func stepFunctions() throws -> StepFunctionsClient { StepFunctionsClient(try aws()) }
  /// RDS.
  public func rds() throws -> RDSClient { RDSClient(try aws()) }
  /// Secrets Manager.
  public func secretsManager() throws -> SecretsManagerClient { SecretsManagerClient(try aws()) }
  /// Systems Manager's parameter store.
  public func ssm() throws -> SSMClient { SSMClient(try aws()) }
  /// S3.
  public func s3() throws -> S3Client { S3Client(try aws()) }
  /// Security Token Service.
  public func sts() throws -> STSClient { STSClient(try aws()) }
}
