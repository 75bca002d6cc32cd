import AWSClients
import DeploymentConfig
import DeploymentLedger
import DeploymentRecords
import Reporting
import StepResults
import SystemInterfaces

/// Seals and opens what a store holds.
struct StoreSeal: Sendable {
  let key: StoreKey
  let random: Randomness
  let about: [String: String]

  func seal(_ bytes: [UInt8]) -> [UInt8] {
    SealedFile(about: about, content: bytes).sealed(with: key, random: random)
  }

  /// The content of a sealed file; bytes that are not sealed pass where nothing asks for a seal.
  static func opened(_ bytes: [UInt8], path: String, _ seal: StoreSeal?) throws -> [UInt8] {
    guard let seal else {
      guard SealedFile.isSealed(bytes) else { return bytes }
      throw StepFailure(
        .refused, "\(path) is sealed, and BACKSTOP_STORE_KEY is not set",
        advice: "set it to the key with which it was sealed")
    }
    let file: SealedFile
    do throws(SealedFile.Refusal) {
      file = try SealedFile(opening: bytes, with: seal.key)
    } catch { throw RecordError(path: path, reason: error.description) }
    for (name, value) in seal.about where name == "environment" && file.about[name] != value {
      throw RecordError(
        path: path, reason: "holds restore points of \(file.about[name] ?? "no environment"), not of \(value)"
      )
    }
    return file.content
  }
}

/// The store beside this machine's records.
extension StepSession {
  /// The variable that holds the key.
  static let storeKeyVariable = "BACKSTOP_STORE_KEY"
  /// How many restore points a sealed file holds, and how many are fetched from a bucket.
  private static let sealedPoints = 3, fetchedPoints = 20

  /// The store as it was named.
  var storeName: String? { common.store ?? policy.options["store"] }

  /// `--store`, or what the policy's options say.
  static func storeAddress(_ common: CommonOptions, _ policy: Policy) throws -> StoreAddress? {
    try (common.store ?? policy.options["store"]).map { try StoreAddress($0) }
  }

  /// Where restore points are written and read: the records folder, or the folder that is the store.
  static func restorePoints(
    _ store: StoreAddress?, records: String, place: String, _ context: StepContext, _ key: StoreKey?,
    of application: String, onDamage: @escaping RestorePointStore.OnDamage
  ) throws -> RestorePointStore {
    guard case .folder(let path) = store else {
      return RestorePointStore(
        records: records, files: context.files, application: application, key: key, onDamage: onDamage)
    }
    let folder = context.absolute(path)
    if let found = try context.files.status(of: folder), found.mode & 0o077 != 0 {
      throw StepFailure(
        .refused,
        "the store \(path) can be used by others (mode \(String(found.mode, radix: 8))); restore points hold values that "
          + "nobody else may read", advice: "run: chmod 700 \(path)")
    }
    return RestorePointStore(
      records: "\(folder)/\(place)", files: context.files, application: application, key: key,
      onDamage: onDamage)
  }

  /// The key that the environment holds; nil where it holds none.
  static func storeKey(_ context: StepContext) throws -> StoreKey? {
    guard let text = context.environment.nonEmpty(storeKeyVariable) else { return nil }
    guard let key = StoreKey(text) else {
      throw StepFailure(
        .data, "\(storeKeyVariable) does not hold 32 bytes as Base64 or 64 hexadecimal digits",
        advice: "make one: openssl rand -base64 32")
    }
    return key
  }

  func seal() throws -> StoreSeal? {
    guard let key = try StepSession.storeKey(context) else { return nil }
    return StoreSeal(
      key: key, random: context.random,
      about: ["environment": environment, "tool": "backstop/\(ToolVersion.current.version)"])
  }

  func neededSeal(_ path: String) throws -> StoreSeal {
    if let seal = try seal() { return seal }
    throw StepFailure(
      .refused, "--store \(path) is sealed with a key, and \(StepSession.storeKeyVariable) is not set",
      advice: "make one with openssl rand -base64 32, and keep it among the CI's secrets")
  }

  func s3Store(_ bucket: String, _ prefix: String) throws -> S3Store {
    S3Store(
      s3: try s3(), bucket: bucket, prefix: prefix, environment: ledgerName,
      kmsKey: common.storeKmsKey ?? policy.options["store-kms-key"], seal: try seal())
  }

