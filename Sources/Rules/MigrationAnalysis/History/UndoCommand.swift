/// The calls by which a tool's own undo takes migrations back, from a command of the policy.
public struct UndoCommand: Hashable, Sendable {
  /// The tool.
  public var tool: MigrationTool
  /// The migrations that it takes back, newest first.
  public var paths: [String]
  /// One call each: the program and its arguments.
  public var calls: [[String]]

  /// Fills `words` in for `entries`, all of one tool and newest first.
  ///
  /// `{version}` and `{migration}` make a call for each migration, `{app}` one for each app, `{to}` and `{count}` one for all;
  /// words without any of them take back one migration a call.
  public init(_ words: [String], tool: MigrationTool, _ entries: [HistoryJudgement.Entry]) {
    self.tool = tool
    paths = entries.map(\.migration.file.path)
    func uses(_ names: String...) -> Bool {
      names.contains { name in words.contains { $0.contains("{\(name)}") } }
    }
    func call(_ group: [HistoryJudgement.Entry]) -> [String] {
      guard let newest = group.first, let oldest = group.last else { return words }
      let values = [
        "to": UndoCommand.target(oldest, tool), "count": "\(group.count)",
        "app": UndoCommand.app(newest.migration.file.path),
        "version": UndoCommand.version(newest.migration, tool), "migration": newest.migration.stem,
      ]
      return words.map { word in
        values.reduce(word) { $0.replacing("{\($1.key)}", with: $1.value) }
      }
    }
    if uses("app"), !uses("version", "migration") {
      var apps: [String: [HistoryJudgement.Entry]] = [:]
      var order: [String] = []
      for entry in entries {
        let app = UndoCommand.app(entry.migration.file.path)
        if apps[app] == nil { order.append(app) }
        apps[app, default: []].append(entry)
      }
      calls = order.map { call(apps[$0] ?? []) }
    } else if uses("to", "count"), !uses("version", "migration") {
      calls = [call(entries)]
    } else {
      calls = entries.map { call([$0]) }
    }
  }

  /// The folder above `migrations`.
  private static func app(_ path: String) -> String {
    path.split(separator: "/").dropLast(2).last.map(String.init) ?? ""
  }

  /// How the tool calls a migration.
  private static func version(_ migration: HistoryMigration, _ tool: MigrationTool) -> String {
    guard let layout = HistoryLayout.all.first(where: { $0.tools.contains(tool) }),
      let key = migration.keys(in: layout).first
    else { return migration.stem }
    return tool == .django ? key[1] : key[0]
  }

  /// The migration that is the newest by then, or the tool's own word for none.
  private static func target(_ oldest: HistoryJudgement.Entry, _ tool: MigrationTool) -> String {
    let none: [MigrationTool: String] = [.alembic: "base", .django: "zero", .sqitch: "@ROOT"]
    if tool == .alembic { return AlembicRevision(oldest.migration.text)?.down ?? "base" }
    return oldest.earlier.last.map { version($0, tool) } ?? none[tool] ?? "0"
  }
}
