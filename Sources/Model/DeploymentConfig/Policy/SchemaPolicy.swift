import YAMLDocuments

/// `auto-revert.schema` of the policy file: how the schema is rolled back.
public struct SchemaPolicy: Hashable, Sendable {
  /// Where it stands which migrations are applied.
  public enum History: String, Hashable, Sendable, CaseIterable {
    /// In the table of the migration tool.
    case read
    /// Nowhere: scripts are run by hand.
    case none
  }
  /// `lock-timeout`: for how long a statement may wait for a lock. Everyone who comes after it waits as well.
  public var lockTimeout: Duration = .seconds(3)
  /// `statement-timeout`: for how long a statement may run.
  public var statementTimeout: Duration = .seconds(300)
  /// `tries`: how often the scripts are begun where locks are held.
  public var tries = 5
  /// `pause`: between two of them.
  public var pause: Duration = .seconds(5)
  /// `history`: where it stands which migrations are applied.
  public var history = History.read
  /// `flyway-undo-rows`: whether an undo is written as a row of its own, as Flyway's editions with `undo` do. Without it that
  /// is done where such rows are in the table already.
  public var writesFlywayUndoRows = false
  /// `undo`: by tool, the program and its arguments that take its migrations back.
  public var undo: [String: Command] = [:]

  /// A program of `undo`.
  public struct Command: Hashable, Sendable {
    /// The program and its arguments.
    public var words: [String]
    /// Where it stands in the policy file.
    public var line: Int
  }

  /// The defaults.
  public init() {}

  init(_ section: PolicyReader) throws(ConfigError) {
    var section = section
    if let value = try section.duration("lock-timeout") { lockTimeout = value }
    if let value = try section.duration("statement-timeout") { statementTimeout = value }
    if let value = try section.int("tries", in: 1...100) { tries = value }
    if let value = try section.duration("pause") { pause = value }
    if let value = try section.word("history", History.self) { history = value }
    if let value = try section.bool("flyway-undo-rows") { writesFlywayUndoRows = value }
    if let node = section.take("undo") {
      guard let mapping = node.mapping else {
        throw section.error("undo", node, "a mapping from tool to its program and arguments")
      }
      for member in mapping.members {
        let words = (member.value.sequence ?? []).map { $0.scalar?.text ?? "" }
        guard let program = words.first, !program.isEmpty, !words.contains("") else {
          throw section.error(
            "undo.\(member.name)", member.value,
            "a list of the program and its arguments, such as [alembic, downgrade, \"{to}\"]")
        }
        undo[member.name] = Command(words: words, line: member.line)
      }
    }
    for (name, value) in [("lock-timeout", lockTimeout), ("statement-timeout", statementTimeout)]
    where value <= .zero {
      throw section.problem("\(name): no time at all is no limit: expected a duration such as 3s")
    }
    try section.finish()
  }
}
