public import DeploymentEvidence
import DeploymentRecords
import JSONValues
import StepResults
import SystemInterfaces

/// One line of the trail: that a step ran and what it said, or that the environment was locked or released.
///
/// It holds verdicts, ids, digests, times and finding codes; no words of a finding, no template, no value.
public struct LedgerEntry: Hashable, Sendable {
  /// What an entry tells.
  public enum Kind: String, Hashable, Sendable {
    /// A step left a record.
    case record
    /// A run locked the environment.
    case lock
    /// A run released it without leaving a record.
    case release
  }

  /// How often a code was raised.
  public struct CodeCount: Hashable, Sendable {
    /// The stable code, and how much it weighs.
    public var code: String, severity: Severity
    /// How many findings.
    public var count: Int
  }

  /// What the entry tells.
  public var kind: Kind
  /// The step that wrote it.
  public var step: Step
  /// As on the command line.
  public var environment: String
  /// The name of the run.
  public var run: String
  /// The version of the program.
  public var tool: String
  /// When the step began and ended.
  public var startedAt: Timestamp, finishedAt: Timestamp
  /// The full id of the commit that is deployed or about to be, and when it was committed, where that is known.
  public var commit: String?, committedAt: Timestamp?
  /// The answer; nil where the entry is about the lock alone.
  public var verdict: Verdict?
  /// The digest of the record's document.
  public var recordSha256: String?
  /// The files that the verdict rests on.
  public var inputs: [RecordInput] = []
  /// Worst first.
  public var findings: [CodeCount] = []
  /// Ids and single words of the step's own summary, such as `restorePoint`.
  public var facts: [String: String] = [:]
  /// What it says of a deployment; nil where the entry is about the lock alone.
  public var evidence: Evidence?
  /// The lock that the entry takes.
  public var lock: LedgerLock?
  /// The id of the lock that ends with this entry.
  public var releases: String?

  /// An entry without a verdict.
  public init(
    _ kind: Kind, step: Step, environment: String, run: String, startedAt: Timestamp, finishedAt: Timestamp
  ) {
    self.kind = kind
    self.step = step
    self.environment = environment
    self.run = run
    self.startedAt = startedAt
    self.finishedAt = finishedAt
    tool = ToolVersion.current.version
  }

  /// What may be kept of a record that has been redacted.
  /// - Parameters:
  ///   - record: the record's tree.
  ///   - sha256: the digest of its document.
  public init(record: JSONValue, sha256: String, run: String) throws {
    let reader = MemberReader(record)
    self.init(
      .record, step: try reader.word("step"), environment: try reader.text("environment"), run: run,
      startedAt: try reader.time("startedAt"), finishedAt: try reader.time("finishedAt"))
    verdict = try reader.word("verdict") as Verdict
    commit = record["commit"]?.string.flatMap { LedgerEntry.isCommit($0) ? $0 : nil }
    tool = record["tool"]?["version"]?.string ?? tool
    recordSha256 = sha256
    inputs = (record["inputs"]?.array ?? []).compactMap { input in
      guard let path = input["path"]?.string, let digest = input["sha256"]?.string else { return nil }
      return RecordInput(path: path, sha256: digest)
    }
    var counts: [CodeCount] = []
    for finding in record["findings"]?.array ?? [] {
      guard let code = finding["code"]?.string,
        let severity = finding["severity"]?.string.flatMap({ Severity(rawValue: $0) })
      else { continue }
      if let index = counts.firstIndex(where: { $0.code == code && $0.severity == severity }) {
        counts[index].count += 1
      } else {
        counts.append(CodeCount(code: code, severity: severity, count: 1))
      }
    }
    findings = counts
    evidence = Evidence(record: record)
    evidence?.messages = []
    for name in LedgerEntry.keptFacts {
      guard let value = record["summary"]?[name]?.string, LedgerEntry.isWord(value) else { continue }
      facts[name] = value
    }
  }

  /// Members of summaries that are ids or words; everything else stays in the record.
  static let keptFacts = [
    "restorePoint", "restoredCommit", "deployedCommit", "outcome", "undoneCommit", "undoneFrom",
  ]

  private static func isCommit(_ text: String) -> Bool {
    text.utf8.count == 40 && text.allSatisfy(\.isHexDigit)
  }

  private static func isWord(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 100
      && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
  }

  /// The first line of its commit's message: `smoke-test: go 1a2b3c4d5e`.
  public var headline: String {
    let what =
      switch kind {
      case .record: verdict?.rawValue ?? "no verdict"
      case .lock: "lock"
      case .release: "release"
      }
    return "\(step.rawValue): \(what)" + (commit.map { " \($0.prefix(10))" } ?? "")
  }
}

// MARK: - JSON

extension LedgerEntry {
  /// 1 until a member changes its meaning.
  public static let formatVersion = 1

