import SystemInterfaces

/// What the rules of systems that revert by themselves look at. A person overrides every refusal.
public struct SafetyFacts: Hashable, Sendable {
  /// Why the kill switch forbids; nil where it does not. What cannot be read forbids.
  public var killSwitch: String?
  /// Rollbacks begun in the last 24 hours.
  public var rollbacksToday = 0
  /// When the newest deployment that would be undone began; nil where nothing was deployed.
  public var deployedAt: Timestamp?
  /// The restore point that an earlier revert put back last, where nothing was deployed since.
  public var lastPutBack: String?
  /// The restore point that would be put back.
  public var restorePoint: String?
  /// The commits that would be undone, newest first.
  public var commits: [UndoneCommit] = []
  /// Observations that the deployment is bad, and that the version before it was good.
  public var failures = 0, successes = 0

  /// Nothing known.
  public init() {}
}

/// A commit that a rollback undoes.
public struct UndoneCommit: Hashable, Sendable {
  /// Its full id, the first line of its message, the whole message.
  public var id: String, summary: String, message: String

  /// A commit.
  public init(id: String, summary: String, message: String) {
    self.id = id
    self.summary = summary
    self.message = message
  }

  /// Whether its message asks not to be reverted by a program.
  public var isVetoed: Bool { message.contains("NOAUTOREVERT=true") }

  /// Whether it takes another commit back, by git's own message.
  public var isRevert: Bool { summary.hasPrefix("Revert \"") || revertedId != nil }

  /// The commit that it takes back, where its message names it.
  public var revertedId: String? {
    let phrase = "This reverts commit "
    guard let start = message.ranges(of: phrase).last?.upperBound else { return nil }
    let id = message[start...].prefix { $0.isHexDigit }
    return id.count >= 7 ? id.lowercased() : nil
  }
}

/// What the policy allows without a person.
public struct SafetyLimits: Hashable, Sendable {
  /// Rollbacks in 24 hours.
  public var rollbacksPerDay = 4
  /// Whether that is the default, which nobody chose.
  public var isDefaultPerDay = true
  /// An older deployment is not undone.
  public var maximumAge: Duration = .seconds(6 * 3600)
  /// Whether two failures and two successes must be on record.
  public var requiresEvidence = false

  /// The defaults.
  public init() {}
}

/// The rules: a pure function of facts and limits.
public enum SafetyRules {
  /// A rule that forbids.
  public struct Refusal: Hashable, Sendable {
    /// Which rule, in a word or two.
    public var rule: String
    /// Why, in a sentence.
    public var reason: String
  }

  /// All refusals, in the order in which a person should read them.
  public static func refusals(_ facts: SafetyFacts, _ limits: SafetyLimits, now: Timestamp) -> [Refusal] {
    var refusals: [Refusal] = []
    func refuse(_ rule: String, _ reason: String) { refusals.append(Refusal(rule: rule, reason: reason)) }
    if let why = facts.killSwitch { refuse("kill-switch", why) }
    if facts.rollbacksToday >= limits.rollbacksPerDay {
      refuse(
        "rollbacks-per-day",
        "\(count(facts.rollbacksToday, "rollback")) in the last 24 hours, and "
          + (limits.isDefaultPerDay
            ? "\(limits.rollbacksPerDay) are allowed by default (maximum-per-day under auto-revert: in the policy)"
            : "the policy allows \(limits.rollbacksPerDay)"))
    }
    if let deployedAt = facts.deployedAt, now - deployedAt > limits.maximumAge {
      refuse(
        "age",
        "the newest deployment began \(hours(now - deployedAt)) ago; after \(hours(limits.maximumAge)) a person decides"
      )
    }
    if let vetoed = facts.commits.first(where: \.isVetoed) {
      refuse("opt-out", "\(vetoed.id.prefix(10)) (\(vetoed.summary)) says NOAUTOREVERT=true")
    }
    // A revert whose commit is undone with it brings nothing back.
    let reapplied = facts.commits.first { commit in
      commit.isRevert
        && !facts.commits.contains { other in commit.revertedId.map { other.id.hasPrefix($0) } ?? false }
    }
    if let revert = reapplied {
      refuse(
        "revert-of-revert",
        "\(revert.id.prefix(10)) (\(revert.summary)) is itself a revert: what it took away would be back")
    }
    if let last = facts.lastPutBack, let next = facts.restorePoint, last < next {
      refuse(
        "revert-of-revert",
        "a revert put the restore point \(last) back, and nothing was deployed since: \(next) would bring back what it undid"
      )
    }
    if limits.requiresEvidence, facts.failures < 2 || facts.successes < 2 {
      refuse(
        "evidence",
        "\(count(facts.failures, "failure")) of this deployment and \(count(facts.successes, "success")) of the version "
          + "before it are on record, and the policy wants two of each")
    }
    return refusals
  }

  private static func count(_ number: Int, _ noun: String) -> String {
    if number == 1 { return "1 \(noun)" }
    return "\(number) \(noun.hasSuffix("ss") ? noun + "es" : noun + "s")"
  }

  private static func hours(_ duration: Duration) -> String {
    let minutes = Int(duration.inSeconds / 60)
    return minutes < 120 ? "\(minutes) min" : "\(minutes / 60) h"
  }
}
