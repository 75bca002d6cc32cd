import Foundation

/// The public cases that tests read in place.
enum SharedData {
  /// The folder of shared data: `BACKSTOP_SHARED`, else `../shared` beside the repository.
  static let folder: String = {
    if let given = ProcessInfo.processInfo.environment["BACKSTOP_SHARED"] { return given }
    let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return ["../shared", "../../shared"].map {
      repository.appendingPathComponent($0).standardizedFileURL.path
    }
    .first { FileManager.default.fileExists(atPath: $0) } ?? ""
  }()

  /// Whether the cases are there.
  static let isPresent = FileManager.default.fileExists(atPath: folder + "/data/smoke/hurl/tests_ok")

  /// A file below the folder.
  static func bytes(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(path)")))
  }

  /// The Hurl files of one group, by name.
  static func hurlFiles(_ group: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(folder)/data/smoke/hurl/\(group)")
      .filter { $0.hasSuffix(".hurl") }.sorted()
  }
}
