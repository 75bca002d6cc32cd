import Foundation
import TestSupport
import Testing

/// Rules that the whole package keeps, read from its sources.
@Suite struct PackageRulesTests {
  private static func swiftFiles(_ folder: String) throws -> [(path: String, text: String)] {
    let root = Repository.root + "/" + folder
    let names = try #require(FileManager.default.enumerator(atPath: root)).compactMap { $0 as? String }
    return try names.filter { $0.hasSuffix(".swift") }.map {
      ("\(folder)/\($0)", try String(contentsOfFile: "\(root)/\($0)", encoding: .utf8))
    }
  }

  /// Whatever pulls in ICU makes every executable several times as large and slower to start.
  @Test func `no source imports more of Foundation than its essentials`() throws {
    let files = try Self.swiftFiles("Sources")
    #expect(files.count > 50)
    let forbidden = ["Foundation", "FoundationNetworking", "FoundationXML", "FoundationInternationalization"]
    for file in files {
      for line in file.text.split(separator: "\n") where line.contains("import ") {
        let words = line.split(separator: " ")
        guard let mark = words.firstIndex(of: "import"), mark + 1 < words.count, !line.hasPrefix("//") else {
          continue
        }
        #expect(!forbidden.contains(String(words[mark + 1])), "\(file.path): \(line)")
      }
    }
  }

  @Test func `no file is longer than six hundred lines, and half are at most 120`() throws {
    let files = try Self.swiftFiles("Sources")
    let lengths = files.map {
      ($0.path, $0.text.split(separator: "\n", omittingEmptySubsequences: false).count)
    }
    for (path, length) in lengths where !path.contains("Generated") { #expect(length <= 601, "\(path)") }
    let sorted = lengths.map(\.1).sorted()
    #expect(sorted[sorted.count / 2] <= 130, "the median is \(sorted[sorted.count / 2])")
  }

  /// What makes a rollback worse than the fault is numbered from 1 to 15, and the runbook's scenarios from 1 to 4.
  @Test func `every danger and every scenario of the runbook has a test that carries its number`() throws {
    let tests = try Self.swiftFiles("Tests").map(\.text).joined(separator: "\n")
    for danger in 1...15 { #expect(tests.contains("func `\(danger) "), "danger \(danger)") }
    for scenario in 1...4 {
      #expect(tests.contains("runbook scenario \(scenario): "), "scenario \(scenario)")
    }
  }

  @Test func `executables only parse, wire and exit`() throws {
    for file in try Self.swiftFiles("Sources/Executables") {
      let lines = file.text.split(separator: "\n")
      #expect(lines.count == 3 && lines.last?.hasPrefix("await StepMain<") == true, "\(file.path)")
    }
  }

  @Test func `nothing unfinished is called done`() throws {
    let words = ["TO" + "DO", "FIX" + "ME", "not imple" + "mented", "fatal" + "Error("]
    for file in try Self.swiftFiles("Sources") {
      for word in words { #expect(!file.text.contains(word), "\(file.path): \(word)") }
    }
  }
}
