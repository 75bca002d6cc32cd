/// What a call needs to be permitted: one row for each operation that the clients can send.
public struct AWSCall: Hashable, Sendable {
  /// What a call is about, which decides what its permission names.
  public enum Target: Hashable, Sendable {
    /// A stack of the configuration.
    case stack
    case function, stateMachine, execution, database, proxy, snapshot, secret, logGroup, api, alarm,
      repository, role
    /// A parameter of Systems Manager that a template or the policy names.
    case parameter
    /// A service of ECS, a rule of EventBridge, a configuration of AppConfig, a table of DynamoDB.
    case service, rule, configuration, table
    /// A deployment group of CodeDeploy, a listener of a load balancer or a rule of one.
    case deploymentGroup, listener
    /// A bucket: the store's, or that of the templates.
    case bucket, object
    /// IAM knows no resource for it.
    case any
  }
  /// What a call does.
  public enum Effect: Hashable, Sendable {
    case reads
    /// Makes or starts something beside what is there, which is taken away again or kept as a copy.
    case adds
    /// Changes or removes what is deployed.
    case changes
  }
  /// The operation as the service calls it.
  public let operation: String
  /// What IAM calls it, service included; several where one call needs several.
  public let actions: [String]
  /// What it is about.
  public let target: Target
  /// What it does.
  public let effect: Effect
  /// The steps that can send it, by their executables' names; empty where IAM asks for nothing.
  public let steps: Set<String>

  init(
    _ operation: String, _ service: String, _ target: Target, _ effect: Effect, _ steps: StepSet,
    actions: [String]? = nil
  ) {
    self.operation = operation
    self.actions = (actions ?? [operation]).map { "\(service):\($0)" }
    self.target = target
    self.effect = effect
    self.steps = steps.names
  }

  /// Steps, written short.
  struct StepSet: OptionSet {
    let rawValue: Int
    static let snapshot = StepSet(rawValue: 1), gate = StepSet(rawValue: 2), smoke = StepSet(rawValue: 4),
      watch = StepSet(rawValue: 8), revert = StepSet(rawValue: 16)
    /// All that look at what is deployed.
    static let live: StepSet = [.snapshot, .smoke, .watch, .revert]
    static let all: StepSet = [.live, .gate]
    /// Taking a restore point and putting it back.
    static let both: StepSet = [.snapshot, .revert]

    var names: Set<String> {
      let all: [(StepSet, String)] = [
        (.snapshot, "preflight-snapshot"), (.gate, "diff-gate"), (.smoke, "smoke-test"),
        (.watch, "watch-30m"),
        (.revert, "auto-revert"),
      ]
      return Set(all.filter { contains($0.0) }.map(\.1))
    }
  }

  /// Every call that the clients can send. A test holds it against their source.
  public static let all: [AWSCall] =
    cloudFormation + compute + settings + database + watching + traffic + [
      AWSCall("GetCallerIdentity", "sts", .any, .reads, []),
      AWSCall("AssumeRole", "sts", .role, .reads, .all),
      AWSCall("AssumeRoleWithWebIdentity", "sts", .any, .reads, []),
      AWSCall("SimulatePrincipalPolicy", "iam", .role, .reads, .snapshot),
      AWSCall("GetParameter", "ssm", .parameter, .reads, .both),
      AWSCall("PutParameter", "ssm", .parameter, .changes, .revert),
      AWSCall("DescribeContinuousBackups", "dynamodb", .table, .reads, .snapshot),
      AWSCall("DescribeImages", "ecr", .repository, .reads, [.snapshot, .smoke]),
      AWSCall("HeadBucket", "s3", .bucket, .reads, .both, actions: ["ListBucket"]),
      AWSCall("ListObjectsV2", "s3", .bucket, .reads, .live, actions: ["ListBucket"]),
      AWSCall("GetBucketVersioning", "s3", .bucket, .reads, .both),
      AWSCall("HeadObject", "s3", .object, .reads, .both, actions: ["GetObject", "GetObjectVersion"]),
      AWSCall("GetObject", "s3", .object, .reads, .live, actions: ["GetObject", "GetObjectVersion"]),
      AWSCall("PutObject", "s3", .object, .adds, [.both, .watch]),
      AWSCall(
        "DeleteObject", "s3", .object, .changes, .both, actions: ["DeleteObject", "DeleteObjectVersion"]),
    ]