  /// Brings the restore points of the store to this machine. The newest good one is refused where it cannot be trusted,
  /// others are left out and told; a store that cannot be reached is told, and the step goes on with what is here.
  func fetchStore() async throws {
    guard let store else { return }
    let archive: RestorePointArchive
    switch store {
    case .folder(let path): return try checkAuthenticated(path)
    case .sealed(let path):
      let seal = try neededSeal(path)
      let file = context.absolute(path)
      guard try context.files.status(of: file) != nil else {
        progress.detail("there is no \(path) yet")
        return
      }
      let bytes = try StoreSeal.opened(context.files.read(file), path: path, seal)
      archive = try RestorePointArchive(parsing: bytes, path: path)
    case .s3(let bucket, let prefix):
      try checkAuthenticated("s3://\(bucket)/\(prefix)")
      do {
        archive = try await s3Store(bucket, prefix).read(
          limit: StepSession.fetchedPoints, known: Set(restorePoints.ids()), onDamage: leaveOut)
      } catch let error as AWSError where error.isTemporary {
        progress.say("the store s3://\(bucket)/\(prefix) was not read; going on with what is here: \(error)")
        return
      }
    }
    try remarkReplay(archive.latest)
    if !archive.points.isEmpty { try records.prepareFolder() }
    for (id, files) in archive.points.sorted(by: { $0.key < $1.key }) {
      do {
        try restorePoints.adopt(id, files, environment: environment)
      } catch let error as RecordError where id != archive.latest {
        leaveOut(error)
      }
    }
    guard let latest = archive.latest, try restorePoints.ids().contains(latest) else { return }
    // A restore point made here since is newer than the store's.
    if let here = try restorePoints.latestId(), try restorePoints.ids().contains(here),
      isNewer(here, than: latest)
    {
      return
    }
    try restorePoints.markLatest(latest)
  }

  /// Ids tell seconds; of one second the time of recording decides, as far as both can be read.
  private func isNewer(_ id: String, than other: String) -> Bool {
    let seconds = id.prefix { $0 != "-" }
    guard id != other, seconds == other.prefix(while: { $0 != "-" }) else { return id > other }
    do {
      return try restorePoints.read(id).createdAt > restorePoints.read(other).createdAt
    } catch {
      // The one that cannot be read is told of where it is used.
      return id > other
    }
  }

  /// Refuses a store that nothing authenticates: who can write it would say what is put back. The policy may allow it.
  private func checkAuthenticated(_ place: String) throws {
    if try seal() != nil { return }
    guard policy.allowsStoreWithoutKey else {
      throw StepFailure(
        .refused,
        "the store \(place) is not authenticated: \(StepSession.storeKeyVariable) is not set, so that whoever can write it "
          + "says what is put back",
        advice:
          "set \(StepSession.storeKeyVariable) (openssl rand -base64 32 makes one), or write store-without-key: true "
          + "into the policy")
    }
    let text =
      "the store \(place) is used without a key, as the policy allows: whoever can write it says what is put back"
    progress.say("warning: \(text)")
    remark(Finding("store-not-authenticated", .warning, text, subject: place))
  }

  /// Says so where the store's newest restore point is older than one that this machine or the ledger has seen: somebody may
  /// have put an older copy back.
  private func remarkReplay(_ latest: String?) throws {
    guard let latest else { return }
    let recorded = try ledger()?.entries(limit: 1) {
      $0.step == .preflightSnapshot && $0.verdict == .go && $0.facts["restorePoint"] != nil
    }.first?.entry.facts["restorePoint"]
    let seen = [try restorePoints.latestId(), recorded].compactMap { $0 }.max()
    guard let seen, seen > latest else { return }
    remark(
      Finding(
        "store-older", .warning,
        "the newest restore point of the store, \(latest), is older than \(seen), which was recorded as good since: the "
          + "store may be an older copy", subject: "store"))
  }

  private func leaveOut(_ error: RecordError) {
    progress.say("warning: a restore point of the store is left out: \(error)")
  }

  /// Puts a restore point that was just written into the store, and names it the newest good one there.
  public func storeRestorePoint(_ id: String) async throws {
    switch store {
    case nil, .folder: return
    case .sealed(let path):
      let seal = try neededSeal(path)
      var archive = RestorePointArchive(points: [:], latest: id)
      for kept in try restorePoints.ids().filter({ $0 != id }).suffix(StepSession.sealedPoints - 1) + [id] {
        do {
          archive.points[kept] = try restorePoints.allFiles(of: kept)
        } catch let error as RecordError where kept != id {
          leaveOut(error)
        }
      }
      let file = context.absolute(path)
      if let slash = file.lastIndex(of: "/") {
        try context.files.createFolder(String(file[..<slash]), mode: 0o700)
      }
      try context.files.writeAtomically(seal.seal(archive.bytes), to: file, mode: 0o600)
    case .s3(let bucket, let prefix):
      try checkAuthenticated("s3://\(bucket)/\(prefix)")
      progress.update("storing \(id) in s3://\(bucket)/\(prefix)")
      try await s3Store(bucket, prefix).write(id, restorePoints.allFiles(of: id))
    }
  }
}
