import AWSClients
import DeploymentConfig
import Records
import SystemInterfaces

extension StepSession {
  /// What all AWS clients of this run share: the region of the configuration, the credentials of the environment.
  public func aws() throws -> AWSClient {
    guard
      let region = config.region ?? context.environment.nonEmpty("AWS_REGION")
        ?? context.environment.nonEmpty("AWS_DEFAULT_REGION")
    else {
      throw StepFailure(
        .data, "\(config.path) names no AWS_REGION, and neither does the environment",
        advice: "write AWS_REGION=… into the configuration")
    }
    return AWSClient(
      transport: http(), clock: context.clock, random: context.random, environment: context.environment,
      region: region, credentials: EnvironmentCredentials(context.environment, redactor: redactor))
  }
}

/// Credentials of `AWS_ACCESS_KEY_ID` and its companions.
private struct EnvironmentCredentials: AWSCredentialsProvider {
  private let environment: Environment
  private let redactor: Redactor

  init(_ environment: Environment, redactor: Redactor) {
    self.environment = environment
    self.redactor = redactor
  }

  func credentials() async throws -> AWSCredentials {
    guard let id = environment.nonEmpty("AWS_ACCESS_KEY_ID"), let secret = environment.nonEmpty("AWS_SECRET_ACCESS_KEY")
    else {
      throw CredentialsError([.init("environment", "AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is not set")])
    }
    redactor.learn(secret)
    let token = environment.nonEmpty("AWS_SESSION_TOKEN")
    if let token { redactor.learn(token) }
    return AWSCredentials(accessKeyId: id, secretAccessKey: secret, sessionToken: token, source: "environment")
  }

  func forget() async -> Bool { false }
}
