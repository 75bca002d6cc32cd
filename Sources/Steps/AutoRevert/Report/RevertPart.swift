public import DeploymentEvidence
import DeploymentRecords
import RollbackPlanning
import StepResults
import SystemInterfaces

/// The part of a record that `auto-revert` writes.
public struct RevertPart: StepPart, Hashable {
  public static let step = Step.autoRevert

  /// What it came to, for a person.
  public struct Summary: Codable, Hashable, Sendable {
    /// `restored`, `nothing-to-do`, `stopped`, `planned`, `interrupted`, and with `--git-only` `committed`,
    /// `already-reverted` or `not-reverted`.
    public var outcome: String
    /// The restore point that was put back, and the commit whose deployment it holds.
    public var restorePoint: String?, restoredCommit: String?
    /// As on the command line.
    public var reason: String?, `operator`: String?
    /// What the plan estimated, and what it took.
    public var estimatedSeconds: Double?, tookSeconds: Double?
    /// Whether `--only` left stacks out; left out where it did not.
    public var partial: Bool?
    /// What could not be verified of what was put back; left out where all could.
    public var unverified: [String]?
    /// The branch that holds the revert commit.
    public var branch: String?
    /// A file with the text of its pull request.
    public var pullRequestText: String?
    /// The remote and the branch that it was pushed to, and the page of its pull request.
    public var pushedTo: String?, pullRequest: String?
    /// Commands that bring the revert to where it did not get.
    public var commands: [String]?
    /// The newest commit that was taken back, and the one below the oldest, where they are known.
    public var undoneCommit: String?, undoneFrom: String?

    /// An outcome.
    public init(outcome: String) { self.outcome = outcome }
  }

  /// One line of the plan.
  public struct PlanEntry: Codable, Hashable, Sendable {
    /// 1 for the first; actions of one stage run side by side.
    public var order: Int, stage: Int
    /// What is done, to what, and why.
    public var action: String, target: String, reason: String
    /// The id of the tree that a revert commit would have.
    public var tree: String?
    /// What the action is expected to take.
    public var estimateSeconds: Double
    /// What is lost for good by it.
    public var losses: [String]
    /// What its change set does to each resource, complete; left out where it has none.
    public var changes: [ChangeEntry]?
    /// Whether it runs only if what comes before it leaves it to be done.
    public var conditional: Bool

    /// An entry.
    public init(order: Int, action: String, target: String, reason: String, tree: String? = nil) {
      self.order = order
      stage = order
      self.action = action
      self.target = target
      self.reason = reason
      self.tree = tree
      estimateSeconds = 0
      losses = []
      conditional = false
    }
  }

  /// What a change set does to one resource.
  public struct ChangeEntry: Codable, Hashable, Sendable {
    /// The resource, in a nested stack with its place: `Child/Table`; and its type.
    public var logicalId: String, type: String
    /// `add`, `modify`, `replace`, `mayReplace`, `delete` or `import`.
    public var effect: String

    init(_ change: RestoreChange) {
      (logicalId, type, effect) = (change.logicalID, change.type, change.effect.rawValue)
    }
  }

  /// One action that was done, or tried.
  public struct ActionEntry: Codable, Hashable, Sendable {
    /// As in the plan.
    public var action: String, target: String, reason: String
    /// From before the call to the end of the wait.
    public var startedAt: Timestamp, finishedAt: Timestamp
    /// `done`, `looked again: …`, `failed: …` or `out of time: …`.
    public var result: String

    /// An entry.
    public init(
      action: String, target: String, reason: String, startedAt: Timestamp, finishedAt: Timestamp,
      result: String
    ) {
      self.action = action
      self.target = target
      self.reason = reason
      self.startedAt = startedAt
      self.finishedAt = finishedAt
      self.result = result
    }
  }

  /// What the checks afterwards said.
  public struct HealthEntry: Codable, Hashable, Sendable {
    /// `go`, `stop` or `inconclusive`.
    public var verdict: Verdict
    /// How many checks there were, and how many did not pass.
    public var checks: Int, failed: Int
    /// One sentence a check that did not pass.
    public var failures: [String]
    /// How many of the checks asked the application itself; the others ask AWS about its resources.
    public var asked: Int?
    /// Which checks these were, for the steps that come after.
    public var checked: Checked?
    /// What the watch afterwards said, where the policy asks for one.
    public var watch: Verdict?

    /// What checks said.
    public init(verdict: Verdict, checks: Int, failed: Int, failures: [String]) {
      self.verdict = verdict
      self.checks = checks
      self.failed = failed
      self.failures = failures
    }
  }

  /// What an earlier step put on record.
  public struct EvidenceEntry: Codable, Hashable, Sendable {
    /// The step, its answer, when it ended, the commit it spoke of.
    public var step: String, verdict: Verdict, finishedAt: Timestamp, commit: String?
    /// What it found.
    public var messages: [String]
  }

