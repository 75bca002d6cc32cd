/// A file operation that failed: what was tried, on which path, what the system answered.
public struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The operation in words, such as `read` or `create folder`.
  public let operation: String
  /// The path as it was given.
  public let path: String
  /// The `errno` value.
  public let code: Int32
  /// What the system's words for `code` would not say; nil where they do.
  private let words: String?

  /// An error of `operation` on `path` with the `errno` value `code`; `reason` where the system's words would mislead.
  public init(operation: String, path: String, code: Int32, reason: String? = nil) {
    self.operation = operation
    self.path = path
    self.code = code
    words = reason
  }

  /// Why, in words: `No such file or directory`, `it is a symbolic link, which is not followed`.
  public var reason: String { words ?? SystemError.message(code) }

  /// Whether the path does not exist.
  public var isNotFound: Bool { code == 2 || code == 20 }
  /// Whether something stands there already.
  public var alreadyExists: Bool { code == 17 }
  /// Whether what stands there is no file, or more than is read: a folder, a link, a device, a pipe.
  public var isOfAnotherType: Bool { [6, 21, 22, 27, 40].contains(code) }
  /// Whether it can be read and must not be believed.
  public var isDistrust: Bool { operation == FileError.believing }
  /// The operation of an error that says why a file is not believed.
  public static let believing = "believe"

  public var description: String { "cannot \(operation) \(path): \(reason)" }
}

/// What stands at a path.
public struct FileStatus: Hashable, Sendable {
  /// The kinds that steps tell apart.
  public enum Kind: Hashable, Sendable { case file, folder, symbolicLink, other }
  /// What it is; a symbolic link is not followed.
  public var kind: Kind
  /// Bytes.
  public var size: Int64
  /// Permission bits, such as 0o600.
  public var mode: UInt32
  /// The user it belongs to; nil where the file system knows none.
  public var owner: UInt32?

  /// What a file system of one's own answers.
  public init(kind: Kind, size: Int64, mode: UInt32, owner: UInt32? = nil) {
    self.kind = kind
    self.size = size
    self.mode = mode
    self.owner = owner
  }
}

/// How far a file may go that is read.
public struct FileReading: Hashable, Sendable {
  /// Whether a symbolic link at the path is followed. What somebody else may have put there, such as a file of a
  /// checkout, must not lead elsewhere.
  public var followsLinks: Bool
  /// The most bytes that are read; a larger file is an error.
  public var limit: Int

  /// For what this machine's owner names: 256 MiB at most.
  public init(followsLinks: Bool = true, limit: Int = 256 << 20) {
    self.followsLinks = followsLinks
    self.limit = limit
  }

  /// For files of a checkout: no link, 16 MiB at most.
  public static let ofCheckout = FileReading(followsLinks: false, limit: 16 << 20)
}

/// The files that a step reads and leaves. Tests hand in one that fails on demand.
public protocol FileSystem: Sendable {
  /// The bytes of the file at `path`, as the defaults of `FileReading` have it.
  func read(_ path: String) throws(FileError) -> [UInt8]
  /// The bytes of the file at `path`: of a regular file alone, and no more than allowed.
  func read(_ path: String, _ reading: FileReading) throws(FileError) -> [UInt8]
  /// Why what stands at `path` must not be believed; nil where nothing speaks against it.
  func distrust(of path: String) -> String?
  /// Replaces the file at `path` so that readers see the old or the new content, whole: write, sync, rename, sync.
  func writeAtomically(_ bytes: [UInt8], to path: String, mode: UInt32) throws(FileError)
  /// Creates a file that must not exist yet, synced; fails with EEXIST (17) where it does.
  func createExclusively(_ bytes: [UInt8], at path: String, mode: UInt32) throws(FileError)
  /// Appends and syncs; creates the file where it is missing.
  func append(_ bytes: [UInt8], to path: String, mode: UInt32) throws(FileError)
  /// Creates the folder and its missing parents; an existing folder is no error.
  func createFolder(_ path: String, mode: UInt32) throws(FileError)
  /// The names in a folder, sorted.
  func names(in path: String) throws(FileError) -> [String]
  /// What stands at `path`, or nil where nothing does.
  func status(of path: String) throws(FileError) -> FileStatus?
  /// Moves `source` to `destination`, in one step.
  func rename(_ source: String, to destination: String) throws(FileError)
  /// Gives the file `existing` a second name; fails with EEXIST (17) where that is taken.
  func link(_ existing: String, to path: String) throws(FileError)
  /// Moves `source` to `destination`, in one step, without waiting for the folder to reach the disk: after a power cut
  /// the older content may stand there, whole.
  func replace(_ destination: String, with source: String) throws(FileError)
  /// Removes a file, a link, or a folder with all that is in it; nothing there is no error.
  func remove(_ path: String) throws(FileError)
  /// `path` with symbolic links and `.` and `..` resolved.
  func realPath(_ path: String) throws(FileError) -> String
}

extension FileSystem {
  /// The file at `path` as text; bytes that are no UTF-8 become U+FFFD.
  public func readText(_ path: String) throws(FileError) -> String {
    String(decoding: try read(path), as: UTF8.self)
  }
  /// As `read`, with the size looked at afterwards.
  public func read(_ path: String, _ reading: FileReading) throws(FileError) -> [UInt8] {
    if !reading.followsLinks, try status(of: path)?.kind == .symbolicLink {
      throw .link(path)
    }
    let bytes = try read(path)
    guard bytes.count <= reading.limit else { throw .tooLarge(path, reading.limit) }
    return bytes
  }
  /// Nothing speaks against it.
  public func distrust(of path: String) -> String? { nil }
  /// No second names: fails with EOPNOTSUPP (95).
  public func link(_ existing: String, to path: String) throws(FileError) {
    throw FileError(operation: "link", path: path, code: 95)
  }
  /// As `rename`.
  public func replace(_ destination: String, with source: String) throws(FileError) {
    try rename(source, to: destination)
  }
  /// Whether anything stands at `path`.
  public func exists(_ path: String) -> Bool { (try? status(of: path)) != nil }
}

extension FileError {
  /// A link stands at `path`.
  static func link(_ path: String) -> FileError {
    FileError(operation: "read", path: path, code: 40, reason: "it is a symbolic link, which is not followed")
  }
  /// More than `limit` bytes stand at `path`.
  static func tooLarge(_ path: String, _ limit: Int) -> FileError {
    let most = limit >= 1 << 20 ? "\(limit >> 20) MiB" : "\(limit) bytes"
    return FileError(
      operation: "read", path: path, code: 27, reason: "it is larger than \(most), the most that is read")
  }
  /// Something that is no file stands at `path`.
  static func noFile(_ path: String, _ what: String) -> FileError {
    FileError(operation: "read", path: path, code: 22, reason: "it is \(what), not a regular file")
  }
}
