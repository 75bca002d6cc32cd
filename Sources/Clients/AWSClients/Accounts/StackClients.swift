import SystemInterfaces

/// Who is asked about which stack: the one place where a client for a stack is made.
///
/// Most stacks are asked about with the run's own credentials. Where the policy names a role or a region for a stack, the
/// client for it has those, and so has everything that the stack owns.
public struct StackClients: Sendable {
  /// The run's own credentials, in the configuration's region.
  public let own: AWSClient
  /// By the stack's name; the same client for all stacks of one role and region.
  private let others: [String: AWSClient]
  private let names: [String]

  /// What the policy wants for a stack.
  public struct Place: Hashable, Sendable {
    /// The role to assume; nil keeps the run's own credentials.
    public var role: AssumedRole?
    /// The stack's region; nil keeps the configuration's.
    public var region: String?

    /// A place.
    public init(role: AssumedRole?, region: String?) {
      self.role = role
      self.region = region
    }
  }

  /// - Parameters:
  ///   - names: the stacks of the configuration.
  ///   - places: those of them that stand elsewhere.
  ///   - onSecret: told every secret key and token before it is used.
  public init(
    _ own: AWSClient, names: [String] = [], places: [String: Place] = [:],
    onSecret: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.own = own
    self.names = names
    var credentials: [AssumedRole: AssumedRoleCredentials] = [:]
    var made: [Place: AWSClient] = [:]
    var others: [String: AWSClient] = [:]
    for (name, place) in places.sorted(by: { $0.key < $1.key }) {
      let wanted = Place(role: place.role, region: place.region ?? own.region)
      if let known = made[wanted] {
        others[name] = known
        continue
      }
      var provider: AssumedRoleCredentials?
      if let role = place.role {
        provider = credentials[role] ?? AssumedRoleCredentials(role, base: own, onSecret: onSecret)
        credentials[role] = provider
      }
      let client = own.elsewhere(region: place.region, credentials: provider, account: place.role?.account)
      made[wanted] = client
      others[name] = client
    }
    self.others = others
  }

  /// The client for the stack `stack`, given by name or id. A nested stack is its root's.
  public subscript(_ stack: String) -> AWSClient {
    let name = AmazonResourceName.stackName(of: stack)
    if let known = others[name] { return known }
    if names.contains(name) || others.isEmpty { return own }
    if let root = root(ofNested: name) { return others[root] ?? own }
    if let arn = AmazonResourceName(stack), let client = client(for: arn) { return client }
    return names.filter { name.hasPrefix($0 + "-") }.max { $0.count < $1.count }.flatMap { others[$0] } ?? own
  }

  /// CloudFormation names a nested stack after its parent, `Parent-LogicalId-1ABCDE`; nil where it had to cut that off.
  private func root(ofNested name: String) -> String? {
    var parent = Substring(name)
    while true {
      for _ in 1...2 {
        guard let dash = parent.lastIndex(of: "-") else { return nil }
        parent = parent[..<dash]
      }
      if let found = names.first(where: { $0 == parent }) { return found }
    }
  }

  /// The client for something that is named by its ARN alone, such as a state machine.
  public func client(ofARN arn: String) -> AWSClient {
    AmazonResourceName(arn).flatMap { client(for: $0) } ?? own
  }

  /// The client for `owner`: a stack, by name or id, or the ARN of what no stack owns.
  public func client(ofStackOrARN owner: String) -> AWSClient {
    guard let arn = AmazonResourceName(owner), arn.stackName == nil else { return self[owner] }
    return client(for: arn) ?? own
  }

  private func client(for arn: AmazonResourceName) -> AWSClient? {
    all.dropFirst().first { $0.account == arn.account && $0.region == arn.region }
      ?? all.dropFirst().first { $0.account == nil && $0.region == arn.region }
  }

  /// Every client once, the own one first.
  public var all: [AWSClient] {
    var found = [own]
    for client in others.sorted(by: { $0.key < $1.key }).map(\.value)
    where !found.contains(where: { $0 === client }) { found.append(client) }
    return found
  }

  /// One limit for everything that is asked: from `time` on no call is tried again.
  public func limit(to time: Timestamp) { for client in all { client.limit(to: time) } }

  /// The clients that stacks are asked about with, each once: without the own one where every stack stands elsewhere.
  public var used: [AWSClient] {
    names.isEmpty || names.contains { others[$0] == nil } ? all : Array(all.dropFirst())
  }
}

extension AWSClient {
  /// The same connection and settings, with other credentials or in another region. Its rates are its own: they are
  /// counted by account and region.
  func elsewhere(
    region: String?, credentials: (any AWSCredentialsProvider)?, account: String?
  ) -> AWSClient {
    AWSClient(
      transport: transport, clock: clock, random: random, configuration: configuration,
      region: region ?? self.region, credentials: credentials ?? self.credentials, userAgent: userAgent,
      account: account)
  }
}
