import SystemInterfaces

/// Finds Hurl files.
public enum SmokeFiles {
  /// The files that `names` mean: a folder is all `.hurl` files below it, a policy's pattern may hold `*`, `**`
  /// and `?`. Each file once, in the order named.
  public static func expand(
    _ names: [String], relativeTo folder: String, _ files: any FileSystem, isPattern: Bool
  ) throws -> [String] {
    var found: [String] = []
    // What finds nothing is a mistake: a misspelt name must not leave checks out without a word.
    func nothing(_ problem: String) -> CheckSourceError {
      CheckSourceError(
        problems: [problem],
        advice: isPattern ? "correct smoke-test.files in the policy" : "correct --smoke")
    }
    for name in names {
      let path = name.hasPrefix("/") ? name : "\(folder)/\(name)"
      if isPattern, name.contains(where: { $0 == "*" || $0 == "?" }) {
        let fixed = name.split(separator: "/").prefix { part in !part.contains { $0 == "*" || $0 == "?" } }
        let start = fixed.joined(separator: "/")
        let place = start.isEmpty ? folder : "\(folder)/\(start)"
        let below = try files.status(of: place)?.kind == .folder ? all(in: place, files) : []
        let matching = below.filter { matches(Substring($0.dropFirst(folder.count + 1)), Substring(name)) }
        guard !matching.isEmpty else { throw nothing("no file is named like \(name)") }
        found += matching
        continue
      }
      guard let status = try files.status(of: path) else {
        throw nothing("cannot read \(name): there is no such file")
      }
      if status.kind == .folder {
        let inside = try all(in: path, files).filter { $0.hasSuffix(".hurl") }
        guard !inside.isEmpty else { throw nothing("the folder \(name) holds no .hurl file") }
        found += inside.map { isPattern ? $0 : name + $0.dropFirst(path.count) }
      } else {
        found.append(isPattern ? path : name)
      }
    }
    var seen: Set<String> = []
    return found.filter { seen.insert($0).inserted }
  }

  private static func all(in folder: String, _ files: any FileSystem) throws -> [String] {
    var found: [String] = []
    for name in try files.names(in: folder) where !name.hasPrefix(".") {
      let path = "\(folder)/\(name)"
      switch try files.status(of: path)?.kind {
      case .folder: found += try all(in: path, files)
      case .file, .symbolicLink: found.append(path)
      case .other, nil: continue
      }
    }
    return found
  }

  /// Whether `path` matches `pattern`: `*` and `?` stay inside a part, `**` crosses parts.
  static func matches(_ path: Substring, _ pattern: Substring) -> Bool {
    guard let first = pattern.first else { return path.isEmpty }
    if pattern.hasPrefix("**/") {
      if matches(path, pattern.dropFirst(3)) { return true }
      guard let slash = path.firstIndex(of: "/") else { return false }
      return matches(path[path.index(after: slash)...], pattern)
    }
    if pattern == "**" { return true }
    switch first {
    case "*":
      var rest = path
      while true {
        if matches(rest, pattern.dropFirst()) { return true }
        guard let next = rest.first, next != "/" else { return false }
        rest = rest.dropFirst()
      }
    case "?":
      guard let next = path.first, next != "/" else { return false }
      return matches(path.dropFirst(), pattern.dropFirst())
    default: return path.first == first && matches(path.dropFirst(), pattern.dropFirst())
    }
  }
}
