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
      ($0.path, $0.text.count { $0 == "\n" })
    }
    for (path, length) in lengths where !path.contains("Generated") { #expect(length <= 600, "\(path)") }
    let sorted = lengths.map(\.1).sorted()
    #expect(sorted[sorted.count / 2] <= 120, "the median is \(sorted[sorted.count / 2])")
  }

  /// The numbered dangers of the documentation and the scenarios: a test that bears a number has to look at something.
  @Test func `every danger and every scenario has a test that looks at something`() throws {
    let page = try String(
      contentsOfFile: Repository.root + "/Sources/Capabilities/StepRuntime/StepRuntime.docc/Dangers.md",
      encoding: .utf8)
    let dangers = page.matches(of: /(?m)^## (\d+)\. .+\n\n((?:.+\n)+)/).compactMap { match in
      Int(match.1).map { (number: $0, text: String(match.2)) }
    }
    #expect(dangers.map(\.number) == Array(1...27))
    let tests = try Self.swiftFiles("Tests").flatMap { Self.tests($0.text) }
    #expect(tests.count > 1000)
    for danger in dangers {
      let own = tests.filter { $0.name.hasPrefix("\(danger.number) ") }
      let isUntested = danger.text.contains("No test bears its number.")
      #expect(own.isEmpty == isUntested, "danger \(danger.number)")
      #expect(danger.number > 15 || !isUntested, "danger \(danger.number)")
    }
    for scenario in 1...4 {
      #expect(tests.contains { $0.name.contains("runbook scenario \(scenario): ") }, "scenario \(scenario)")
    }
    for test in tests where test.name.contains(#/^\d+ |runbook scenario \d: /#) {
      #expect(
        test.body.contains(/#expect|#require|Issue\.record|\bexpect\w*\(/), "'\(test.name)' looks at nothing")
      #expect(!test.body.contains(/#expect\((true|1 == 1)\)/), "'\(test.name)' cannot fail")
    }
  }

  /// The functions of a file that are named in a sentence, each with the text up to the next one.
  private static func tests(_ text: String) -> [(name: String, body: Substring)] {
    let names = text.matches(of: /func\s+`([^`]+)`/)
    return names.enumerated().map { position, match in
      let end = position + 1 < names.count ? names[position + 1].range.lowerBound : text.endIndex
      return (String(match.1), text[match.range.upperBound..<end])
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