  private static let cloudFormation: [AWSCall] = [
    AWSCall("DescribeStacks", "cloudformation", .stack, .reads, .all),
    AWSCall("ListStackResources", "cloudformation", .stack, .reads, .all),
    AWSCall("DescribeStackResources", "cloudformation", .stack, .reads, .both),
    AWSCall("DescribeStackEvents", "cloudformation", .stack, .reads, .both),
    AWSCall("DescribeEvents", "cloudformation", .stack, .reads, .both),
    AWSCall("GetTemplate", "cloudformation", .stack, .reads, [.both, .gate, .smoke]),
    AWSCall("GetStackPolicy", "cloudformation", .stack, .reads, .both),
    AWSCall("ListExports", "cloudformation", .any, .reads, .both),
    AWSCall("ListImports", "cloudformation", .any, .reads, .both),
    AWSCall("DetectStackDrift", "cloudformation", .stack, .reads, .both),
    AWSCall("DescribeStackDriftDetectionStatus", "cloudformation", .any, .reads, .both),
    AWSCall("DescribeStackResourceDrifts", "cloudformation", .stack, .reads, .both),
    AWSCall("CreateChangeSet", "cloudformation", .stack, .adds, [.both, .gate]),
    AWSCall("DescribeChangeSet", "cloudformation", .stack, .reads, [.both, .gate]),
    AWSCall("ListChangeSets", "cloudformation", .stack, .reads, .both),
    AWSCall("DeleteChangeSet", "cloudformation", .stack, .adds, [.both, .gate]),
    AWSCall("ExecuteChangeSet", "cloudformation", .stack, .changes, .revert),
    AWSCall("CreateStack", "cloudformation", .stack, .changes, .revert),
    AWSCall("UpdateStack", "cloudformation", .stack, .changes, .revert),
    AWSCall("CancelUpdateStack", "cloudformation", .stack, .changes, .revert),
    AWSCall("ContinueUpdateRollback", "cloudformation", .stack, .changes, .revert),
    AWSCall("RollbackStack", "cloudformation", .stack, .changes, .revert),
    AWSCall("DeleteStack", "cloudformation", .stack, .changes, .revert),
    AWSCall("SetStackPolicy", "cloudformation", .stack, .changes, .revert),
    AWSCall("UpdateTerminationProtection", "cloudformation", .stack, .changes, .revert),
  ]

  private static let compute: [AWSCall] = [
    AWSCall("GetFunction", "lambda", .function, .reads, .both),
    AWSCall("GetFunctionConfiguration", "lambda", .function, .reads, .live),
    AWSCall("ListAliases", "lambda", .function, .reads, [.both, .watch]),
    AWSCall("GetAlias", "lambda", .function, .reads, [.both, .watch]),
    AWSCall("ListVersionsByFunction", "lambda", .function, .reads, [.both, .watch]),
    AWSCall("PublishVersion", "lambda", .function, .changes, .revert),
    AWSCall("UpdateAlias", "lambda", .function, .changes, [.revert, .watch]),
    AWSCall("UpdateFunctionCode", "lambda", .function, .changes, .revert),
    AWSCall("UpdateFunctionConfiguration", "lambda", .function, .changes, .revert),
    AWSCall("PutFunctionConcurrency", "lambda", .function, .changes, .revert),
    AWSCall("DeleteFunctionConcurrency", "lambda", .function, .changes, .revert),
    AWSCall("DescribeStateMachine", "states", .stateMachine, .reads, [.both, .smoke]),
    AWSCall("UpdateStateMachine", "states", .stateMachine, .changes, .revert),
    AWSCall("StartExecution", "states", .stateMachine, .adds, [.both, .smoke]),
    AWSCall("StartSyncExecution", "states", .stateMachine, .adds, [.both, .smoke]),
    AWSCall("DescribeExecution", "states", .execution, .reads, [.both, .smoke]),
    AWSCall("GetRestApi", "apigateway", .api, .reads, .live, actions: ["GET"]),
    AWSCall("GetRestApis", "apigateway", .api, .reads, .live, actions: ["GET"]),
    AWSCall("GetApi", "apigateway", .api, .reads, .live, actions: ["GET"]),
    AWSCall("GetApis", "apigateway", .api, .reads, .live, actions: ["GET"]),
    AWSCall("GetResources", "apigateway", .api, .reads, .live, actions: ["GET"]),
    AWSCall("GetRoutes", "apigateway", .api, .reads, .live, actions: ["GET"]),
    AWSCall("GetStage", "apigateway", .api, .reads, .live, actions: ["GET"]),
    AWSCall("GetStages", "apigateway", .api, .reads, .live, actions: ["GET"]),
    AWSCall("GetDeployments", "apigateway", .api, .reads, .both, actions: ["GET"]),
    AWSCall("UpdateStage", "apigateway", .api, .changes, .revert, actions: ["PATCH"]),
    AWSCall("UpdateRestApi", "apigateway", .api, .changes, .revert, actions: ["PATCH"]),
    AWSCall("UpdateApi", "apigateway", .api, .changes, .revert, actions: ["PATCH"]),
    AWSCall("DeleteCorsConfiguration", "apigateway", .api, .changes, .revert, actions: ["DELETE"]),
  ]

