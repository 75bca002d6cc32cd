import CommandArguments
import DeploymentRecords
import Reporting
import StepResults

/// What a step found out: the parts of its record that the frame does not know by itself.
public struct StepOutcome<Part: StepPart>: Sendable {
  /// The answer.
  public var verdict: Verdict
  /// In any order; the record has the worst first.
  public var findings: [Finding]
  /// The files that the answer rests on, beside the configuration.
  public var inputs: [RecordInput]
  /// The step's own summary and part.
  public var summary: Part.Summary, part: Part
  /// Why the step could not come to its end: what it did is recorded and reported, and the process ends so.
  public var failure: StepFailure?
  /// What the work was done with, where it is large: it is kept to the end of the process, which then has nothing to take
  /// apart.
  public var retained: (any Sendable)?

  /// An outcome.
  public init(
    verdict: Verdict, findings: [Finding], inputs: [RecordInput] = [], summary: Part.Summary, part: Part,
    failure: StepFailure? = nil
  ) {
    self.verdict = verdict
    self.findings = findings
    self.inputs = inputs
    self.summary = summary
    self.part = part
    self.failure = failure
  }
}

/// One of the five steps. `StepMain` parses, wires, writes the record and the reports, and chooses the exit code.
public protocol StepCommand: ReadableArguments, Sendable {
  /// The step's own part of the record.
  associatedtype Part: StepPart
  /// The options that all steps share.
  var common: CommonOptions { get }
  /// One sentence for `--help`.
  static var abstract: String { get }
  /// Command lines to begin with, and what each does.
  static var examples: [CommandDescription.Topic.Entry] { get }
  /// Long names of the step's own options that `BACKSTOP_…` variables may give; never what confirms or widens a
  /// destructive act.
  static var environmentOptions: [String] { get }
  /// The same for flags.
  static var environmentFlags: [String] { get }
  /// Whether the step needs `deployment-<environment>.config` as it is called; where it does not, a missing file is
  /// an empty one.
  var needsConfig: Bool { get }
  /// Whether the step, as it is called, looks at restore points: then those of the store are brought here first.
  var readsRestorePoints: Bool { get }
  /// Whether nearly every run sends requests: then it pays to prepare for them at once, and to work where the answers
  /// arrive.
  static var sendsRequests: Bool { get }
  /// Which version of the policy counts: for all that the step obeys, and for where it reads and writes.
  func policySource(_ place: RepositoryPlace) throws -> PolicySource
  /// Does the step's work. A task that is cancelled should return what it has, or throw `CancellationError`.
  func run(in session: StepSession) async throws -> StepOutcome<Part>
  /// What the finding codes of the step mean.
  static var catalog: [FindingDescription] { get }
  /// The report of a record, which has been redacted.
  static func report(_ record: Record<Part>) -> Report
  /// What later jobs of a pipeline may want of a record, by name, beside the verdict: an id, a branch.
  static func outputs(_ record: Record<Part>) -> [String: String]
  /// What the step has to say instead of running, such as a list; nil for an ordinary run. A step that answers here
  /// leaves no record.
  func answerInstead(in session: StepSession) async throws -> String?
}

extension StepCommand {
  /// None.
  public static var examples: [CommandDescription.Topic.Entry] { [] }
  /// No names of its own.
  public static var environmentOptions: [String] { [] }
  /// No names of its own.
  public static var environmentFlags: [String] { [] }
  /// Nearly all that a step does is about what the configuration names.
  public var needsConfig: Bool { true }
  /// Nearly all steps compare with what was recorded.
  public var readsRestorePoints: Bool { true }
  /// The one in the work tree.
  public func policySource(_ place: RepositoryPlace) throws -> PolicySource { .workTree }
  /// Not nearly every run.
  public static var sendsRequests: Bool { false }
  /// Nothing beside the verdict.
  public static func outputs(_ record: Record<Part>) -> [String: String] { [:] }
  /// An ordinary run.
  public func answerInstead(in session: StepSession) async throws -> String? { nil }
}

extension StepCommand {
  /// The executable: its name, what it says of itself, and its version, in so many columns.
  static func description(columns: Int?) -> CommandDescription {
    let name = Part.step.rawValue
    var description = CommandDescription(
      name: name, abstract: abstract, version: "\(name) \(ToolVersion.current.version)")
    description.metavariables = StepHelp.metavariables
    description.examples = examples
    description.topics = [
      StepHelp.exitCodes,
      StepHelp.variables(
        CommonOptions.environmentOptions + environmentOptions,
        CommonOptions.environmentFlags + environmentFlags),
    ]
    description.width = min(max(columns ?? 100, 40), 120)
    return description
  }
}
