import GitHistory
import Redaction
import StepResults
import Synchronization
import SystemInterfaces

/// Who can have written what stands in the records folder or in a store that is a folder, as far as this machine can tell.
///
/// What such a file says decides what is put back and what is let through, so that nobody may say it but this user: not a
/// pull request that brings it along, nor another user, nor a link that leads to somebody else's file.
public final class FileTrust: Sendable {
  /// What is asked of the machine.
  struct Place: Sendable {
    var files: any FileSystem
    /// The user that this process runs as.
    var userId: UInt32
    /// The root of the work tree; what is above a folder inside it, and below it, is looked at, too.
    var repositoryRoot: String?
    /// Opens the repository whose work tree holds a folder.
    var openRepository: @Sendable (_ root: String) throws -> GitRepository
    /// When the step began.
    var now: Timestamp
  }
  private let place: Place
  private let roots: [String]
  private let tracked = Mutex<[String: Tracking]>([:])
  private let refused = Mutex<[String: String]>([:])
  private let unproved = Mutex<Set<String>>([])

  /// What git tracks of a folder, or why it cannot be asked.
  private enum Tracking { case none, paths(Set<String>, workTree: String), unknown(String) }

  /// Guards what stands in `roots`, which are absolute.
  init(_ roots: [String], _ place: Place) {
    self.roots = roots
    self.place = place
  }

  /// How far a clock may be ahead before a time is one from the future.
  public static let clockTolerance: Duration = .seconds(600)

  // MARK: - Reading

  /// Why the file or folder at `path` must not be believed; nil where it stands in none of the guarded folders, or nothing
  /// speaks against it. What is refused is told in the end.
  func distrust(of path: String) -> String? {
    guard let root = root(of: path) else { return nil }
    return distrust(of: path, in: root)
  }

  /// As `distrust(of:)` for a file of a folder that is not guarded by itself.
  func distrust(of path: String, in root: String) -> String? {
    guard let reason = reason(path, in: root) else { return nil }
    refused.withLock { $0[FileTrust.told(path, in: root)] = reason }
    return reason
  }

  /// The guarded folder that `path` is in, or is.
  func root(of path: String) -> String? {
    roots.first { path == $0 || path.hasPrefix($0 + "/") }
  }

  /// One finding for a whole restore point, not for each file of it.
  private static func told(_ path: String, in root: String) -> String {
    let parts = path.dropFirst(root.count).split(separator: "/")
    guard parts.count > 2, parts[0] == "restore-points" else { return path }
    return "\(root)/restore-points/\(parts[1])"
  }

  private func reason(_ path: String, in root: String) -> String? {
    let start = place.repositoryRoot.flatMap { root.hasPrefix($0 + "/") ? $0 : nil }
    let above = start ?? root.split(separator: "/").dropLast().reduce(into: "") { $0 += "/\($1)" }
    var component = above
    for name in path.dropFirst(above.count).split(separator: "/") {
      component += "/\(name)"
      do throws(FileError) {
        // What is not there is refused by nobody.
        guard let status = try place.files.status(of: component) else { return nil }
        if let reason = reason(status, component, isLast: component == path) { return reason }
      } catch { return "it cannot be looked at: \(error.reason)" }
    }
    return fromTheFuture(path, in: root) ?? trackedReason(path, in: root)
  }

  private func reason(_ status: FileStatus, _ component: String, isLast: Bool) -> String? {
    let name = isLast ? "it" : component
    if status.kind == .symbolicLink {
      return isLast ? "it is a symbolic link" : "\(component), on the way to it, is a symbolic link"
    }
    // The administrator can write anything anyhow.
    if let owner = status.owner, owner != place.userId, owner != 0 {
      return "\(name) belongs to user \(owner), and this step runs as user \(place.userId)"
    }
    if status.mode & 0o022 != 0 {
      return
        "others can write \(isLast ? "it" : component) (mode \(String(status.mode, radix: 8))); if nobody has, run: "
        + "chmod go-w \(component)"
    }
    return nil
  }

  /// Ids of restore points begin with their time.
  private func fromTheFuture(_ path: String, in root: String) -> String? {
    let parts = path.dropFirst(root.count).split(separator: "/")
    guard parts.count > 1, parts[0] == "restore-points" else { return nil }
    let latest = (place.now + FileTrust.clockTolerance).basicFormat
    let time = parts[1].prefix { $0 != "-" }
    guard time.utf8.count == latest.utf8.count, time.hasSuffix("Z"), time > latest else { return nil }
    return "its name says that it was made in the future"
  }