  private static let settings: [AWSCall] = [
    AWSCall("DescribeServices", "ecs", .service, .reads, .both),
    AWSCall("UpdateService", "ecs", .service, .changes, .revert),
    AWSCall("DescribeTaskDefinition", "ecs", .any, .reads, .both),
    AWSCall("DescribeRule", "events", .rule, .reads, .both),
    AWSCall("EnableRule", "events", .rule, .changes, .revert),
    AWSCall("DisableRule", "events", .rule, .changes, .revert),
    AWSCall("ListApplications", "appconfig", .configuration, .reads, .both),
    AWSCall("ListEnvironments", "appconfig", .configuration, .reads, .both),
    AWSCall("ListConfigurationProfiles", "appconfig", .configuration, .reads, .both),
    AWSCall("ListDeployments", "appconfig", .configuration, .reads, .both),
    AWSCall("StartDeployment", "appconfig", .configuration, .changes, .revert),
    AWSCall("StopDeployment", "appconfig", .configuration, .changes, .revert),
  ]

  private static let database: [AWSCall] = [
    AWSCall("DescribeDBProxies", "rds", .any, .reads, .both),
    AWSCall("DescribeDBProxyTargets", "rds", .any, .reads, .both),
    AWSCall("RegisterDBProxyTargets", "rds", .proxy, .changes, .revert),
    AWSCall("DeregisterDBProxyTargets", "rds", .proxy, .changes, .revert),
    AWSCall("DescribeDBInstances", "rds", .database, .reads, .live),
    AWSCall("DescribeDBClusters", "rds", .database, .reads, .live),
    AWSCall("DescribeDBSnapshots", "rds", .snapshot, .reads, .both),
    AWSCall("DescribeDBClusterSnapshots", "rds", .snapshot, .reads, .both),
    AWSCall("CreateDBSnapshot", "rds", .snapshot, .adds, .snapshot),
    AWSCall("CreateDBClusterSnapshot", "rds", .snapshot, .adds, .snapshot),
    AWSCall("DeleteDBSnapshot", "rds", .snapshot, .changes, .snapshot),
    AWSCall("DeleteDBClusterSnapshot", "rds", .snapshot, .changes, .snapshot),
    AWSCall("AddTagsToResource", "rds", .snapshot, .adds, .both),
    AWSCall("RestoreDBInstanceFromDBSnapshot", "rds", .snapshot, .changes, .revert),
    AWSCall("RestoreDBClusterFromSnapshot", "rds", .snapshot, .changes, .revert),
    AWSCall("CreateDBInstance", "rds", .database, .changes, .revert),
    AWSCall("ModifyDBInstance", "rds", .database, .changes, .revert),
    AWSCall("DescribeSecret", "secretsmanager", .secret, .reads, .both),
    AWSCall("ListSecretVersionIds", "secretsmanager", .secret, .reads, .both),
    AWSCall("GetSecretValue", "secretsmanager", .secret, .reads, [.both, .smoke]),
    AWSCall("PutSecretValue", "secretsmanager", .secret, .changes, .revert),
    AWSCall("UpdateSecretVersionStage", "secretsmanager", .secret, .changes, .both),
  ]

  private static let traffic: [AWSCall] = [
    AWSCall("ListDeployments", "codedeploy", .deploymentGroup, .reads, [.both, .watch]),
    AWSCall("GetDeployment", "codedeploy", .deploymentGroup, .reads, [.both, .watch]),
    AWSCall("GetDeploymentGroup", "codedeploy", .deploymentGroup, .reads, [.both, .watch]),
    AWSCall("ListDeploymentTargets", "codedeploy", .deploymentGroup, .reads, [.both, .watch]),
    AWSCall("BatchGetDeploymentTargets", "codedeploy", .any, .reads, [.both, .watch]),
    AWSCall("StopDeployment", "codedeploy", .deploymentGroup, .changes, .revert),
    AWSCall("DescribeListeners", "elasticloadbalancing", .any, .reads, [.both, .watch]),
    AWSCall("DescribeRules", "elasticloadbalancing", .any, .reads, [.both, .watch]),
    AWSCall("ModifyListener", "elasticloadbalancing", .listener, .changes, .revert),
    AWSCall("ModifyRule", "elasticloadbalancing", .listener, .changes, .revert),
  ]

  private static let watching: [AWSCall] = [
    AWSCall("GetMetricData", "cloudwatch", .any, .reads, .live),
    AWSCall("ListMetrics", "cloudwatch", .any, .reads, .live),
    AWSCall("DescribeAlarms", "cloudwatch", .alarm, .reads, [.watch, .both]),
    AWSCall("FilterLogEvents", "logs", .logGroup, .reads, [.watch, .both, .smoke]),
  ]
}
