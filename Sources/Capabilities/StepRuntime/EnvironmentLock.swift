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
  /// - Parameter setAside: gives what stands there and is no lock of ours another name: a link, a folder, a device.
  /// - Throws: `StepFailure` with the status `busy` where another run holds it.
  init(
    records: String, files: any FileSystem, owner: String, now: Timestamp,
    setAside: (_ path: String, _ why: String) -> Void
  ) throws {
    self.owner = owner
    since = now
    path = "\(records)/environment.lock"
    switch EnvironmentLock.open(path) {
    case .opened(let opened): descriptor = opened
    case .failed(let code): throw FileError(operation: "open", path: path, code: code)
    case .foreign(let why):
      setAside(path, why)
      guard case .opened(let opened) = EnvironmentLock.open(path) else {
        throw FileError(operation: "open", path: path, code: EEXIST, reason: why)
      }
      descriptor = opened
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      close(descriptor)
      guard code == EWOULDBLOCK else { throw FileError(operation: "lock", path: path, code: code) }
      throw StepFailure(
        .busy, "another run holds the lock \(path): \(EnvironmentLock.holder(path, files, now))",
        advice: "wait until it has ended, then run this again")
    }
    // One that is not believed, or that a kill cut off, knows of no lock.
    let before = (try? files.read(path)).flatMap { try? JSONValue(parsing: $0) }
    staleLocks = (before?["ledgerLocks"]?.array ?? []).compactMap(\.string)
    try write(ledgerLocks: staleLocks)
  }

  private enum Opening { case opened(Int32), failed(Int32), foreign(String) }

  /// Opens or makes the file. Only a file of ours is taken: what is written into it must not end up in another one.
  private static func open(_ path: String) -> Opening {
    let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
    guard descriptor >= 0 else {
      return switch errno {
      case ELOOP: .foreign("it is a symbolic link, and a lock is not written through one")
      case EISDIR: .foreign("it is a folder, not a lock")
      case ENXIO: .foreign("it is a pipe or a socket, not a lock")
      default: .failed(errno)
      }
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let code = errno
      close(descriptor)
      return .failed(code)
    }
    let why =
      if status.st_mode & S_IFMT != S_IFREG {
        "it is a device or a pipe, not a lock"
      } else if status.st_nlink > 1 {
        "it is another name of a file that stands elsewhere, too"
      } else if status.st_mode & 0o022 != 0 {
        "others can write it"
      } else { "" }
    guard why.isEmpty else {
      close(descriptor)
      return .foreign(why)
    }
    return .opened(descriptor)
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

  private static func holder(_ path: String, _ files: any FileSystem, _ now: Timestamp) -> String {
    // The holder may be writing its name right now.
    guard let value = (try? files.read(path)).flatMap({ try? JSONValue(parsing: $0) }),
      let owner = value["owner"]?.string
    else { return "its owner has not written its name yet" }
    guard let since = value["since"]?.string.flatMap({ Timestamp($0) }) else { return owner }
    return "\(owner), for \(Int(max(0, (now - since).inSeconds))) seconds"
  }

  /// A program that is just being started has the descriptor until it is: closing alone would leave it the lock.
  deinit {
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }
}
