import DatabaseAccess
import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// The built `smoke-test` over a real PostgreSQL, a state machine of the local AWS, and an OpenAPI document.
@Suite(
  .blocking, .enabled(if: LocalAWS.isInstalled && PostgreSQLServer.isInstalled, "ci/install installs both"))
struct SmokeTestEndToEndDataTests {
  private let folder = TemporaryFolder()
  private let name = "st-\(UUID().uuidString.prefix(8).lowercased())"
  private let table = "t_\(UUID().uuidString.prefix(8).lowercased())"

  private func write(_ text: String, to file: String) throws {
    try LocalFileSystem().writeAtomically(Array(text.utf8), to: folder(file), mode: 0o644)
  }

  private func psql() throws -> Psql {
    let own = ProcessInfo.processInfo.environment
    return Psql(
      try DatabaseAddress(url: PostgreSQLServer.shared().url, source: "test"),
      environment: Environment(["PATH": own["PATH"] ?? ""]), processes: LocalProcessRunner(), redact: { $0 })
  }

  private func check(_ outcome: BuiltStep.Outcome, _ name: String) throws -> JSONValue {
    let checks = try JSONValue(parsing: outcome.output)["checks"]?.array ?? []
    return try #require(checks.first { $0["name"]?.string == name }, "\(outcome.output)\(outcome.error)")
  }

  @Test func `data are probed through the secret that a stack owns, and compared with before`() async throws {
    let aws = try LocalAWS.shared()
    let server = try PostgreSQLServer.shared()
    let password = PostgreSQLServer.password
    try await aws.createStack(
      name,
      template: """
        Resources:
          Secret:
            Type: AWS::SecretsManager::Secret
            Properties:
              Name: \(name)/database
              SecretString: '{"engine":"postgres","host":"127.0.0.1","port":\(server.port),"username":"app","password":"\(password.replacing("'", with: "''"))","dbname":"app"}'
        """)
    try await psql().run(
      script: "CREATE TABLE \(table) (id int, owner text); INSERT INTO \(table) VALUES (1, 'a'), (2, 'b');",
      name: "setup")
    try write(
      "ENVIRONMENT=dev\nAWS_REGION=us-east-1\nDATABASE_STACK=\(name)\n", to: "deployment-dev.config")
    try write(
      """
      smoke-test:
        sql:
          - name: everything has an owner
            sql: SELECT count(*) FROM \(table) WHERE owner IS NULL
            equals: 0
            critical: true
          - name: nothing is lost
            sql: SELECT count(*) FROM \(table)
            before: 100%
          - name: nobody writes here
            sql: WITH gone AS (DELETE FROM \(table) RETURNING 1) SELECT count(*) FROM gone
            at-least: 0
      """, to: "backstop.yml")
    let step = BuiltStep("smoke-test", in: folder.path, variables: aws.environment.variables)
    let arguments = ["dev", "--policy", "backstop.yml", "--format", "json"]

    let first = try step.run(arguments)
    #expect(first.status == 1, "\(first.error)")
    #expect(try check(first, "everything has an owner")["outcome"] == "pass")
    #expect(try check(first, "nothing is lost")["class"] == "no-baseline")
    let writing = try check(first, "nobody writes here")
    #expect(writing["class"] == "sql" && writing["line"]?.int == 10)
    #expect(writing["message"]?.string?.contains("25006") == true)
    #expect(!first.output.contains(password) && !first.error.contains(password))
    #expect(try await psql().query("SELECT count(*) FROM \(table)").rows == [["2"]])

    try await psql().run(script: "INSERT INTO \(table) VALUES (3, NULL)", name: "setup")
    let second = try check(try step.run(arguments), "everything has an owner")
    #expect(second["outcome"] == "fail" && second["class"] == "integrity")
    #expect(second["message"] == "gave 1, expected 0")
    #expect(second["file"] == "backstop.yml" && second["critical"] == true)
  }

