import AWSClients
import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// The built `auto-revert --restore-database` on an RDS that shows proxies, clusters and lost answers, with a real
/// PostgreSQL as the restored database.
@Suite(
  .enabled(if: LocalAWS.isInstalled && PostgreSQLServer.isInstalled, "ci/install was not run"), .blocking)
struct DatabaseRestoreEndToEndTests {
  let world: AutoRevertWorld
  let server: PostgreSQLServer
  let rds: ServerProcess
  private var name: String { world.name }

  init() throws {
    world = try AutoRevertWorld(try LocalAWS.shared())
    server = try PostgreSQLServer.shared()
    rds = try ServerProcess(python: "rds_server.py")
    try """
    ENVIRONMENT=prod
    AWS_REGION=us-east-1
    API_STACK=\(name)
    DATABASE_STACK=\(name)-db

    """.write(toFile: world.folder("deployment-prod.config"), atomically: true, encoding: .utf8)
    try policy("")
  }

  private func policy(_ sql: String) throws {
    try "preflight-snapshot:\n  database-snapshot: always\n\(sql)"
      .write(toFile: world.folder("backstop.yml"), atomically: true, encoding: .utf8)
  }

  private var restored: String { #""restored": {"host": "127.0.0.1", "port": \#(server.port)}"# }

  /// What RDS holds.
  private func set(_ state: String) throws {
    let set = try runProgram(
      "curl", ["-sf", "--data-binary", "@-", "http://127.0.0.1:\(rds.port("rds"))/_state"], input: state)
    try #require(set.status == 0, "\(set.error)")
  }

  private func get(_ what: String) throws -> JSONValue {
    try JSONValue(
      parsing: runProgram("curl", ["-sf", "http://127.0.0.1:\(rds.port("rds"))/\(what)"]).output)
  }

  private var calls: [String] {
    get throws { try get("_calls").array?.compactMap { $0["Action"]?.string } ?? [] }
  }

  private func step(_ name: String) -> BuiltStep {
    let own = ["AWS_ENDPOINT_URL_RDS": "http://127.0.0.1:\(rds.port("rds"))", "AWS_MAX_ATTEMPTS": "1"]
    return BuiltStep(name, in: world.folder.path, variables: world.variables.merging(own) { $1 })
  }

  private func run(_ step: String, _ arguments: String...) throws -> BuiltStep.Outcome {
    try self.step(step).run(["prod"] + arguments)
  }

  private let confirmed = [
    "prod", "--confirm", "rollback-production", "--confirm", "RESTORE-DATABASE", "--restore-database",
    "--reason", "the data are wrong", "--format", "json",
  ]

  private func revert(_ more: String...) throws -> BuiltStep.Outcome {
    try step("auto-revert").run(confirmed + more)
  }

  private func actions(_ outcome: BuiltStep.Outcome) throws -> [String] {
    try JSONValue(parsing: outcome.output)["actions"]?.array?.compactMap { $0["action"]?.string } ?? []
  }

  /// Deploys the application and its database, records them, and deploys a bad version.
  private func deploy(
    cluster: Bool = false, variables: String = "", head: String = "", output: String = "",
    owned: String = "", beside: String = ""
  ) async throws {
    let database =
      cluster
      ? """
        Db:
          Type: AWS::RDS::DBCluster
          Properties: {DBClusterIdentifier: \(name), Engine: aurora-postgresql, MasterUsername: app, MasterUserPassword: planted-password}
      """
      : """
        Db:
          Type: AWS::RDS::DBInstance
          Properties:
            DBInstanceIdentifier: \(name)
            Engine: postgres
            DBInstanceClass: db.t3.micro
            AllocatedStorage: '20'
            MasterUsername: app
            MasterUserPassword: planted-password
      """
    let secret = JSONValue.object(
      JSONObject([
        .init("host", "old-database.example"), .init("port", "5432"), .init("username", "app"),
        .init("password", .string(PostgreSQLServer.password)), .init("dbname", "app"),
      ])
    ).serialized().replacingOccurrences(of: "'", with: "''")
    try await world.aws.createStack(
      "\(name)-db",
      template: """
        Resources:
        \(database)
          Secret:
            Type: AWS::SecretsManager::Secret
            Properties: {Name: \(name)-secret, SecretString: '\(secret)'}
        \(owned)
        \(output)
        """)
    let function =
      variables.isEmpty
      ? ""
      : TemplateParts.role + "\n"
        + TemplateParts.function(
          "Fn", named: "\(name)-fn", handler: "index.handle",
          "Environment: {Variables: {\(variables)}}\nCode:\n  ZipFile: 'def handle(event, context): return 1'"
        )
    let template =
      world.plain().replacing("Resources:", with: head + "Resources:") + "\n" + function + "\n" + beside
    try await world.aws.createStack(name, template: template)
    let snapshot = try run("preflight-snapshot")
    try #require(snapshot.status == 0, "\(snapshot.output)\(snapshot.error)")
    try await world.aws.updateStack(name, template: template, parameters: ["Version": "2"])
  }

  private func instance(_ more: String = "") -> String {
    #"{"instances": {"\#(name)": {"host": "old-database.example", "port": 5432}}, \#(restored)\#(more)}"#
  }

  private func secretHost() async throws -> String? {
    let secrets = SecretsManagerClient(world.aws.client)
    let text = try await secrets.getSecretValue("\(name)-secret").text ?? ""
    return try JSONValue(parsing: text)["host"]?.string
  }

  // MARK: - Proxies and functions

  @Test
  func `a proxy is switched, a function that names the old address is told, and the way back is a command`()
    async throws
  {
    try set(
      instance(#", "proxies": {"front": {"endpoint": "front.example", "targets": ["\#(name)"]}}"#))
    try await deploy(variables: "DATABASE_PROXY_ENDPOINT: front.example, OLD: old-database.example")
    let outcome = try revert()
    // Not all of it can be seen, and something goes on using the old one: never "healthy" alone.
    #expect(outcome.status == 3, "\(outcome.output)\(outcome.error)")
    #expect(
      try actions(outcome) == ["restore", "restoreDatabase", "switchDatabase", "switchDatabaseProxy"],
      "\(outcome.output)")
    let new = try #require(try get("_state")["proxies"]?["front"]?["targets"]?.array?.first?.string)
    #expect(new.hasPrefix("\(name)-restored-"))
    #expect(try await secretHost() == "127.0.0.1")
    #expect(outcome.output.contains("its variable OLD holds the address"))
    #expect(!outcome.output.contains("its variable DATABASE_PROXY_ENDPOINT"))
    #expect(outcome.output.contains("deploy the API stack again"))
    for word in [
      "the way back of the switch: aws secretsmanager update-secret-version-stage --secret-id",
      "aws rds deregister-db-proxy-targets --db-proxy-name front --db-instance-identifiers \(new)",
      "aws rds register-db-proxy-targets --db-proxy-name front --db-instance-identifiers \(name)",
    ] {
      #expect(outcome.output.contains(word), "\(word): \(outcome.output)")
    }
    #expect(!outcome.output.contains("s3cret"))
    let again = try revert()
    let left = try actions(again)
    #expect(again.status == 3 && left == [], "\(again.output)")
  }

  // MARK: - Deployed again

  private func variables() async throws -> [String: String] {
    try await LambdaClient(world.aws.client).getFunctionConfiguration("\(name)-fn").environment
  }

  @Test
  func `a stack that takes the address by a parameter is deployed again with the new one, and stays so`()
    async throws
  {
    let old = "\(name).old.example"
    try set(
      #"{"instances": {"\#(name)": {"host": "\#(old)", "port": 5432}}, "restored": {"host": "{name}.new.example", "port": 5432}}"#
    )
    try await deploy(
      variables: "URL: !Sub 'postgres://${Host}:5432/app'", head: "  Host: {Type: String, Default: \(old)}\n")
    let shown = try run(
      "auto-revert", "--dry-run", "--restore-database", "--confirm", "RESTORE-DATABASE", "--reason", "bad")
    #expect(shown.status == 0 && shown.output.contains("(redeploy)"), "\(shown.output)\(shown.error)")
    let outcome = try revert()
    #expect(outcome.status == 3, "\(outcome.output)\(outcome.error)")
    #expect(try actions(outcome).last == "redeploy", "\(outcome.output)")
    let url = try #require(try await variables()["URL"])
    #expect(url.hasPrefix("postgres://\(name)-restored-") && url.hasSuffix(".new.example:5432/app"))
    #expect(!outcome.output.contains("its variable URL holds the address"))
    #expect(outcome.output.contains("ParameterKey=Host,ParameterValue=\(old)"), "\(outcome.output)")
    // Another run, with the database or without it, does not lead it back to the old one.
    for again in [
      try revert(),
      try run("auto-revert", "--confirm", "rollback-production", "--reason", "again", "--format", "json"),
    ] {
      let left = try actions(again)
      #expect(again.status == 3 && left == [], "\(again.output)\(again.error)")
    }
    #expect(try await variables()["URL"] == url)
  }

  /// How often the local AWS was asked for `action` on the application's stack.
  private func asked(_ action: String) throws -> Int {
    let all = try JSONValue(
      parsing: runProgram("curl", ["-sf", "\(world.aws.endpoint)/_calls"]).output)
    return all.array?.count { $0["action"]?.string == action && $0["stack"]?.string == name } ?? 0
  }

  @Test(arguments: ["CreateChangeSet", "ExecuteChangeSet"])
  func `a run that was killed in the middle of a redeploy is gone on with, and nothing is done twice`(
    last: String
  ) async throws {
    try set(
      #"{"instances": {"\#(name)": {"host": "\#(name).old.example", "port": 5432}}, "restored": {"host": "{name}.new.example", "port": 5432}}"#
    )
    try await deploy(
      variables: "URL: !Ref Host", head: "  Host: {Type: String, Default: \(name).old.example}\n")
    let executed = try asked("ExecuteChangeSet")
    let between = try ServerProcess(python: "traffic_server.py", arguments: [world.aws.endpoint])
    let address = "http://127.0.0.1:\(between.port("aws"))"
    // The first is that of the restore. The second is made, and its answer never comes.
    let hang = try runProgram(
      "curl", ["-sf", "--data-binary", "@-", "\(address)/_state"],
      input: #"{"hang": {"action": "\#(last)", "at": 2, "after": true}}"#)
    try #require(hang.status == 0, "\(hang.error)")
    var held = step("auto-revert")
    held.variables["AWS_ENDPOINT_URL_CLOUDFORMATION"] = address
    let killed = try held.run(confirmed) { process in
      try waitUntil("the redeploy's \(last)", seconds: 120) {
        guard kill(process, 0) == 0 else {
          throw AutoRevertWorld.Unexpected(description: "auto-revert ended: \(try world.journal)")
        }
        return try JSONValue(parsing: runProgram("curl", ["-sf", "\(address)/_hung"]).output) == true
      }
      kill(process, SIGKILL)
    }
    #expect(killed.status == -SIGKILL, "\(killed.output)")
    let outcome = try revert("--continue")
    #expect(outcome.status == 3, "\(outcome.output)\(outcome.error)")
    let url = try #require(try await variables()["URL"])
    #expect(url.hasPrefix("\(name)-restored-") && url.hasSuffix(".new.example"))
    #expect(try asked("ExecuteChangeSet") == executed + 2)
    #expect(try calls.count { $0 == "RestoreDBInstanceFromDBSnapshot" } == 1)
    #expect(try world.journal.contains(#""event":"end""#))
  }

  @Test func `an address that comes by an import is told with the export that goes on naming it`()
    async throws
  {
    try set(instance())
    try await deploy(
      variables: "DB: !ImportValue \(name)-address",
      output: "Outputs:\n  Address: {Value: old-database.example, Export: {Name: \(name)-address}}")
    let outcome = try revert()
    #expect(outcome.status == 3, "\(outcome.output)\(outcome.error)")
    #expect(
      outcome.output.contains(
        "The export \(name)-address of \(name)-db, which \(name) imports, goes on naming it"),
      "\(outcome.output)")
  }

  @Test func `parameters of the stacks that hold the old address are told, each with what to type`()
    async throws
  {
    try set(instance())
    func parameter(_ name: String, _ value: String) -> String {
      "Type: AWS::SSM::Parameter\n    Properties: {Name: /\(self.name)/\(name), Type: String, Value: '\(value)'}\n"
    }
    try await deploy(
      owned: "  Place:\n    \(parameter("host", "old-database.example"))",
      beside: "  Url:\n    \(parameter("url", "postgres://app:planted-password@old-database.example/app"))"
        + "  Else:\n    \(parameter("else", "another-database.example"))")
    let outcome = try revert()
    #expect(outcome.status == 3, "\(outcome.output)\(outcome.error)")
    for words in [
      "the parameter /\(name)/host of \(name)-db goes on naming \(name)",
      "\(name)-db owns \(name), so deploying it again changes nothing",
      "aws ssm put-parameter --name /\(name)/host --overwrite --value",
      "the parameter /\(name)/url of \(name) goes on naming \(name)",
      "Deploy \(name) with the address of \(name)-restored-",
    ] {
      #expect(outcome.output.contains(words), "\(words): \(outcome.output)")
    }
    #expect(!outcome.output.contains("/\(name)/else") && !outcome.output.contains("planted-password"))
  }

  @Test func `a proxy that a killed run left leading nowhere is taken up`() async throws {
    try set(instance())
    try await deploy()
    let secret = try await SecretsManagerClient(world.aws.client).describeSecret("\(name)-secret").arn
    try set(
      #"{"proxies": {"front": {"endpoint": "front.example", "targets": [], "secrets": ["\#(secret)"]}}}"#)
    let outcome = try revert()
    #expect(outcome.status == 3, "\(outcome.output)\(outcome.error)")
    #expect(try get("_state")["proxies"]?["front"]?["targets"]?.array?.count == 1)
    #expect(try !calls.contains("DeregisterDBProxyTargets"))
  }

  // MARK: - Lost answers, data

  @Test(arguments: ["RestoreDBInstanceFromDBSnapshot", "RegisterDBProxyTargets", "DeregisterDBProxyTargets"])
  func `a lost answer is looked up, and nothing made twice`(action: String) async throws {
    try set(
      instance(
        #", "lose": ["\#(action)"], "proxies": {"front": {"endpoint": "front.example", "targets": ["\#(name)"]}}"#
      ))
    try await deploy()
    // Login of the proxy, so that it is known again where it leads nowhere.
    let secret = try await SecretsManagerClient(world.aws.client).describeSecret("\(name)-secret").arn
    try set(
      #"{"proxies": {"front": {"endpoint": "front.example", "targets": ["\#(name)"], "secrets": ["\#(secret)"]}}}"#
    )
    let outcome = try revert()
    #expect(outcome.status == 3, "\(outcome.output)\(outcome.error)")
    #expect(outcome.output.contains("\"outcome\": \"restored\""))
    let made = try calls
    // Sent again at most by the connection, and refused then.
    #expect((1...2).contains(made.count { $0 == action }), "\(made)")
    #expect(try get("_state")["proxies"]?["front"]?["targets"]?.array?.count == 1)
    #expect(try await secretHost() == "127.0.0.1")
  }

  @Test func `data that are not as the policy wants keep the application where it is`() async throws {
    try set(instance())
    try await deploy()
    try policy("smoke-test:\n  sql:\n    - { name: owners, sql: 'SELECT 7', equals: 8 }\n")
    let outcome = try revert()
    #expect(outcome.status == 1, "\(outcome.output)\(outcome.error)")
    #expect(
      outcome.output.contains("nothing was switched to it: owners: gave 7, expected 8"), "\(outcome.output)")
    #expect(try await secretHost() == "old-database.example")
    // As it should be, it is switched.
    try policy("smoke-test:\n  sql:\n    - { name: owners, sql: 'SELECT 8', equals: 8 }\n")
    let good = try revert()
    #expect(try await secretHost() == "127.0.0.1", "\(good.output)\(good.error)")
  }

  @Test func `what cannot be asked is said, and stops where the policy calls it critical`() async throws {
    try set(
      #"{"instances": {"\#(name)": {"host": "old-database.example", "port": 5432}}, "restored": {"host": "127.0.0.1", "port": 9}}"#
    )
    try await deploy()
    try policy("smoke-test:\n  sql:\n    - { name: owners, sql: 'SELECT 7', equals: 7, critical: true }\n")
    let outcome = try revert()
    #expect(outcome.status == 1, "\(outcome.output)\(outcome.error)")
    #expect(outcome.output.contains("owners: the query: no connection to"), "\(outcome.output)")
    #expect(try await secretHost() == "old-database.example")
  }

  // MARK: - Aurora

  @Test(arguments: [nil, "RestoreDBClusterFromSnapshot", "CreateDBInstance"])
  func `a cluster is made anew with its instances, and the application switched to it`(lost: String?)
    async throws
  {
    let lose = lost.map { #", "lose": ["\#($0)"]"# } ?? ""
    try set(
      #"""
      {"clusters": {"\#(name)": {"host": "old-database.example", "port": 5432, "members": ["\#(name)-a", "\#(name)-b"]}},
       "instances": {"\#(name)-a": {"cluster": "\#(name)"}, "\#(name)-b": {"cluster": "\#(name)"}},
       "proxies": {"front": {"endpoint": "front.example", "targets": ["\#(name)"], "cluster": true}}, \#(restored)\#(lose)}
      """#)
    try await deploy(cluster: true)
    let outcome = try revert()
    #expect(outcome.status == 3, "\(outcome.output)\(outcome.error)")
    #expect(
      try actions(outcome).filter { $0.contains("atabase") }.suffix(2) == [
        "switchDatabase", "switchDatabaseProxy",
      ],
      "\(outcome.output)")
    let state = try get("_state")
    let new = try #require(state["proxies"]?["front"]?["targets"]?.array?.first?.string)
    #expect(state["clusters"]?[new]?["members"]?.array?.count == 2)
    let made = try calls
    // One whose answer was lost is sent again at most by the connection, and refused then.
    for (action, count) in ["RestoreDBClusterFromSnapshot": 1, "CreateDBInstance": 2] {
      let most = count + (action == lost ? 1 : 0)
      #expect((count...most).contains(made.count { $0 == action }), "\(made)")
    }
    #expect(try await secretHost() == "127.0.0.1")
    #expect(outcome.output.contains("--db-cluster-identifiers \(name)"))
  }
}
