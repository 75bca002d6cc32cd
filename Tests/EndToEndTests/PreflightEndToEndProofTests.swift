import AWSClients
import CurlTransport
import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// What must be said before a deployment, not after: what is missing from a restore point, by the built step.
@Suite(.enabled(if: LocalAWS.isInstalled, "ci/install installs the local AWS"), .blocking)
struct PreflightEndToEndProofTests {
  private let folder = TemporaryFolder()
  private let name = "pp-\(UUID().uuidString.prefix(8).lowercased())"

  private func template(_ more: String = "", size: Int = 0) -> String {
    """
    Parameters:
      Hidden: {Type: String, NoEcho: true, Default: planted-secret-value}
    Resources:
      Marker:
        Type: AWS::SSM::Parameter
        Properties: {Name: "/\(name)/marker", Type: String, Value: one}
    \(more)
    \(String(repeating: "# filling\n", count: size / 10))
    """
  }

  private func function(_ bucket: String) -> String {
    TemplateParts.role + "\n"
      + TemplateParts.function(
        "Worker", named: "\(name)-worker", handler: "index.handle",
        "Code: {S3Bucket: \(bucket), S3Key: worker.zip}")
  }

  /// An empty archive: enough for a package that is never run.
  private let package: [UInt8] = [0x50, 0x4B, 5, 6] + [UInt8](repeating: 0, count: 18)

  private func writeConfig(_ lines: [String] = [], environment: String = "prod") throws {
    try
      ([
        "ENVIRONMENT=\(environment)", "AWS_REGION=us-east-1", "USE_EXTERNAL_DATABASE=true",
        "API_STACK=\(name)",
      ]
      + lines).joined(separator: "\n")
      .write(toFile: folder("deployment-\(environment).config"), atomically: true, encoding: .utf8)
  }

  private func writePolicy(_ text: String) throws {
    try "preflight-snapshot:\n\(text)\n".write(
      toFile: folder("backstop.yml"), atomically: true, encoding: .utf8)
  }

  private func preflight(
    _ arguments: String..., variables: [String: String], environment: String = "prod"
  ) throws -> (outcome: BuiltStep.Outcome, record: JSONValue) {
    let outcome = try BuiltStep("preflight-snapshot", in: folder.path, variables: variables)
      .run([environment, "--no-baseline", "--format", "json"] + arguments)
    return (outcome, try JSONValue(parsing: outcome.output))
  }

  private func codes(_ record: JSONValue, _ severity: String) -> [String] {
    (record["findings"]?.array ?? []).filter { $0["severity"]?.string == severity }.compactMap {
      $0["code"]?.string
    }
  }