  /// A commit that the rollback undoes.
  public struct CommitEntry: Codable, Hashable, Sendable {
    /// The full id, the first line of the message.
    public var id: String, summary: String
  }

  /// Something that is left to a person.
  public struct TaskEntry: Codable, Hashable, Sendable {
    /// As it can be copied into a shell, and what it does.
    public var command: String, does: String

    /// A task.
    public init(command: String, does: String) {
      self.command = command
      self.does = does
    }

    /// Both on one line: what follows the command is a comment to a shell.
    var line: String { "\(command)  # \(does)" }
  }

  /// Something that happened, from the restore point on.
  public struct TimelineEntry: Codable, Hashable, Sendable {
    /// When; who says so: a step or a stack; what.
    public var at: Timestamp, source: String, event: String
  }

  /// The plan as it was shown.
  public var plan: [PlanEntry]
  /// The path of the journal; null where nothing was to be done.
  public var journal: String?
  /// What was done.
  public var actions: [ActionEntry]
  /// Null where it was not checked.
  public var health: HealthEntry?
  /// What the earlier steps put on record.
  public var evidence: [EvidenceEntry] = []
  /// The commits that are undone, newest first.
  public var commits: [CommitEntry] = []
  /// What was live before, as `liveStacks` has what is live afterwards.
  public var undoneStacks: Deployment?
  /// Oldest first.
  public var timeline: [TimelineEntry] = []
  /// The channels that were told.
  public var told: [String] = []
  /// What a person has to do, in order, each as a command that can be copied.
  public var leftToDo: [TaskEntry] = []

  /// A part.
  public init(
    plan: [PlanEntry], journal: String? = nil, actions: [ActionEntry] = [], health: HealthEntry? = nil
  ) {
    self.plan = plan
    self.journal = journal
    self.actions = actions
    self.health = health
  }

  enum CodingKeys: String, CodingKey {
    case plan, journal, actions, health, evidence, commits, undoneStacks, timeline, told, leftToDo
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(plan, forKey: .plan)
    // Present even where there is none: readers need not tell "absent" from "null".
    try container.encode(journal, forKey: .journal)
    try container.encode(actions, forKey: .actions)
    try container.encode(health, forKey: .health)
    try container.encode(evidence, forKey: .evidence)
    try container.encode(commits, forKey: .commits)
    try container.encodeIfPresent(undoneStacks, forKey: .undoneStacks)
    try container.encode(timeline, forKey: .timeline)
    try container.encode(told, forKey: .told)
    try container.encode(leftToDo, forKey: .leftToDo)
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    plan = try container.decode([PlanEntry].self, forKey: .plan)
    journal = try container.decodeIfPresent(String.self, forKey: .journal)
    actions = try container.decode([ActionEntry].self, forKey: .actions)
    health = try container.decodeIfPresent(HealthEntry.self, forKey: .health)
    evidence = try container.decodeIfPresent([EvidenceEntry].self, forKey: .evidence) ?? []
    commits = try container.decodeIfPresent([CommitEntry].self, forKey: .commits) ?? []
    undoneStacks = try container.decodeIfPresent(Deployment.self, forKey: .undoneStacks)
    timeline = try container.decodeIfPresent([TimelineEntry].self, forKey: .timeline) ?? []
    told = try container.decodeIfPresent([String].self, forKey: .told) ?? []
    leftToDo = try container.decodeIfPresent([TaskEntry].self, forKey: .leftToDo) ?? []
  }
}

extension RevertPart.PlanEntry {
  /// A planned action as a line of the record.
  init(_ action: PlannedAction) {
    self.init(order: action.order, action: action.kind.rawValue, target: action.target, reason: action.reason)
    stage = action.stage
    estimateSeconds = action.estimate
    losses = action.losses
    conditional = action.isConditional
    changes = action.changes.isEmpty ? nil : action.changes.map(RevertPart.ChangeEntry.init)
  }
}

extension RevertPart.ActionEntry {
  /// A result as a line of the record.
  init(_ result: ActionResult) {
    let text =
      switch result.ending {
      case .done: "done"
      case .replanned(let why): "looked again: \(why)"
      case .failed(let why): "failed: \(why)"
      case .deadline(let what): "out of time: \(what)"
      }
    self.init(
      action: result.action.kind.rawValue, target: result.action.target, reason: result.action.reason,
      startedAt: result.startedAt, finishedAt: result.finishedAt, result: text)
  }
}

extension RevertPart.EvidenceEntry {
  /// An earlier record as a line of this one.
  init(_ entry: Evidence) {
    self.init(
      step: entry.step.rawValue, verdict: entry.verdict, finishedAt: entry.finishedAt, commit: entry.commit,
      messages: Array(entry.messages.prefix(10)))
  }
}

extension Finding {
  /// A finding of the plan as a finding of the record.
  init(_ finding: PlanFinding) {
    self.init(finding.code.rawValue, finding.severity, finding.message, subject: finding.target)
  }
}
