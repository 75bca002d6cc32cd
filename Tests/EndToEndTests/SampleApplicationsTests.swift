import AWSClients
import CloudFormationModel
import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// Four applications deployed, broken in ten ways each, and rolled back by the built executables without a person: no leave,
/// no word but the one that confirms. `ci/applications` runs all forty beside the runbook's own script and prints them as a
/// table; without it one of each application runs.
@Suite(.enabled(if: LocalAWS.isInstalled, "ci/install-python was not run"))
struct SampleApplicationsTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var application: SampleApplication
    var breakage: Breakage
    var testDescription: String { "\(application): \(breakage)" }
  }

  /// A file that gets one line a case; with it all of them run.
  private static let table = ProcessInfo.processInfo.environment["BACKSTOP_APPLICATIONS_TABLE"]

  static let cases: [Case] =
    table == nil
    ? [
      Case(application: .plain, breakage: .stuck), Case(application: .sam, breakage: .badCode),
      Case(application: .cdk, breakage: .additions), Case(application: .serverless, breakage: .twice),
    ]
    : SampleApplication.allCases.flatMap { application in
      Breakage.allCases.map { Case(application: application, breakage: $0) }
    }

  private let world: AutoRevertWorld
  private var client: AWSClient { world.aws.client }

  init() throws { world = try AutoRevertWorld(try LocalAWS.shared()) }

  @Test(arguments: cases) func `goes back without a person`(_ one: Case) async throws {
    let app = try await Deployed(one.application, world, hasGates: one.breakage.isUnfinished)
    try world.snapshot()
    try await app.deploy(one.breakage)
    var runbook = ""
    if SampleApplicationsTests.table != nil {
      runbook = try await app.rollBackByRunbook() ? "back" : "not back"
      // What it did bring back is broken once more.
      if runbook == "back", one.breakage != .undone { try await app.deploy(one.breakage) }
    }
    let outcome =
      one.breakage == .running
      ? try world.revert { _ in try app.release() } : try world.revert()
    let answer = try await app.answer()
    let memory = try await app.memory()
    let isBack = outcome.status == 0 && answer == "one" && memory == 128
    let again = try world.revert()
    let left = try JSONValue(parsing: Array(again.output.utf8))["actions"]?.array?.count
    if let table = SampleApplicationsTests.table {
      let seconds =
        Double(outcome.duration.components.seconds) + Double(outcome.duration.components.attoseconds) / 1e18
      let fields = [
        one.application.rawValue, one.breakage.rawValue, isBack && left == 0 ? "back" : "NOT BACK",
        "\((seconds * 10).rounded() / 10)", runbook,
      ]
      try append(fields.joined(separator: "\t") + "\n", to: table)
    }
    #expect(
      isBack, "\(outcome.status), answers \(answer), memory \(memory): \(outcome.output)\(outcome.error)")
    #expect(again.status == 0 && left == 0, "\(again.output)\(again.error)")
  }

  private func append(_ line: String, to path: String) throws {
    let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT, 0o644)
    guard descriptor >= 0 else { throw CocoaError(.fileWriteUnknown) }
    defer { close(descriptor) }
    // One write is one line, whoever else writes.
    let bytes = Array(line.utf8)
    #expect(write(descriptor, bytes, bytes.count) == bytes.count)
  }
}

/// A sample application on the local AWS.
private struct Deployed {
  private let application: SampleApplication
  private let world: AutoRevertWorld
  private let maker: String
  private let hasGates: Bool
  private var name: String { world.name }
  private var client: AWSClient { world.aws.client }

  /// Deploys version one.
  init(_ application: SampleApplication, _ world: AutoRevertWorld, hasGates: Bool) async throws {
    self.hasGates = hasGates
    self.application = application
    self.world = world
    if hasGates {
      let name = "\(world.name)-maker"
      try await world.aws.createStack(name, template: SampleApplication.maker(name))
      maker = try await CloudFormationClient(world.aws.client).describeStack(name)?.outputs.first?.value ?? ""
    } else {
      maker = ""
    }
    if application != .plain {
      try world.cli("s3api", "create-bucket", "--bucket", "\(world.name)-code")
    }
    try await pack(.init())
    try await world.aws.createStack(world.name, template: template(.init()))
    #expect(try await answer() == "one")
  }

  private func template(_ deployment: SampleApplication.Deployment) -> String {
    var deployment = deployment
    deployment.hasGates = hasGates
    return application.template(name, deployment, maker: maker, flags: world.folder.path)
  }

