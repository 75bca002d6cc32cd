import Foundation

/// Public data sets that tests read in place and that are no part of the repository: in `$BACKSTOP_SHARED/data`, or in
/// `shared/data` beside the repository. Tests that need them are skipped where they are absent.
public enum SharedData {
  /// The folder, or nil where there is none.
  public static let root: String? = {
    let repository = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let beside = "/\(repository)/../shared"
    let folders = [ProcessInfo.processInfo.environment["BACKSTOP_SHARED"], beside]
    return folders.compactMap { $0 }.map { "\($0)/data" }.first { FileManager.default.fileExists(atPath: $0) }
  }()

  /// The absolute path of `name`, such as `watch/nab`; nil where there is no data.
  public static func path(_ name: String) -> String? { root.map { "\($0)/\(name)" } }

  /// Whether `name` is there.
  public static func exists(_ name: String) -> Bool {
    path(name).map { FileManager.default.fileExists(atPath: $0) } ?? false
  }

  /// The text of a file; nil where it is absent.
  public static func text(_ name: String) -> String? {
    path(name).flatMap { try? String(contentsOfFile: $0, encoding: .utf8) }
  }

  /// A decoded JSON file; nil where it is absent or of another shape.
  public static func json<Value: Decodable>(_ name: String, _ type: Value.Type) -> Value? {
    text(name).flatMap { try? JSONDecoder().decode(type, from: Data($0.utf8)) }
  }
}
