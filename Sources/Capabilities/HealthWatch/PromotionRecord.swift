import SystemInterfaces

/// A new version that was given traffic step by step, as it is recorded.
public struct PromotionRecord: Codable, Hashable, Sendable {
  /// How far it came.
  public enum Outcome: String, Codable, Hashable, Sendable {
    /// All steps were good.
    case promoted
    /// The old version gets all traffic again.
    case takenBack
    /// It was to be taken back, and that was not possible.
    case notTakenBack
    /// The watch of a step goes on: the next look is another run's.
    case watching
    /// A step's evidence did not suffice; the weights stay.
    case waiting
    /// Somebody else changed an alias.
    case changedByOthers
    /// A signal ended the run; the weights stay.
    case interrupted
  }

  /// An alias and the versions that it divides its calls between.
  public struct Alias: Codable, Hashable, Sendable {
    /// Of Lambda.
    public var function: String, alias: String
    /// The versions, and the share of the calls that the new one gets now, in per cent.
    public var new: String, old: String, share: Double

    /// As given.
    public init(function: String, alias: String, new: String, old: String, share: Double) {
      (self.function, self.alias, self.new, self.old, self.share) = (function, alias, new, old, share)
    }
  }

  /// What was seen at a share.
  public struct Step: Codable, Hashable, Sendable {
    /// In per cent.
    public var share: Double
    /// Since when the new version gets it.
    public var since: Timestamp
    /// `go`, `stop` or `inconclusive`, and why; nil where it was watched by an earlier run.
    public var verdict: String, reasons: [String]

    /// As given.
    public init(share: Double, since: Timestamp, verdict: String, reasons: [String]) {
      (self.share, self.since, self.verdict, self.reasons) = (share, since, verdict, reasons)
    }
  }

  /// A call that changed weights.
  public struct Change: Codable, Hashable, Sendable {
    public var at: Timestamp
    /// `FUNCTION:ALIAS`.
    public var target: String
    /// The share of the new version that was asked for, in per cent.
    public var share: Double
    /// `accepted`, or what came back.
    public var result: String

    /// As given.
    public init(at: Timestamp, target: String, share: Double, result: String) {
      (self.at, self.target, self.share, self.result) = (at, target, share, result)
    }
  }

  public var aliases: [Alias]
  /// Shares in per cent, and how many seconds each is watched.
  public var plan: [Double], each: Double
  public var steps: [Step] = []
  public var changes: [Change] = []
  public var outcome: Outcome
  /// The path of the journal.
  public var journal: String

  /// Nothing was done yet.
  public init(aliases: [Alias], plan: [Double], each: Double, outcome: Outcome, journal: String) {
    (self.aliases, self.plan, self.each) = (aliases, plan, each)
    (self.outcome, self.journal) = (outcome, journal)
  }
}
