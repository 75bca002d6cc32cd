import Glibc
import JSONValues
import StepResults
import SystemInterfaces

/// Keeps two runs of one environment on one machine from interleaving.
///
/// The kernel holds the lock (flock) and lets it go when its holder ends, however it ends: a killed run leaves none
/// behind. The file names the holder for people, and the locks that were taken in the ledger, which reach other
/// machines and do outlive a killed run: who gets the file's lock knows them as left over.
final class EnvironmentLock: Sendable {
  private let descriptor: Int32
  private let owner: String, since: Timestamp
  /// The ids of the ledger's locks that the last holders took.
  let staleLocks: [String]
  private let path: String

  /// Takes the lock at `<records>/environment.lock`; the folder must be there.
  /// - Throws: `StepFailure` with the status `busy` where another run holds it.
  init(records: String, files: any FileSystem, owner: String, now: Timestamp) throws {
    self.owner = owner
    since = now
    path = "\(records)/environment.lock"
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw FileError(operation: "open", path: path, code: errno) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      close(descriptor)
      guard code == EWOULDBLOCK else { throw FileError(operation: "lock", path: path, code: code) }
      throw StepFailure(
        .busy, "another run holds the lock \(path): \(try EnvironmentLock.holder(path, files, now))",
        advice: "wait until it has ended, then run this again")
    }
    let text = try files.readText(path)
    let before = try? JSONValue(parsing: Array(text.utf8))
    staleLocks = (before?["ledgerLocks"]?.array ?? []).compactMap(\.string)
    try write(ledgerLocks: staleLocks)
  }

  /// Writes down that this run takes the lock `id` in the ledger: before it does.
  func note(_ id: String) throws(FileError) { try write(ledgerLocks: staleLocks.suffix(3) + [id]) }

  private func write(ledgerLocks: [String]) throws(FileError) {
    let text: JSONValue = [
      "owner": .string(owner), "since": .string(since.description),
      "ledgerLocks": .array(ledgerLocks.map { .string($0) }),
    ]
    let bytes = Array((text.serialized() + "\n").utf8)
    guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, bytes, bytes.count, 0) == bytes.count else {
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
