import StepResults

/// Where restore points are kept beside this machine's records: the value of `--store`.
enum StoreAddress: Hashable, Sendable {
  /// A folder that all who need them can reach; restore points are written and read there.
  case folder(String)
  /// A prefix in a bucket.
  case s3(bucket: String, prefix: String)
  /// One sealed file, such as a CI system's artifact.
  case sealed(String)

  /// - Throws: `StepFailure` where the address is none.
  init(_ text: String) throws {
    if text.hasPrefix("s3://") {
      let parts = text.dropFirst(5).split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
      guard let bucket = parts.first, !bucket.isEmpty else {
        throw StepFailure(
          .usage, "--store \(text) names no bucket", advice: "write s3://BUCKET/PREFIX")
      }
      var prefix = parts.count > 1 ? String(parts[1]) : ""
      while prefix.hasSuffix("/") { prefix.removeLast() }
      self = .s3(bucket: String(bucket), prefix: prefix)
    } else if text.contains("://") {
      throw StepFailure(
        .usage, "--store \(text): no store of this kind is known",
        advice: "name a folder, s3://BUCKET/PREFIX, or a file whose name ends in .sealed")
    } else {
      self = text.hasSuffix(".sealed") ? .sealed(text) : .folder(text)
    }
  }
}
