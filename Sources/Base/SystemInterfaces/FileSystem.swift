/// A file operation that failed: what was tried, on which path, what the system answered.
public struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The operation in words, such as `read` or `create folder`.
  public let operation: String
  /// The path as it was given.
  public let path: String
  /// The `errno` value.
  public let code: Int32

  /// An error of `operation` on `path` with the `errno` value `code`.
  public init(operation: String, path: String, code: Int32) {
    self.operation = operation
    self.path = path
    self.code = code
  }

  /// Whether the path does not exist.
  public var isNotFound: Bool { code == 2 || code == 20 }
  /// Whether something stands there already.
  public var alreadyExists: Bool { code == 17 }

  public var description: String { "cannot \(operation) \(path): \(SystemError.message(code))" }
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

  /// What a file system of one's own answers.
  public init(kind: Kind, size: Int64, mode: UInt32) {
    self.kind = kind
    self.size = size
    self.mode = mode
  }
}

/// The files that a step reads and leaves. Tests hand in one that fails on demand.
public protocol FileSystem: Sendable {
  /// The bytes of the file at `path`.
  func read(_ path: String) throws(FileError) -> [UInt8]
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
