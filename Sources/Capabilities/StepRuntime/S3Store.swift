import AWSClients
import CryptoDigests
import DeploymentRecords
import JSONValues
import StepResults
import SystemInterfaces

/// Restore points under a prefix of a bucket: `<prefix>/<environment>/<id>.restore-point`, never written twice, and
/// `<prefix>/<environment>/latest.json`, which names the newest good one with its version and its digest.
///
/// S3 encrypts every object; where a key is given as well, it gets sealed ones alone.
struct S3Store: Sendable {
  let s3: S3Client
  let bucket: String
  /// With the environment, without a slash at the end.
  let folder: String
  let encryption: S3Encryption
  let seal: StoreSeal?

  init(s3: S3Client, bucket: String, prefix: String, environment: String, kmsKey: String?, seal: StoreSeal?) {
    self.s3 = s3
    self.bucket = bucket
    folder = prefix.isEmpty ? environment : "\(prefix)/\(environment)"
    encryption = kmsKey.map { .kms(key: $0) } ?? .s3
    self.seal = seal
  }

  private static let suffix = ".restore-point"
  private var latestKey: String { "\(folder)/latest.json" }
  private func address(_ key: String) -> String { "s3://\(bucket)/\(key)" }

  /// Writes a restore point, then names it the newest good one.
  func write(_ id: String, _ files: [String: [UInt8]]) async throws {
    let archive = RestorePointArchive(points: [id: files], latest: id).bytes
    let bytes = seal?.seal(archive) ?? archive
    let key = "\(folder)/\(id)\(S3Store.suffix)"
    let written: S3ObjectInfo
    do {
      written = try await put(key, bytes, onlyIfAbsent: true)
    } catch let error as AWSError where error.kind == .conflict {
      throw StepFailure(
        .refused, "\(address(key)) is there already, and a restore point is never changed",
        advice: "run preflight-snapshot again: it makes one of a new name")
    }
    let latest: JSONValue = [
      "formatVersion": 1, "id": .string(id), "key": .string(key), "sha256": .string(Digest.sha256Hex(bytes)),
      "versionId": written.versionId.map { .string($0) } ?? .null,
    ]
    try await put(latestKey, Array((latest.serialized(pretty: true) + "\n").utf8), onlyIfAbsent: false)
  }

  /// Writes a small file that a later one of the same name takes the place of.
  func writeNote(_ name: String, _ bytes: [UInt8]) async throws {
    try await put("\(folder)/\(name)", bytes, onlyIfAbsent: false)
  }

  /// A small file; nil where there is none.
  func readNote(_ name: String) async throws -> [UInt8]? {
    do {
      return try await s3.getObject(bucket: bucket, key: "\(folder)/\(name)").bytes
    } catch let error as AWSError where error.code == "NoSuchKey" {
      return nil
    }
  }

  @discardableResult
  private func put(_ key: String, _ bytes: [UInt8], onlyIfAbsent: Bool) async throws -> S3ObjectInfo {
    let written = try await s3.putObject(
      bucket: bucket, key: key, bytes, onlyIfAbsent: onlyIfAbsent, encryption: encryption)
    guard written.encryption != nil else {
      try await s3.deleteObject(bucket: bucket, key: key, versionId: written.versionId)
      throw StepFailure(
        .refused, "\(address(key)) was not encrypted by the server, and is removed again",
        advice: "use a store that encrypts at rest, or a sealed file")
    }
    return written
  }

  /// The newest good restore point and the newest others, as many as `limit`; those of `known` are left out, and so is
  /// one that is damaged and not the newest good one: `onDamage` hears of it.
  func read(
    limit: Int, known: Set<String>, onDamage: (RecordError) -> Void
  ) async throws -> RestorePointArchive {
    var found = RestorePointArchive(points: [:], latest: nil)
    let latest = try await latest()
    if let latest {
      found.latest = latest.id
      if !known.contains(latest.id) {
        try await add(latest.key, latest.versionId, sha256: latest.sha256, to: &found)
      }
    }
    let ids = try await s3.listObjects(bucket: bucket, prefix: "\(folder)/").map(\.key)
      .filter { $0.hasSuffix(S3Store.suffix) }
      .map { String($0.dropFirst(folder.count + 1).dropLast(S3Store.suffix.count)) }
    for id in ids.sorted().suffix(limit) where id != latest?.id && !known.contains(id) {
      do {
        try await add("\(folder)/\(id)\(S3Store.suffix)", nil, sha256: nil, to: &found)
      } catch let error as RecordError {
        onDamage(error)
      }
    }
    return found
  }

  private func add(
    _ key: String, _ version: String?, sha256: String?, to found: inout RestorePointArchive
  ) async throws {
    let object = try await s3.getObject(bucket: bucket, key: key, versionId: version)
    if let sha256, Digest.sha256Hex(object.bytes) != sha256 {
      throw RecordError(path: address(key), reason: "is not what \(address(latestKey)) names: it was altered")
    }
    let bytes = try StoreSeal.opened(object.bytes, path: address(key), seal)
    found.points.merge(try RestorePointArchive(parsing: bytes, path: address(key)).points) { $1 }
  }

  private func latest() async throws -> (id: String, key: String, versionId: String?, sha256: String)? {
    let bytes: [UInt8]
    do {
      bytes = try await s3.getObject(bucket: bucket, key: latestKey).bytes
    } catch let error as AWSError where error.code == "NoSuchKey" {
      return nil
    }
    guard let tree = try? JSONValue(parsing: bytes), let id = tree["id"]?.string,
      let key = tree["key"]?.string,
      let sha256 = tree["sha256"]?.string
    else { throw RecordError(path: address(latestKey), reason: "names no restore point") }
    guard tree["formatVersion"]?.int == 1 else {
      throw RecordError(
        path: address(latestKey), reason: "has another format version than 1: use the version that wrote it")
    }
    return (id, key, tree["versionId"]?.string, sha256)
  }
}
