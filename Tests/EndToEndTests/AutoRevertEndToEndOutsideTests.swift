import AWSClients
import CloudFormationModel
import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// The built `auto-revert` over what stacks do not own: functions' code and settings, the database, the schema; and over
/// templates that no call carries.
@Suite(.enabled(if: LocalAWS.isInstalled, "ci/install-python was not run"))
struct AutoRevertEndToEndOutsideTests {
  let world: AutoRevertWorld

  init() throws { world = try AutoRevertWorld(try LocalAWS.shared()) }

  private func actions(_ outcome: BuiltStep.Outcome) throws -> [String] {
    try JSONValue(parsing: Array(outcome.output.utf8))["actions"]?.array?.compactMap { $0["action"]?.string }
      ?? []
  }

  /// A function whose code stands in a bucket, and nothing else.
  private func function(_ timeout: String = "3") -> String {
    let function = TemplateParts.function(
      "Fn", named: "\(world.name)-fn", handler: "index.answer",
      "Timeout: \(timeout)\nMemorySize: 128\nCode: {S3Bucket: \(world.name)-code, S3Key: fn.zip}")
    return """
      Parameters:
        Version: {Type: String, Default: "1"}
      Resources:
      \(TemplateParts.role)
      \(function)
        Marker:
          Type: AWS::SSM::Parameter
          Properties: {Name: "/\(world.name)/marker", Type: String, Value: !Ref Version}
      """
  }

