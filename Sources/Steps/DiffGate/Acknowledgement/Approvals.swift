import JSONValues

/// Who has approved the change, as the CI's review API says: git alone cannot prove it, since whoever pushes writes
/// authors, committers and trailers as they like.
struct Approvals: Hashable, Sendable {
  /// User names in lower case, without `@`.
  private(set) var names: Set<String> = []

  /// Reads GitHub's list of reviews, GitLab's approvals, or a plain list of names.
  /// - Parameter commits: ids that an approval may be of; GitHub keeps those of earlier commits, too.
  init(parsing bytes: [UInt8], commits: Set<String>) throws(JSONSyntaxError) {
    let tree = try JSONValue(parsing: bytes)
    if let approved = tree["approved_by"]?.array {
      for entry in approved { add(entry["user"]?["username"]?.string) }
      return
    }
    for entry in tree.array ?? [] {
      if let name = entry.string {
        add(name)
        continue
      }
      let name = entry["user"]?["login"]?.string
      switch entry["state"]?.string {
      case "APPROVED":
        if let commit = entry["commit_id"]?.string, !commits.contains(commit) { continue }
        add(name)
      // The last word of a reviewer counts.
      case "CHANGES_REQUESTED", "DISMISSED": names.remove(Approvals.normalized(name ?? ""))
      default: break
      }
    }
  }

  private mutating func add(_ name: String?) {
    if let name, !name.isEmpty { names.insert(Approvals.normalized(name)) }
  }

  static func normalized(_ name: String) -> String {
    (name.hasPrefix("@") ? String(name.dropFirst()) : name).lowercased()
  }
}

/// Who may acknowledge, and whether they have: owners by the base's CODEOWNERS, teams by the base's policy.
struct AcknowledgementRights: Sendable {
  /// What stands behind an acknowledgement.
  enum Standing: String, Sendable {
    /// The base holds it: it was reviewed when it came in.
    case reviewed
    /// An owner has approved this change.
    case approved
    /// It is part of this change, and nothing here says whether an owner has approved it.
    case pending
    /// An owner had to approve it and has not, or nothing here says so.
    case unapproved
    /// Nobody owns the file.
    case unowned
  }
  /// Of the file of acknowledgements; they own those in commits, too.
  var owners: [String]
  /// nil where the CI did not say.
  var approvals: Approvals?
  /// Whether an acknowledgement of this change counts only with an owner's approval.
  var needsApproval: Bool
  /// Members of teams that own the file.
  var teams: [String: Set<String>]
  /// What the base's file holds, as fingerprint and day.
  var inBase: Set<String>
  /// Whether a trailer of a commit counts without an approval: whoever writes a change writes its commits.
  var trailersCount = false

  func standing(of acknowledgement: Acknowledgement) -> Standing {
    if acknowledgement.path != nil, inBase.contains(AcknowledgementRights.key(acknowledgement)) {
      return .reviewed
    }
    let mustBeApproved = needsApproval || acknowledgement.path == nil && !trailersCount
    if owners.isEmpty { return mustBeApproved ? .unapproved : .unowned }
    guard let approvals else { return mustBeApproved ? .unapproved : .pending }
    let people = owners.flatMap { teams[Approvals.normalized($0)] ?? [Approvals.normalized($0)] }
    return approvals.names.isDisjoint(with: people) ? .unapproved : .approved
  }

  static func key(_ acknowledgement: Acknowledgement) -> String {
    "\(acknowledgement.fingerprint) \(acknowledgement.expires)"
  }

  /// The owners in words.
  var ownersInWords: String {
    owners.isEmpty ? "an owner, whom CODEOWNERS of the base does not name" : owners.joined(separator: " or ")
  }
}
