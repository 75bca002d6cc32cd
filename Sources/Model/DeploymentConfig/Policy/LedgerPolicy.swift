/// `ledger:` of the policy file: the trail in `refs/backstop/<environment>`.
public struct LedgerPolicy: Hashable, Sendable {
  /// `record`: whether steps add to the trail of the repository they run in.
  public var isRecorded = true
  /// `push`: whether they fetch and push it, as `--push-ledger` says.
  public var isPushed = false
  /// `remote`: the name or the address of the repository to which it is pushed.
  public var remote = "origin"
  /// Under which kind of reference a remote keeps it.
  public enum Place: String, Hashable, Sendable, CaseIterable { case refs, branch, notes }
  /// `kept-as`: where it stands at the remote: `refs/backstop/…`, or, where a server takes no such references,
  /// `refs/heads/backstop-ledger/…` or `refs/notes/backstop/…`.
  public var place = Place.refs
  /// `lock-expiry`: after what time a lock that nobody released may be taken over.
  public var lockExpiry: Duration = .seconds(4 * 3600)
  /// `timeout`: how long one fetch or push may take.
  public var timeout: Duration = .seconds(60)

  /// The defaults.
  public init() {}

  init(_ section: PolicyReader) throws(ConfigError) {
    var section = section
    if let value = try section.bool("record") { isRecorded = value }
    if let value = try section.bool("push") { isPushed = value }
    if let value = try section.string("remote") { remote = value }
    if let value = try section.word("kept-as", Place.self) { place = value }
    if let value = try section.duration("lock-expiry") { lockExpiry = value }
    if let value = try section.duration("timeout") { timeout = value }
    try section.finish()
  }
}
