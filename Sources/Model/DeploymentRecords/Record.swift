public import DeploymentEvidence
public import StepResults
import SystemInterfaces

/// The part of a record that one step alone writes, beside the common envelope.
public protocol StepPart: Codable, Sendable {
  /// The step's own summary.
  associatedtype Summary: Codable & Sendable
  /// Which step writes it.
  static var step: Step { get }
}

/// The program that wrote a record.
public struct ToolVersion: Codable, Hashable, Sendable {
  /// `backstop`.
  public var name: String
  /// Semantic version.
  public var version: String
  /// This program.
  public static let current = ToolVersion(name: "backstop", version: "0.1.0")
}

/// A file that a verdict rests on.
public struct RecordInput: Codable, Hashable, Sendable {
  /// As the step was given it.
  public var path: String
  /// Lower-case hexadecimal.
  public var sha256: String

  /// An input.
  public init(path: String, sha256: String) {
    self.path = path
    self.sha256 = sha256
  }
}

/// What a step leaves behind: the envelope that all share, and the step's own part beside it in one JSON object.
public struct Record<Part: StepPart>: Sendable {
  /// 1 until a field changes its meaning.
  public var schemaVersion = 1
  /// Who wrote it.
  public var tool = ToolVersion.current
  /// As on the command line.
  public var environment: String
  /// The application that the step ran for; nil in older records.
  public var application: String?
  /// What was live of it when the step looked; nil where it did not or could not look.
  public var deployment: Deployment?
  /// The full id of the commit that is deployed or about to be; nil outside a repository.
  public var commit: String?
  /// The answer.
  public var verdict: Verdict
  /// When the step began and ended.
  public var startedAt: Timestamp, finishedAt: Timestamp
  /// The files it rests on.
  public var inputs: [RecordInput]
  /// Worst first.
  public var findings: [Finding]
  /// The step's own summary.
  public var summary: Part.Summary
  /// The step's own part.
  public var part: Part

  /// A record; the time is the clock's.
  public init(
    environment: String, commit: String?, verdict: Verdict, startedAt: Timestamp, finishedAt: Timestamp,
    inputs: [RecordInput], findings: [Finding], summary: Part.Summary, part: Part
  ) {
    self.environment = environment
    self.commit = commit
    self.verdict = verdict
    self.startedAt = startedAt
    self.finishedAt = finishedAt
    self.inputs = inputs
    self.findings = findings.sorted { $0.severity > $1.severity }
    self.summary = summary
    self.part = part
  }
}

extension Record: Codable {
  enum Key: String, CodingKey, CaseIterable {
    case schemaVersion, step, tool, environment, application, deployment, liveStacks, commit, verdict,
      startedAt, finishedAt, inputs, findings,
      summary
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let step = try container.decode(Step.self, forKey: .step)
    guard step == Part.step else {
      throw DecodingError.dataCorruptedError(
        forKey: .step, in: container,
        debugDescription: "a record of \(step.rawValue), not of \(Part.step.rawValue)")
    }
    schemaVersion = try container.decode(Int.self, forKey: .schemaVersion)
    guard schemaVersion == 1 else {
      throw DecodingError.dataCorruptedError(
        forKey: .schemaVersion, in: container, debugDescription: "schema version \(schemaVersion), known is 1"
      )
    }
    tool = try container.decode(ToolVersion.self, forKey: .tool)
    environment = try container.decode(String.self, forKey: .environment)
    application = try container.decodeIfPresent(String.self, forKey: .application)
    deployment = try container.decodeIfPresent(Deployment.self, forKey: .liveStacks)
    commit = try container.decodeIfPresent(String.self, forKey: .commit)
    verdict = try container.decode(Verdict.self, forKey: .verdict)
    startedAt = try container.decode(Timestamp.self, forKey: .startedAt)
    finishedAt = try container.decode(Timestamp.self, forKey: .finishedAt)
    inputs = try container.decode([RecordInput].self, forKey: .inputs)
    findings = try container.decode([Finding].self, forKey: .findings)
    summary = try container.decode(Part.Summary.self, forKey: .summary)
    part = try Part(from: decoder)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(schemaVersion, forKey: .schemaVersion)
    try container.encode(Part.step, forKey: .step)
    try container.encode(tool, forKey: .tool)
    try container.encode(environment, forKey: .environment)
    // Present even where it is not known: readers need not tell "absent" from "null".
    try container.encode(application, forKey: .application)
    try container.encode(deployment?.id, forKey: .deployment)
    try container.encodeIfPresent(deployment, forKey: .liveStacks)
    try container.encode(commit, forKey: .commit)
    try container.encode(verdict, forKey: .verdict)
    try container.encode(startedAt, forKey: .startedAt)
    try container.encode(finishedAt, forKey: .finishedAt)
    try container.encode(inputs, forKey: .inputs)
    try container.encode(findings, forKey: .findings)
    try container.encode(summary, forKey: .summary)
    try part.encode(to: encoder)
  }
}
