import Foundation
import JSONValues
import TestSupport
import Testing

/// What AWS announced for real changes, and what the built `diff-gate` says of the same templates and values.
@Suite(
  .blocking,
  .enabled(if: SharedData.exists("gate/aws-changeset-cases.jsonl"), "the public cases are not here"))
struct DiffGateEndToEndPublicCasesTests {
  private let folder = TemporaryFolder()

  private static func lines(_ name: String) throws -> [JSONValue] {
    try (SharedData.text("gate/\(name)") ?? "").split(separator: "\n").map {
      try JSONValue(parsing: String($0))
    }
  }

  private func write(_ value: JSONValue?, to name: String) throws {
    try (value ?? .object(JSONObject())).serialized().write(
      toFile: folder(name), atomically: true, encoding: .utf8)
  }

  private func judge(_ old: JSONValue?, _ new: JSONValue?, _ item: JSONValue) throws -> (
    status: Int32, record: JSONValue, error: String
  ) {
    try write(old, to: "old.json")
    try write(new, to: "new.json")
    try write(item["oldParameters"], to: "old-parameters.json")
    try write(item["newParameters"], to: "new-parameters.json")
    let outcome = try BuiltStep("diff-gate", in: folder.path).run([
      "prod", "--old", "old.json", "--new", "new.json", "--old-parameters", "old-parameters.json",
      "--new-parameters", "new-parameters.json", "--format", "json",
    ])
    return (outcome.status, (try? JSONValue(parsing: outcome.output)) ?? .null, outcome.error)
  }

  /// In the words of a change set.
  private static let words = [
    "create": "Add", "import": "Import", "move": "Refactor", "update": "Modify False",
    "replace": "Modify True",
    "mayReplace": "Modify Conditional", "delete": "Remove", "orphan": "Remove",
    "snapshotThenDelete": "Remove",
  ]

  private func announced(_ value: JSONValue?) -> String {
    let action = value?[0]?.string ?? value?["action"]?.string
    let replacement = value?[1]?.string ?? value?["replacement"]?.string
    guard let action else { return "-" }
    return action == "Modify" ? "Modify \(replacement ?? "False")" : action
  }

  @Test func `real change sets: what AWS destroys is found, and nearly all is as AWS says`() throws {
    var (exact, all) = (0, 0)
    for item in try Self.lines("aws-changeset-cases.jsonl") {
      let name = item["name"]?.string ?? ""
      let (status, record, error) = try judge(item["old"], item["new"], item)
      #expect([0, 1, 3].contains(status), "\(name): \(status) \(error)")
      var said: [String: String] = [:]
      for resource in record["templates"]?[0]?["resources"]?.array ?? [] {
        said[resource["logicalId"]?.string ?? ""] = Self.words[resource["action"]?.string ?? ""] ?? "-"
      }
      let plain = item["expectedWithoutValues"]?.object ?? JSONObject()
      let valued = item["expected"]?["resources"]?.object ?? JSONObject()
      var isExact = true
      for id in Set(plain.names + valued.names + said.keys) {
        let wanted = [announced(plain[id]), announced(valued[id])]
        let here = said[id] ?? "-"
        if !wanted.contains(here) { isExact = false }
        // What a value that is not here decides may be open; it is never said to stay.
        if wanted.contains("Remove") || wanted.contains("Modify True") {
          #expect(
            ["Remove", "Modify True", "Modify Conditional"].contains(here) || status == 3,
            "\(name): \(id) is destroyed, and here it is \(here)")
        }
      }
      all += 1
      if isExact { exact += 1 }
      // The same template with the same values is no change, whatever it holds.
      if item["newParameters"] == item["oldParameters"] {
        let same = try judge(item["old"], item["old"], item)
        #expect(same.status != 1, "\(name): \(same.record["findings"]?.serialized() ?? same.error)")
        let resources = same.record["templates"]?.array?.flatMap { $0["resources"]?.array ?? [] } ?? []
        #expect(
          !resources.contains { ["delete", "replace", "create"].contains($0["action"]?.string ?? "") },
          "\(name)")
      }
    }
    #expect(all >= 40)
    #expect(Double(exact) >= 0.85 * Double(all), "\(exact) of \(all)")
  }

  @Test func `templates of cdk diff's own tests run through`() throws {
    for item in try Self.lines("cdk-diff-cases.jsonl") {
      let (status, _, error) = try judge(item["old"], item["new"], item)
      // Some are no templates that CloudFormation takes: those are data.
      #expect([0, 1, 3, 65].contains(status), "\(item["name"]?.string ?? ""): \(status) \(error)")
    }
  }
}
