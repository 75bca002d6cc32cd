import TestSupport

/// A history of random commits, the same for the same seed, written by git's own `fast-import`.
struct RandomHistory {
  struct File: Equatable {
    var mode: String
    var content: String
  }

  private var random: SeededGenerator
  private var stream = ""
  private var mark = 0
  // The tree of each commit, by its mark.
  private var trees: [Int: [String: File]] = [:]
  private var nextWord = 0
  /// Whether every text ends in a newline. Git before 2.44 leaves a last line without one out of its similarity.
  var keepsFinalNewline = true

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
  private mutating func pick(_ count: Int) -> Int { Int.random(in: 0..<count, using: &random) }

  private mutating func line() -> String {
    nextWord += 1
    // Some lines are the same in many places, as braces and blank lines are.
    return chance(20) ? ["}", "", "  return", "end"][pick(4)] : "line \(pick(400)) number \(nextWord % 600)"
  }

  private mutating func text() -> String {
    if chance(4) { return "" }
    var lines = (0..<(1 + pick(40))).map { _ in line() }
    if chance(5) { lines = lines.map { $0 + "\r" } }
    if chance(3) { lines.insert("\u{0}binary", at: pick(lines.count + 1)) }
    return lines.joined(separator: "\n") + "\n"
  }

  private mutating func newPath(in tree: [String: File]) -> String {
    let folders = ["", "a/", "a/b/", "a/c/", "src/", "src/main/", "lib/", "db/", "café/"]
    while true {
      let name = chance(50) ? "file\(pick(60)).txt" : ["README", "index.js", "Makefile", "x y.sql"][pick(4)]
      let path = folders[pick(folders.count)] + name
      if tree[path] == nil,
        !tree.keys.contains(where: { $0.hasPrefix(path + "/") || path.hasPrefix($0 + "/") })
      {
        return path
      }
    }
  }

  private mutating func edited(_ content: String) -> String {
    var lines = content.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    for _ in 0..<(1 + pick(3)) {
      let place = pick(lines.count)
      switch pick(3) {
      case 0: lines[place] = line()
      case 1: lines.insert(line(), at: place)
      default: lines.remove(at: place)
      }
      if lines.isEmpty { lines = [""] }
    }
    if keepsFinalNewline, lines.last?.isEmpty == false { lines.append("") }
    return lines.joined(separator: "\n")
  }

  /// One random change of a tree.
  private mutating func change(_ tree: inout [String: File]) {
    let paths = tree.keys.sorted()
    let some = paths.isEmpty ? nil : paths[pick(paths.count)]
    guard let some, let file = tree[some], !chance(15) else {
      tree[newPath(in: tree)] = File(mode: "100644", content: text())
      return
    }
    switch pick(100) {
    case 0..<55 where file.mode != "120000": tree[some]?.content = edited(file.content)
    case 55..<65: tree[some] = nil
    case 65..<75:
      tree[some] = nil
      tree[newPath(in: tree)] = file
    case 75..<82 where file.mode != "120000":
      tree[some] = nil
      tree[newPath(in: tree)] = File(mode: file.mode, content: edited(file.content))
    case 82..<85: tree[some]?.mode = file.mode == "100644" ? "100755" : "100644"
    case 85..<87: tree[some] = File(mode: "120000", content: "target\(pick(5))")
    case 87..<89: tree[newPath(in: tree)] = file
    case 89..<92 where file.mode != "120000":
      let crlf = file.content.contains("\r\n")
      tree[some]?.content = file.content.split(separator: "\n", omittingEmptySubsequences: false)
        .map { crlf && $0.hasSuffix("\r") ? String($0.dropLast()) : String($0) }.joined(
          separator: crlf ? "\n" : "\r\n")
    case 92..<95:
      // A whole folder moves.
      guard let slash = some.firstIndex(of: "/") else { return }
      let folder = some[...slash]
      let new = "moved\(pick(4))/"
      for (path, file) in tree where path.hasPrefix(folder) {
        let target = new + path.dropFirst(folder.count)
        guard tree[target] == nil else { continue }
        tree[path] = nil
        tree[target] = file
      }
    default: tree[some]?.content += line() + "\n"
    }
  }

  private static func quoted(_ path: String) -> String {
    "\"" + path.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }

  /// Adds a commit and returns its mark.
  private mutating func add(parents: [Int], tree: [String: File], seconds: Int) -> Int {
    mark += 1
    trees[mark] = tree
    let message = "Change \(mark)\n\nWhy it was made.\n"
    stream += "commit refs/heads/main\nmark :\(mark)\n"
    stream += "author Ada <ada@example.com> \(1_750_000_000 + seconds) +0000\n"
    stream += "committer Ada <ada@example.com> \(1_750_000_000 + seconds) +0000\n"
    stream += "data \(message.utf8.count)\n\(message)\n"
    for (index, parent) in parents.enumerated() { stream += "\(index == 0 ? "from" : "merge") :\(parent)\n" }
    stream += "deleteall\n"
    for (path, file) in tree.sorted(by: { $0.key < $1.key }) {
      stream += "M \(file.mode) inline \(RandomHistory.quoted(path))\n"
      stream += "data \(file.content.utf8.count)\n\(file.content)\n"
    }
    return mark
  }

  /// Writes `count` commits into `repository` and returns their ids, oldest first.
  ///
  /// - Parameter merges: the share of commits with two parents, in per cent.
  mutating func write(_ count: Int, into repository: TestRepository, merges: Int = 0) throws -> [String] {
    var tree: [String: File] = [:]
    for _ in 0..<12 { change(&tree) }
    var last = add(parents: [], tree: tree, seconds: 0)
    for index in 1..<count {
      var parents = [last]
      if merges > 0 {
        // Histories with branches: any commit may be built on, and any two may be joined; times are not in order.
        parents = [1 + pick(mark)]
        if chance(merges) {
          let other = 1 + pick(mark)
          if other != parents[0] { parents.append(other) }
        }
        tree = trees[parents[0]] ?? [:]
      }
      let before = tree
      while tree == before { for _ in 0..<(1 + pick(4)) { change(&tree) } }
      last = add(parents: parents, tree: tree, seconds: merges > 0 && chance(10) ? pick(count) : index)
    }
    try repository.git("fast-import", "--quiet", "--export-marks=.git/marks", input: stream)
    let lines = try runProgram("cat", [".git/marks"], in: repository.path).lines
    var ids: [Int: String] = [:]
    for line in lines {
      let words = line.split(separator: " ")
      if words.count == 2, let number = Int(words[0].dropFirst()) { ids[number] = String(words[1]) }
    }
    return (1...mark).compactMap { ids[$0] }
  }
}
