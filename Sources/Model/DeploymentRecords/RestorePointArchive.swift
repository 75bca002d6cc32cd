import CryptoDigests
import JSONValues

/// Restore points in one piece of bytes, to be carried to another machine: a line that names the format, a line of
/// JSON with the list of files, then their bytes one after the other.
public struct RestorePointArchive: Hashable, Sendable {
  /// Files of each restore point by path, the manifest among them; by id.
  public var points: [String: [String: [UInt8]]]
  /// The newest good one.
  public var latest: String?

  /// Restore points as given.
  public init(points: [String: [String: [UInt8]]], latest: String?) {
    self.points = points
    self.latest = latest
  }

  private static let name = "BACKSTOP-RESTORE-POINTS"
  static let formatVersion = 1

  /// The bytes to carry.
  public var bytes: [UInt8] {
    var entries: [JSONValue] = []
    var content: [UInt8] = []
    for (id, files) in points.sorted(by: { $0.key < $1.key }) {
      for (path, bytes) in files.sorted(by: { $0.key < $1.key }) {
        entries.append([
          "id": .string(id), "path": .string(path), "size": .number(JSONNumber(bytes.count)),
          "sha256": .string(Digest.sha256Hex(bytes)),
        ])
        content += bytes
      }
    }
    let list: JSONValue = ["latest": latest.map { .string($0) } ?? .null, "files": .array(entries)]
    return Array(
      "\(RestorePointArchive.name) \(RestorePointArchive.formatVersion)\n\(list.serialized())\n".utf8)
      + content
  }

  /// Reads what `bytes` wrote.
  /// - Throws: `RecordError` about `path`, with the reason.
  public init(parsing bytes: [UInt8], path: String) throws(RecordError) {
    func refuse(_ reason: String) -> RecordError { RecordError(path: path, reason: reason) }
    let prefix = Array("\(RestorePointArchive.name) ".utf8)
    guard bytes.starts(with: prefix), let first = bytes.firstIndex(of: 0x0A),
      let version = Int(String(decoding: bytes[prefix.count..<first], as: UTF8.self))
    else { throw refuse("is no archive of restore points") }
    guard version == RestorePointArchive.formatVersion else {
      throw refuse(
        "has the format version \(version), and this program reads \(RestorePointArchive.formatVersion): "
          + "use the version that wrote it")
    }
    guard let second = bytes[(first + 1)...].firstIndex(of: 0x0A),
      let list = try? JSONValue(parsing: Array(bytes[(first + 1)..<second]))
    else { throw refuse("is cut off") }
    var found: [String: [String: [UInt8]]] = [:]
    var start = second + 1
    for entry in list["files"]?.array ?? [] {
      guard let id = entry["id"]?.string, let name = entry["path"]?.string, let size = entry["size"]?.int,
        RestorePointArchive.isInside(id), !id.contains("/"), RestorePointArchive.isInside(name), size >= 0
      else { throw refuse("its list of files is damaged") }
      guard size <= bytes.count - start else { throw refuse("is cut off in \(id)/\(name)") }
      let content = Array(bytes[start..<start + size])
      guard Digest.sha256Hex(content) == entry["sha256"]?.string else {
        throw refuse("\(id)/\(name) was altered since it was written")
      }
      found[id, default: [:]][name] = content
      start += size
    }
    guard start == bytes.count else { throw refuse("holds more than its list names") }
    self.init(points: found, latest: list["latest"]?.string)
  }

  /// Whether a path stays inside the folder that it is put into.
  private static func isInside(_ path: String) -> Bool {
    !path.isEmpty
      && path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
        !$0.isEmpty && !$0.hasPrefix(".") && !$0.contains("\0")
      }
  }
}