  /// A package with one Python file, made by the real zip format.
  private func package(_ body: String) throws -> [UInt8] {
    let folder = TemporaryFolder()
    try "def answer(event, context): return \(body)\n"
      .write(toFile: folder("index.py"), atomically: true, encoding: .utf8)
    let made = try runProgram(
      "python3", ["-c", "import zipfile; zipfile.ZipFile('fn.zip', 'w').write('index.py')"], in: folder.path)
    #expect(made.status == 0, "\(made.error)")
    return [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder("fn.zip"))))
  }

  @Test func `a version that was deleted is published again, once the function is what it was`() async throws
  {
    let name = "\(world.name)-fn"
    try world.cli("s3api", "create-bucket", "--bucket", "\(world.name)-code")
    try await S3Client(world.aws.client).putObject(
      bucket: "\(world.name)-code", key: "fn.zip", package("1"))
    try await world.aws.createStack(world.name, template: function())
    let functions = LambdaClient(world.aws.client)
    let digest = try #require(try await functions.getFunctionConfiguration(name).codeSha256)
    let first = try await functions.publishVersion(name, codeSha256: digest).version
    try world.cli(
      "lambda", "create-alias", "--function-name", name, "--name", "live", "--function-version", first)
    try world.snapshot()

    _ = try await functions.updateFunctionCode(name, .zip(package("2")))
    let bad = try #require(try await functions.getFunctionConfiguration(name).codeSha256)
    let second = try await functions.publishVersion(name, codeSha256: bad).version
    _ = try await functions.updateAlias(name, name: "live", version: second)
    try world.cli("lambda", "delete-function", "--function-name", name, "--qualifier", first)

    let outcome = try world.revert()
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(try actions(outcome) == ["restoreFunctionCode", "restoreAlias"])
    let live = try await functions.getAlias(name, name: "live").functionVersion
    #expect(![first, second, "$LATEST"].contains(live))
    #expect(try await functions.getFunctionConfiguration(name, qualifier: "live").codeSha256 == digest)
    let again = try world.revert()
    let left = try actions(again)
    #expect(again.status == 0 && left == [], "\(again.output)")
  }

  @Test func `code and settings that somebody changed by hand are put back`() async throws {
    let name = "\(world.name)-fn"
    try world.cli("s3api", "create-bucket", "--bucket", "\(world.name)-code")
    try await S3Client(world.aws.client).putObject(
      bucket: "\(world.name)-code", key: "fn.zip", package("1"))
    try await world.aws.createStack(world.name, template: function())
    try world.snapshot()
    let functions = LambdaClient(world.aws.client)
    let recorded = try #require(try await functions.getFunctionConfiguration(name).codeSha256)
    _ = try await functions.updateFunctionCode(name, .zip(package("2")))
    _ = try await functions.updateFunctionConfiguration(name, timeoutSeconds: 9, memoryMegabytes: 256)
    #expect(try await functions.getFunctionConfiguration(name).codeSha256 != recorded)

    let shown = try world.run("auto-revert", ["--dry-run"])
    #expect(shown.status == 0, "\(shown.error)")
    #expect(shown.output.contains("restoreFunctionCode"))
    let outcome = try world.revert()
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(Set(try actions(outcome)) == ["restoreFunctionCode", "restoreFunctionSettings"])
    let now = try await functions.getFunctionConfiguration(name)
    #expect(now.codeSha256 == recorded)
    #expect(now.timeoutSeconds == 3 && now.memoryMegabytes == 128)
  }

  @Test
  func
    `9 runbook scenario 3: relief is set before the rollback and undone after it, though the template would not`()
    async throws
  {
    let name = "\(world.name)-fn"
    try world.cli("s3api", "create-bucket", "--bucket", "\(world.name)-code")
    try await S3Client(world.aws.client).putObject(
      bucket: "\(world.name)-code", key: "fn.zip", package("1"))
    try await world.aws.createStack(world.name, template: function())
    try world.snapshot()
    try await world.aws.updateStack(world.name, template: function(), parameters: ["Version": "2"])
    let functions = LambdaClient(world.aws.client)

    // Alone: a setting and nothing else, by the name in the template.
    let relieved = try world.revert("--method", "relief", "--relief", "Fn:timeout=30,memory=256")
    #expect(relieved.status == 0, "\(relieved.error)")
    #expect(try actions(relieved) == ["relieve"])
    #expect(relieved.output.contains("relief-set"))
    #expect(try JSONValue(parsing: relieved.output)["summary"]?["outcome"]?.string == "relieved")
    #expect(try await functions.getFunctionConfiguration(name).timeoutSeconds == 30)
    #expect(try await world.marker() == "2")
    // With the rollback: another, and all of it undone.
    let outcome = try world.revert("--relief", "\(name):timeout=40")
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(try actions(outcome) == ["relieve", "restore", "restoreFunctionSettings"])
    let now = try await functions.getFunctionConfiguration(name)
    #expect(now.timeoutSeconds == 3 && now.memoryMegabytes == 128)
    #expect(try await world.marker() == "1")

    let refused = try world.revert("--method", "relief", "--relief", "nobody:timeout=30")
    #expect(refused.status == 1)
    #expect(refused.output.contains("there is no such function"))
    #expect(try world.revert("--relief", "Fn:cpu=3").status == 64)
    #expect(try world.revert("--method", "relief").status == 64)
  }

  @Test func `a template that no call carries goes through the bucket, and does not stay there`() async throws
  {
    let bucket = "\(world.name)-templates"
    try world.cli("s3api", "create-bucket", "--bucket", bucket)
    try "preflight-snapshot:\n  template-bucket: \(bucket)/ours\n"
      .write(toFile: world.folder("backstop.yml"), atomically: true, encoding: .utf8)
    let padding = (1...700).map {
      "  P\($0): {Type: String, Default: '\(String(repeating: "x", count: 50))'}"
    }
    let large = world.plain("large").replacingOccurrences(
      of: "Resources:",
      with: "Metadata:\n  Padding:\n"
        + padding.map { "  \($0)" }.joined(separator: "\n") + "\nResources:")
    #expect(large.utf8.count > 51_200)
    try await S3Client(world.aws.client).putObject(bucket: bucket, key: "deployed", Array(large.utf8))
    try world.cli(
      "cloudformation", "create-stack", "--stack-name", world.name, "--template-url",
      "\(world.aws.endpoint)/\(bucket)/deployed")
    try await world.wait(for: .createComplete)
    try world.snapshot()
    try await world.aws.updateStack(world.name, template: world.plain("small"), parameters: ["Version": "2"])
    let outcome = try world.revert()
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(try await world.marker() == "1")
    #expect(
      try await CloudFormationClient(world.aws.client).getTemplate(world.name, stage: .original) == large)
    #expect(try await S3Client(world.aws.client).listObjects(bucket: bucket).map(\.key) == ["deployed"])
    #expect(!outcome.output.contains("template-left"))
  }

  @Test func `a policy is lifted for a restore that it denies, and put back`() async throws {
    let client = CloudFormationClient(world.aws.client)
    try await world.aws.createStack(world.name, template: world.plain())
    let policy =
      #"{"Statement":[{"Effect":"Allow","Action":"Update:*","Principal":"*","Resource":"*"},"#
      + #"{"Effect":"Deny","Action":"Update:*","Principal":"*","Resource":"LogicalResourceId/Marker"}]}"#
    try await client.setStackPolicy(world.name, body: policy)
    try world.snapshot()
    try await world.aws.updateStack(world.name, template: world.plain(), parameters: ["Version": "2"])
    let refused = try world.revert()
    #expect(refused.status == 1)
    #expect(refused.output.contains("stack-policy") && refused.output.contains("modify Marker"))
    #expect(try await world.marker() == "2")
    let outcome = try world.revert("--override-stack-policy")
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(try actions(outcome) == ["liftStackPolicy", "restore", "restoreStackPolicy"])
    #expect(try await world.marker() == "1")
    #expect(try await client.getStackPolicy(world.name) == policy)
  }

  @Test
  func
    `the database is made anew of the snapshot, and the application's secret switched to it`()
    async throws
  {
    try """
    ENVIRONMENT=prod
    AWS_REGION=us-east-1
    API_STACK=\(world.name)
    DATABASE_STACK=\(world.name)-db

    """.write(toFile: world.folder("deployment-prod.config"), atomically: true, encoding: .utf8)
    try "preflight-snapshot:\n  database-snapshot: always\n"
      .write(toFile: world.folder("backstop.yml"), atomically: true, encoding: .utf8)
    try await world.aws.createStack(world.name, template: world.plain())
    let template = """
      Resources:
        Db:
          Type: AWS::RDS::DBInstance
          Properties:
            DBInstanceIdentifier: \(world.name)
            Engine: postgres
            DBInstanceClass: db.t3.micro
            AllocatedStorage: '20'
            MasterUsername: shop
            MasterUserPassword: planted-password
            BackupRetentionPeriod: 7
        DbSecret:
          Type: AWS::SecretsManager::Secret
          Properties:
            Name: \(world.name)-secret
            SecretString: !Sub
              '{"host":"${Db.Endpoint.Address}","port":"${Db.Endpoint.Port}","username":"shop","password":"planted-password"}'
      """
    try await world.aws.createStack("\(world.name)-db", template: template)
    try world.snapshot()
    let secrets = SecretsManagerClient(world.aws.client)
    let before = try #require(try await secrets.describeSecret("\(world.name)-secret").currentVersion)
    try await world.aws.updateStack(world.name, template: world.plain(), parameters: ["Version": "2"])

    let unconfirmed = try world.revert("--restore-database")
    #expect(unconfirmed.status == 77)
    #expect(unconfirmed.error.contains("--confirm RESTORE-DATABASE"))
    #expect(
      try await RDSClient(world.aws.client).describeDBInstances().filter {
        $0.identifier.hasPrefix("\(world.name)-")
      }.isEmpty)

    let outcome = try world.revert("--restore-database", "--confirm", "RESTORE-DATABASE")
    // Functions that run may carry the old address until they are deployed again: not all is verified.
    #expect(outcome.status == 3, "\(outcome.output)\(outcome.error)")
    #expect(outcome.output.contains("\"outcome\": \"restored\""))
    #expect(
      outcome.output.contains("database-beside") && outcome.output.contains("deploy the API stack again"))
    #expect(try actions(outcome) == ["restore", "restoreDatabase", "switchDatabase"])
    #expect(outcome.output.contains("goes on owning \(world.name)"))
    let restored = try #require(
      try await RDSClient(world.aws.client).describeDBInstances().first {
        $0.identifier.hasPrefix("\(world.name)-restored-")
      })
    #expect(restored.status == "available")
    let value = try await secrets.getSecretValue("\(world.name)-secret")
    let document = try JSONValue(parsing: Array((value.text ?? "").utf8))
    #expect(document["port"]?.string == restored.endpointPort.map { "\($0)" })
    #expect(document["username"]?.string == "shop")
    // The version before is kept, so that it can be switched back.
    let described = try await secrets.describeSecret("\(world.name)-secret")
    #expect(described.version(of: "backstop-before-database-restore") == before)
    #expect(!outcome.output.contains("planted-password") && !outcome.error.contains("planted-password"))

    // Once more: it is there, and nothing moves the secret back.
    let again = try world.revert("--restore-database", "--confirm", "RESTORE-DATABASE")
    #expect(again.status == 3, "\(again.output)\(again.error)")
    #expect(
      again.output.contains("\"outcome\": \"nothing-to-do\"") && again.output.contains("database-beside"))
    #expect(try actions(again) == [])
    #expect(try await secrets.describeSecret("\(world.name)-secret").currentVersion == value.versionId)
  }

  @Test(.enabled(if: PostgreSQLServer.isInstalled, "PostgreSQL is not installed"))
  func `12 runbook scenario 2: the application first, then the schema by the range's scripts`() async throws {
    let database = try PostgreSQLServer.shared()
    let table = "t_\(world.name.replacingOccurrences(of: "-", with: "_"))"
    func sql(_ text: String) throws -> String {
      let result = try runProgram("psql", [database.url, "-Atqc", text])
      #expect(result.status == 0, "\(result.error)")
      return result.text
    }
    let git = try TestRepository()
    try world.writeConfig(["API_STACK=\(world.name)", "DATABASE_URL=\(database.url)"])
    try git.write("CREATE TABLE \(table) (id int);", to: "migrations/1_make.up.sql")
    try git.write("DROP TABLE \(table);", to: "migrations/1_make.down.sql")
    let older = try git.commit("good")
    try git.write("ALTER TABLE \(table) ADD COLUMN a int;", to: "migrations/2_a.up.sql")
    try git.write("ALTER TABLE \(table) DROP COLUMN a;", to: "migrations/2_a.down.sql")
    try git.write("ALTER TABLE \(table) RENAME COLUMN id TO number;", to: "migrations/10_b.up.sql")
    try git.write("ALTER TABLE \(table) RENAME COLUMN number TO id;", to: "migrations/10_b.down.sql")
    let newer = try git.commit("bad")
    func columns() throws -> String {
      try sql(
        "SELECT string_agg(column_name, ' ' ORDER BY 1) FROM information_schema.columns WHERE table_name = '\(table)'"
      )
    }
    _ = try sql("CREATE TABLE \(table) (id int)")
    try await world.aws.createStack(world.name, template: world.plain())
    let options = ["--repo", git.path, "--records", world.folder(".backstop/prod")]
    let snapshot = try world.run("preflight-snapshot", options + ["--deployed-commit", older])
    #expect(snapshot.status == 0, "\(snapshot.output)\(snapshot.error)")
    try await world.aws.updateStack(world.name, template: world.plain(), parameters: ["Version": "2"])
    _ = try sql("ALTER TABLE \(table) ADD COLUMN a int; ALTER TABLE \(table) RENAME COLUMN id TO number")

    let common =
      options + [
        "--commit", newer, "--confirm", "rollback-production", "--reason", "it is bad", "--format", "json",
      ]
    let both = try world.run("auto-revert", common + ["--rollback-schema", "--restore-database"])
    #expect(both.status == 64)
    // A script that would fail is found before anything goes back: the first one needs the column's new name.
    _ = try sql("ALTER TABLE \(table) RENAME COLUMN a TO other")
    let failed = try world.run("auto-revert", common + ["--rollback-schema"])
    #expect(failed.status == 1, "\(failed.output)\(failed.error)")
    #expect(failed.output.contains("tried in a transaction that was rolled back, it failed"))
    #expect(failed.output.contains("migrations/2_a.down.sql:1"))
    #expect(try columns() == "number other\n")
    #expect(try await world.marker() == "2")
    _ = try sql("ALTER TABLE \(table) RENAME COLUMN other TO a")

    let outcome = try world.run("auto-revert", common + ["--rollback-schema"])
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(try actions(outcome) == ["restore", "rollBackSchema"])
    #expect(try await world.marker() == "1")
    #expect(outcome.error.contains("migrations/10_b.down.sql, migrations/2_a.down.sql"))
    #expect(try columns() == "id\n")
    #expect(!outcome.output.contains("s3cret") && !outcome.error.contains("s3cret"))
  }
}