  @Test func `a restore point records what probes gave, and smoke-test compares with it`() async throws {
    let aws = try LocalAWS.shared()
    let server = try PostgreSQLServer.shared()
    try await aws.createStack(
      name,
      template: """
        Resources:
          Marker: {Type: AWS::SSM::Parameter, Properties: {Name: /\(name)/marker, Type: String, Value: one}}
        """)
    try await psql().run(
      script: """
        CREATE TABLE \(table) (id int, owner text);
        INSERT INTO \(table) SELECT n, 'owner ' || n FROM generate_series(1, 100) n;
        """, name: "setup")
    try write(
      "ENVIRONMENT=dev\nAWS_REGION=us-east-1\nAPI_STACK=\(name)\nUSE_EXTERNAL_DATABASE=true\nDATABASE_URL='\(server.url)'\n",
      to: "deployment-dev.config")
    try write(
      """
      smoke-test:
        sql:
          - { name: nothing is lost, sql: SELECT count(*) FROM \(table), before: 99% }
          - { name: nobody changed, sql: "SELECT id, owner FROM \(table) WHERE id <= 3 ORDER BY id", before: same }
      """, to: "backstop.yml")
    let variables = aws.environment.variables
    let recorded = try BuiltStep("preflight-snapshot", in: folder.path, variables: variables).run(
      ["dev", "--policy", "backstop.yml", "--format", "json"])
    #expect(recorded.status == 0, "\(recorded.error)\(recorded.output)")
    // Of the rows a restore point keeps their number and a digest.
    let id = try #require(try JSONValue(parsing: recorded.output)["restorePoint"]?.string)
    let point = folder(".backstop/dev/restore-points/\(id)/restore-point.json")
    let kept = try String(contentsOfFile: point, encoding: .utf8)
    #expect(kept.contains("3 rows with digest") && !kept.contains("owner 1"))

    let step = BuiltStep("smoke-test", in: folder.path, variables: variables)
    let arguments = ["dev", "--policy", "backstop.yml", "--settle", "0", "--format", "json"]
    let same = try step.run(arguments)
    #expect(same.status == 0, "\(same.error)\(same.output)")
    #expect(try JSONValue(parsing: same.output)["summary"]?["comparedWith"]?.string == id)
    for name in ["nothing is lost", "nobody changed"] {
      #expect(try check(same, name)["outcome"] == "pass", "\(same.output)")
    }
    // One row in a hundred is within the share; two are not, and one that changed is named too.
    try await psql().run(script: "DELETE FROM \(table) WHERE id = 50;", name: "a loss")
    #expect(try step.run(arguments).status == 0)
    try await psql().run(
      script: "DELETE FROM \(table) WHERE id = 51; UPDATE \(table) SET owner = 'x' WHERE id = 2;",
      name: "more")
    let lost = try step.run(arguments)
    #expect(lost.status == 1, "\(lost.output)")
    let fewer = try check(lost, "nothing is lost")
    #expect(fewer["class"] == "integrity")
    #expect(fewer["message"]?.string?.hasPrefix("gave 98, expected at least 99 % of 100") == true, "\(fewer)")
    let changed = try check(lost, "nobody changed")
    #expect(
      changed["message"]?.string?.contains("before the deployment 3 rows with digest") == true, "\(changed)")
  }

  @Test func `without psql the step says what to install, and no answer is made up`() throws {
    try write(
      "ENVIRONMENT=dev\nDATABASE_URL=postgresql://app:secret-password@127.0.0.1:1/app\n",
      to: "deployment-dev.config")
    try write(
      "smoke-test:\n  sql: [{ name: a, sql: SELECT 1, equals: 1 }]\n", to: "backstop.yml")
    let arguments = ["dev", "--policy", "backstop.yml"]
    let missing = try BuiltStep("smoke-test", in: folder.path, variables: ["PATH": folder.path]).run(
      arguments)
    #expect(missing.status == 69)
    #expect(missing.error.contains("apt-get install postgresql-client"))
    // An endpoint that is down is not hidden by it.
    try write(
      "ENVIRONMENT=down\nAPI_ENDPOINT=http://127.0.0.1:1/\nDATABASE_URL=postgresql://app:x@127.0.0.1:1/app\n",
      to: "deployment-down.config")
    let down = try BuiltStep("smoke-test", in: folder.path, variables: ["PATH": folder.path]).run(
      ["down", "--policy", "backstop.yml", "--settle", "0"])
    #expect(down.status == 1, "\(down.error)")
    let nobody = try BuiltStep("smoke-test", in: folder.path).run(arguments + ["--settle", "0"])
    #expect(nobody.status == 1, "\(nobody.error)")
    #expect(nobody.output.contains("no connection to app on 127.0.0.1:1"))
    #expect(!nobody.output.contains("secret-password"))
  }

  @Test func `a state machine is run to its end and its output judged`() async throws {
    let aws = try LocalAWS.shared()
    try await aws.createStack(
      name,
      template: """
        Resources:
          Role:
            Type: AWS::IAM::Role
            Properties:
              AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: []}
          Fast:
            Type: AWS::StepFunctions::StateMachine
            Properties:
              StateMachineType: EXPRESS
              RoleArn: !GetAtt Role.Arn
              DefinitionString: '{"StartAt":"Choose","States":{"Choose":{"Type":"Choice","Choices":[{"Variable":"$.id","NumericEquals":0,"Next":"Refuse"}],"Default":"Approve"},"Approve":{"Type":"Pass","Result":{"status":"APPROVED"},"End":true},"Refuse":{"Type":"Fail","Error":"NoSuchInvoice","Cause":"id 0"}}}'
          Flow:
            Type: AWS::StepFunctions::StateMachine
            Properties:
              RoleArn: !GetAtt Role.Arn
              DefinitionString: '{"StartAt":"Choose","States":{"Choose":{"Type":"Choice","Choices":[{"Variable":"$.id","NumericEquals":0,"Next":"Refuse"}],"Default":"Approve"},"Approve":{"Type":"Pass","Result":{"status":"APPROVED"},"End":true},"Refuse":{"Type":"Fail","Error":"NoSuchInvoice","Cause":"id 0"}}}'
        """)
    let config = { (environment: String) in
      "ENVIRONMENT=\(environment)\nAWS_REGION=us-east-1\nWORKFLOW_STACK=\(name)\nUSE_EXTERNAL_DATABASE=true\n"
    }
    try write(config("dev"), to: "deployment-dev.config")
    try write(config("prod"), to: "deployment-prod.config")
    try write(
      """
      smoke-test:
        executions:
          - { name: good, state-machine: Flow, input: { id: 1 }, output: { $.status: APPROVED } }
          - { name: other, state-machine: Flow, input: { id: 1 }, output: { $.status: REFUSED } }
          - { name: refused, state-machine: Flow, input: { id: 0 } }
          - { name: fast, state-machine: Fast, input: { id: 1 }, output: { $.status: APPROVED } }
          - { name: fast refused, state-machine: Fast, input: { id: 0 } }
      """, to: "backstop.yml")
    let step = BuiltStep("smoke-test", in: folder.path, variables: aws.environment.variables)
    let outcome = try step.run(["dev", "--policy", "backstop.yml", "--format", "json"])
    #expect(outcome.status == 1, "\(outcome.error)")
    #expect(try check(outcome, "good")["outcome"] == "pass", "\(outcome.output)")
    let other = try check(outcome, "other")
    #expect(other["class"] == "assertion" && other["line"]?.int == 4)
    for name in ["refused", "fast refused"] {
      let refused = try check(outcome, name)
      #expect(refused["class"] == "execution", "\(outcome.output)")
      #expect(refused["message"]?.string?.contains("NoSuchInvoice") == true)
    }
    #expect(try check(outcome, "fast")["outcome"] == "pass", "\(outcome.output)")
    // Production: nothing is started unless the policy allows it.
    let production = try step.run(["prod", "--policy", "backstop.yml", "--format", "json"])
    #expect(production.status == 0, "\(production.output)")
    #expect(try check(production, "good")["class"] == "writes-not-allowed")
  }

  @Test func `an OpenAPI document is asked, and need not be read twice`() throws {
    let server = try ServerProcess(python: "hurl_server.py")
    try write(
      "ENVIRONMENT=dev\nAPI_ENDPOINT=http://127.0.0.1:\(server.port("http"))/\n", to: "deployment-dev.config")
    try write(
      """
      openapi: 3.0.3
      info: { title: test, version: "1" }
      paths:
        /hello:
          get: { responses: { "200": { content: { text/html: {} } } } }
        /echo:
          get:
            parameters: [{ name: a, in: query, required: true, example: 1 }]
            responses: { 2XX: {} }
        /nowhere:
          get: { responses: { "200": {} } }
      """, to: "api.yaml")
    let step = BuiltStep("smoke-test", in: folder.path)
    let outcome = try step.run(["dev", "--openapi", "api.yaml", "--settle", "0", "--format", "json"])
    #expect(outcome.status == 1, "\(outcome.error)")
    #expect(try check(outcome, "GET /hello")["outcome"] == "pass", "\(outcome.output)")
    #expect(try check(outcome, "GET /echo")["outcome"] == "pass")
    let missing = try check(outcome, "GET /nowhere")
    #expect(missing["class"] == "not-found" && missing["file"] == "api.yaml" && missing["line"]?.int == 11)
    let read = try step.run(["dev", "--openapi", "api.yaml", "--parse-only"])
    #expect(read.status == 0 && read.output.contains("3 of 3 operations asked"))
    try write("openapi: 3.0.3\npaths:\n  /a: [\n", to: "api.yaml")
    let wrong = try step.run(["dev", "--openapi", "api.yaml"])
    #expect(wrong.status == 65 && wrong.error.contains("api.yaml:"), "\(wrong.error)")
  }
}
