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
  /// Hears which file cannot be used, and why, where the store goes on without it.
  public typealias OnDamage = @Sendable (_ path: String, _ why: String) -> Void
  private let onDamage: OnDamage
  /// Which application's `latest` is asked for; nil for any.
  private let application: String?
  /// Who holds it has written the restore points; nil where they are believed without.
  private let key: StoreKey?
  /// The code that proves so, beside the manifest.
  static let proof = "restore-point.hmac"
  static let manifest = "restore-point.json"

  /// The restore points under the records folder `records`.
  public init(
    records: String, files: any FileSystem, application: String? = nil, key: StoreKey? = nil,
    onDamage: @escaping OnDamage = { _, _ in }
  ) {
    root = "\(records)/restore-points"
    self.files = files
    self.application = application
    self.key = key
    self.onDamage = onDamage
  }

  /// Leaves the proof that a holder of the key wrote the manifest.
  private func writeProof(of manifest: [UInt8], in folder: String) throws(FileError) {
    guard let key else { return }
    let code = Array((key.authenticationCode(of: manifest, as: .restorePoint) + "\n").utf8)
    try files.writeAtomically(code, to: "\(folder)/\(Self.proof)", mode: 0o600)
  }

  /// Why a manifest is not known to be by a holder of the key; nil where it is, or where no key is asked for.
  private func unproved(_ manifest: [UInt8], in folder: String) -> String? {
    guard let key else { return nil }
    guard let code = try? files.readText("\(folder)/\(Self.proof)") else {
      return
        "it was written without BACKSTOP_STORE_KEY, which is set now, so that nothing proves who wrote it"
    }
    return code == key.authenticationCode(of: manifest, as: .restorePoint) + "\n"
      ? nil : "it was altered, or written with another key than BACKSTOP_STORE_KEY holds"
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
    try writeProof(of: manifest, in: partial)
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

  /// The id that `latest` names, or nil where there is none. Where what stands there cannot be used, or is another
  /// application's, which keeps its restore points in the same folder, the newest there is of this one.
  public func latestId() throws(FileError) -> String? {
    let path = "\(root)/latest"
    guard try files.status(of: path) != nil else { return nil }
    let why: String
    do throws(FileError) {
      let id = String(try files.readText(path).prefix { !$0.isNewline })
      if Self.isId(id) { return isOwn(id) ? id : try ids().last(where: isOwn) }
      why = id.isEmpty ? "it is empty" : "it names no restore point"
    } catch { why = error.reason }
    let newest = try ids().last(where: isOwn)
    onDamage(
      path, "\(why); \(newest.map { "the newest restore point here is \($0)" } ?? "there is none here")")
    return newest
  }

  /// What cannot be read is told of where it is used.
  private func isOwn(_ id: String) -> Bool {
    guard let application, let other = (try? read(id))?.application else { return true }
    return other == application
  }

  private static func isId(_ text: String) -> Bool {
    !text.isEmpty && !text.hasPrefix(".") && !text.contains("/") && !text.contains("\u{FFFD}")
  }

  /// All complete restore points that may be believed, oldest first.
  public func ids() throws(FileError) -> [String] {
    switch try files.status(of: root)?.kind {
    case nil: return []
    case .folder: break
    default:
      onDamage(root, "it is no folder")
      return []
    }
    return try files.names(in: root).filter { id in
      guard !id.hasPrefix("."), id != "latest", !id.contains(".damaged") else { return false }
      guard files.exists("\(folder(id))/\(Self.manifest)") else {
        onDamage(folder(id), "it holds no \(Self.manifest)")
        return false
      }
      guard files.distrust(of: folder(id)) == nil,
        files.distrust(of: "\(folder(id))/\(Self.manifest)") == nil
      else { return false }
      // One that cannot be read is told of where it is used.
      guard key != nil, let manifest = try? files.read("\(folder(id))/\(Self.manifest)"),
        let why = unproved(manifest, in: folder(id))
      else { return true }
      onDamage(folder(id), why)
      return false
    }
  }

  /// Reads a restore point and proves that every file of it is as it was written.
  public func read(_ id: String) throws -> RestorePoint {
    guard Self.isId(id) else {
      throw RecordError(path: id, reason: "not the id of a restore point")
    }
    return try read(id, in: folder(id))
  }

  private func read(_ id: String, in folder: String) throws -> RestorePoint {
    let path = "\(folder)/\(Self.manifest)"
    let bytes = try files.read(path)
    if let why = unproved(bytes, in: folder) { throw RecordError(path: folder, reason: why) }
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
      // What the store's seal proves is proved here, too.
      return try writeProof(of: contents[Self.manifest] ?? [], in: folder(id))
    }
    let partial = "\(root)/.\(id).partial"
    try files.remove(partial)
    try files.createFolder(partial, mode: 0o700)
    try writeProof(of: contents[Self.manifest] ?? [], in: partial)
    for (name, bytes) in contents where name != Self.proof {
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
