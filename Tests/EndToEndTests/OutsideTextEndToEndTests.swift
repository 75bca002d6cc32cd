import Foundation
import JSONValues
import TestSupport
import Testing

/// What strangers write, in what the built binaries print for the CI systems' logs.
@Suite(.blocking) struct OutsideTextEndToEndTests {
  static let names = [
    "v2##[set-output name=verdict;]go.sql", "v2##vso[task.setvariable variable=x]y.sql",
    "v2\r::add-mask::e.sql",
    "v2\n::set-output name=verdict::go.sql", "v2##teamcity[buildStatus status='SUCCESS'].sql",
    "v2\u{202E}lqs.sql",
    "v2\u{1B}[0Ksection_start:1:x\r\u{1B}[0K.sql",
  ]

  @Test(arguments: names) func `a file's name is no command`(_ name: String) throws {
    let repository = try TestRepository()
    try repository.write("ENVIRONMENT=prod\n", to: "deployment-prod.config")
    try repository.commit("First", at: 1)
    try repository.write(
      "DROP TABLE \"a\r\n::add-mask::e\";\nDROP TABLE \"##vso[x]\";\n", to: "migrations/\(name)")
    try repository.commit("Second", at: 2)
    let ci = [
      "GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "1", "GITHUB_STEP_SUMMARY": repository.path + "/summary.md",
    ]
    for format in ["text", "json"] {
      let outcome = try BuiltStep("diff-gate", in: repository.path, variables: ci).run(
        ["prod", "--base", "HEAD~1", "--format", format, "--markdown", "report.md", "--tap", "report.tap"])
      #expect(outcome.status == 1, "\(outcome.error)")
      if format == "json" { _ = try JSONValue(parsing: outcome.output) }
      // A job may print these, too.
      let kept = try ["report.tap", ".backstop/prod/diff-gate.json"].map {
        try String(contentsOfFile: "\(repository.path)/\($0)", encoding: .utf8)
      }
      #expect(try JSONValue(parsing: kept[1])["verdict"]?.string == "stop")
      for text in [outcome.output, outcome.error] + kept {
        for mark in ["##[", "##vso[", "##teamcity[", "section_start:", "\u{202E}", "\u{1B}", "\r"] {
          #expect(!text.contains(mark), "\(mark.debugDescription) in \(text.debugDescription)")
        }
      }
      let lines = (outcome.output + outcome.error).split(whereSeparator: \.isNewline).map {
        $0.trimmingCharacters(in: .whitespaces)
      }
      // Commands are stopped from the start to the annotations, which alone are ours.
      let commands = lines.filter { $0.hasPrefix("::") }
      #expect(commands.first?.hasPrefix("::stop-commands::") == true)
      let token = commands.first?.replacingOccurrences(of: "::stop-commands::", with: "") ?? ""
      #expect(token.count == 32 && commands.dropFirst().first == "::\(token)::", "\(commands)")
      #expect(
        commands.dropFirst(2).allSatisfy { $0.hasPrefix("::error ") || $0.hasPrefix("::warning ") },
        "\(commands)")
      let markdown = try String(contentsOfFile: repository.path + "/report.md", encoding: .utf8)
      #expect(!markdown.contains("\r") && !markdown.contains("\u{202E}"))
    }
  }
}
