import AWSClients
import DeploymentConfig
import DeploymentRecords
import Redaction
import StepResults
import SystemInterfaces

extension StepSession {
  /// Who is asked about which stack, made when first asked for. Credentials that they come across are redacted.
  /// - Throws: `StepFailure` where no region is known.
  public func clients() throws -> StackClients {
    try sharedClients { [self] in
      let source = AWSConfiguration(environment: context.environment, files: context.files)
      guard let region = config.region ?? source.region else {
        throw StepFailure(
          .data, "no AWS region: neither the configuration nor AWS_REGION nor a profile names one",
          advice: "add AWS_REGION=… to deployment-\(common.environment).config")
      }
      let redactor = redactor
      let own = makeClient(source, region: region)
      return StackClients(
        own, names: config.stacks.map(\.name), places: try places(), onSecret: { redactor.learn($0) })
    }
  }

  private func makeClient(_ source: AWSConfiguration, region: String) -> AWSClient {
    let redactor = redactor
    let credentials = CredentialsChain(
      configuration: source, region: region, transport: awsHTTP(), clock: context.clock,
      random: context.random, processes: context.processes, onSecret: { redactor.learn($0) })
    return AWSClient(
      transport: awsHTTP(), clock: context.clock, random: context.random, configuration: source,
      region: region, credentials: credentials, userAgent: "backstop/\(ToolVersion.current.version)")
  }

  /// A client that signs for `region` with the run's own credentials, also where the configuration names no region.
  /// - Throws: `StepFailure` where no region is known at all.
  public func signing(forRegion region: String?) throws -> AWSClient {
    let source = AWSConfiguration(environment: context.environment, files: context.files)
    if let region, config.region == nil, source.region == nil { return makeClient(source, region: region) }
    return try aws()
  }

  /// The client with the run's own credentials: for what belongs to no stack.
  /// - Throws: `StepFailure` where no region is known.
  public func aws() throws -> AWSClient { try clients().own }

  /// Where the stacks of the configuration stand, by name; those that stand where the run's own credentials lead are not
  /// named.
  /// - Throws: `StepFailure` where two stacks of one name would stand in two places.
  func places() throws -> [String: StackClients.Place] {
    var places: [String: StackClients.Place] = [:]
    var own: Set<String> = []
    for stack in config.stacks {
      let place = policy.account(of: stack.role, in: environment).map { account in
        StackClients.Place(
          role: account.role.map {
            AssumedRole(arn: $0, externalId: account.externalId, sessionName: account.sessionName)
          }, region: account.region)
      }
      let isOther = place == nil ? places[stack.name] != nil : own.contains(stack.name)
      guard !isOther, place == nil || (places[stack.name] ?? place) == place else {
        throw StepFailure(
          .data,
          "\(config.path) names the stack \(stack.name) twice, and the policy's accounts put it in two places",
          advice:
            "records tell stacks by their names: give them to two environments, each with a config of its own"
        )
      }
      if let place { places[stack.name] = place } else { own.insert(stack.name) }
    }
    return places
  }

  /// S3.
  public func s3() throws -> S3Client { S3Client(try aws()) }
}
