import Foundation
import TestSupport
import Testing

/// Who may take in whom: `ARCHITECTURE.md`.
@Suite(.blocking) struct LayerRulesTests {
  private let table: ImportTable

  init() throws { table = try ImportTable() }

  @Test func `folders, manifest and imports keep to the layers`() {
    #expect(table.modules.values.filter { $0.layer != "C" }.count > 50)
    for layer in ImportTable.layers {
      #expect(table.modules.values.contains { $0.layer == layer }, "\(layer)")
    }
    for violation in table.violations { Issue.record("\(violation)") }
  }

  /// The rule itself, each way in which it can be broken.
  @Test(arguments: [
    ("SystemInterfaces", "JSONValues", true, "which SystemInterfaces does not declare"),
    ("DiffGate", "CurlTransport", false, "DiffGate declares CurlTransport, and no file of it imports that"),
    ("HealthAnalysis", "AWSClients", true, "Clients stands above Rules"),
    ("AWSClients", "RollbackPlanning", true, "rules and clients do not know each other"),
    ("AutoRevert", "SmokeTest", true, "no step takes in another"),
    ("Redaction", "Reporting", true, "Capabilities stands above Model"),
    ("StepRuntime", "Watch30m", true, "Steps stands above Capabilities"),
  ])
  func `a broken import table is found`(
    _ module: String, _ other: String, _ isImported: Bool, _ expected: String
  ) {
    var broken = table
    if isImported {
      broken.modules[module]?.imports[other] = "Broken.swift"
      // The layer counts also where the manifest agrees.
      if module != "SystemInterfaces" { broken.modules[module]?.dependencies.insert(other) }
    } else {
      broken.modules[module]?.dependencies.insert(other)
    }
    let found = Set(broken.violations).subtracting(table.violations)
    #expect(found.count == 1)
    #expect(found.first?.contains(expected) == true, "\(found)")
  }

  @Test func `a folder that is no target, and one in another layer, are found`() {
    var broken = table
    broken.undeclared = ["Sources/Rules/Strays"]
    #expect(broken.violations.contains("Sources/Rules/Strays is a folder of no target"))
    // A module that stands elsewhere than its declaration says breaks what imports it.
    broken = table
    broken.modules["JSONValues"]?.layer = "Steps"
    #expect(broken.violations.contains { $0.contains("imports JSONValues: Steps stands above") })
  }

  @Test func `the drawing of the architecture is the package's`() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Repository.root + "/ci/layers")
    process.arguments = ["--check"]
    let pipe = Pipe()
    process.standardError = pipe
    try process.begin()
    let said = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(said)")
  }
}
