import AWSClients
import CloudFormationModel
import SystemInterfaces
import TestSupport
import Testing

/// Every call against botocore's service models: the request holds only what the model knows and all that it requires, its
/// signature is botocore's, and no member that we read is lost.
@Suite(.enabled(if: LocalAWS.isInstalled, "ci/install-python was not run"))
struct ServiceModelTests {
  private static let server = Result {
    try ServerProcess(
      Repository.root + "/.build/venv/bin/python",
      arguments: [Repository.root + "/Tests/Servers/aws_models.py"])
  }
  let client: AWSClient

  init() throws {
    let port = try Self.server.get().port("http")
    client = AWSClient.over(
      curl, ["AWS_ENDPOINT_URL": "http://127.0.0.1:\(port)", "AWS_MAX_ATTEMPTS": "1"], clock: SystemClock())
  }

  var fullUpdate: StackUpdate {
    var update = StackUpdate(.body("Resources: {a: 1 + 2}\n"))
    update.parameters = [StackParameter("A", "x y"), .previous("B"), StackParameter("C", "")]
    update.capabilities = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
    update.tags = [AWSTag("k", "v/é")]
    update.notificationARNs = ["arn:aws:sns:us-east-1:123456789012:t"]
    update.rollbackConfiguration = RollbackConfiguration(
      triggers: [.init(arn: "arn:aws:cloudwatch:x", type: "AWS::CloudWatch::Alarm")], monitoringMinutes: 30)
    update.roleARN = "arn:aws:iam::123456789012:role/cfn"
    return update
  }

  @Test func `CloudFormation, what is read`() async throws {
    let service = CloudFormationClient(client)
    let stacks = try await service.describeStacks("s")
    #expect(stacks.count == 4)
    #expect(unfilled(stacks) == [])
    #expect(stacks[0].description == "Description <é> & \"q\"")
    #expect(unfilled(try await service.listStackResources("s"), except: ["[].driftStatus"]) == [])
    #expect(unfilled(try await service.describeStackResources("s")) == [])
    #expect(try await service.getTemplate("s", stage: .processed) == "TemplateBody <é> & \"q\"")
    let events = try await service.describeStackEvents("s")
    #expect(events.count == 4)
    #expect(unfilled(events) == [])
    #expect(try await service.getStackPolicy("s") != nil)
    #expect(unfilled(try await service.listExports()) == [])
    #expect(try await service.listImports("e").count == 4)
    let changeSet = try await service.describeChangeSet("c", stack: "s", includesPropertyValues: true)
    #expect(changeSet.changes.count == 4)
    #expect(unfilled(changeSet) == [])
    #expect(unfilled(try await service.listChangeSets("s")) == [])
    #expect(unfilled(try await service.describeStackDriftDetectionStatus("d")) == [])
    let drifts = try await service.describeStackResourceDrifts("s")
    #expect(unfilled(drifts) == [])
    #expect(try await !service.detectStackDrift("s").isEmpty)
  }

  @Test func `CloudFormation, what changes something`() async throws {
    let service = CloudFormationClient(client)
    try await service.cancelUpdateStack("s", token: "t")
    try await service.continueUpdateRollback("s", resourcesToSkip: ["A", "Nested.B"], token: "t")
    try await service.rollbackStack("s", token: "t")
    try await service.updateStack("s", fullUpdate, disablesRollback: false, token: "t")
    try await service.createStack("s", fullUpdate, token: "t")
    try await service.deleteStack("s", retainResources: ["A"], token: "t")
    #expect(try await !service.createChangeSet("s", name: "c", fullUpdate, token: "t").isEmpty)
    try await service.executeChangeSet("c", stack: "s", disablesRollback: true, token: "t")
    try await service.deleteChangeSet("c", stack: "s")
    try await service.setStackPolicy("s", body: "{}")
    try await service.updateTerminationProtection("s", enabled: true)
    var bare = StackUpdate(.url("https://b.s3.amazonaws.com/t"))
    bare.tags = []
    bare.rollbackConfiguration = RollbackConfiguration.none
    try await service.updateStack("s", bare, token: "t")
  }

