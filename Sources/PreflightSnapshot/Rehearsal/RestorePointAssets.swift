import AWSClients
import ChangeAnalysis
import Records

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

  /// What has gone, in words, by stack; a stack with nothing missing has no entry. What AWS does not let us look at is
  /// not called missing.
  public static func missing(
    _ stacks: [Recorded], clients: StackClients
  ) async throws -> [String: [String]] {
    let readings = stacks.map { stack in
      var reading = StackReading(
        state: stack.state, status: StackStatus(rawValue: stack.state.status), files: [:],
        template: String(decoding: stack.original, as: UTF8.self))
      if let name = stack.state.processedTemplateFile { reading.files[name] = stack.processed }
      reading.takeFacts()
      return reading
    }
    let states = try await AssetCheck(clients: clients).states(of: readings)
    var missing: [String: [String]] = [:]
    for reading in readings {
      let gone = RehearsalRound.missing(reading, states)
      if !gone.isEmpty { missing[reading.state.name] = gone }
    }
    return missing
  }
}
