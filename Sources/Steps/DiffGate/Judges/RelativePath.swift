/// Paths inside a repository or a folder, joined as text.
enum RelativePath {
  /// `a/b` of `a/b/c.yaml`; empty for a file at the top.
  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "" }
    return String(path[..<slash])
  }

  /// `path` as seen from `folder`, without `.` and `..`; nil where it would lead out of the top.
  static func join(_ folder: String, _ path: String) -> String? {
    let isAbsolute = folder.hasPrefix("/")
    var steps = folder.split(separator: "/").map(String.init)
    for step in path.split(separator: "/") where step != "." {
      if step != ".." {
        steps.append(String(step))
      } else if let last = steps.last, last != ".." {
        steps.removeLast()
      } else if isAbsolute {
        return nil
      } else {
        steps.append("..")
      }
    }
    let joined = steps.joined(separator: "/")
    if isAbsolute { return "/" + joined }
    return joined.isEmpty ? nil : joined
  }
}
