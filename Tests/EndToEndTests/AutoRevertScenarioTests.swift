import AWSClients
import CloudFormationModel
import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// Twenty situations that an application of four stacks gets into on a local AWS, one by one, each with what the built steps
/// make of it. A database, an API that really answers over HTTP, a state machine, an alarm over the function's errors; and a
/// chain of resources whose update can be held and made to fail.
@Suite(.blocking, .enabled(if: LocalAWS.isInstalled, "ci/install-python was not run"))
struct AutoRevertScenarioTests {
  enum Scenario: String, CaseIterable, CustomStringConvertible {
    case createAPI = "1 create Api"
    case createWorkflow = "2 create Workflow"
    case createMonitoring = "3 create Monitoring"
    case goodAnswers = "4 a good deployment answers"
    case badAnswers = "5 a bad deployment answers 502"
    case logsError = "6 ERROR is found in the log"
    case alarmFires = "7 the alarm fires from real errors"
    case healed = "8 the recorded template heals"
    case noUpdates = "9 no updates are to be performed"
    case masked = "10 NoEcho is masked"
    case held = "11 an update is held"
    case cancelled = "12 a cancel rolls back"
    case rollbackFails = "13 the rollback fails"
    case healthySkip = "14 the skip of a healthy resource is refused"
    case failsAgain = "15 continuing without a repair fails again"
    case skipped = "16 continuing with a skip"
    case rollbackDisabled = "17 a failed update with rollback disabled"
    case rolledBack = "18 RollbackStack"
    case secretUndone = "19 a secret is undone by its staging label"
    case databaseRestored = "20 a database is restored beside the old one"
    var description: String { rawValue }
  }

  let world: AutoRevertWorld
  var client: AWSClient { world.aws.client }
  var name: String { world.name }

  init() throws { world = try AutoRevertWorld(try LocalAWS.shared()) }

  @Test(arguments: Scenario.allCases) func scenario(_ scenario: Scenario) async throws {
    switch scenario {
    case .createAPI: try await created("api")
    case .createWorkflow: try await created("workflow")
    case .createMonitoring: try await created("monitoring")
    case .goodAnswers, .badAnswers, .logsError, .alarmFires, .healed, .noUpdates:
      try await application(scenario)
    case .masked: try await masked()
    case .held, .cancelled: try await inProgress(scenario)
    case .rollbackFails, .healthySkip, .failsAgain, .skipped: try await stuck(scenario)
    case .rollbackDisabled, .rolledBack: try await failed(scenario)
    case .secretUndone, .databaseRestored: try await data(scenario)
    }
  }

  // MARK: - The application

  private func stack(_ role: String) -> String { "\(name)-\(role)" }

  private func configure(_ roles: [String]) throws {
    let lines = roles.map { "\($0.uppercased())_STACK=\(stack($0))" }
    try (["ENVIRONMENT=prod", "AWS_REGION=us-east-1"] + lines).joined(separator: "\n")
      .write(toFile: world.folder("deployment-prod.config"), atomically: true, encoding: .utf8)
  }

  private func create(_ roles: [String]) async throws {
    try configure(roles)
    for role in roles { try await world.aws.createStack(stack(role), template: template(role)) }
  }

  private static let role = """
      Role:
        Type: AWS::IAM::Role
        Properties:
          AssumeRolePolicyDocument:
            Version: '2012-10-17'
            Statement: [{Effect: Allow, Principal: {Service: [lambda.amazonaws.com, states.amazonaws.com]}, Action: 'sts:AssumeRole'}]
    """

