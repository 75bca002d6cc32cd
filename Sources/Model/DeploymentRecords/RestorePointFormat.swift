import CryptoDigests
import JSONValues

/// The versions of the manifest.
///
/// 1. The first. It is not read any more: it has no digest, so that anything in it may have been changed.
/// 2. `sha256`: the digest of the manifest itself, so that a changed parameter is noticed as a changed template is.
enum RestorePointFormat {
  static let current = 2
  private static let digest = "sha256"
  private static let firstWithDigest = 2

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
    guard case .object(let manifest) = tree else { throw RecordError(path: path, reason: "is no object") }
    guard let version = manifest["formatVersion"]?.int else {
      throw RecordError(path: path, reason: "formatVersion: missing")
    }
    guard version <= current, version > 0 else {
      throw RecordError(
        path: path,
        reason:
          "format version \(version), this program reads \(firstWithDigest) to \(current): use the version that wrote it"
      )
    }
    guard version >= firstWithDigest else {
      throw RecordError(
        path: path,
        reason:
          "format version \(version) has no digest of itself, so that it may have been altered: make a new restore "
          + "point with preflight-snapshot"
      )
    }
    guard manifest[digest]?.string == sum(manifest) else {
      throw RecordError(path: path, reason: "was altered since it was written")
    }
    return .object(manifest)
  }
}
