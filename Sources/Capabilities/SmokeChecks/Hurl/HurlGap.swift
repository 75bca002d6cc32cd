import HurlFile

/// What a file leaves unlooked at, so that an answer is no more than was asked.
public struct HurlGap: Hashable, Sendable {
  /// What is missing.
  public enum Kind: Hashable, Sendable {
    /// The file has no entry, or passes over all it has.
    case fileWithoutChecks
    /// The entry passes whatever comes back.
    case anyAnswerPasses
  }
  /// What is missing.
  public var kind: Kind
  /// The file and the line.
  public var file: String, line: Int
  /// In words.
  public var message: String

  /// All gaps of `document`.
  static func all(in document: HurlDocument) -> [HurlGap] {
    let entries = document.entries
    if entries.isEmpty {
      return [
        HurlGap(
          kind: .fileWithoutChecks, file: document.file, line: 1,
          message: "\(document.file) holds no request: nothing was looked at")
      ]
    }
    if entries.allSatisfy(\.isAlwaysSkipped) {
      return [
        HurlGap(
          kind: .fileWithoutChecks, file: document.file, line: 1,
          message: "\(document.file) skips all its requests: nothing was looked at")
      ]
    }
    return entries.filter { $0.response?.status == nil && !$0.isAlwaysSkipped && !$0.judgesStatus }.map {
      HurlGap(
        kind: .anyAnswerPasses, file: document.file, line: $0.position.line,
        message: $0.expectsNothing
          ? "\($0.method) \($0.url.source) expects nothing: any answer passes, an error too"
          : "\($0.method) \($0.url.source) expects no status: an error may pass")
    }
  }
}