  private func template(_ role: String) -> String {
    switch role {
    case "database":
      """
      Parameters:
        Password: {Type: String, NoEcho: true, Default: planted-password-1}
        Version: {Type: String, Default: "1"}
      Resources:
        Db:
          Type: AWS::RDS::DBInstance
          Properties:
            {DBInstanceIdentifier: \(name), Engine: postgres, DBInstanceClass: db.t3.micro, AllocatedStorage: '20',
             MasterUsername: shop, MasterUserPassword: !Ref Password, BackupRetentionPeriod: 7}
        Secret:
          Type: AWS::SecretsManager::Secret
          Properties:
            Name: \(name)-secret
            SecretString: !Sub '{"host":"${Db.Endpoint.Address}","port":"${Db.Endpoint.Port}","password":"${Password}"}'
        Marker:
          Type: AWS::SSM::Parameter
          Properties: {Name: "/\(name)/database", Type: String, Value: !Ref Version}
      """
    case "workflow":
      """
      Resources:
      \(Self.role)
        Machine:
          Type: AWS::StepFunctions::StateMachine
          Properties:
            StateMachineName: \(name)
            RoleArn: !GetAtt Role.Arn
            DefinitionString: '{"StartAt": "One", "States": {"One": {"Type": "Pass", "End": true}}}'
      """
    case "monitoring":
      """
      Resources:
        Alarm:
          Type: AWS::CloudWatch::Alarm
          Properties:
            AlarmName: \(name)-errors
            Namespace: AWS/Lambda
            MetricName: Errors
            Dimensions: [{Name: FunctionName, Value: \(name)-fn}]
            Statistic: Sum
            Period: 60
            EvaluationPeriods: 1
            Threshold: 1
            ComparisonOperator: GreaterThanOrEqualToThreshold
            TreatMissingData: notBreaching
      """
    default:
      """
      Parameters:
        Behaviour: {Type: String, Default: good}
      Resources:
      \(Self.role)
        Fn:
          Type: AWS::Lambda::Function
          Properties:
            FunctionName: \(name)-fn
            Runtime: python3.11
            Handler: index.answer
            Role: !GetAtt Role.Arn
            Environment: {Variables: {BEHAVIOUR: !Ref Behaviour}}
            Code:
              ZipFile: |
                import os
                def answer(event, context):
                    if os.environ["BEHAVIOUR"] == "bad": raise RuntimeError("ERROR of the bad version")
                    return {"statusCode": 200, "body": "fine"}
        Api:
          Type: AWS::ApiGateway::RestApi
          Properties: {Name: \(name)}
        Health:
          Type: AWS::ApiGateway::Resource
          Properties: {RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: health}
        Get:
          Type: AWS::ApiGateway::Method
          Properties:
            RestApiId: !Ref Api
            ResourceId: !Ref Health
            HttpMethod: GET
            AuthorizationType: NONE
            Integration:
              Type: AWS_PROXY
              IntegrationHttpMethod: POST
              Uri: !Sub 'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations'
        Deployment:
          Type: AWS::ApiGateway::Deployment
          DependsOn: Get
          Properties: {RestApiId: !Ref Api}
        Stage:
          Type: AWS::ApiGateway::Stage
          Properties: {RestApiId: !Ref Api, DeploymentId: !Ref Deployment, StageName: live}
      Outputs:
        Api: {Value: !Ref Api}
      """
    }
  }

  private func answer() async throws -> Int {
    let found = try #require(try await CloudFormationClient(client).describeStack(stack("api")))
    let id = try #require(found.outputs.first?.value)
    let asked = try runProgram(
      "curl",
      [
        "-s", "-o", "/dev/null", "-w", "%{http_code}",
        "\(world.aws.endpoint)/restapis/\(id)/live/_user_request_/health",
      ],
      in: world.folder.path)
    return Int(asked.lines.first ?? "") ?? 0
  }

  private func actions(_ outcome: BuiltStep.Outcome) throws -> [String] {
    try JSONValue(parsing: Array(outcome.output.utf8))["actions"]?.array?.compactMap { $0["action"]?.string }
      ?? []
  }

  // MARK: - 1 to 10

  /// A stack right after its creation is recorded and can be put back; before anything is deployed nothing is to be.
  private func created(_ role: String) async throws {
    try await create([role])
    #expect(try await CloudFormationClient(client).describeStack(stack(role))?.status == .createComplete)
    try world.snapshot()
    let outcome = try world.run("auto-revert", ["--dry-run", "--format", "json"])
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(outcome.output.contains("restore-point-of-live-version"))
    let record = try JSONValue(parsing: Array(outcome.output.utf8))
    #expect(record["summary"]?["outcome"]?.string == "planned")
    #expect(record["plan"]?.array?.isEmpty == true)
  }

