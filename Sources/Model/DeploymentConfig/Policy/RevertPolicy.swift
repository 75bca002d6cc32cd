/// `auto-revert:` of the policy file.
public struct RevertPolicy: Hashable, Sendable {
  /// `deadline`: for all stacks together, waiting included.
  public var deadline: Duration = .seconds(7200)
  /// `maximum-per-day`: restores that run without a named operator.
  public var maximumPerDay = 4
  /// Whether the policy file says how many.
  public var namesMaximumPerDay = false
  /// `maximum-age`: an older deployment is only reverted by a named operator.
  public var maximumAge: Duration = .seconds(6 * 3600)
  /// `maximum-commits-per-day`: revert commits that are made after a rollback.
  public var maximumCommitsPerDay = 10
  /// `kill-switch`: what forbids automatic reverts: a file, relative to the repository, or a reference (`refs/…`) whose
  /// presence forbids, or a page that has to answer `allow`.
  public var killSwitch = ""
  /// What is wanted on record before a rollback.
  public enum Evidence: String, Hashable, Sendable, CaseIterable { case advised, required }
  /// `evidence`: whether two failures of the deployment and two successes of the version before must be on record.
  public var evidence = Evidence.advised
  /// What becomes of what the undone deployment added.
  public enum Additions: String, Hashable, Sendable, CaseIterable { case remove, ask }
  /// `additions`: whether what the deployment added, and what holds no data, is removed as CloudFormation's own rollback would,
  /// or only with leave.
  public var additions = Additions.remove
  /// `watch`: for how long the numbers are watched after a rollback; nothing means not at all.
  public var watch: Duration = .zero
  /// `branch`: whether a revert commit is made on a branch of its own.
  public var makesBranch = true
  /// `push` and `pull-request`: whether that branch is pushed, and a pull request opened for it.
  public var pushes = false, opensPullRequest = false
  /// `remote`: where the branch is pushed to.
  public var remote = "origin"
  /// `base`: the branch that the pull request is for, where it is not the one that was deployed from.
  public var base: String?
  /// Whose API opens pull requests.
  public enum Host: String, Hashable, Sendable, CaseIterable {
    case github, gitlab, gitea, forgejo, bitbucket
    case bitbucketDataCenter = "bitbucket-data-center"
  }
  /// `host`: whose API the remote's host has, where its address does not tell.
  public var host: Host?
  /// `host-api`: the address of that API, where it is not the usual one.
  public var hostAPI: String?
  /// `push-to`: patterns of the branches to which a revert may be pushed without a pull request.
  public var pushTo: [String] = []
  /// What becomes of the migrations of the commits that are taken back.
  public enum Migrations: String, Hashable, Sendable, CaseIterable { case keep, revert }
  /// `migrations`: whether their files stay, as what they did to the database does, or go with their commits. Nil keeps them
  /// where the environment has a configuration.
  public var migrations: Migrations?

  /// `schema`: how rollback scripts run.
  public var schema = SchemaPolicy()

  /// The defaults.
  public init() {}

  init(_ section: PolicyReader) throws(ConfigError) {
    var section = section
    if let value = try section.duration("deadline") { deadline = value }
    if let value = try section.int("maximum-per-day", in: 0...1000) {
      maximumPerDay = value
      namesMaximumPerDay = true
    }
    if let value = try section.duration("maximum-age") { maximumAge = value }
    if let value = try section.int("maximum-commits-per-day", in: 0...1000) { maximumCommitsPerDay = value }
    if let value = try section.string("kill-switch") { killSwitch = value }
    if let value = try section.word("evidence", Evidence.self) { evidence = value }
    if let value = try section.word("additions", Additions.self) { additions = value }
    if let value = try section.duration("watch") { watch = value }
    if let value = try section.bool("branch") { makesBranch = value }
    schema = try SchemaPolicy(section.section("schema"))
    try readDelivery(&section)
    try section.finish()
  }

  /// How the revert reaches the others.
  private mutating func readDelivery(_ section: inout PolicyReader) throws(ConfigError) {
    if let value = try section.bool("push") { pushes = value }
    if let value = try section.bool("pull-request") { opensPullRequest = value }
    if let value = try section.string("remote") { remote = value }
    base = try section.string("base")
    host = try section.word("host", Host.self)
    hostAPI = try section.string("host-api")
    if let value = try section.strings("push-to") { pushTo = value }
    migrations = try section.word("migrations", Migrations.self)
  }
}
