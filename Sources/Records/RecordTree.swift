import JSONValues

/// A part that writes and reads its JSON tree by itself. Worth it where a part holds thousands of entries: the general
/// encoder takes longer than the step's own work then.
public protocol TreeCodable {
  /// The members that stand beside the envelope, in order.
  func members() -> [JSONObject.Member]
  /// Reads the members again; throws what `RecordJSON.explanation` understands.
  init(members: JSONObject) throws
}

/// The envelope of a record without the step's part.
struct BarePart<Base: StepPart>: StepPart {
  typealias Summary = Base.Summary
  static var step: Step { Base.step }
}

/// A record whose part is `TreeCodable`.
protocol DirectTree {
  func directTree() throws -> JSONValue
  init(directTree: JSONValue) throws
}

extension Record: DirectTree where Part: TreeCodable {
  func directTree() throws -> JSONValue {
    let envelope = Record<BarePart<Part>>(
      environment: environment, commit: commit, verdict: verdict, startedAt: startedAt,
      finishedAt: finishedAt,
      inputs: inputs, findings: findings, summary: summary, part: BarePart())
    guard case .object(let object) = try RecordJSON.tree(envelope) else { return .null }
    return .object(JSONObject(object.members + part.members()))
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
    tool = bare.tool
  }
}
