import Foundation
import TestSupport
import Testing

/// Nothing pulls in ICU, which would make a binary four times as large and its start four times as long.
@Suite(.blocking) struct SmallBinariesTests {
  static let steps = ["preflight-snapshot", "diff-gate", "smoke-test", "watch-30m", "auto-revert"]

  @Test func `no source imports the large Foundation`() throws {
    let sources = URL(fileURLWithPath: Repository.root + "/Sources")
    let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
    var count = 0
    for case let file as URL in files where file.pathExtension == "swift" {
      count += 1
      for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
        let words = line.split(separator: " ")
        guard let position = words.firstIndex(of: "import"), position + 1 < words.count else { continue }
        let module = words[position + 1].split(separator: ".")[0]
        let isLarge =
          module == "Foundation" || module.hasPrefix("Foundation") && module != "FoundationEssentials"
        #expect(!isLarge, "\(file.path): \(line)")
      }
    }
    #expect(count > 100)
  }

  @Test(arguments: steps) func `no binary needs ICU or the large Foundation`(step: String) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["ldd", "\(BuiltStep.binaries)/\(step)"]
    let output = Pipe()
    process.standardOutput = output
    try process.begin()
    let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let libraries = text.split(separator: "\n").compactMap { $0.split(separator: " ").first }
    #expect(libraries.contains { $0.contains("libcurl") })
    #expect(
      libraries.filter { library in
        ["ICU", "icu", "libFoundation.", "FoundationInternationalization", "FoundationNetworking"]
          .contains { library.contains($0) }
      } == [])
  }
}