  private func application(_ scenario: Scenario) async throws {
    try await create(scenario == .alarmFires ? ["api", "monitoring"] : ["api"])
    try world.snapshot()
    #expect(try await answer() == 200)
    if scenario == .goodAnswers { return }
    try await world.aws.updateStack(stack("api"), template: template("api"), parameters: ["Behaviour": "bad"])
    #expect(try await answer() == 502)
    if scenario == .logsError { try await findError() }
    if scenario == .alarmFires { try await setOffAlarm() }
    let outcome = try world.revert()
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(try await answer() == 200)
    guard scenario == .noUpdates else { return }
    let again = try world.revert()
    #expect(again.status == 0, "\(again.output)\(again.error)")
    #expect(try actions(again).isEmpty && again.output.contains("nothing-to-do"))
  }

  private let region = ["AWS_DEFAULT_REGION": "us-east-1", "AWS_PAGER": ""]

  private func findError() async throws {
    let deadline = Date().addingTimeInterval(30)
    while true {
      let found = try runProgram(
        Repository.root + "/.build/venv/bin/aws",
        [
          "logs", "filter-log-events", "--log-group-name", "/aws/lambda/\(name)-fn", "--filter-pattern",
          "ERROR",
          "--query", "length(events)",
        ], in: world.folder.path, variables: world.variables.merging(region) { $1 })
      if Int(found.lines.first ?? "") ?? 0 > 0 { return }
      guard Date() < deadline else { throw AutoRevertWorld.Unexpected(description: "no ERROR in the log") }
      try await Task.sleep(for: .milliseconds(100))
    }
  }

  private func setOffAlarm() async throws {
    let deadline = Date().addingTimeInterval(60)
    let arn = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:\(name)-errors"
    while try await CloudWatchClient(client).alarmStates(["\(name)-errors"])[arn] != "ALARM" {
      guard Date() < deadline else { throw AutoRevertWorld.Unexpected(description: "the alarm stays silent") }
      try world.cli("lambda", "invoke", "--function-name", "\(name)-fn", world.folder("answer.json"))
      // The local AWS looks at alarms when a metric is put.
      try world.cli(
        "cloudwatch", "put-metric-data", "--namespace", "Tick", "--metric-data", "MetricName=tick,Value=1")
    }
  }

  private func masked() async throws {
    try await create(["database"])
    try world.snapshot()
    let shown = try #require(try await CloudFormationClient(client).describeStack(stack("database")))
    #expect(shown.parameters.first { $0.key == "Password" }?.value == "****")
    try await world.aws.updateStack(
      stack("database"), template: template("database"),
      parameters: ["Password": "planted-password-2", "Version": "2"])
    let outcome = try world.revert(
      "--allow-replace", "--allow-stateful", "database/Db", "--allow-stateful", "database/Secret")
    // All is put back but for the masked value, which the deployment did change: nobody can see that.
    #expect(outcome.status == 3, "\(outcome.output)\(outcome.error)")
    #expect(outcome.output.contains("parameter-unverified"))
    #expect(!outcome.output.contains("planted-password") && !outcome.error.contains("planted-password"))
  }

  // MARK: - 11 to 18

  private func inProgress(_ scenario: Scenario) async throws {
    try await world.aws.createStack(name, template: world.chained())
    try world.snapshot()
    try world.hold("Second", "2")
    try await world.beginUpdate(["Version": "2"])
    try await world.wait(for: .updateInProgress)
    if scenario == .held {
      let shown = try world.run("auto-revert", ["--dry-run", "--format", "json"])
      #expect(shown.status == 0, "\(shown.error)")
      #expect(shown.output.contains("the update is stopped and undone"))
      #expect(try await world.status() == .updateInProgress)
      return try world.hold("Second", "2", false)
    }
    let outcome = try world.revert { _ in try world.hold("Second", "2", false) }
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(try actions(outcome).first == "cancel")
    #expect(try await world.status() == .updateRollbackComplete)
    #expect(try await world.marker() == "1")
  }

