import StepResults

/// Records and restore points that a change brings along: what they say would decide what is let through and what is put
/// back, and whoever writes the change writes them.
enum RecordsInChange {
  private static let names = Set(
    Step.allCases.map { "\($0.rawValue).json" } + ["environment.lock", "incident.json", "latest"])

  /// Whether a path is where records stand, or is itself in the place of a folder of them.
  static func isOne(_ path: String) -> Bool {
    let parts = path.split(separator: "/").map(String.init)
    guard let start = parts.firstIndex(of: ".backstop") else { return false }
    let inside = parts[(start + 1)...]
    guard let name = inside.last else { return true }
    return names.contains(name) || name.hasPrefix("journal-") || inside.contains("restore-points")
      || inside.contains("runs")
  }

  /// Whether a path is in a folder of records, or stands in place of one.
  static func isBelow(_ path: String) -> Bool { path.split(separator: "/").contains(".backstop") }

  /// Links and submodules are found wherever they stand in place of a records folder.
  static func findings(_ files: [ChangedFile]) -> [Finding] {
    files.filter { $0.new != nil || $0.isLink }.filter { isOne($0.path) || isLinkedFolder($0) }.map { file in
      Finding(
        "records-in-change", .error,
        "this change brings a record or a restore point along, and those say what is let through and what is put back",
        path: file.path, subject: "record")
    }
  }

  private static func isLinkedFolder(_ file: ChangedFile) -> Bool {
    file.isLink && isBelow(file.path)
  }
}
