import Glibc
import JSONValues
import Records
import SystemInterfaces

/// Keeps two reverts of one environment on one machine from interleaving.
///
/// The kernel holds the lock (flock) and lets it go when its holder ends, however it ends: a killed run leaves none
/// behind. The file names the holder for people. On another machine it locks nothing.
public final class RevertLock: Sendable {
  private let descriptor: Int32

  /// Takes the lock at `<records>/auto-revert.lock`.
  /// - Throws: `StepFailure` with the status `busy` where another run holds it.
  public init(records: String, files: any FileSystem, owner: String, now: Timestamp) throws {
    try files.createFolder(records, mode: 0o700)
    let path = "\(records)/auto-revert.lock"
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw FileError(operation: "open", path: path, code: errno) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      close(descriptor)
      guard code == EWOULDBLOCK else { throw FileError(operation: "lock", path: path, code: code) }
      throw StepFailure(
        .busy, "another run holds the lock \(path): \(try RevertLock.holder(path, files, now))",
        advice: "wait until it has ended, then look again with --dry-run")
    }
    let text: JSONValue = ["owner": .string(owner), "since": .string(now.description)]
    let bytes = Array((text.serialized() + "\n").utf8)
    guard ftruncate(descriptor, 0) == 0, write(descriptor, bytes, bytes.count) == bytes.count else {
      throw FileError(operation: "write", path: path, code: errno)
    }
  }

  private static func holder(_ path: String, _ files: any FileSystem, _ now: Timestamp) throws -> String {
    let text = try files.readText(path)
    // The holder may be writing its name right now.
    guard let value = try? JSONValue(parsing: Array(text.utf8)), let owner = value["owner"]?.string else {
      return "its owner has not written its name yet"
    }
    guard let since = value["since"]?.string.flatMap({ Timestamp($0) }) else { return owner }
    return "\(owner), for \(Int(max(0, (now - since).inSeconds))) seconds"
  }

  deinit { close(descriptor) }
}
