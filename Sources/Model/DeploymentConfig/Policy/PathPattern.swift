/// A path pattern as `.gitignore` has them: `*` and `?` inside a folder's name, `**` across folders. A pattern without
/// a slash matches the name of a file or folder anywhere.
public struct PathPattern: Hashable, Sendable {
  private let parts: [[Character]]

  /// Reads a pattern; every text is one.
  public init(_ text: String) {
    var text = text[...]
    let isAnchored = text.dropLast().contains("/")
    if text.hasPrefix("/") { text = text.dropFirst() }
    if text.hasPrefix("./") { text = text.dropFirst(2) }
    let isFolder = text.hasSuffix("/")
    if isFolder { text = text.dropLast() }
    var parts = text.split(separator: "/", omittingEmptySubsequences: true).map { Array($0) }
    if !isAnchored, !parts.isEmpty { parts.insert(["*", "*"], at: 0) }
    if isFolder { parts.append(["*", "*"]) }
    self.parts = parts
  }

  /// Whether `path`, with slashes between folders, is meant.
  public func matches(_ path: String) -> Bool {
    let names = path.split(separator: "/", omittingEmptySubsequences: true).map { Array($0) }
    // Rows of the usual table of two sequences, so that no pattern takes more than its length times the path's.
    guard !parts.isEmpty else { return false }
    var reached = [Bool](repeating: false, count: names.count + 1)
    reached[0] = true
    for part in parts {
      var next = [Bool](repeating: false, count: names.count + 1)
      if part == ["*", "*"] {
        var seen = false
        for index in 0...names.count {
          seen = seen || reached[index]
          next[index] = seen
        }
      } else {
        for index in 0..<names.count where reached[index] {
          next[index + 1] = next[index + 1] || Self.matches(part, names[index])
        }
      }
      reached = next
    }
    return reached[names.count]
  }

  private static func matches(_ pattern: [Character], _ name: [Character]) -> Bool {
    var reached = [Bool](repeating: false, count: name.count + 1)
    reached[0] = true
    for character in pattern {
      var next = [Bool](repeating: false, count: name.count + 1)
      if character == "*" {
        var seen = false
        for index in 0...name.count {
          seen = seen || reached[index]
          next[index] = seen
        }
      } else {
        for index in 0..<name.count where reached[index] && (character == "?" || character == name[index]) {
          next[index + 1] = true
        }
      }
      reached = next
    }
    return reached[name.count]
  }
}
