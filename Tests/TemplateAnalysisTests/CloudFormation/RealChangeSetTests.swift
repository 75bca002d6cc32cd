import DeploymentRecords
import Foundation
import JSONValues
import Redaction
import StepResults
import Testing
import YAMLDocuments

@testable import TemplateAnalysis

/// Cases that others published, read where they are kept.
enum SharedCases {
  static let folder: URL? = {
    let given = ProcessInfo.processInfo.environment["BACKSTOP_SHARED"].map { URL(filePath: $0) }
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let candidates = [
      given, root.appending(path: "../shared").standardized,
      root.appending(path: "../../shared").standardized,
    ]
    return candidates.compactMap { $0 }.first {
      FileManager.default.fileExists(atPath: $0.appending(path: "data/gate").path)
    }
  }()

  static func lines(_ name: String) throws -> [JSONValue] {
    guard let folder else { return [] }
    let text = try String(contentsOf: folder.appending(path: "data/gate/\(name)"), encoding: .utf8)
    return try text.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
  }
}

/// The outcome in the words of a change set: action and replacement.
private func changeSetWords(_ change: ResourceImpact?) -> String {
  switch change?.action {
  case nil, ResourceAction.none?: "-"
  case .create: "Add"
  case .import: "Import"
  case .move: "Refactor"
  case .update: "Modify False"
  case .replace: "Modify True"
  case .mayReplace: "Modify Conditional"
  case .delete, .orphan, .snapshotThenDelete: "Remove"
  }
}

private func parameters(_ value: JSONValue?) -> [String: String] {
  var out: [String: String] = [:]
  for member in value?.object?.members ?? [] {
    out[member.name] = member.value.string ?? member.value.serialized()
  }
  return out
}

private func compare(_ item: JSONValue) throws -> TemplateChange {
  let old = try CloudFormationTemplate(parsing: item["old"]?.serialized() ?? "", path: "old.json")
  let new = try CloudFormationTemplate(parsing: item["new"]?.serialized() ?? "", path: "new.json")
  return TemplateComparison.compare(
    old: old, new: new, oldParameters: parameters(item["oldParameters"]),
    newParameters: parameters(item["newParameters"]))
}

@Suite(.enabled(if: SharedCases.folder != nil)) struct `Against real change sets` {
  /// Cases whose outcome the two templates and their parameters do not decide, and what is said instead.
  static let open: [String: String] = [
    "test_embedded_fn_transform_include[json]": "transform-open",
    "test_serverless_fn_transform": "transform-open",
    "test_embedded_macro_fn_transform": "resource-may-be-replaced",
    "test_macro_with_intrinsic_function": "resource-may-be-replaced",
    "test_dynamic_ssm_parameter_lookup": "lookup-open",
  ]

  @Test func `every decided outcome is the one that AWS announced`() throws {
    var exact = 0
    var decided = 0
    for item in try SharedCases.lines("aws-changeset-cases.jsonl") {
      let name = item["name"]?.string ?? ""
      let short = name.split(separator: ":").last.map(String.init) ?? name
      let change = try compare(item)
      if let code = Self.open[short] {
        #expect(change.findings.contains { $0.code == code }, "\(name) is open and has to say so")
        continue
      }
      decided += 1
      let plain = item["expectedWithoutValues"]?.object ?? JSONObject()
      let valued = item["expected"]?["resources"]?.object ?? JSONObject()
      let ids = Set(plain.names + valued.names + change.resources.map(\.logicalId))
      var wrong: [String] = []
      for id in ids.sorted() {
        let said = changeSetWords(change[id])
        let announced = [words(plain[id]), words(valued[id])]
        if !announced.contains(said) { wrong.append("\(id): \(said), announced \(announced)") }
        if announced.contains("Remove") || announced.contains("Modify True") {
          #expect(["Remove", "Modify True"].contains(said), "\(name): \(id) is destroyed and not found")
        }
      }
      if wrong.isEmpty { exact += 1 } else { print("not exact: \(name): \(wrong.joined(separator: "; "))") }
    }
    print("change sets: \(exact) of \(decided) decided cases exact, \(Self.open.count) open")
    #expect(decided >= 38)
    #expect(Double(exact) >= 0.95 * Double(decided))
  }

  private func words(_ value: JSONValue?) -> String {
    let action = value?[0]?.string ?? value?["action"]?.string
    let replacement = value?[1]?.string ?? value?["replacement"]?.string
    guard let action else { return "-" }
    return action == "Modify" ? "Modify \(replacement ?? "False")" : action
  }
}

@Suite(.enabled(if: SharedCases.folder != nil)) struct `Against cdk diff` {
  /// What a case is about, and why the answer is another one here.
  static let otherwise: [(part: String, why: String)] = [
    (
      "that include changeset > changeset",
      "cdk takes the answer from a change set handed in, not from the templates"
    ),
    ("dynamic changeset replacements", "cdk takes the answer from a change set handed in"),
    ("metadata changes are obscured", "cdk leaves out what CloudFormation lists as a change of Metadata"),
    (
      "arrays that differ only in element order",
      "the case has the property outside Properties; cdk takes a change set's answer"
    ),
    ("SAM Resources", "cdk takes an empty change set's answer; the function's code does change"),
    ("sso", "the template has a member called Type that is no resource"),
    ("SsoInstance", "the template has a member called Type that is no resource"),
    ("DependsOn", "real change sets do not list a resource whose DependsOn alone changes"),
    ("ForEach", "the loop's resources are judged, where cdk shows the loop"),
  ]

  @Test func `cases that the templates alone decide`() throws {
    var exact = 0
    var count = 0
    for item in try SharedCases.lines("cdk-diff-cases.jsonl") {
      let name = item["name"]?.string ?? ""
      let change = try compare(item)
      let expected = item["expected"]?["resources"]?.object ?? JSONObject()
      var wrong: [String] = []
      for id in Set(expected.names + change.resources.map(\.logicalId)).sorted() {
        let said = impact(change[id])
        let wanted = expected[id]?["impact"]?.string ?? "NO_CHANGE"
        if said != wanted { wrong.append("\(id): \(said), cdk diff says \(wanted)") }
      }
      count += 1
      if wrong.isEmpty {
        exact += 1
      } else {
        let why = Self.otherwise.first { name.contains($0.part) }?.why
        print("not as cdk diff: \(name): \(wrong.joined(separator: "; ")): \(why ?? "?")")
        #expect(why != nil, "\(name): \(wrong.joined(separator: "; "))")
      }
    }
    print("cdk diff: \(exact) of \(count) the same")
    #expect(exact >= 34)
  }

  private func impact(_ change: ResourceImpact?) -> String {
    switch change?.action {
    case nil, ResourceAction.none?: "NO_CHANGE"
    case .create: "WILL_CREATE"
    case .import: "WILL_IMPORT"
    case .move: "WILL_MOVE"
    case .update: "WILL_UPDATE"
    case .replace: "WILL_REPLACE"
    case .mayReplace: "MAY_REPLACE"
    case .orphan: "WILL_ORPHAN"
    case .delete, .snapshotThenDelete: "WILL_DESTROY"
    }
  }
}
