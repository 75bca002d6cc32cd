import Synchronization
import SystemInterfaces

/// Files in memory that can be frozen, as a killed process leaves them.
final class MemoryFiles: FileSystem {
  private struct State {
    var files: [String: [UInt8]] = [:]
    var isFrozen = false
    var appendsLeft: Int?
    /// The process dies in the append of this number, after so many bytes of it.
    var death: (append: Int, bytes: Int)?
    var appends = 0
  }
  private let state = Mutex(State())

  /// Told when the process dies in a write.
  let onDeath = Mutex<(@Sendable () -> Void)?>(nil)

  /// The process dies in the `append`-th line from now on and leaves `bytes` of it; nil lives on.
  func die(inAppend append: Int?, bytes: Int) {
    state.withLock { state in
      state.appends = 0
      state.death = append.map { ($0, bytes) }
    }
  }

  /// Writes no longer change anything: the process is dead.
  func freeze(_ frozen: Bool) { state.withLock { $0.isFrozen = frozen } }

  /// The disk is full after so many more lines; nil is a disk with room.
  func fail(afterAppends count: Int?) { state.withLock { $0.appendsLeft = count } }

  func read(_ path: String) throws(FileError) -> [UInt8] {
    guard let bytes = state.withLock({ $0.files[path] }) else {
      throw FileError(operation: "read", path: path, code: 2)
    }
    return bytes
  }
  func writeAtomically(_ bytes: [UInt8], to path: String, mode: UInt32) throws(FileError) {
    state.withLock { if !$0.isFrozen { $0.files[path] = bytes } }
  }
  func createExclusively(_ bytes: [UInt8], at path: String, mode: UInt32) throws(FileError) {
    if state.withLock({ $0.files[path] != nil }) {
      throw FileError(operation: "create", path: path, code: 17)
    }
    try writeAtomically(bytes, to: path, mode: mode)
  }
  func append(_ bytes: [UInt8], to path: String, mode: UInt32) throws(FileError) {
    var isDying = false
    let isFull = state.withLock { state in
      if let left = state.appendsLeft {
        if left == 0 { return true }
        state.appendsLeft = left - 1
      }
      if !state.isFrozen {
        state.appends += 1
        if let death = state.death, death.append == state.appends {
          state.files[path, default: []] += bytes.prefix(death.bytes)
          state.isFrozen = true
          state.death = nil
          isDying = true
        } else {
          state.files[path, default: []] += bytes
        }
      }
      return false
    }
    if isDying { onDeath.withLock { $0 }?() }
    if isFull { throw FileError(operation: "append to", path: path, code: 28) }
  }
  func createFolder(_ path: String, mode: UInt32) throws(FileError) {}
  func names(in path: String) throws(FileError) -> [String] {
    state.withLock { state in
      state.files.keys.filter { $0.hasPrefix(path + "/") }.map { String($0.dropFirst(path.count + 1)) }
        .sorted()
    }
  }
  func status(of path: String) throws(FileError) -> FileStatus? {
    state.withLock { state in
      if let bytes = state.files[path] {
        return FileStatus(kind: .file, size: Int64(bytes.count), mode: 0o600)
      }
      let isFolder = state.files.keys.contains { $0.hasPrefix(path + "/") }
      return isFolder ? FileStatus(kind: .folder, size: 0, mode: 0o700) : nil
    }
  }
  func rename(_ source: String, to destination: String) throws(FileError) {
    state.withLock { state in
      state.files[destination] = state.files[source]
      state.files[source] = nil
    }
  }
  func link(_ existing: String, to path: String) throws(FileError) {
    try createExclusively(try read(existing), at: path, mode: 0o600)
  }
  func replace(_ destination: String, with source: String) throws(FileError) {
    try rename(source, to: destination)
  }
  func remove(_ path: String) throws(FileError) { state.withLock { $0.files[path] = nil } }
  func realPath(_ path: String) throws(FileError) -> String { path }
}
