import Foundation
import JSONValues
import TestSupport
import Testing

/// One catalogue of finding codes: what the built steps explain is what they make, and what the documentation says.
@Suite(.blocking) struct FindingCatalogTests {
  private let folder = TemporaryFolder()

  private static let folders = [
    "preflight-snapshot": "PreflightSnapshot", "diff-gate": "DiffGate", "smoke-test": "SmokeTest",
    "watch-30m": "Watch30m", "auto-revert": "AutoRevert",
  ]

  private func explain(_ step: String, _ arguments: String...) throws -> BuiltStep.Outcome {
    try BuiltStep(step, in: folder.path).run(["--explain"] + arguments)
  }

  private func codes(_ step: String) throws -> [String: JSONValue] {
    let outcome = try explain(step, "all", "--format", "json")
    #expect(outcome.status == 0, "\(outcome.error)")
    let entries = try JSONValue(parsing: Array(outcome.output.utf8)).array ?? []
    let named = entries.compactMap { entry in entry["code"]?.string.map { ($0, entry) } }
    #expect(Set(named.map(\.0)).count == named.count, "\(step) has a code twice")
    return Dictionary(named, uniquingKeysWith: { $1 })
  }

  private func sources(_ folder: String) throws -> [(path: String, text: String)] {
    let root = Repository.root + "/Sources/" + folder
    return try FileManager.default.subpathsOfDirectory(atPath: root).filter { $0.hasSuffix(".swift") }.map {
      ($0, try String(contentsOfFile: "\(root)/\($0)", encoding: .utf8))
    }
  }

  /// Codes with the severity that they are made with: literal ones, and those that something decides.
  private func made(_ text: String) -> [(code: String, severity: String)] {
    text.matches(of: /"([a-z][a-z0-9]*(?:-[a-z0-9]+)+)",\s*(?:severity: )?([^,"\n]{1,60}),/).compactMap {
      let words = String($0.2).matches(of: /\.(error|warning|notice)\b/).map { String($0.1) }
      let isDecided = String($0.2).contains(/^(severity|stops)\b/)
      guard !words.isEmpty || isDecided else { return nil }
      return (String($0.1), words.count == 1 && !isDecided ? words[0] : "depends")
    }
  }

  @Test func `every code that is made is explained by a step that makes it`() throws {
    let catalogs = try Self.folders.keys.reduce(into: [String: [String: JSONValue]]()) {
      $0[$1] = try codes($1)
    }
    #expect(catalogs.values.reduce(0) { $0 + $1.count } > 150)
    let all = Set(catalogs.values.flatMap(\.keys))
    var seen = 0
    for folder in ["Base", "Model", "Rules", "Clients", "Capabilities"] {
      for (path, text) in try sources(folder) {
        for (code, _) in made(text) {
          seen += 1
          #expect(all.contains(code), "\(folder)/\(path) makes \(code), which no step explains")
        }
      }
    }
    for (step, folder) in Self.folders {
      for (path, text) in try sources("Steps/\(folder)") {
        for (code, _) in made(text) {
          seen += 1
          #expect(catalogs[step]?[code] != nil, "\(path) makes \(code), which \(step) does not explain")
        }
      }
    }
    #expect(seen > 100)
  }

  @Test func `a severity that the catalogue names is the one that the findings have`() throws {
    let common = try ["Rules", "Capabilities"].flatMap { try sources($0) }
    for (step, folder) in Self.folders {
      // Two steps may weigh the same code differently.
      let all = (common + (try sources("Steps/\(folder)"))).flatMap { made($0.text) }
      for (code, entry) in try codes(step) {
        guard let named = entry["severity"]?.string, named != "depends" else { continue }
        for one in all where one.code == code {
          #expect(one.severity == named, "\(step) calls \(code) \(named), and makes it \(one.severity)")
        }
      }
    }
  }

  @Test func `an entry says what it means, in words of its own`() throws {
    for step in Self.folders.keys {
      let entries = try codes(step)
      for (code, entry) in entries {
        let meaning = try #require(entry["meaning"]?.string)
        #expect(meaning.count > 10 && meaning.hasSuffix("."), "\(code): \(meaning)")
        #expect(entry["title"]?.string?.first?.isUppercase == true, "\(code)")
        #expect(entry["since"]?.string?.contains(/^\d+\.\d+\.\d+$/) == true, "\(code)")
        let same = entries.filter { $0.value["meaning"]?.string == meaning }.keys
        #expect(same.count == 1, "\(same.sorted()) mean the same")
      }
    }
  }

  @Test func `the page of the documentation holds the catalogue as it is`() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Repository.root + "/ci/findings")
    process.arguments = ["--check"]
    let pipe = Pipe()
    process.standardError = pipe
    try process.begin()
    let said = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(said)")
  }

  @Test func `one code is explained without an environment, and an unknown one is a usage error`() throws {
    let known = try explain("smoke-test", "check-flaky")
    #expect(known.status == 0)
    #expect(known.output.hasPrefix("check-flaky – Check flaky\n"))
    #expect(known.output.contains("  to do:    Look at the first try's failure"))
    #expect(try explain("smoke-test", "check-flaky", "--format", "json").output.hasPrefix("{"))
    let unknown = try explain("smoke-test", "iam-widened")
    #expect(unknown.status == 64)
    #expect(unknown.error.contains("--explain iam-widened: smoke-test has no such finding code"))
    // Without it the environment is missed as before.
    let missing = try BuiltStep("smoke-test", in: folder.path).run(["--quiet"])
    #expect(missing.status == 64)
    #expect(missing.error.contains("ENVIRONMENT is missing"))
  }
}
