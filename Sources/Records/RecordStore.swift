import CryptoDigests
import JSONValues
import SystemInterfaces

/// A record or restore point that cannot be used: which file, and why.
public struct RecordError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file.
  public let path: String
  /// What is wrong with it.
  public let reason: String
  public var description: String { "\(path): \(reason)" }

  /// An error about `path`.
  public init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }
}

/// Where the steps of one environment leave and find their records.
public struct RecordStore: Sendable {
  /// The folder, such as `.backstop/prod`.
  public let root: String
  /// The name of this run.
  public let run: String
  private let files: any FileSystem
  private let redactor: Redactor

  /// The records under `root`.
  public init(root: String, run: String, files: any FileSystem, redactor: Redactor) {
    self.root = root
    self.run = run
    self.files = files
    self.redactor = redactor
  }

  /// `value` as a JSON tree in which every string has been redacted: the only form that leaves a step.
  public func redactedTree(_ value: some Encodable) throws -> JSONValue {
    let tree = try RecordJSON.tree(value)
    return redacted(tree) ?? tree
  }

  /// `record` redacted, as a tree and as what the tree says.
  public func redacted<Part>(_ record: Record<Part>) throws -> (tree: JSONValue, record: Record<Part>) {
    let tree = try RecordJSON.tree(record)
    guard let redacted = redacted(tree) else { return (tree, record) }
    return (redacted, try RecordJSON.value(Record<Part>.self, from: redacted))
  }

  /// `value` without what is secret in it; nil where nothing is, as mostly.
  private func redacted(_ value: JSONValue) -> JSONValue? {
    switch value {
    case .string(let text): return redactor.replacement(for: text).map { .string($0) }
    case .array(var elements):
      var hasChanged = false
      for position in elements.indices {
        guard let changed = redacted(elements[position]) else { continue }
        elements[position] = changed
        hasChanged = true
      }
      return hasChanged ? .array(elements) : nil
    case .object(let object):
      var members = object.members
      var hasChanged = false
      for position in members.indices {
        let name = redactor.replacement(for: members[position].name)
        let value = redacted(members[position].value)
        guard name != nil || value != nil else { continue }
        members[position] = JSONObject.Member(
          name ?? members[position].name, value ?? members[position].value)
        hasChanged = true
      }
      return hasChanged ? .object(JSONObject(members)) : nil
    default: return nil
    }
  }

  /// Writes `<root>/runs/<run>/<step>.json`, never over an earlier record of the run, and then the same document as
  /// `<root>/<step>.json`. Returns the path of the former.
  @discardableResult
  public func write<Part>(_ record: Record<Part>) throws -> String {
    try write(redactedTree(record).serialized(pretty: true) + "\n", of: Part.step)
  }

  /// Writes a record of `step` that has been redacted and serialized. The document is written and synced once; both
  /// names are given to it then, so that neither ever shows half of it.
  @discardableResult
  public func write(_ document: String, of step: Step) throws -> String {
    let folder = "\(root)/runs/\(run)"
    try prepareFolder()
    try files.createFolder(folder, mode: 0o700)
    let bytes = Array(document.utf8)
    let temporary = "\(folder)/.\(step.rawValue).partial"
    try files.remove(temporary)
    try files.createExclusively(bytes, at: temporary, mode: 0o600)
    var path = "\(folder)/\(step.rawValue).json"
    var count = 1
    while try !name(temporary, path, bytes) {
      count += 1
      path = "\(folder)/\(step.rawValue)-\(count).json"
    }
    try files.replace("\(root)/\(step.rawValue).json", with: temporary)
    return path
  }

  /// Gives a file a second name, or says false where that name is taken. Where the file system knows no second names
  /// the content is written again.
  private func name(_ existing: String, _ path: String, _ bytes: [UInt8]) throws(FileError) -> Bool {
    do throws(FileError) {
      try files.link(existing, to: path)
      return true
    } catch {
      if error.alreadyExists { return false }
      return try create(bytes, at: path)
    }
  }

  /// Makes the folder, and keeps it out of commits where it stands inside a work tree.
  public func prepareFolder() throws(FileError) {
    try files.createFolder(root, mode: 0o700)
    _ = try create(Array("*\n".utf8), at: "\(root)/.gitignore")
  }

  /// Creates a file, or says false where one stands there already.
  private func create(_ bytes: [UInt8], at path: String) throws(FileError) -> Bool {
    do throws(FileError) {
      try files.createExclusively(bytes, at: path, mode: 0o600)
      return true
    } catch {
      if error.alreadyExists { return false }
      throw error
    }
  }

  /// The latest record of a step, or nil where there is none.
  public func latest<Part>(_ part: Part.Type) throws -> Record<Part>? {
    let path = "\(root)/\(Part.step.rawValue).json"
    guard try files.status(of: path) != nil else { return nil }
    return try read(part, at: path)
  }

  /// The record at `path`.
  public func read<Part>(_ part: Part.Type, at path: String) throws -> Record<Part> {
    let bytes = try files.read(path)
    do {
      return try RecordJSON.value(Record<Part>.self, from: JSONValue(parsing: bytes))
    } catch {
      throw RecordError(path: path, reason: RecordJSON.explanation(error))
    }
  }

  /// A file as an input of a record.
  public func input(_ path: String) throws(FileError) -> RecordInput {
    RecordInput(path: path, sha256: Digest.sha256Hex(try files.read(path)))
  }
}
