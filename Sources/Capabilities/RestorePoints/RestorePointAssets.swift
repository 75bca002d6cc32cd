import AWSClients
public import CloudFormationModel
import DeploymentRecords
public import TemplateAnalysis

/// What the templates of a restore point fetch, looked for again when they are to be put back.
public enum RestorePointAssets {
  /// A stack of a restore point with the files that hold its templates.
  public struct Recorded: Sendable {
    let state: StackState, original: [UInt8], processed: [UInt8]?

    /// - Parameter processed: the template as it was processed, where it has transforms.
    public init(_ state: StackState, original: [UInt8], processed: [UInt8]?) {
      self.state = state
      self.original = original
      self.processed = processed
    }
  }

  /// Something that a template fetches and that is not what it was.
  public struct Loss: Hashable, Sendable {
    /// The resource that names it, and its place.
    public var logicalId: String, asset: TemplateAsset
    /// Whether nothing is there any more; else it was written again.
    public var isMissing: Bool

    /// In words.
    public var words: String {
      isMissing
        ? "\(asset), which \(logicalId) names, is not there any more"
        : "\(asset), which \(logicalId) names, was written again since it was recorded"
    }
  }

  /// What is not as recorded, by stack; a stack with nothing lost has no entry. What AWS does not let us look at is not
  /// called lost.
  public static func losses(
    _ stacks: [Recorded], clients: StackClients
  ) async throws -> [String: [Loss]] {
    let readings = stacks.map(reading)
    let states = try await AssetCheck(clients: clients).states(of: readings)
    var losses: [String: [Loss]] = [:]
    for reading in readings {
      for use in reading.facts?.assets ?? [] {
        switch states[use.asset] {
        case .missing:
          losses[reading.state.name, default: []].append(
            Loss(logicalId: use.logicalId, asset: use.asset, isMissing: true))
        case .there(.some(let now)):
          let then = reading.state.assets?.first {
            $0.logicalId == use.logicalId && $0.address == "\(use.asset)"
          }
          guard let then, then.fingerprint != now else { continue }
          losses[reading.state.name, default: []].append(
            Loss(logicalId: use.logicalId, asset: use.asset, isMissing: false))
        case .there, .unknown, nil: break
        }
      }
    }
    return losses
  }

  /// Nested stacks whose template is another by now than recorded, in words, by the stack that they are nested in: a restore
  /// fetches it from where it was, and what lies there may have been written again.
  public static func rewritten(
    _ stacks: [Recorded], clients: StackClients
  ) async throws -> [String: [String]] {
    var rewritten: [String: [String]] = [:]
    for parent in stacks.map(reading) {
      let nested = stacks.filter { $0.state.parentId == parent.state.stackId }
      for use in nested.isEmpty ? [] : parent.facts?.assets ?? [] {
        let id = parent.state.resources.first { $0.logicalId == use.logicalId }?.physicalId
        guard case .object(let bucket, let key, let version) = use.asset, version == nil,
          let child = nested.first(where: { $0.state.stackId == id }),
          let now = try await text(bucket, key, clients[parent.state.name]),
          lines(now) != lines(String(decoding: child.original, as: UTF8.self))
        else { continue }
        rewritten[parent.state.name, default: []].append(
          "the template of its nested stack \(use.logicalId), s3://\(bucket)/\(key), was written again since it was "
            + "recorded: put the restore point's \(child.state.templateFile) there")
      }
    }
    return rewritten
  }

  /// Resources that their template keeps when their stack lets go of them, by stack and logical id.
  public static func kept(_ stacks: [Recorded]) -> [String: [String: KeptResource]] {
    var kept: [String: [String: KeptResource]] = [:]
    for one in stacks.map(reading) {
      if let found = one.facts?.kept, !found.isEmpty { kept[one.state.name] = found }
    }
    return kept
  }

  private static func reading(_ stack: Recorded) -> StackReading {
    var reading = StackReading(
      state: stack.state, status: StackStatus(rawValue: stack.state.status), files: [:],
      template: String(decoding: stack.original, as: UTF8.self))
    if let name = stack.state.processedTemplateFile { reading.files[name] = stack.processed }
    reading.takeFacts()
    return reading
  }

  /// What lies there; nil where nothing does, or we may not look.
  private static func text(_ bucket: String, _ key: String, _ client: AWSClient) async throws -> String? {
    do {
      let found = try await S3Client(client).getObject(bucket: bucket, key: key, maximumBytes: 1 << 20)
      return String(decoding: found.bytes, as: UTF8.self)
    } catch let error as AWSError where error.kind == .notFound || error.kind == .accessDenied {
      return nil
    }
  }

  /// CloudFormation may answer with other ends of lines than were sent.
  private static func lines(_ text: String) -> [Substring] {
    text.split(whereSeparator: \.isNewline)
  }
}