  /// Puts the package of a deployment where its template fetches it.
  private func pack(_ deployment: SampleApplication.Deployment) async throws {
    guard application != .plain else { return }
    let folder = TemporaryFolder()
    try "def handler(event, context): return {'statusCode': 200, 'body': '\(deployment.answer)'}\n"
      .write(toFile: folder("index.py"), atomically: true, encoding: .utf8)
    let made = try runProgram(
      "python3", ["-c", "import zipfile; zipfile.ZipFile('fn.zip', 'w').write('index.py')"], in: folder.path)
    #expect(made.status == 0, "\(made.error)")
    try await S3Client(client).putObject(
      bucket: "\(name)-code", key: deployment.key,
      [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder("fn.zip")))))
  }

  // MARK: - Breaking it

  /// Deploys something bad.
  func deploy(_ breakage: Breakage) async throws {
    var bad = SampleApplication.Deployment(version: "2", answer: "two", key: "1700000000002/app.zip")
    bad.adds = breakage == .additions
    bad.drops = breakage == .removal
    if breakage == .setting { (bad.answer, bad.key, bad.memory) = ("one", "1700000000001/app.zip", 512) }
    try await pack(bad)
    switch breakage {
    case .badCode, .additions, .removal, .setting, .byHand, .twice:
      try await world.aws.updateStack(name, template: template(bad), parameters: ["Version": "2"])
      if breakage == .byHand {
        _ = try await LambdaClient(client).updateFunctionConfiguration(
          "\(name)-fn", environment: ["VERSION": "by hand"], memoryMegabytes: 1024)
      }
      if breakage == .twice {
        var worse = bad
        (worse.version, worse.answer, worse.key, worse.adds) = ("3", "three", "1700000000003/app.zip", true)
        try await pack(worse)
        try await world.aws.updateStack(name, template: template(worse), parameters: ["Version": "3"])
      }
    case .undone:
      try world.fail("Last", "2")
      try await begin(bad)
      try await world.wait(for: .updateRollbackComplete)
    case .running:
      try world.hold("Gate", "2")
      try await begin(bad)
      try await waitUntil("the new code is live") { try await self.version() == "2" }
    case .leftInFailure:
      try world.fail("Last", "2")
      try await begin(bad, disablesRollback: true)
      try await world.wait(for: .updateFailed)
    case .stuck:
      try world.fail("Last", "2")
      try world.fail("Gate", "1")
      try await begin(bad)
      try await world.wait(for: .updateRollbackFailed)
      try world.fail("Gate", "1", false)
    }
  }

  private func begin(
    _ deployment: SampleApplication.Deployment, disablesRollback: Bool? = nil
  ) async throws {
    var update = StackUpdate(.body(template(deployment)))
    update.parameters = [AWSClients.StackParameter("Version", deployment.version)]
    update.capabilities = ["CAPABILITY_NAMED_IAM"]
    try await CloudFormationClient(client).updateStack(
      name, update, disablesRollback: disablesRollback, token: "deploy-\(UUID().uuidString)")
  }

  /// Lets an update that is held go on.
  func release() throws { try world.hold("Gate", "2", false) }

  // MARK: - What is live

  /// What the function's code is told its version is.
  private func version() async throws -> String? {
    try await LambdaClient(client).getFunctionConfiguration("\(name)-fn").environment["VERSION"]
  }

  func memory() async throws -> Int? {
    try await LambdaClient(client).getFunctionConfiguration("\(name)-fn").memoryMegabytes
  }

  /// What the API answers.
  func answer() async throws -> String {
    let found = try await CloudFormationClient(client).describeStack(name)
    let api = found?.outputs.first?.value ?? ""
    let asked = try runProgram(
      "curl", ["-s", "\(world.aws.endpoint)/restapis/\(api)/\(application.stage)/_user_request_/hello"],
      in: world.folder.path)
    return asked.lines.joined(separator: "\n")
  }

  // MARK: - The runbook's own way

  /// The script that the runbook's option 1 describes: cancel what runs, wait, look.
  private static let script = """
    set -u
    status() { aws cloudformation describe-stacks --stack-name "$1" --query 'Stacks[0].StackStatus' --output text; }
    if [ "$(status "$1")" != UPDATE_IN_PROGRESS ]; then echo "$(status "$1"), cannot be cancelled"; exit 1; fi
    aws cloudformation cancel-update-stack --stack-name "$1" || exit 1
    rm -f "$2"
    while :; do
      case "$(status "$1")" in *_IN_PROGRESS) sleep 1 ;; *) break ;; esac
    done
    [ "$(status "$1")" = UPDATE_ROLLBACK_COMPLETE ]
    """

  /// Whether version one is live after it, in a stack that can be deployed to again: code that answers is not enough.
  func rollBackByRunbook() async throws -> Bool {
    let folder = Repository.root + "/.build/venv/bin"
    let variables = world.variables.merging([
      "AWS_PAGER": "", "AWS_DEFAULT_REGION": "us-east-1",
      "PATH": "\(folder):\(world.variables["PATH"] ?? "")",
    ]) { $1 }
    _ = try runProgram(
      "bash", ["-c", Deployed.script, "rollback", name, world.folder("Gate-2.held")], in: world.folder.path,
      variables: variables)
    let memory = try await memory()
    let isSettled = try await world.status()?.rule.condition == .settled
    let answer = try await answer()
    return isSettled && answer == "one" && memory == 128
  }
}