  private func trackedReason(_ path: String, in root: String) -> String? {
    let tracking = tracked.withLock { known in
      if let found = known[root] { return found }
      let found = self.tracking(root)
      known[root] = found
      return found
    }
    switch tracking {
    case .none: return nil
    case .unknown(let why): return "git cannot say whether it tracks it: \(why)"
    case .paths(let paths, let workTree):
      let relative = inside(workTree, path) ?? path
      let isTracked = paths.contains {
        $0 == relative || $0.hasPrefix("\(relative)/") || relative.hasPrefix("\($0)/")
      }
      return isTracked ? "git tracks it: it came with a checkout, and whoever writes a change writes it" : nil
    }
  }

  private func tracking(_ root: String) -> Tracking {
    let real = (try? place.files.realPath(root)) ?? root
    guard let workTree = workTree(of: real) else { return .none }
    do {
      let repository = try place.openRepository(workTree)
      let top = repository.workTree ?? workTree
      guard let relative = inside(top, real), !relative.isEmpty else { return .none }
      let paths = try repository.trackedPaths(at: relative)
      return paths.isEmpty ? .none : .paths(paths, workTree: top)
    } catch { return .unknown("\(StepFailure(describing: error).message)") }
  }

  private func inside(_ folder: String, _ path: String) -> String? {
    let (real, realPath) = (
      (try? place.files.realPath(folder)) ?? folder, (try? place.files.realPath(path)) ?? path
    )
    return realPath.hasPrefix(real + "/") ? String(realPath.dropFirst(real.count + 1)) : nil
  }

  /// The nearest folder above that is a work tree.
  private func workTree(of folder: String) -> String? {
    if let root = place.repositoryRoot {
      let real = (try? place.files.realPath(root)) ?? root
      if folder.hasPrefix(real + "/") { return root }
    }
    var folder = folder
    while let slash = folder.lastIndex(of: "/"), slash != folder.startIndex {
      folder = String(folder[..<slash])
      if place.files.exists("\(folder)/.git") { return folder }
    }
    return nil
  }

  // MARK: - Writing

  /// Refuses to write below a guarded folder through a link, which leads to what is somebody else's.
  func checkWriting(_ path: String) throws(FileError) {
    guard let root = root(of: path) else { return }
    let start = place.repositoryRoot.flatMap { root.hasPrefix($0 + "/") ? $0 : nil }
    var component = start ?? String(root)
    for name in path.dropFirst(component.count).split(separator: "/") {
      component += "/\(name)"
      if try place.files.status(of: component)?.kind == .symbolicLink {
        throw FileError(
          operation: "write", path: path, code: 40,
          reason:
            "\(component) is a symbolic link, and records are not written through one; remove it, or name the "
            + "folder itself with --records")
      }
    }
  }

  // MARK: - Telling

  /// Looks at what a run may rest on, so that every step says what none believes.
  func survey() {
    for root in roots {
      let points = "\(root)/restore-points"
      let names = ((try? place.files.names(in: root)) ?? []).filter {
        $0.hasSuffix(".json") || $0.hasSuffix(".jsonl")
      }
      for name in names { _ = distrust(of: "\(root)/\(name)") }
      for name in (try? place.files.names(in: points)) ?? [] where !name.hasPrefix(".") {
        let manifest = "\(points)/\(name)/restore-point.json"
        if distrust(of: "\(points)/\(name)") == nil, place.files.exists(manifest) {
          _ = distrust(of: manifest)
        }
      }
    }
  }

  /// Notes a record of which nothing proves that a holder of the key wrote it.
  func refuseUnproved(_ path: String) { _ = unproved.withLock { $0.insert(path) } }

  /// One finding for each file that was not believed, and one for all that want a proof: a key that was just set makes
  /// these many.
  var findings: [Finding] {
    refused.withLock { $0 }.sorted { $0.key < $1.key }.map { path, reason in
      Finding(
        "record-not-believed", .warning, "\(shown(path)) is not believed and was left out: \(reason)",
        path: shown(path), subject: "trust")
    } + unprovedFinding
  }

  private var unprovedFinding: [Finding] {
    let paths = unproved.withLock { $0 }.sorted()
    guard let last = paths.last else { return [] }
    let what = paths.count == 1 ? "\(shown(last)) is" : "\(paths.count) records, such as \(shown(last)), are"
    return [
      Finding(
        "record-not-believed", .warning,
        "\(what) not believed and left out: nothing proves that a holder of BACKSTOP_STORE_KEY, which is set now, wrote "
          + "\(paths.count == 1 ? "it" : "them"). Give the key to every step that is to be believed",
        path: shown(last),
        subject: "proof")
    ]
  }

  private func shown(_ path: String) -> String {
    guard let root = place.repositoryRoot, path.hasPrefix(root + "/") else { return path }
    return String(path.dropFirst(root.count + 1))
  }
}
