import JSONValues
import StepResults

/// A part that writes and reads its JSON by itself. Worth it where a part holds thousands of entries: the general
/// encoder takes longer than the step's own work then.
public protocol TextCodable {
  /// Writes the members that stand beside the envelope, in order.
  func write(to json: inout JSONText)
  /// About how many bytes `write` takes: so many are made room for at once.
  var expectedLength: Int { get }
  /// Reads the members again; throws what `RecordJSON.explanation` understands.
  init(members: JSONObject) throws
}

/// The envelope of a record without the step's part.
struct BarePart<Base: StepPart>: StepPart {
  typealias Summary = Base.Summary
  static var step: Step { Base.step }
}

/// A record whose part is `TextCodable`.
protocol DirectText {
  func write(to json: inout JSONText) throws
  var expectedLength: Int { get }
  init(directTree: JSONValue) throws
}

extension Record: DirectText where Part: TextCodable {
  /// The envelope takes a few hundred bytes a finding, of which there are few.
  var expectedLength: Int { 4096 + part.expectedLength }

  func write(to json: inout JSONText) throws {
    var envelope = Record<BarePart<Part>>(
      environment: environment, commit: commit, verdict: verdict, startedAt: startedAt,
      finishedAt: finishedAt,
      inputs: inputs, findings: findings, summary: summary, part: BarePart())
    envelope.application = application
    envelope.deployment = deployment
    json.beginObject()
    for member in try RecordJSON.tree(envelope).object?.members ?? [] {
      json.name(member.name)
      json.value(member.value)
    }
    part.write(to: &json)
    json.endObject()
  }

  init(directTree tree: JSONValue) throws {
    guard case .object(let object) = tree else {
      throw DecodingError.typeMismatch(
        Self.self, DecodingError.Context(codingPath: [], debugDescription: "expected an object"))
    }
    let names = Set(Key.allCases.map(\.rawValue))
    let bare = try RecordJSON.value(
      Record<BarePart<Part>>.self,
      from: .object(JSONObject(object.members.filter { names.contains($0.name) })))
    self.init(
      environment: bare.environment, commit: bare.commit, verdict: bare.verdict, startedAt: bare.startedAt,
      finishedAt: bare.finishedAt, inputs: bare.inputs, findings: bare.findings, summary: bare.summary,
      part: try Part(members: object))
    schemaVersion = bare.schemaVersion
    application = bare.application
    deployment = bare.deployment
    tool = bare.tool
  }
}
