import DeploymentRecords
import GitHistory
import Glibc
import Redaction
import StepResults
import Synchronization
import SystemInterfaces

/// The repository to which trails are fetched and pushed, and how it is spoken to.
public struct LedgerRemote: Sendable, Hashable {
  /// As it was named: `origin`, or an address.
  public var name: String
  /// Where it is fetched from and pushed to.
  public var fetchURL: String, pushURL: String
  /// How to log in.
  public var access: RemoteAccess
  /// How long one fetch or push may take.
  public var timeout: Duration
  /// Under what name the remote keeps the trails: some take no references but branches or notes.
  public var namespace: String

  /// A remote as given.
  public init(
    name: String, fetchURL: String, pushURL: String, access: RemoteAccess, timeout: Duration,
    namespace: String = "refs/backstop"
  ) {
    self.namespace = namespace
    self.name = name
    self.fetchURL = fetchURL
    self.pushURL = pushURL
    self.access = access
    self.timeout = timeout
  }
}

/// A small repository beside git's own files (`<git folder>/backstop`) that holds the trails alone and speaks to the
/// remote.
///
/// libgit2 walks the history of every branch that both sides have before it fetches or pushes. In a shallow clone that
/// walk runs past the end and fails, in a large one it takes long; here there is nothing but the trails.
struct LedgerExchange: Sendable {
  let folder: String
  /// The folder of the clone's own objects.
  private let objects: String
  private let files: any FileSystem

  init(beside repository: GitRepository, files: any FileSystem) {
    folder = "\(repository.commonFolder)/backstop"
    objects = "\(repository.commonFolder)/objects"
    self.files = files
  }

  static func fetchedReference(_ environment: String) -> String { "refs/fetched/\(environment)" }

  /// Opens it; it is made where there is none. After many fetches it is made anew: its packs are never repacked.
  func open() throws -> GitRepository {
    let packs = "\(folder)/objects/pack"
    if try files.status(of: packs) != nil, try files.names(in: packs).count > 200 { try files.remove(folder) }
    if try files.status(of: "\(folder)/HEAD") == nil { try GitRepository.createBare(at: folder) }
    return try GitRepository(at: folder, environment: Environment())
  }

  /// Fetches all trails.
  func fetch(_ remote: LedgerRemote) async throws {
    let folder = folder
    _ = try open()
    try await Blocking.run(within: remote.timeout, "fetching from \(remote.fetchURL)") {
      () throws(GitError) in
      let repository = try GitRepository(at: folder, environment: Environment())
      try repository.fetch(
        "+\(remote.namespace)/*:refs/fetched/*", from: remote.fetchURL, remote.access, prunes: true)
    }
  }

  /// Pushes the trail `name` as it stands in this repository; what the remote had of it before.
  func push(_ name: String, _ remote: LedgerRemote) async throws -> ObjectId? {
    let before = Before()
    let folder = folder
    let reference = Ledger.reference(of: name)
    try await Blocking.run(within: remote.timeout, "pushing to \(remote.pushURL)") { () throws(GitError) in
      let repository = try GitRepository(at: folder, environment: Environment())
      let old = try repository.push(
        "\(reference):\(remote.namespace)/\(name)", to: remote.pushURL, remote.access)
      before.id.withLock { $0 = old }
    }
    return before.id.withLock { $0 }
  }

  private final class Before: Sendable {
    let id = Mutex<ObjectId?>(nil)
  }

  /// Whether an error speaks of objects that cannot be read rather than of the remote.
  static func isDamage(_ error: GitError) -> Bool {
    [.damaged, .missingObject, .other].contains(error.kind)
  }

  /// Whether each trail's newest commit can be read, and each pack ends as its index says.
  var isSound: Bool {
    do {
      let repository = try open()
      for name in repository.references(matching: "refs/fetched/*") {
        if let tip = repository.reference(name) { _ = try repository.commit(tip) }
      }
      return try packs.allSatisfy { try isWhole("\(folder)/objects/pack/\($0)") }
    } catch {
      return false
    }
  }

