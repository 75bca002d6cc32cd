import SystemInterfaces

/// Files of which those in the guarded folders are read only where this user alone can have written them, and written only
/// where no link leads elsewhere.
struct GuardedFiles: FileSystem {
  let base: any FileSystem
  let trust: FileTrust

  func read(_ path: String) throws(FileError) -> [UInt8] { try read(path, FileReading()) }

  func read(_ path: String, _ reading: FileReading) throws(FileError) -> [UInt8] {
    guard trust.root(of: path) != nil else { return try base.read(path, reading) }
    if let reason = trust.distrust(of: path) {
      throw FileError(operation: FileError.believing, path: path, code: 1, reason: reason)
    }
    return try base.read(path, FileReading(followsLinks: false, limit: reading.limit))
  }

  func distrust(of path: String) -> String? { trust.distrust(of: path) ?? base.distrust(of: path) }

  func writeAtomically(_ bytes: [UInt8], to path: String, mode: UInt32) throws(FileError) {
    try trust.checkWriting(GuardedFiles.folder(of: path))
    try base.writeAtomically(bytes, to: path, mode: mode)
  }
  func createExclusively(_ bytes: [UInt8], at path: String, mode: UInt32) throws(FileError) {
    try trust.checkWriting(GuardedFiles.folder(of: path))
    try base.createExclusively(bytes, at: path, mode: mode)
  }
  func append(_ bytes: [UInt8], to path: String, mode: UInt32) throws(FileError) {
    try trust.checkWriting(path)
    try base.append(bytes, to: path, mode: mode)
  }
  func createFolder(_ path: String, mode: UInt32) throws(FileError) {
    try trust.checkWriting(path)
    try base.createFolder(path, mode: mode)
  }
  func rename(_ source: String, to destination: String) throws(FileError) {
    try trust.checkWriting(GuardedFiles.folder(of: destination))
    try base.rename(source, to: destination)
  }
  func link(_ existing: String, to path: String) throws(FileError) {
    try trust.checkWriting(GuardedFiles.folder(of: path))
    try base.link(existing, to: path)
  }
  func replace(_ destination: String, with source: String) throws(FileError) {
    try trust.checkWriting(GuardedFiles.folder(of: destination))
    try base.replace(destination, with: source)
  }
  func remove(_ path: String) throws(FileError) {
    try trust.checkWriting(GuardedFiles.folder(of: path))
    try base.remove(path)
  }

  func names(in path: String) throws(FileError) -> [String] { try base.names(in: path) }
  func status(of path: String) throws(FileError) -> FileStatus? { try base.status(of: path) }
  func realPath(_ path: String) throws(FileError) -> String { try base.realPath(path) }

  private static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? path
  }
}