  private func stuck(_ scenario: Scenario) async throws {
    try await world.aws.createStack(name, template: world.chained())
    try world.snapshot()
    try world.fail("Breaker", "2")
    try world.fail("Fragile", "1")
    try await world.beginUpdate(["Version": "2"])
    try await world.wait(for: .updateRollbackFailed)
    switch scenario {
    case .rollbackFails:
      let shown = try world.run("auto-revert", ["--dry-run", "--format", "json"])
      #expect(shown.status == 0, "\(shown.error)")
      #expect(shown.output.contains("continueRollback") && shown.output.contains("told to fail at version 1"))
    case .healthySkip:
      let refused = try world.revert("--skip", "api/Marker")
      #expect(refused.status == 1 && refused.output.contains("skip-not-stuck"))
      #expect(try actions(refused).isEmpty)
    case .failsAgain:
      let again = try world.revert()
      #expect(again.status == 1)
      #expect(again.output.contains("--skip \(name)/Fragile"))
      #expect(try await world.status() == .updateRollbackFailed)
    default:
      let outcome = try world.revert("--skip", "api/Fragile")
      #expect(outcome.output.contains("resources-skipped") && outcome.output.contains("drift-after-skip"))
      #expect(try await world.status() == .updateRollbackComplete)
    }
  }

  private func failed(_ scenario: Scenario) async throws {
    try await world.aws.createStack(name, template: world.chained())
    try world.snapshot()
    try world.fail("Breaker", "2")
    var update = StackUpdate(.previous)
    update.parameters = [AWSClients.StackParameter("Version", "2")]
    update.capabilities = ["CAPABILITY_IAM"]
    try await CloudFormationClient(client).updateStack(
      name, update, disablesRollback: true, token: "deploy-\(UUID().uuidString)")
    try await world.wait(for: .updateFailed)
    let outcome =
      scenario == .rollbackDisabled
      ? try world.run("auto-revert", ["--dry-run", "--format", "json"]) : try world.revert()
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
    #expect(outcome.output.contains("rollbackStack"))
    let ended: StackStatus = scenario == .rollbackDisabled ? .updateFailed : .updateRollbackComplete
    #expect(try await world.status() == ended)
  }

  // MARK: - 19 and 20

  private func data(_ scenario: Scenario) async throws {
    try await create(["database"])
    try "preflight-snapshot:\n  database-snapshot: always\n"
      .write(toFile: world.folder("backstop.yml"), atomically: true, encoding: .utf8)
    try world.snapshot()
    let secrets = SecretsManagerClient(client)
    let good = try #require(try await secrets.describeSecret("\(name)-secret").currentVersion)
    if scenario == .secretUndone {
      try world.cli(
        "secretsmanager", "put-secret-value", "--secret-id", "\(name)-secret", "--secret-string",
        #"{"host":"new"}"#)
      let outcome = try world.revert()
      #expect(outcome.status == 0, "\(outcome.output)\(outcome.error)")
      #expect(try actions(outcome) == ["restoreSecretStage"])
      #expect(try await secrets.describeSecret("\(name)-secret").currentVersion == good)
      return
    }
    try await world.aws.updateStack(
      stack("database"), template: template("database"), parameters: ["Version": "2"])
    let outcome = try world.revert(
      "--allow-replace", "--allow-stateful", "database/Db", "--allow-stateful", "database/Secret",
      "--restore-database", "--confirm", "RESTORE-DATABASE")
    // Restored, and functions that run may carry the old database's address: not all is verified.
    #expect(outcome.status == 3, "\(outcome.output)\(outcome.error)")
    #expect(outcome.output.contains("database-beside"))
    #expect(try actions(outcome).contains("restoreDatabase"))
    let restored = try await RDSClient(client).describeDBInstances().first {
      $0.identifier.hasPrefix("\(name)-restored-")
    }
    #expect(restored?.status == "available")
  }
}