  /// The message of its commit: the headline, and the entry as JSON.
  public var message: String { "\(headline)\n\n\(json.serialized(pretty: true))\n" }

  /// The entry as JSON.
  public var json: JSONValue {
    var object = JSONObject()
    func text(_ name: String, _ value: String?) { if let value { object[name] = .string(value) } }
    object["formatVersion"] = .number(JSONNumber(LedgerEntry.formatVersion))
    text("kind", kind.rawValue)
    text("step", step.rawValue)
    text("environment", environment)
    text("run", run)
    text("tool", tool)
    text("verdict", verdict?.rawValue)
    text("commit", commit)
    text("committedAt", committedAt?.description)
    text("startedAt", startedAt.description)
    text("finishedAt", finishedAt.description)
    text("recordSha256", recordSha256)
    if !inputs.isEmpty {
      object["inputs"] = .array(inputs.map { ["path": .string($0.path), "sha256": .string($0.sha256)] })
    }
    if !findings.isEmpty {
      object["findings"] = .array(
        findings.map {
          [
            "code": .string($0.code), "severity": .string($0.severity.rawValue),
            "count": .number(JSONNumber($0.count)),
          ]
        })
    }
    if !facts.isEmpty {
      object["facts"] = .object(
        JSONObject(facts.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) }))
    }
    for member in evidence?.json.object?.members ?? [] { object[member.name] = member.value }
    if let lock { object["lock"] = lock.json }
    text("releases", releases)
    return .object(object)
  }

  /// Reads the message of a commit.
  /// - Throws: `LedgerFormatError`.
  public init(message: String) throws {
    guard let start = message.utf8.firstIndex(of: UInt8(ascii: "{")) else {
      throw LedgerFormatError("the commit's message holds no entry")
    }
    let json: JSONValue
    do {
      json = try JSONValue(parsing: Array(message.utf8[start...]))
    } catch { throw LedgerFormatError("the commit's message holds no entry: \(error)") }
    try self.init(json: json)
  }

  /// Reads an entry.
  /// - Throws: `LedgerFormatError`.
  public init(json: JSONValue) throws {
    let reader = MemberReader(json)
    guard let version = json["formatVersion"]?.int else {
      throw LedgerFormatError("formatVersion: missing")
    }
    guard version == LedgerEntry.formatVersion else {
      throw LedgerFormatError(
        "format version \(version), this program reads \(LedgerEntry.formatVersion): use the version that wrote it"
      )
    }
    self.init(
      try reader.word("kind"), step: try reader.word("step"), environment: try reader.text("environment"),
      run: try reader.text("run"), startedAt: try reader.time("startedAt"),
      finishedAt: try reader.time("finishedAt"))
    tool = try reader.text("tool")
    verdict = json["verdict"] == nil ? nil : try reader.word("verdict")
    guard (verdict != nil) == (kind == .record) else {
      throw LedgerFormatError("verdict: missing or too much")
    }
    commit = json["commit"]?.string
    committedAt = json["committedAt"] == nil ? nil : try reader.time("committedAt")
    recordSha256 = json["recordSha256"]?.string
    inputs = try (json["inputs"]?.array ?? []).map {
      let input = MemberReader($0)
      return RecordInput(path: try input.text("path"), sha256: try input.text("sha256"))
    }
    findings = try (json["findings"]?.array ?? []).map {
      let finding = MemberReader($0)
      return CodeCount(
        code: try finding.text("code"), severity: try finding.word("severity"), count: $0["count"]?.int ?? 1)
    }
    for member in json["facts"]?.object?.members ?? [] { facts[member.name] = member.value.string }
    evidence = verdict.map {
      Evidence(json: json, step, $0, startedAt: startedAt, finishedAt: finishedAt)
    }
    lock = try json["lock"].map { try LedgerLock(json: $0) }
    releases = json["releases"]?.string
  }
}

/// Why a commit of the ledger cannot be read.
public struct LedgerFormatError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Which member, and what is wrong with it.
  public let description: String
  init(_ description: String) { self.description = description }
}

/// Members of an object, each of its type or an error that names it.
struct MemberReader {
  let value: JSONValue
  init(_ value: JSONValue) { self.value = value }

  func text(_ name: String) throws -> String {
    guard let text = value[name]?.string else { throw LedgerFormatError("\(name): missing") }
    return text
  }
  func time(_ name: String) throws -> Timestamp {
    guard let time = Timestamp(try text(name)) else { throw LedgerFormatError("\(name): no RFC 3339 time") }
    return time
  }
  func word<Word: RawRepresentable>(_ name: String) throws -> Word where Word.RawValue == String {
    let found = try text(name)
    guard let word = Word(rawValue: found) else {
      throw LedgerFormatError("\(name): unknown word '\(found)'")
    }
    return word
  }
}
