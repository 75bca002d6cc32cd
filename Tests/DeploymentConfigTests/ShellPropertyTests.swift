import DeploymentConfig
import Foundation
import TestSupport
import Testing

/// Files made at random are read as bash reads them.
@Suite struct ShellPropertyTests {
  private struct Generator {
    var random: SplitMix
    var names = ["ALPHA", "BETA", "GAMMA", "_D1", "E_E"]

    mutating func file() -> String {
      (0..<Int.random(in: 1...8, using: &random)).map { _ in line() }.joined(separator: "\n") + "\n"
    }

    mutating func pick<Element>(_ list: [Element]) -> Element { list.randomElement(using: &random)! }

    mutating func line() -> String {
      switch Int.random(in: 0..<10, using: &random) {
      case 0: return "# comment 'with \"quotes\" $(date)"
      case 1: return "  \t"
      case 2: return "export \(pick(names))=\(word(braces: false))"
      case 3: return "\(pick(names))=\(word()) \(pick(names))=\(word()) # tail"
      case 4: return "\(pick(names))=\(word()); \(pick(names))+=\(word());"
      case 5: return "export \(pick(names))"
      default: return "\t\(pick(names))=\(word())"
      }
    }

    mutating func word(braces: Bool = true) -> String {
      (0..<Int.random(in: 0...4, using: &random)).map { _ in part(braces: braces) }.joined()
    }

    mutating func part(braces: Bool) -> String {
      let name = pick(names)
      switch Int.random(in: 0..<13, using: &random) {
      case 0: return "'\(text(["a", " ", "$", "\"", "\\", "#", "é", "`", "\n", "(", "~"]))'"
      case 1:
        return "\"\(text(["a", " ", "'", "#", "\\$", "\\\\", "\\\"", "\\a", "é", "~", "(", "\\`", "\n"]))\""
      case 2: return "\"$\(name)x\""
      case 3: return "${\(name)}"
      case 4: return "${\(name):-\(text(["d", "'e f'", "\\ ", "$ALPHA"]))}"
      case 5: return "\"${\(name)-\(text(["d", " ", "'q}'", "\\}", "$BETA"]))}\""
      case 6: return "\\\(pick([" ", "a", "$", "'", "\"", "\\", "#", "~"]))"
      case 7: return "$'\(text(["a", "\\n", "\\t", "\\\\", "\\'", "é", "\"", "\\q"]))'"
      case 8: return "${\(name):+\(text(["y", "\"z w\""]))}"
      case 9: return braces ? pick(["{a,b}", "*", "?", "[x]"]) : "x"
      case 10: return "\\\n"
      default: return text(["a", "b", "1", "-", "_", ".", "/", ":", "@", "%", "+", "=", "#", "!", "^", ","])
      }
    }

    mutating func text(_ pieces: [String]) -> String {
      (0..<Int.random(in: 0...5, using: &random)).map { _ in pick(pieces) }.joined()
    }
  }

  struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  /// What bash sets for each of `files`, asked in one process.
  private func bash(_ files: [String], in folder: URL) throws -> [[String: String]] {
    for (index, file) in files.enumerated() {
      try file.write(to: folder.appendingPathComponent("\(index).config"), atomically: true, encoding: .utf8)
    }
    let script = """
      for i in $(seq 0 \(files.count - 1)); do
        ( trap "printf '\\2\\0'" EXIT; set -a; source "$1/$i.config"
          for n in ALPHA BETA GAMMA _D1 E_E; do [ -n "${!n+x}" ] && printf '%s=%s\\0' "$n" "${!n}"; done
          trap - EXIT; printf '\\1\\0' )
      done
      """
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", script, "bash", folder.path]
    process.environment = ["HOME": "/home/x", "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.begin()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    var all: [[String: String]] = []
    var current: [String: String] = [:]
    for field in data.split(separator: 0, omittingEmptySubsequences: false).dropLast() {
      if field.elementsEqual([1]) || field.elementsEqual([2]) {
        all.append(field.elementsEqual([2]) ? ["refused": "by bash"] : current)
        current = [:]
      } else {
        let text = String(decoding: field, as: UTF8.self)
        let mark = text.firstIndex(of: "=")!
        current[String(text[..<mark])] = String(text[text.index(after: mark)...])
      }
    }
    return all
  }

  @Test func `two thousand generated files give what bash gives`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("shell-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var generator = Generator(random: SplitMix(state: 20_260_101))
    let files = (0..<2000).map { _ in generator.file() }
    let expected = try bash(files, in: folder)
    try #require(expected.count == files.count)
    for (file, expected) in zip(files, expected) {
      if expected["refused"] != nil {
        #expect(throws: ConfigError.self, "\(file)") {
          try DeploymentConfig(
            parsing: Array(file.utf8), path: "f", environment: "prod", variables: ["HOME": "/home/x"])
        }
        continue
      }
      let config = try DeploymentConfig(
        parsing: Array(file.utf8), path: "f", environment: "prod", variables: ["HOME": "/home/x"])
      let values = Dictionary(config.entries.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
      #expect(values == expected, "\(file)")
    }
  }
}