  /// The packs' names, without their endings.
  private var packs: [String] {
    get throws {
      let place = "\(folder)/objects/pack"
      guard try files.status(of: place) != nil else { return [] }
      return try files.names(in: place).filter { $0.hasPrefix("pack-") && $0.hasSuffix(".pack") }
        .map { String($0.dropLast(".pack".count)) }
    }
  }

  /// A pack ends with its digest, which its index has before its own.
  private func isWhole(_ path: String) throws -> Bool {
    guard try files.status(of: "\(path).idx") != nil else { return true }
    let (pack, index) = (try files.read("\(path).pack"), try files.read("\(path).idx"))
    return pack.count > 32 && index.count > 40 && pack.suffix(20).elementsEqual(index.suffix(40).prefix(20))
  }

  /// Takes it away, to be made anew; the names of the packs that it had.
  func remove() throws -> [String] {
    let names = try packs
    try files.remove(folder)
    return names
  }

  /// Gives the clone the packs that were fetched, without copying them where the file system can do that.
  /// - Parameter damaged: packs that the clone got from here before and that cannot be read.
  func share(with repository: GitRepository, replacing damaged: [String] = []) throws {
    let source = "\(folder)/objects/pack"
    guard try files.status(of: source) != nil else { return }
    try files.createFolder("\(objects)/pack", mode: 0o777)
    // The index last: a pack counts from then on.
    let names = try files.names(in: source).filter { $0.hasPrefix("pack-") }
    for name in names.filter({ $0.hasSuffix(".pack") }) + names.filter({ $0.hasSuffix(".idx") }) {
      let target = "\(objects)/pack/\(name)"
      let isDamaged = damaged.contains { name.hasPrefix($0) }
      if isDamaged, files.exists(target) { try files.remove(target) }
      guard try files.status(of: target) == nil else { continue }
      do throws(FileError) {
        try files.link("\(source)/\(name)", to: target)
      } catch {
        if error.alreadyExists { continue }
        try files.writeAtomically(try files.read("\(source)/\(name)"), to: target, mode: 0o444)
      }
    }
    for name in damaged where !names.contains("\(name).pack") {
      // What it held came from the remote, and was fetched again just now.
      for ending in [".idx", ".rev", ".pack"] where files.exists("\(objects)/pack/\(name)\(ending)") {
        try files.remove("\(objects)/pack/\(name)\(ending)")
      }
    }
    repository.refreshObjects()
  }
}

/// Calls that block, on a thread of their own, and no longer than allowed: libgit2 waits for a silent server for ever.
enum Blocking {
  static func run(
    within timeout: Duration, _ what: String, _ body: @escaping @Sendable () throws(GitError) -> Void
  ) async throws {
    let answer = Answer()
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      answer.continuation.withLock { $0 = continuation }
      let timer = Task {
        try await Task.sleep(for: timeout)
        answer.resume(
          .failure(
            GitError(
              .unreachable, call: "timeout",
              "\(what): no answer within \(counted(Int(timeout.inSeconds), "second"))",
              advice: "check the network and the proxy variables, or allow more with ledger.timeout")))
      }
      answer.start {
        do throws(GitError) {
          try body()
          answer.resume(.success(()))
        } catch {
          answer.resume(.failure(error))
        }
        timer.cancel()
      }
    }
  }

  private final class Answer: Sendable {
    let continuation = Mutex<CheckedContinuation<Void, any Error>?>(nil)

    func resume(_ result: Result<Void, any Error>) {
      let waiting = continuation.withLock { value in
        defer { value = nil }
        return value
      }
      waiting?.resume(with: result)
    }

    func start(_ work: @escaping @Sendable () -> Void) {
      let box = Unmanaged.passRetained(Work(work)).toOpaque()
      var thread = pthread_t()
      let code = pthread_create(
        &thread, nil,
        { raw in
          Unmanaged<Work>.fromOpaque(raw!).takeRetainedValue().run()
          return nil
        }, box)
      guard code == 0 else {
        Unmanaged<Work>.fromOpaque(box).release()
        return resume(.failure(FileError(operation: "start", path: "a thread", code: code)))
      }
      pthread_detach(thread)
    }
  }

  private final class Work: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }
}
