import SystemInterfaces

/// All that the plan is made from.
public struct RevertFacts: Hashable, Sendable {
  /// The stacks of the configuration.
  public var stacks: [StackFacts]
  /// What stacks do not own and the restore point holds.
  public var resources: [ResourceFacts] = []
  /// The restore point's id; nil where there is none.
  public var restorePoint: String?
  /// When the deployment was judged: what was deployed later is not ours to undo. Nil where nobody judged yet.
  public var judgedAt: Timestamp?
  /// When the last update of each stack had begun as this revert first saw it: a later one is not ours to undo.
  public var firstSeen: [String: Timestamp] = [:]
  /// Tokens of calls that an earlier run of this revert made and that were accepted, whether or not events show them.
  public var accepted: Set<String> = []
  /// All exports where the stacks stand; nil where they could not be read.
  public var allExports: Set<PlacedExport>?
  /// Migrations in the reverted range that the recorded version does not fit.
  public var breakingMigrations: [String] = []
  /// Why it is not known whether there are some; nil where it is.
  public var unknownMigrations: UnknownMigrations?
  /// Why a deployment that has finished may not be undone: nothing on record speaks against it, and nobody says why.
  public var refusal: String?
  /// Packages that templates fetch from where they are not any more, and that the restore point keeps.
  public var lostPackages: [PackageFacts] = []
  /// Quick settings that a person asked for.
  public var reliefs: [ReliefFacts] = []
  /// The rollback scripts of the reverted migrations; nil where nobody asked for them.
  public var schema: SchemaFacts?
  /// The database and what a restore of it would meet; nil where nobody asked for one.
  public var database: DatabaseFacts?
  /// Actions outside the stacks that this revert has done, `kind target`, so that none is done twice.
  public var done: Set<String> = []
  /// Actions outside the stacks that this revert began and whose end is not known.
  public var unknown: Set<String> = []
  /// What has been tried in this run and failed, by stack.
  public var failures: [String: [FailedAttempt]] = [:]

  /// Facts of `stacks`.
  public init(stacks: [StackFacts], restorePoint: String?) {
    self.stacks = stacks
    self.restorePoint = restorePoint
  }
}

/// Why nobody knows whether migrations of the reverted range fit the recorded version.
public struct UnknownMigrations: Hashable, Sendable {
  /// In a sentence.
  public var reason: String
  /// Whether the range is known to hold migrations: then the rollback waits for a person.
  public var stops: Bool

  /// A reason.
  public init(_ reason: String, stops: Bool) {
    self.reason = reason
    self.stops = stops
  }
}

/// A package that a template fetches from a place where it is not any more.
public struct PackageFacts: Hashable, Sendable {
  /// Its place, the stack whose template fetches it, and the function whose code it is.
  public var place: String, stack: String, function: String

  /// A package.
  public init(place: String, stack: String, function: String) {
    self.place = place
    self.stack = stack
    self.function = function
  }
}

/// An export's name, which counts in its account and region alone.
public struct PlacedExport: Hashable, Sendable {
  /// The name, and the account and region as `account/region`; empty where the exporting stack's id tells neither.
  public var name: String, place: String

  /// The export `name` of the stack with the id `stack`.
  public init(_ name: String, of stack: String) {
    self.name = name
    place = PlacedExport.place(stack)
  }

  /// `account/region` of `arn:aws:cloudformation:region:account:stack/…`; empty for what is no ARN.
  static func place(_ stack: String) -> String {
    AmazonResourceName(stack).map { "\($0.account)/\($0.region)" } ?? ""
  }
}

/// An action of this run that failed: it is not simply repeated.
public struct FailedAttempt: Hashable, Sendable {
  /// What was tried.
  public var kind: PlannedAction.Kind
  /// The resources it skipped.
  public var skips: [String]
  /// What came back.
  public var reason: String

  /// A failed try.
  public init(kind: PlannedAction.Kind, skips: [String] = [], reason: String) {
    self.kind = kind
    self.skips = skips
    self.reason = reason
  }
}
