import HTTPTransport
import SystemInterfaces

/// The credentials chain of the SDKs: environment, web identity, profile, container, instance. What one source gave is kept
/// and renewed before it ends. A source that is set up and fails ends the search: another identity is not what was meant.
public actor CredentialsChain: AWSCredentialsProvider {
  /// New credentials are asked for when the old ones have less than this left.
  static let renewalMargin: Duration = .seconds(300)

  private let context: CredentialsContext
  private let sources: [any CredentialsSource]
  private let onSecret: @Sendable (String) -> Void
  private var known: AWSCredentials?
  private var running: Task<AWSCredentials, any Error>?
  private var isEnvironmentStale = false

  /// - Parameters:
  ///   - processes: runs a profile's `credential_process`.
  ///   - onSecret: told every secret key and token before it is used.
  public init(
    configuration: AWSConfiguration, region: String, transport: any HTTPTransport, clock: any WallClock,
    random: Randomness, processes: any ProcessRunner = LocalProcessRunner(),
    onSecret: @escaping @Sendable (String) -> Void
  ) {
    context = CredentialsContext(
      configuration: configuration, region: region, transport: transport, clock: clock, random: random,
      processes: processes, onSecret: onSecret)
    self.onSecret = onSecret
    sources = [
      EnvironmentSource(), WebIdentitySource(), ProfileSource(), ContainerSource(), InstanceSource(),
    ]
  }

  /// Credentials that are good now.
  public func credentials() async throws -> AWSCredentials {
    if let known, !isEnding(known) { return known }
    if let running { return try await running.value }
    let task = Task { try await find() }
    running = task
    defer { running = nil }
    do {
      let found = try await task.value
      known = found
      return found
    } catch {
      // Better those that are about to end than none.
      if let known, let end = known.expiration, end > context.clock.now { return known }
      throw error
    }
  }

  /// Drops what is cached. Credentials of the environment cannot be renewed, unless the CI system gives identity tokens.
  public func forget() async -> Bool {
    let wasEnvironment = known?.source == EnvironmentSource.name
    known = nil
    if wasEnvironment {
      isEnvironmentStale = true
      return WebIdentitySource.canRenew(context.environment)
    }
    return true
  }

  private func isEnding(_ credentials: AWSCredentials) -> Bool {
    guard let end = credentials.expiration else { return false }
    return end - context.clock.now < CredentialsChain.renewalMargin
  }

  private func find() async throws -> AWSCredentials {
    var attempts: [CredentialsError.Attempt] = []
    for source in sources {
      if source is EnvironmentSource, mustPassOverEnvironment() {
        attempts.append(.init(EnvironmentSource.name, "its credentials have expired"))
        continue
      }
      let outcome: CredentialsOutcome
      do {
        outcome = try await source.find(context)
      } catch let error as CredentialsError {
        throw CredentialsError(attempts + error.attempts)
      }
      switch outcome {
      case .found(let credentials):
        onSecret(credentials.secretAccessKey)
        if let token = credentials.sessionToken { onSecret(token) }
        return credentials
      case .absent(let attempt): attempts.append(attempt)
      case .failed(let attempt): throw CredentialsError(attempts + [attempt])
      }
    }
    throw CredentialsError(attempts)
  }

  private func mustPassOverEnvironment() -> Bool {
    guard WebIdentitySource.canRenew(context.environment) else { return false }
    if isEnvironmentStale { return true }
    let end = context.environment.nonEmpty("AWS_CREDENTIAL_EXPIRATION").flatMap { Timestamp($0) }
    return end.map { $0 - context.clock.now < CredentialsChain.renewalMargin } ?? false
  }
}

/// What a source is given.
struct CredentialsContext: Sendable {
  var configuration: AWSConfiguration
  var region: String
  var transport: any HTTPTransport
  var clock: any WallClock
  var random: Randomness
  var processes: any ProcessRunner
  var onSecret: @Sendable (String) -> Void

  var environment: Environment { configuration.environment }

  /// STS, signed by `credentials`.
  func sts(_ credentials: AWSCredentials) -> STSClient {
    STSClient(
      AWSClient(
        transport: transport, clock: clock, random: random, configuration: configuration, region: region,
        credentials: StaticCredentials(credentials)))
  }

  /// A name that shows in CloudTrail who assumed the role.
  var sessionName: String { "backstop-\(random.hex(12))" }
}

/// What a source says.
enum CredentialsOutcome: Sendable {
  case found(AWSCredentials)
  /// It is not set up.
  case absent(CredentialsError.Attempt)
  /// It is set up, and does not work.
  case failed(CredentialsError.Attempt)
}

/// One link of the chain.
protocol CredentialsSource: Sendable {
  func find(_ context: CredentialsContext) async throws -> CredentialsOutcome
}

/// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`.
struct EnvironmentSource: CredentialsSource {
  static let name = "environment"

  func find(_ context: CredentialsContext) async throws -> CredentialsOutcome {
    let environment = context.environment
    let id = environment.nonEmpty("AWS_ACCESS_KEY_ID")
    let key = environment.nonEmpty("AWS_SECRET_ACCESS_KEY")
    switch (id, key) {
    case (let id?, let key?):
      return .found(
        AWSCredentials(
          accessKeyId: id, secretAccessKey: key, sessionToken: environment.nonEmpty("AWS_SESSION_TOKEN"),
          source: EnvironmentSource.name))
    case (nil, nil): return .absent(.init(EnvironmentSource.name, "AWS_ACCESS_KEY_ID is not set"))
    case (nil, _), (_, nil):
      let missing = id == nil ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY"
      return .failed(.init(EnvironmentSource.name, "\(missing) is not set", wasConfigured: true))
    }
  }
}