  private var points: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder(".backstop/prod/restore-points"))) ?? [])
      .sorted()
  }

  @Test func `a package that is gone makes the stack not restorable, and names it`() async throws {
    let aws = try LocalAWS.shared()
    let bucket = "\(name)-assets"
    try await aws.createStack(
      bucket, template: "Resources: {B: {Type: AWS::S3::Bucket, Properties: {BucketName: \(bucket)}}}")
    let s3 = S3Client(aws.client)
    try await s3.putObject(bucket: bucket, key: "worker.zip", package)
    try await aws.createStack(name, template: template(function(bucket)))
    try writeConfig()
    let good = try preflight(variables: aws.environment.variables)
    #expect(good.outcome.status == 0, "\(good.outcome.error)")
    let id = try #require(good.record["restorePoint"]?.string)
    let manifest = try JSONValue(
      parsing: String(
        contentsOfFile: folder(".backstop/prod/restore-points/\(id)/restore-point.json"), encoding: .utf8))
    // A key without versions may hold another package tomorrow: what is there now is kept.
    let kept = "functions/\(name).\(name)-worker.zip"
    #expect(manifest["functions"]?[0]?["code"]?["key"] == nil)
    #expect(manifest["functions"]?[0]?["code"]?["file"]?.string == kept)
    let bytes = FileManager.default.contents(atPath: folder(".backstop/prod/restore-points/\(id)/\(kept)"))
    #expect(bytes.map { Array($0) } == package)
    #expect(manifest["functions"]?[0]?["settings"]?["handler"]?.string == "index.handle")

    try await s3.deleteObject(bucket: bucket, key: "worker.zip")
    let bad = try preflight(variables: aws.environment.variables)
    #expect(bad.outcome.status == 1)
    #expect(codes(bad.record, "error") == ["asset-missing"])
    #expect(bad.record["stacks"]?[0]?["restorable"]?.bool == false)
    #expect(
      bad.record["stacks"]?[0]?["why"]?.string?.contains("s3://\(bucket)/worker.zip, which Worker names")
        == true)
    #expect(points == [id, "latest"], "nothing is recorded as good")

    try writePolicy("  require-restorable: false")
    #expect(try preflight(variables: aws.environment.variables).outcome.status == 0)
  }

  @Test func `code that no template names is kept in the restore point`() async throws {
    let aws = try LocalAWS.shared()
    let inline = function("x").replacing(
      "Code: {S3Bucket: x, S3Key: worker.zip}",
      with: "Code: {ZipFile: 'def handle(event, context): return 1'}")
    try await aws.createStack(name, template: template(inline))
    try writeConfig()
    let result = try preflight(variables: aws.environment.variables)
    let id = try #require(result.record["restorePoint"]?.string)
    let file = folder(".backstop/prod/restore-points/\(id)/functions/\(name).\(name)-worker.zip")
    let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    #expect(FileManager.default.contents(atPath: file)?.starts(with: [0x50, 0x4B]) == true)
  }

  @Test func `a large template needs a bucket, is rehearsed through it, and leaves nothing in it`()
    async throws
  {
    let aws = try LocalAWS.shared()
    let bucket = "\(name)-templates"
    try await aws.createStack(
      bucket, template: "Resources: {B: {Type: AWS::S3::Bucket, Properties: {BucketName: \(bucket)}}}")
    let s3 = S3Client(aws.client)
    let large = template(size: 60_000)
    try await s3.putObject(bucket: bucket, key: "deployed.yaml", Array(large.utf8))
    let cloudFormation = CloudFormationClient(aws.client)
    try await cloudFormation.createStack(
      name, StackUpdate(.url(s3.address(bucket: bucket, key: "deployed.yaml"))), token: "t")
    try await aws.wait(for: name)
    try writeConfig()
    let without = try preflight(variables: aws.environment.variables)
    #expect(without.outcome.status == 1)
    #expect(codes(without.record, "error") == ["template-bucket-missing"])
    #expect(without.record["stacks"]?[0]?["why"]?.string?.contains("no bucket is named") == true)

    try writePolicy("  template-bucket: \(bucket)-none")
    let wrong = try preflight(variables: aws.environment.variables)
    #expect(wrong.record["stacks"]?[0]?["why"]?.string?.contains("there is no bucket \(bucket)-none") == true)

    try writePolicy("  template-bucket: \(bucket)/kept")
    let with = try preflight(variables: aws.environment.variables)
    #expect(with.outcome.status == 0, "\(with.outcome.output)")
    #expect(with.record["stacks"]?[0]?["restorable"]?.bool == true)
    #expect(try await s3.listObjects(bucket: bucket).map(\.key) == ["deployed.yaml"])
  }

  @Test func `a hidden parameter is said to be unverified`() async throws {
    let aws = try LocalAWS.shared()
    try await aws.createStack(name, template: template())
    try writeConfig()
    let result = try preflight(variables: aws.environment.variables)
    #expect(result.record["stacks"]?[0]?["unverified"]?[0]?.string == "Hidden")
    #expect(codes(result.record, "warning").contains("hidden-parameter"))
    #expect(codes(result.record, "notice").contains("no-monitoring-time"))
    #expect(!result.outcome.output.contains("planted-secret-value"))
  }

  @Test func `a dry run makes nothing and says what it would make`() async throws {
    let aws = try LocalAWS()
    try await aws.createStack(
      name,
      template: template(
        "  Key: {Type: AWS::SecretsManager::Secret, Properties: {Name: \(name), SecretString: s}}"))
    try writeConfig()
    let transport = CurlTransport(environment: Environment())
    let before = try await aws.calls(over: transport).count
    let result = try preflight("--dry-run", variables: aws.environment.variables)
    #expect(result.outcome.status == 0, "\(result.outcome.error)")
    let plan = (result.record["plan"]?.array ?? []).compactMap(\.string)
    #expect(plan.contains { $0.contains("make a change set of \(name)") })
    #expect(plan.contains { $0.contains("put the label backstop-") })
    #expect(points.isEmpty && result.record["restorePoint"] == nil)
    let made = try await aws.calls(over: transport).dropFirst(before).compactMap { $0["action"]?.string }
    #expect(!made.isEmpty)
    #expect(
      !made.contains {
        $0.hasPrefix("Create") || $0.hasPrefix("Update") || $0.hasPrefix("Put") || $0.hasPrefix("Delete")
      })
    #expect(
      try Schema.problems(of: folder(".backstop/prod/preflight-snapshot.json"), "preflight-snapshot") == "")

    #expect(try preflight(variables: aws.environment.variables).outcome.status == 0)
    let secret = try await SecretsManagerClient(aws.client).describeSecret(name)
    #expect(secret.stagesByVersion.values.joined().contains { $0.hasPrefix("backstop-") })
  }

  @Test func `--ready judges the newest restore point and makes nothing`() async throws {
    let aws = try LocalAWS.shared()
    try await aws.createStack(name, template: template())
    try writeConfig()
    let none = try BuiltStep("preflight-snapshot", in: folder.path, variables: aws.environment.variables)
      .run(["prod", "--ready"])
    #expect(none.status == 65)
    #expect(none.error.contains("run preflight-snapshot prod first"))
    #expect(try preflight(variables: aws.environment.variables).outcome.status == 0)
    let ready = try preflight("--ready", variables: aws.environment.variables)
    #expect(ready.outcome.status == 0, "\(ready.outcome.output)")
    try await aws.updateStack(name, template: template().replacing("Value: one", with: "Value: two"))
    let stale = try preflight("--ready", variables: aws.environment.variables)
    #expect(stale.outcome.status == 1)
    #expect(codes(stale.record, "error") == ["restore-point-stale"])
    try writePolicy("  maximum-age: 0s")
    #expect(
      try preflight("--ready", variables: aws.environment.variables).outcome.output.contains(
        "more than 0 ms ago"))
  }

  @Test func `windows, freezes and staging are asked before AWS is`() async throws {
    let aws = try LocalAWS.shared()
    try await aws.createStack(name, template: template())
    try writeConfig()
    let variables = aws.environment.variables
    try writePolicy("  freezes: [{from: 2000-01-01, to: 2999-12-31, reason: rebuilding}]")
    let frozen = try preflight(variables: variables)
    #expect(frozen.outcome.status == 1 && codes(frozen.record, "error") == ["deployment-freeze"])
    #expect(frozen.outcome.output.contains("rebuilding"))
    #expect(
      try preflight(variables: variables.merging(["BACKSTOP_SKIP_WINDOW": "hotfix"]) { $1 }).outcome.status
        == 1)
    let passed = try preflight("--skip-window", "hotfix for the till", variables: variables)
    #expect(passed.outcome.status == 0 && codes(passed.record, "warning").contains("deployment-freeze"))
    #expect(passed.outcome.output.contains("hotfix for the till"))
    try writePolicy("  time-zone: Europe/Nowhere\n  windows: daily 00:00-24:00")
    let unknown = try BuiltStep("preflight-snapshot", in: folder.path, variables: variables).run(["prod"])
    #expect(unknown.status == 65 && unknown.error.contains("Europe/Nowhere"))
  }

  @Test func `a denied permission is known without trying`() async throws {
    let aws = try LocalAWS.sharedWithAuthorisation()
    try await aws.createStack(name, template: template())
    try writeConfig()
    let cli = { (arguments: [String]) in try awsCLI(aws, arguments) }
    _ = try cli(["iam", "create-user", "--user-name", name])
    let policy = """
      {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},
      {"Effect":"Deny","Action":"cloudformation:ExecuteChangeSet","Resource":"*"}]}
      """
    _ = try cli([
      "iam", "put-user-policy", "--user-name", name, "--policy-name", "p", "--policy-document", policy,
    ])
    let key = try cli(["iam", "create-access-key", "--user-name", name])["AccessKey"]
    let variables = aws.environment.variables.merging([
      "AWS_ACCESS_KEY_ID": key?["AccessKeyId"]?.string ?? "",
      "AWS_SECRET_ACCESS_KEY": key?["SecretAccessKey"]?.string ?? "",
    ]) { $1 }
    let denied = try preflight(variables: variables)
    #expect(denied.outcome.status == 1, "\(denied.outcome.error)")
    #expect(codes(denied.record, "error") == ["permission-missing"])
    #expect(denied.outcome.output.contains("cloudformation:ExecuteChangeSet"))
    try writePolicy("  check-permissions: false")
    #expect(try preflight(variables: variables).outcome.status == 0)
  }

  @Test func `a killed run leaves nothing that counts, and the next one goes through`() async throws {
    let aws = try LocalAWS()
    try await aws.createStack(name, template: template())
    try writeConfig()
    let transport = CurlTransport(environment: Environment())
    for (number, signal) in [SIGKILL, SIGINT].enumerated() {
      try await aws.setFaults([.init(.delay, "DescribeChangeSet", seconds: 3)], over: transport)
      let step = BuiltStep("preflight-snapshot", in: folder.path, variables: aws.environment.variables)
      let outcome = try step.run(["prod", "--no-baseline"]) { process in
        try waitUntil("a change set is read") {
          try awsCalls(aws).count { $0 == "DescribeChangeSet" } > number
        }
        kill(process, signal)
      }
      #expect(outcome.status == (signal == SIGKILL ? -SIGKILL : 130))
      #expect(points.isEmpty)
      // Nobody cleans up after SIGKILL; a later run does, when the change set is old enough to be nobody's.
      let deleted = try awsCalls(aws).count { $0 == "DeleteChangeSet" }
      #expect(deleted == (signal == SIGKILL ? 0 : 1))
      try await aws.setFaults([], over: transport)
    }
    try FileManager.default.createDirectory(
      atPath: folder(".backstop/prod/restore-points/.half.partial"), withIntermediateDirectories: true)
    #expect(try preflight(variables: aws.environment.variables).outcome.status == 0)
    #expect(points.count { $0 != "latest" && !$0.hasPrefix(".") } == 1)
    #expect(!points.contains(".half.partial"))
  }

  @Test func `several applications and environments in one repository do not meet`() async throws {
    let aws = try LocalAWS.shared()
    try await aws.createStack(name, template: template())
    try await aws.createStack("\(name)-2", template: template().replacing("/marker", with: "/marker2"))
    for (application, stack) in [("shop", name), ("bank", "\(name)-2")] {
      let path = folder("apps/\(application)")
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      for environment in ["prod", "staging"] {
        try
          "ENVIRONMENT=\(environment)\nAWS_REGION=us-east-1\nUSE_EXTERNAL_DATABASE=true\nAPI_STACK=\(stack)\n"
          .write(toFile: "\(path)/deployment-\(environment).config", atomically: true, encoding: .utf8)
      }
      try
        "non-production: [staging]\npreflight-snapshot: {after: \(application == "shop" ? "[staging]" : "[]")}\n"
        .write(toFile: "\(path)/policy.yml", atomically: true, encoding: .utf8)
    }
    func run(_ application: String, _ environment: String) throws -> JSONValue {
      try preflight(
        "--config-dir", "apps/\(application)", "--policy", "apps/\(application)/policy.yml", "--records",
        "records/\(application)/\(environment)", variables: aws.environment.variables,
        environment: environment
      ).record
    }
    for (application, stack) in [("shop", name), ("bank", "\(name)-2")] {
      for environment in ["staging", "prod"] {
        let record = try run(application, environment)
        #expect(record["verdict"]?.string == "go")
        #expect(record["stacks"]?[0]?["name"]?.string == stack)
        #expect(
          record["restorePointPath"]?.string?.contains("records/\(application)/\(environment)/") == true)
      }
    }
  }
}

/// Runs the AWS CLI against a local AWS.
private func awsCLI(_ aws: LocalAWS, _ arguments: [String]) throws -> JSONValue {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: Repository.root + "/.build/venv/bin/aws")
  process.arguments = arguments + ["--output", "json", "--region", "us-east-1"]
  process.environment = aws.environment.variables.merging(["AWS_PAGER": ""]) { $1 }
  let output = Pipe()
  process.standardOutput = output
  try process.begin()
  let data = output.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return data.isEmpty ? .null : try JSONValue(parsing: String(decoding: data, as: UTF8.self))
}

/// The actions that were called so far, asked from outside of any task.
private func awsCalls(_ aws: LocalAWS) throws -> [String] {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = ["curl", "--silent", "--noproxy", "*", aws.endpoint + "/_calls"]
  let output = Pipe()
  process.standardOutput = output
  try process.begin()
  let data = output.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return (try JSONValue(parsing: String(decoding: data, as: UTF8.self)).array ?? []).compactMap {
    $0["action"]?.string
  }
}
