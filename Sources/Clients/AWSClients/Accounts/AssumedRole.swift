import SystemInterfaces

/// A role that is assumed for a stack, and how.
public struct AssumedRole: Hashable, Sendable {
  /// The role's ARN.
  public var arn: String
  /// What the role's trust policy wants as `sts:ExternalId`; nil sends none.
  public var externalId: String?
  /// The name under which CloudTrail shows the session; nil makes one.
  public var sessionName: String?

  /// A role to assume.
  public init(arn: String, externalId: String? = nil, sessionName: String? = nil) {
    self.arn = arn
    self.externalId = externalId
    self.sessionName = sessionName
  }

  /// The account that the role, and so whoever assumes it, belongs to.
  public var account: String? { AmazonResourceName(arn)?.account }
}

/// A role that could not be assumed: who asked, for which role, what AWS answered, what to grant.
public struct RoleError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The role, and the ARN of whoever wanted it; nil where even that could not be asked.
  public var role: AssumedRole, caller: String?
  /// What AWS answered.
  public var answer: AWSError

  /// A role that `caller` could not assume.
  public init(role: AssumedRole, caller: String?, answer: AWSError) {
    self.role = role
    self.caller = caller
    self.answer = answer
  }

  public var description: String {
    "\(caller ?? "the credentials at hand") could not assume the role \(role.arn): \(answer)"
  }

  /// What to grant, and where.
  public var advice: String {
    // AWS tells whoever is refused neither which side refuses nor whether there is such a role.
    // A trust policy names a session's role, not the session.
    let principal = caller.map(IAMClient.principal(ofCaller:)) ?? "whoever runs this"
    let condition =
      role.externalId.map { " with the condition sts:ExternalId = \($0)" }
      ?? ", without a condition on sts:ExternalId, or name it with external-id in the policy"
    return
      "check that the role exists; permit sts:AssumeRole on it to \(principal), and let its trust policy "
      + "name \(principal) as principal\(condition)"
  }
}

/// Credentials of an assumed role: asked for once, renewed before they end, by whoever needs them first.
///
/// A role that a role assumes gives sessions of one hour at most, and a wait may last longer.
public actor AssumedRoleCredentials: AWSCredentialsProvider {
  private let role: AssumedRole
  private let base: AWSClient
  private let onSecret: @Sendable (String) -> Void
  private let sessionName: String
  private var known: AWSCredentials?
  private var running: Task<AWSCredentials, any Error>?
  private var knownSince = Timestamp(seconds: 0)
  private var refusal: (error: RoleError, at: Timestamp)?
  /// What STS said is not asked again within this: many calls of one stack are under way at once.
  private static let calm: Duration = .seconds(60)

  /// - Parameters:
  ///   - base: whose credentials assume the role.
  ///   - onSecret: told every secret key and token before it is used.
  init(_ role: AssumedRole, base: AWSClient, onSecret: @escaping @Sendable (String) -> Void) {
    self.role = role
    self.base = base
    self.onSecret = onSecret
    sessionName = role.sessionName ?? "backstop-\(base.random.hex(12))"
  }

  /// Credentials that are good now.
  /// - Throws: `RoleError` where the role is refused, `AWSError` where STS could not be asked, what the base throws.
  public func credentials() async throws -> AWSCredentials {
    if let known, !isEnding(known) { return known }
    if let running { return try await running.value }
    if let refusal, base.clock.now - refusal.at < AssumedRoleCredentials.calm { throw refusal.error }
    let task = Task { try await assume() }
    running = task
    defer { running = nil }
    do {
      let found = try await task.value
      (known, knownSince, refusal) = (found, base.clock.now, nil)
      return found
    } catch {
      if let error = error as? RoleError { refusal = (error, base.clock.now) }
      // Better those that are about to end than none: a throttled renewal stops no wait.
      if let known, let end = known.expiration, end > base.clock.now { return known }
      throw error
    }
  }

  /// Drops what is cached: the role can always be asked for again. Who is late in saying so finds the new ones.
  public func forget() async -> Bool {
    if base.clock.now - knownSince >= AssumedRoleCredentials.calm { known = nil }
    return true
  }

  private func isEnding(_ credentials: AWSCredentials) -> Bool {
    guard let end = credentials.expiration else { return false }
    return end - base.clock.now < CredentialsChain.renewalMargin
  }

  private func assume() async throws -> AWSCredentials {
    do {
      let found = try await STSClient(base).assumeRole(
        role.arn, sessionName: sessionName, externalId: role.externalId, source: "role \(role.arn)")
      onSecret(found.secretAccessKey)
      if let token = found.sessionToken { onSecret(token) }
      return found
    } catch let error as AWSError where [.accessDenied, .notFound, .other].contains(error.kind) {
      throw RoleError(role: role, caller: try? await STSClient(base).getCallerIdentity().arn, answer: error)
    }
  }
}