  @Test func `CloudWatch and its logs`() async throws {
    let metric = Metric(namespace: "AWS/Lambda", name: "Errors", dimensions: ["FunctionName": "f"])
    let start = Timestamp(seconds: 1_768_212_000)
    let data = try await CloudWatchClient(client).getMetricData(
      [
        MetricQuery(id: "Id <é> & \"q\"", metric: metric, statistic: "p95", period: 60),
        MetricQuery(id: "e", expression: "m/2", period: 60, returnsData: false),
      ], start: start, end: start + .seconds(60))
    #expect(data.calls == 2)
    #expect(data.series.count == 1)
    #expect(data.series[0].points.count == 8)
    #expect(data.series[0].points.first == .init(time: start, value: 1.5))
    #expect(unfilled(data) == [])
    #expect(
      unfilled(
        try await CloudWatchClient(client).listMetrics(namespace: "AWS/Lambda", dimensions: ["a": "b"])) == []
    )
    let events = try await LogsClient(client).filterLogEvents(
      group: "g", pattern: "ERROR", start: start, end: start + .seconds(1))
    #expect(events.count == 4)
    #expect(unfilled(events) == [])
  }

  @Test func `Lambda`() async throws {
    let service = LambdaClient(client)
    let function = "arn:aws:lambda:us-east-1:123456789012:function:f"
    #expect(unfilled(try await service.getFunctionConfiguration(function, qualifier: "live")) == [])
    #expect(unfilled(try await service.getFunction(function)) == [])
    let aliases = try await service.listAliases(function)
    #expect(aliases.count == 4)
    #expect(unfilled(aliases) == [])
    #expect(try await service.listVersionsByFunction(function).count == 4)
    #expect(unfilled(try await service.getAlias(function, name: "live")) == [])
    #expect(
      unfilled(
        try await service.updateAlias(
          function, name: "live", version: "3", weights: ["4": 0.1], revisionId: "r"))
        == [])
    #expect(unfilled(try await service.publishVersion(function, codeSha256: "c")) == [])
    let changed = try await service.updateFunctionConfiguration(
      function, environment: ["A": "1"], timeoutSeconds: 3, memoryMegabytes: 128, revisionId: "r")
    #expect(unfilled(changed) == [])
    var change = FunctionChange()
    (change.environment, change.timeoutSeconds, change.memoryMegabytes) = (["A": "1"], 3, 128)
    (change.handler, change.runtime) = ("index.handler", "python3.11")
    (change.role, change.layers) = ("arn:aws:iam::123456789012:role/r", [])
    change.further = changed.further
    _ = try await service.updateFunctionConfiguration(function, change)
    try await service.setReservedConcurrency(function, 1)
    try await service.setReservedConcurrency(function, nil)
    _ = try await service.updateFunctionCode(function, .zip([1]), architecture: "arm64")
    for code in [FunctionCode.s3(bucket: "b", key: "k", version: "v"), .image("i"), .zip([1, 2, 3])] {
      #expect(unfilled(try await service.updateFunctionCode(function, code, publishes: true)) == [])
    }
  }

  @Test(arguments: [APIGatewayClient.Version.rest, .v2])
  func `API Gateway`(version: APIGatewayClient.Version) async throws {
    let service = APIGatewayClient(client)
    let apis = try await service.getApis(version)
    #expect(apis.count == 4)
    // Each version lacks what only the other has.
    let lacking: Set<String> = version == .v2 ? ["[].policy", "policy"] : []
    // What is said of objects depends on how they are looked up.
    let policy = lacking.union(["[].settings.json.index", "settings.json.index"])
    #expect(unfilled(apis, except: policy) == [])
    #expect(unfilled(try await service.getApi(version, id: "a"), except: policy) == [])
    var allowed: Set = ["[].status", "[].settings.json.index", "settings.json.index"]
    if version == .v2 { allowed.formUnion(["[].canary", "canary"]) }
    let stages = try await service.getStages(version, api: "a")
    #expect(stages.count == (version == .rest ? 2 : 4))
    #expect(unfilled(stages, except: allowed) == [])
    #expect(unfilled(try await service.getStage(version, api: "a", stage: "p"), except: allowed) == [])
    let updated = try await service.updateStage(version, api: "a", stage: "p", deployment: "d")
    #expect(unfilled(updated, except: allowed) == [])
    #expect((updated.canary != nil) == (version == .rest))
    let deployments = try await service.getDeployments(version, api: "a")
    #expect(unfilled(deployments, except: allowed) == [])
    #expect((deployments[0].status != nil) == (version == .v2))
  }

  @Test func `shifts of traffic`() async throws {
    let gateway = APIGatewayClient(client)
    let canary = try #require(try await gateway.setCanaryTraffic("a", stage: "p", percent: 10).canary)
    #expect(canary.percentTraffic == 1.5 && canary.variableOverrides.count == 2)
    #expect(try await gateway.promoteCanary(canary).canary != nil)
    _ = try await gateway.removeCanary("a", stage: "p")

    let service = CodeDeployClient(client)
    #expect(try await service.listDeployments(application: "a", group: "g").count == 4)
    let deployment = try await service.getDeploymentWithTargets("d-1")
    // The model's full answer is one of every kind.
    #expect(unfilled(deployment, except: ["aliases[].revisionId"]) == [])
    #expect(deployment.isRollback && !deployment.status.isEnded)
    let group = try await service.getDeploymentGroup(application: "a", group: "g")
    #expect(unfilled(group, except: ["services[].weight"]) == [])
    #expect(try await service.stopDeployment("d-1") == "Pending")

    let balancing = LoadBalancingClient(client)
    let rule = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/a/1/2/3"
    let listener = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/a/1/2"
    #expect(try await balancing.describeListeners(ofLoadBalancer: "l").count == 4)
    #expect(try await balancing.describeRules(ofListener: listener) == [])
    for arn in [rule, listener] {
      let shift = try #require(try await balancing.shift(of: arn))
      #expect(shift.targets.map(\.weight) == [7, 7] && shift.stickinessSeconds == 7)
      #expect(try await balancing.setWeights(arn, shift.targets)?.targets.count == 2)
    }
    let lambda = LambdaClient(client)
    let shift = try await lambda.shift(ofAlias: "live", function: "f")
    #expect(unfilled(shift) == [] && shift.weight == 1.5)
    #expect(try await lambda.setShift(shift).newVersion == "a")
  }

  @Test func `Step Functions, secrets, parameters`() async throws {
    let states = StepFunctionsClient(client)
    let arn = "arn:aws:states:us-east-1:123456789012:stateMachine:m"
    #expect(unfilled(try await states.describeStateMachine(arn)) == [])
    #expect(try await states.updateStateMachine(arn, definition: "{}", roleARN: "r") != nil)
    #expect(try await !states.startExecution(arn, name: "n").isEmpty)
    #expect(unfilled(try await states.describeExecution(arn)) == [])

    let secrets = SecretsManagerClient(client)
    let secret = try await secrets.describeSecret("s")
    #expect(unfilled(secret) == [])
    #expect(secret.version(of: "VersionIdsToStages <é> & \"q\"") == "a")
    let value = try await secrets.getSecretValue("s", versionId: "v", stage: "AWSCURRENT")
    #expect(unfilled(value) == [])
    #expect(value.bytes == Array("bytes".utf8))
    let versions = try await secrets.listSecretVersionIds("s", includesDeprecated: true)
    #expect(versions.count == 4)
    #expect(unfilled(versions) == [])
    try await secrets.updateSecretVersionStage("s", stage: "AWSCURRENT", moveTo: "a", removeFrom: "b")
    #expect(unfilled(try await SSMClient(client).getParameter("/p/é", decrypts: true)) == [])
    try await SSMClient(client).putParameter("/p/é", value: "v", type: "SecureString")
  }

  @Test func `services, rules, configurations, tables`() async throws {
    let ecs = ECSClient(client)
    let service = try #require(try await ecs.describeService("s", cluster: "c"))
    #expect(unfilled(service) == [] && !service.deployments.isEmpty)
    try await ecs.updateService("s", cluster: "c", taskDefinition: "t:1")
    #expect(try await ecs.taskDefinitionStatus("t:1") != nil)
    let rules = EventBridgeClient(client)
    #expect(try await rules.ruleState("r", bus: "b") != nil)
    try await rules.enableRule("r", bus: nil)
    try await rules.disableRule("r", bus: "b")
    let configurations = AppConfigClient(client)
    let deployments = try await configurations.listDeployments(application: "a", environment: "e")
    #expect(unfilled(deployments) == [])
    let started = try await configurations.startDeployment(
      application: "a", environment: "e", profile: "p", version: "1")
    #expect(unfilled(started) == [])
    try await configurations.stopDeployment(application: "a", environment: "e", number: 1)
    let recovery = try await DynamoDBClient(client).describeContinuousBackups("t")
    #expect(recovery.earliest != nil && recovery.latest != nil)
  }

  @Test func `RDS`() async throws {
    let service = RDSClient(client)
    let instances = try await service.describeDBInstances("i")
    #expect(instances.count == 4)
    #expect(unfilled(instances) == [])
    #expect(unfilled(try await service.describeDBClusters("c")) == [])
    #expect(
      unfilled(try await service.createDBSnapshot("s", ofInstance: "i", tags: [AWSTag("k", "v")])) == [])
    #expect(unfilled(try await service.createDBClusterSnapshot("s", ofCluster: "c")) == [])
    #expect(
      unfilled(try await service.describeDBSnapshots("s", ofInstance: "i", type: "manual")) == [])
    #expect(unfilled(try await service.describeDBClusterSnapshots("s", ofCluster: "c")) == [])
    try await service.deleteDBSnapshot("s")
    try await service.deleteDBClusterSnapshot("s")
    let restore = DBRestore(identifier: "n", snapshot: "s", like: instances[0])
    #expect(unfilled(restore) == [])
    #expect(unfilled(try await service.restoreDBInstanceFromDBSnapshot(restore)) == [])
    try await service.addTagsToResource("arn:aws:rds:x", [AWSTag("k", "v")])
    var change = DBInstanceChange()
    (change.maximumAllocatedStorage, change.backupRetentionDays) = (100, 7)
    (change.isDeletionProtected, change.maintenanceWindow) = (true, "sun:06:00-sun:06:30")
    change.monitoring = instances[0].monitoring
    _ = try await service.modifyDBInstance("n", change)
    var member = DBMember(instanceClass: "db.serverless")
    (member.parameterGroup, member.isPubliclyAccessible) = ("p", false)
    (member.certificateAuthority, member.maintenanceWindow) = ("ca", "sun:06:00-sun:06:30")
    (member.upgradesMinorVersions, member.promotionTier) = (false, 1)
    member.monitoring = instances[0].monitoring
    _ = try await service.createDBInstance("m", inCluster: "c", engine: "aurora-postgresql", like: member)
    var cluster = DBClusterRestore(identifier: "c", snapshot: "s", engine: "aurora-postgresql")
    (cluster.engineVersion, cluster.subnetGroup, cluster.parameterGroup) = ("15.4", "g", "p")
    (cluster.isDeletionProtected, cluster.usesIAMAuthentication) = (true, true)
    (cluster.copiesTagsToSnapshot, cluster.port) = (true, 5432)
    (cluster.backupRetentionDays, cluster.backupWindow) = (7, "03:00-03:30")
    (cluster.engineMode, cluster.storageType, cluster.networkType) = ("provisioned", "aurora", "IPV4")
    (cluster.backtrackSeconds, cluster.exportedLogs) = (3600, ["postgresql"])
    cluster.serverlessScaling = DBServerlessScaling(minimum: 0, maximum: 8, pausesAfter: 300)
    (cluster.securityGroups, cluster.tags) = (["sg-1"], [AWSTag("k", "v")])
    _ = try await service.restoreDBClusterFromSnapshot(cluster)
  }

  @Test func `STS`() async throws {
    let service = STSClient(client)
    #expect(unfilled(try await service.getCallerIdentity()) == [])
    let role = "arn:aws:iam::123456789012:role/r"
    let assumed = try await service.assumeRole(
      role, sessionName: "n", externalId: "e", durationSeconds: 900)
    #expect(unfilled(assumed) == [])
    #expect(
      unfilled(try await service.assumeRoleWithWebIdentity(role, sessionName: "n", token: "tokentoken")) == []
    )
  }

  @Test func `IAM and ECR`() async throws {
    let decisions = try await IAMClient(client).simulatePrincipalPolicy(
      "arn:aws:iam::123456789012:role/deploy", actions: ["cloudformation:UpdateStack", "rds:Describe*"],
      resources: ["arn:aws:cloudformation:us-east-1:123456789012:stack/s/*"])
    // Two pages of two results, each with two resources.
    #expect(decisions.count == 8)
    #expect(unfilled(decisions) == [])
    for uri in ["shop/api:v1", "shop/api@sha256:\(String(repeating: "a", count: 64))"] {
      let image = try #require(ECRImage("123456789012.dkr.ecr.us-east-1.amazonaws.com/\(uri)"))
      #expect(try await ECRClient(client).digest(of: image)?.isEmpty == false)
    }
  }

  @Test func `the model server notices what is wrong`() async throws {
    let error = await #expect(throws: AWSError.self) {
      var update = StackUpdate(.previous)
      update.capabilities = ["CAPABILITY_UNKNOWN"]
      try await CloudFormationClient(client).updateStack("s", update, token: "t")
    }
    #expect(error?.code == "ModelMismatch")
    #expect(error?.message.contains("CAPABILITY_UNKNOWN") == true)
  }
}
