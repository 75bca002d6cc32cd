import Foundation
import SystemInterfaces
import TestSupport
import Testing

/// The guide of the documentation: each of its commands is run, in its order, over an application on the local AWS.
@Suite(.blocking, .enabled(if: LocalAWS.isInstalled, "ci/install installs the local AWS"))
struct GuideTests {
  private static let page = Repository.root + "/Sources/Capabilities/StepRuntime/StepRuntime.docc/Guide.md"

  /// The lines of the page's blocks of commands.
  private func commands() throws -> [String] {
    let text = try String(contentsOfFile: Self.page, encoding: .utf8)
    return text.matches(of: #/(?m)^```sh\n((?:.*\n)*?)```$/#).flatMap {
      $0.1.split(separator: "\n").map(String.init)
    }
  }

  /// A command that judges may find something; the rest must end well.
  private func answers(_ command: String) -> ClosedRange<Int32> {
    let judges = ["smoke-test prod", "diff-gate prod", "watch-30m prod", "auto-revert prod --dry-run"]
      .contains {
        command.hasPrefix($0)
      }
    return judges ? 0...3 : 0...0
  }

  @Test func `every command of the guide runs, in its order`() async throws {
    let aws = try LocalAWS.shared()
    let name = "Guide\(UUID().uuidString.prefix(6))"
    let template =
      "Resources: {Marker: {Type: 'AWS::SSM::Parameter', Properties: {Name: '/\(name)', Type: String, Value: x}}}\n"
    try await aws.createStack("\(name)-Api-prod", template: template)
    let repository = try TestRepository()
    try repository.write(template, to: "template.yaml")
    try repository.commit("First", at: 1)
    try repository.write(template.replacing("Value: x", with: "Value: y"), to: "template.yaml")
    try repository.commit("Change", at: 2)
    var variables = aws.environment.variables
    variables["PATH"] = "\(BuiltStep.binaries):\(ProcessInfo.processInfo.environment["PATH"] ?? "")"
    for name in ["GITHUB_ACTIONS", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "CI"] { variables[name] = "" }
    let commands = try commands()
    #expect(commands.count > 10)
    for command in commands {
      if command.contains("--show-config") {
        // What section 3 has the reader write.
        try repository.write(
          "ENVIRONMENT=prod\nAWS_REGION=us-east-1\nAPI_STACK=\(name)-Api-prod\nUSE_EXTERNAL_DATABASE=true\n",
          to: "deployment-prod.config")
      }
      let result = try runProgram("bash", ["-c", command], in: repository.path, variables: variables)
      #expect(
        answers(command).contains(result.status),
        "\(command): \(result.status) \(String(decoding: result.output, as: UTF8.self))\(result.error)")
    }
    #expect(FileManager.default.fileExists(atPath: repository.path + "/deploy-prod"))
  }

  @Test(
    .enabled(
      if: FileManager.default.isExecutableFile(atPath: "/opt/swift/usr/bin/docc"), "the toolchain has docc"))
  func `the site has every page, and no link leads nowhere`() throws {
    let folder = TemporaryFolder()
    let made = try runProgram(Repository.root + "/ci/site", [folder("site")])
    #expect(made.status == 0, "\(made.error)")
    for page in ["guide", "pipelines", "pipeline-github", "whatitdoesnotdo", "whatitasksfor", "findings"] {
      #expect(
        FileManager.default.fileExists(atPath: folder("site/data/documentation/backstop/\(page).json")),
        "\(page)")
    }
  }
}
