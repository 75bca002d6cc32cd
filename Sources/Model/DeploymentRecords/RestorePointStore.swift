import CryptoDigests
import JSONValues
import SystemInterfaces

/// The restore points of one environment: `<records>/restore-points/<id>/`, never changed once complete.
///
/// A restore point is complete when its manifest stands: the folder is built under another name and renamed.
public struct RestorePointStore: Sendable {
  /// `<records>/restore-points`.
  public let root: String
  private let files: any FileSystem
  static let manifest = "restore-point.json"

  /// The restore points under the records folder `records`.
  public init(records: String, files: any FileSystem) {
    root = "\(records)/restore-points"
    self.files = files
  }

  /// The folder of restore point `id`.
  public func folder(_ id: String) -> String { "\(root)/\(id)" }

  /// Writes a complete restore point; `contents` are its other files by name. Unlike a record it is not redacted,
  /// for it must be put back as it was: it stays in a folder that nobody else can read.
  public func write(_ point: RestorePoint, contents: [String: [UInt8]]) throws {
    var point = point
    point.files = contents.sorted { $0.key < $1.key }.map {
      RecordInput(path: $0.key, sha256: Digest.sha256Hex($0.value))
    }
    let partial = "\(root)/.\(point.id).partial"
    try files.remove(partial)
    try files.createFolder(partial, mode: 0o700)
    for (name, bytes) in contents.sorted(by: { $0.key < $1.key }) {
      if let slash = name.lastIndex(of: "/") {
        try files.createFolder("\(partial)/\(name[..<slash])", mode: 0o700)
      }
      try files.createExclusively(bytes, at: "\(partial)/\(name)", mode: 0o600)
    }
    guard case .object(let tree) = try RecordJSON.tree(point) else {
      throw RecordError(
        path: folder(point.id), reason: "the restore point is no JSON object, and was not written")
    }
    let stamped = JSONValue.object(RestorePointFormat.stamped(tree))
    let manifest = Array((stamped.serialized(pretty: true) + "\n").utf8)
    try files.createExclusively(manifest, at: "\(partial)/\(Self.manifest)", mode: 0o600)
    guard try files.status(of: folder(point.id)) == nil else {
      throw RecordError(
        path: folder(point.id), reason: "a restore point of this id exists and is never changed")
    }
    try files.rename(partial, to: folder(point.id))
  }

  /// Names `id` as the newest good restore point.
  public func markLatest(_ id: String) throws(FileError) {
    try files.writeAtomically(Array("\(id)\n".utf8), to: "\(root)/latest", mode: 0o600)
  }

  /// The id that `latest` names, or nil where there is none.
  public func latestId() throws(FileError) -> String? {
    guard try files.status(of: "\(root)/latest") != nil else { return nil }
    let text = try files.readText("\(root)/latest")
    let id = text.prefix { !$0.isNewline }
    return id.isEmpty ? nil : String(id)
  }

  /// All complete restore points, oldest first.
  public func ids() throws(FileError) -> [String] {
    guard try files.status(of: root) != nil else { return [] }
    return try files.names(in: root).filter {
      !$0.hasPrefix(".") && $0 != "latest" && files.exists("\(root)/\($0)/\(Self.manifest)")
    }
  }

  /// Reads a restore point and proves that every file of it is as it was written.
  public func read(_ id: String) throws -> RestorePoint {
    guard !id.isEmpty, !id.hasPrefix("."), !id.contains("/") else {
      throw RecordError(path: id, reason: "not the id of a restore point")
    }
    return try read(id, in: folder(id))
  }

  private func read(_ id: String, in folder: String) throws -> RestorePoint {
    let path = "\(folder)/\(Self.manifest)"
    let bytes = try files.read(path)
    let point: RestorePoint
    do {
      let tree = try RestorePointFormat.upgraded(JSONValue(parsing: bytes), path: path)
      point = try RecordJSON.value(RestorePoint.self, from: tree)
    } catch let error as RecordError {
      throw error
    } catch {
      throw RecordError(path: path, reason: RecordJSON.explanation(error))
    }
    guard point.id == id else { throw RecordError(path: path, reason: "holds the id \(point.id), not \(id)") }
    for file in point.files {
      let digest = Digest.sha256Hex(try files.read("\(folder)/\(file.path)"))
      guard digest == file.sha256 else {
        throw RecordError(
          path: "\(folder)/\(file.path)", reason: "was altered or truncated since it was written")
      }
    }
    return point
  }

  /// All files of a restore point by path, the manifest among them.
  public func allFiles(of id: String) throws -> [String: [UInt8]] {
    let point = try read(id)
    var found = [Self.manifest: try files.read("\(folder(id))/\(Self.manifest)")]
    for file in point.files { found[file.path] = try contents(of: file.path, in: id) }
    return found
  }

  /// Takes in a restore point that was made elsewhere, once it is proved; one that is here already must be the same.
  /// - Throws: `RecordError` where it is altered, or of another environment.
  public func adopt(_ id: String, _ contents: [String: [UInt8]], environment: String) throws {
    if try files.status(of: folder(id)) != nil {
      guard try files.read("\(folder(id))/\(Self.manifest)") == contents[Self.manifest] else {
        throw RecordError(path: folder(id), reason: "is not the restore point of that id in the store")
      }
      return
    }
    let partial = "\(root)/.\(id).partial"
    try files.remove(partial)
    try files.createFolder(partial, mode: 0o700)
    for (name, bytes) in contents {
      if let slash = name.lastIndex(of: "/") {
        try files.createFolder("\(partial)/\(name[..<slash])", mode: 0o700)
      }
      try files.createExclusively(bytes, at: "\(partial)/\(name)", mode: 0o600)
    }
    do {
      let point = try read(id, in: partial)
      guard point.environment == environment else {
        throw RecordError(
          path: id, reason: "is a restore point of \(point.environment), not of \(environment)")
      }
    } catch {
      try files.remove(partial)
      throw error
    }
    try files.rename(partial, to: folder(id))
  }

  /// The bytes of the file `name` of a restore point.
  public func contents(of name: String, in id: String) throws(FileError) -> [UInt8] {
    try files.read("\(folder(id))/\(name)")
  }
}
