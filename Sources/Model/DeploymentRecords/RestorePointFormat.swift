import CryptoDigests
import JSONValues

/// The versions of the manifest, and the way from each to the next.
///
/// 1. The first.
/// 2. `sha256`: the digest of the manifest itself, so that a changed parameter is noticed as a changed template is.
enum RestorePointFormat {
  static let current = 2
  private static let digest = "sha256"

  /// What each older version lacks to be the next one.
  private static let migrations: [Int: @Sendable (JSONObject) -> JSONObject] = [
    1: { manifest in
      var manifest = manifest
      manifest["formatVersion"] = 2
      return stamped(manifest)
    }
  ]

  /// The manifest with the digest of all else in it.
  static func stamped(_ manifest: JSONObject) -> JSONObject {
    var manifest = manifest
    manifest[digest] = .string(sum(manifest))
    return manifest
  }

  private static func sum(_ manifest: JSONObject) -> String {
    let rest = JSONValue.object(JSONObject(manifest.members.filter { $0.name != digest }))
    // Read once more: what counts is what stands in the file, in whatever layout.
    let read = (try? JSONValue(parsing: Array(rest.serialized().utf8))) ?? rest
    return Digest.sha256Hex(Array(read.serialized().utf8))
  }

  /// A manifest as the current version has it, proved to be as it was written.
  /// - Throws: `RecordError` about `path`.
  static func upgraded(_ tree: JSONValue, path: String) throws(RecordError) -> JSONValue {
    guard case .object(var manifest) = tree else { throw RecordError(path: path, reason: "is no object") }
    guard let version = manifest["formatVersion"]?.int else {
      throw RecordError(path: path, reason: "formatVersion: missing")
    }
    guard version <= current, version > 0 else {
      throw RecordError(
        path: path,
        reason: "format version \(version), this program reads 1 to \(current): use the version that wrote it"
      )
    }
    for older in version..<current { manifest = migrations[older]?(manifest) ?? manifest }
    guard manifest[digest]?.string == sum(manifest) else {
      throw RecordError(path: path, reason: "was altered since it was written")
    }
    return .object(manifest)
  }
}
