import CryptoDigests
import JSONValues
public import Redaction
public import StepResults
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

/// A record without what is secret in it.
public struct RedactedRecord<Part: StepPart>: Sendable {
  /// Its JSON text, with a line end: what is written and printed.
  public var document: [UInt8]
  /// What the text says.
  public let record: Record<Part>

  /// The text as a tree.
  public var tree: JSONValue { get throws { try JSONValue(parsing: document) } }
}

/// Where the steps of one environment leave and find their records.
public struct RecordStore: Sendable {
  /// The folder, such as `.backstop/prod`.
  public let root: String
  /// The name of this run.
  public let run: String
  private let files: any FileSystem
  private let redactor: Redactor
  /// Who holds it has written the records; nil where they are believed without.
  private let key: StoreKey?

  /// The records under `root`.
  public init(
    root: String, run: String, files: any FileSystem, redactor: Redactor, key: StoreKey? = nil
  ) {
    self.root = root
    self.run = run
    self.key = key
    self.files = files
    self.redactor = redactor
  }

  /// `value` as a JSON tree in which every string has been redacted.
  public func redactedTree(_ value: some Encodable) throws -> JSONValue {
    try JSONValue(parsing: text(value).bytes)
  }

  /// `record` redacted: the only form in which it leaves a step.
  public func redacted<Part>(_ record: Record<Part>) throws -> RedactedRecord<Part> {
    let (bytes, hasReplaced) = try text(record)
    // Mostly there is nothing to take out, and the record is what the text says.
    let shown =
      hasReplaced ? try RecordJSON.value(Record<Part>.self, from: JSONValue(parsing: bytes)) : record
    return RedactedRecord(document: bytes, record: shown)
  }

  private func text(_ value: some Encodable) throws -> (bytes: [UInt8], hasReplaced: Bool) {
    let known = redactor.known
    let expected = (value as? any DirectText)?.expectedLength ?? 0
    return try JSONText.document(expected: expected, pretty: true) {
      known.replacement(for: $0)
    } write: { json in
      try RecordJSON.write(value, to: &json)
      json.endLine()
    }
  }

  /// Writes `<root>/runs/<run>/<step>.json`, never over an earlier record of the run, and then the same document as
  /// `<root>/<step>.json`. Returns the path of the former.
  @discardableResult
  public func write<Part>(_ record: Record<Part>) throws -> String {
    try write(redacted(record).document, of: Part.step)
  }

  /// Writes a record of `step` that has been redacted and serialized. The document is written and synced once; both
  /// names are given to it then, so that neither ever shows half of it.
  @discardableResult
  public func write(_ document: [UInt8], of step: Step) throws -> String {
    let folder = "\(root)/runs/\(run)"
    try prepareFolder()
    try files.createFolder(folder, mode: 0o700)
    // Before the record: a run that is killed between leaves nothing that is not believed.
    try writeProof(of: document)
    let temporary = "\(folder)/.\(step.rawValue).partial"
    try files.remove(temporary)
    try files.createExclusively(document, at: temporary, mode: 0o600)
    var path = "\(folder)/\(step.rawValue).json"
    var count = 1
    while try !name(temporary, path, document) {
      count += 1
      path = "\(folder)/\(step.rawValue)-\(count).json"
    }
    try files.replace("\(root)/\(step.rawValue).json", with: temporary)
    return path
  }

  /// Where the proof stands that a holder of the key wrote a document; by its digest, as a record has two names.
  private static func proofPath(_ document: [UInt8], in root: String) -> String {
    "\(root)/proofs/\(Digest.sha256Hex(document)).hmac"
  }

  private func writeProof(of document: [UInt8]) throws(FileError) {
    guard let key else { return }
    try files.createFolder("\(root)/proofs", mode: 0o700)
    let code = key.authenticationCode(of: document, as: .record) + "\n"
    try files.writeAtomically(
      Array(code.utf8), to: RecordStore.proofPath(document, in: root), mode: 0o600)
  }

  /// Whether a record is known to be by a holder of the key, or no key is asked for.
  /// - Parameter folder: the records folder that it stands in, if not this one.
  public func isProved(_ document: [UInt8], in folder: String? = nil) -> Bool {
    guard let key else { return true }
    let path = RecordStore.proofPath(document, in: folder ?? root)
    return (try? files.readText(path)) == key.authenticationCode(of: document, as: .record) + "\n"
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
