import DeploymentRecords
import StepResults
public import TemplateAnalysis

/// The part of a record that `diff-gate` writes.
public struct GatePart: StepPart {
  public static let step = Step.diffGate

  /// What was compared, and what a rollback of exactly this change would be.
  public struct Summary: Codable, Hashable, Sendable {
    /// The revisions or files that were compared.
    public var base: String, head: String
    /// How base and head were found, in words.
    public var comparedBecause: String
    /// Files that differ; those of them that were judged.
    public var changedFiles = 0, judgedFiles = 0
    /// How many of the files that can change the deployment were judged.
    public var coverage = Coverage()
    /// Resources by action; `none` is left out.
    public var resources: [String: Int] = [:]
    /// Names of the stacks that change, in the order in which a rollback goes through them.
    public var stacks: [String] = []
    /// Who spoke about resources: `templates`, or `changeSet` where AWS was asked.
    public var spoke = "templates"
    /// Date and source of the table of create-only properties, where templates were judged by it.
    public var replacementTable: String?
    /// What a rollback of this change would be.
    public var rollback = RollbackOutline()
    /// Findings that were acknowledged.
    public var acknowledged = 0

    /// A summary of a comparison.
    public init(base: String, head: String, comparedBecause: String) {
      self.base = base
      self.head = head
      self.comparedBecause = comparedBecause
    }
  }

  /// One entry a template that differs.
  public var templates: [TemplateEntry]
  /// One entry a migration that the change adds or alters.
  public var migrations: [MigrationEntry]
  /// Configuration keys that differ, without values.
  public var configuration: [ConfigurationEntry]
  /// What became of every changed file.
  public var files: [FileDisposition]
  /// Every acknowledgement that was read, and what became of it.
  public var acknowledgements: [AcknowledgementEntry]
}

/// What a rollback of a change would be: its steps, its time, its price.
public struct RollbackOutline: Codable, Hashable, Sendable {
  /// How well the change can be undone.
  public enum Reversibility: String, Codable, Hashable, Sendable {
    /// Nothing is deployed by it.
    case nothingToDo
    /// By putting the templates back and running the rollback scripts.
    case complete
    /// The way back exists, but data stays lost or has to come out of a backup.
    case withLoss
    /// There is no way back but a backup.
    case restoreOnly
  }
  /// One step.
  public struct Step: Codable, Hashable, Sendable {
    /// Counted from 1; 0 for what has no place in the order.
    public var order = 0
    /// `cancel`, `redeploy`, `deleteStack`, `configuration`, `schemaScript` or `databaseRestore`.
    public var action: String
    /// The stack, the file, the script or the database.
    public var target: String
    /// At least and at most, by the runbook's estimates.
    public var minutes: [Int] = [0, 0]
    /// Steps in whose place this one is done, where the data that they do not bring back is needed.
    public var insteadOf: [Int]?

    /// A step without its place and time.
    public init(action: String, target: String) {
      self.action = action
      self.target = target
    }
  }
  /// How well it can be undone.
  public var reversibility = Reversibility.nothingToDo
  /// What to do while the update still runs.
  public var duringUpdate: Step?
  /// In the order in which they are done, once the update has finished.
  public var steps: [Step] = []
  /// At least and at most, in all.
  public var minutes: [Int] = [0, 0]
  /// How many rollbacks on the environment's own trail the minutes come from; nil where they are the runbook's estimates.
  public var measuredRollbacks: Int?
  /// What stays lost, or is lost by going back.
  public var loses: [String] = []

  /// Nothing to do.
  public init() {}
}

/// A template that differs.
public struct TemplateEntry: Codable, Hashable, Sendable {
  /// One of its resources.
  public struct Resource: Codable, Hashable, Sendable {
    /// As in the template.
    public var logicalId: String, type: String
    /// `create`, `update`, `replace`, `mayReplace`, `delete`, `orphan`, `snapshotThenDelete`, `import` or `move`.
    public var action: String
    /// Paths of the properties that differ.
    public var properties: [String]
    /// Whether it holds data that the template cannot make again.
    public var stateful: Bool
    /// Why, one sentence each.
    public var reasons: [String]
    /// Whether a share of the users meets it first; left out where nobody meets it.
    public var delivery: ResourceDelivery?
  }
  /// Relative to the repository, or as given.
  public var path: String
  /// The stack, where its name is known.
  public var stack: String?
  /// Where it is the template of a nested stack: the logical ids that lead to it from `stack`, joined by `/`.
  public var nestedIn: String?
  /// Those that do not stay as they are.
  public var resources: [Resource]
}

/// A migration that the change adds or alters.
public struct MigrationEntry: Codable, Hashable, Sendable {
  /// One statement.
  public struct Statement: Codable, Hashable, Sendable {
    /// Counted from 1.
    public var line: Int
    /// The rules that it breaks.
    public var rules: [String]
  }
  /// Relative to the repository.
  public var path: String
  /// `postgresql`, `mysql` or `sqlite`; absent for migrations that are code.
  public var dialect: String?
  /// Whose conventions it follows.
  public var tool: String
  /// In the order of the file.
  public var statements: [Statement]
  /// The script (or the file itself, where it holds both ways) that undoes it.
  public var rollbackScript: String?
  /// What the rollback script leaves out.
  public var leftOut: [String]
  /// What stays lost even so.
  public var staysLost: [String]
}

/// A configuration key that differs.
public struct ConfigurationEntry: Codable, Hashable, Sendable {
  /// The file.
  public var path: String
  /// The key; values never stand in a record.
  public var name: String
  /// `added`, `removed` or `changed`.
  public var change: String
}

/// What became of an acknowledgement.
public struct AcknowledgementEntry: Codable, Hashable, Sendable {
  /// The finding that it is about.
  public var fingerprint: String
  /// `used`, `expired`, `unused`, `mismatched` or `unapproved`.
  public var state: String
  /// Why somebody took the risk.
  public var reason: String
  /// The last day on which it counts.
  public var expires: String
  /// Where it stands: a file and line, or a commit.
  public var source: String
  /// What stands behind it: `reviewed` (the base holds it), `approved`, `pending`, `unapproved` or `unowned`.
  public var standing: String
}
