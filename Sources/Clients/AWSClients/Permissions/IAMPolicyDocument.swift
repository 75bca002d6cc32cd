public import JSONValues

/// The permissions that a step needs for one environment, as an IAM policy: reading, adding, and apart from them what
/// changes or removes what is deployed.
public struct IAMPolicyDocument: Sendable {
  /// The executable's name.
  public var step: String
  /// The region, and the account where it is known; `*` where it is not.
  public var region: String, account: String
  /// The names of the environment's stacks.
  public var stacks: [String]
  /// ARNs of roles that the policy file names for other accounts.
  public var roles: [String]
  /// ARNs that the configuration names.
  public var stateMachines: [String]
  /// `BUCKET/PREFIX` of this environment's part of the restore points' store, where it is one in S3.
  public var store: (bucket: String, prefix: String)?

  /// A document's facts.
  public init(
    step: String, region: String?, account: String?, stacks: [String], roles: [String] = [],
    stateMachines: [String] = [], store: (bucket: String, prefix: String)? = nil
  ) {
    self.step = step
    self.region = region ?? "*"
    self.account = account ?? "*"
    self.stacks = stacks.sorted()
    self.roles = roles.sorted()
    self.stateMachines = stateMachines.sorted()
    self.store = store
  }

  /// The policy, statements in a fixed order.
  public var document: JSONValue {
    let effects: [(AWSCall.Effect, String)] = [(.reads, "Read"), (.adds, "Add"), (.changes, "Dangerous")]
    var statements: [JSONValue] = []
    for (effect, name) in effects {
      let calls = AWSCall.all.filter { $0.effect == effect && $0.steps.contains(step) }
      for target in AWSCall.Target.order {
        let actions = Set(calls.filter { $0.target == target }.flatMap(\.actions)).sorted()
        let resources = resources(target, effect)
        guard !actions.isEmpty, !resources.isEmpty else { continue }
        statements.append([
          "Sid": .string(name + target.sid), "Effect": "Allow", "Action": .array(actions.map { .string($0) }),
          "Resource": .array(resources.map { .string($0) }),
        ])
      }
    }
    return ["Version": "2012-10-17", "Statement": .array(statements)]
  }

  private var partition: String {
    region.hasPrefix("cn-") ? "aws-cn" : region.hasPrefix("us-gov-") ? "aws-us-gov" : "aws"
  }

  /// What CloudFormation names by itself begins with its stack's name; what a template names by itself has to be added.
  private func owned(_ service: String, _ kind: String, _ separator: String = ":") -> [String] {
    stacks.map { "arn:\(partition):\(service):\(region):\(account):\(kind)\(separator)\($0)-*" }
  }

  private func resources(_ target: AWSCall.Target, _ effect: AWSCall.Effect) -> [String] {
    let here = "\(region):\(account)"
    switch target {
    case .any: return ["*"]
    case .stack:
      // Nested stacks are named after their parents.
      return stacks.flatMap { name in
        ["\(name)/*", "\(name)-*/*"].map { "arn:\(partition):cloudformation:\(here):stack/\($0)" }
      }
    case .function: return owned("lambda", "function")
    case .stateMachine: return Set(owned("states", "stateMachine") + stateMachines).sorted()
    case .execution:
      return
        (owned("states", "execution") + owned("states", "express")
        + stateMachines.map { $0.replacing(":stateMachine:", with: ":execution:") + ":*" })
    // RDS writes names in lower case.
    case .database:
      return ["db", "cluster", "subgrp", "pg", "cluster-pg"].flatMap { owned("rds", $0) }.map(lowercasedName)
        + ["arn:\(partition):rds:\(here):og:*"]
    case .proxy:
      return ["db", "cluster"].flatMap { owned("rds", $0) }.map(lowercasedName)
        + ["arn:\(partition):rds:\(here):target-group:*"]
    case .snapshot:
      return ["db", "cluster"].flatMap { owned("rds", $0) }.map(lowercasedName)
        + ["snapshot", "cluster-snapshot"].map { "arn:\(partition):rds:\(here):\($0):*" }
    case .secret: return ["arn:\(partition):secretsmanager:\(here):secret:*"]
    case .logGroup: return ["arn:\(partition):logs:\(here):log-group:*"]
    case .api:
      return ["/restapis", "/restapis/*", "/apis", "/apis/*"].map {
        "arn:\(partition):apigateway:\(region)::\($0)"
      }
    case .alarm: return ["arn:\(partition):cloudwatch:\(here):alarm:*"]
    case .repository: return ["arn:\(partition):ecr:\(here):repository/*"]
    case .parameter: return ["arn:\(partition):ssm:\(here):parameter/*"]
    case .service: return ["arn:\(partition):ecs:\(here):service/*"]
    case .rule: return ["arn:\(partition):events:\(here):rule/*"]
    case .configuration:
      return ["application", "deploymentstrategy"].map { "arn:\(partition):appconfig:\(here):\($0)/*" }
    case .table: return ["arn:\(partition):dynamodb:\(here):table/*"]
    // Rules stand under their listeners' names.
    case .deploymentGroup: return owned("codedeploy", "deploymentgroup")
    case .listener:
      return ["listener", "listener-rule"].map { "arn:\(partition):elasticloadbalancing:\(here):\($0)/*" }
    case .role:
      return step == "preflight-snapshot" ? ["arn:\(partition):iam::\(account):role/*"] + roles : roles
    case .bucket: return store.map { ["arn:\(partition):s3:::\($0.bucket)"] } ?? []
    case .object:
      // A watch writes no restore point: it leaves a note that is named after it.
      let names = step == "watch-30m" && effect == .adds ? "\(step)-*" : "*"
      return store.map {
        ["arn:\(partition):s3:::\($0.bucket)/\($0.prefix.isEmpty ? "" : "\($0.prefix)/")\(names)"]
      } ?? []
    }
  }

  private func lowercasedName(_ arn: String) -> String {
    guard let colon = arn.lastIndex(of: ":") else { return arn }
    return String(arn[...colon]) + arn[arn.index(after: colon)...].lowercased()
  }
}

extension AWSCall.Target {
  static let order: [AWSCall.Target] = [
    .stack, .function, .stateMachine, .execution, .api, .database, .proxy, .snapshot, .secret, .parameter,
    .service, .rule, .configuration, .table, .deploymentGroup, .listener, .repository,
    .logGroup, .alarm, .bucket, .object, .role, .any,
  ]

  fileprivate var sid: String {
    switch self {
    case .stack: "Stacks"
    case .function: "Functions"
    case .stateMachine: "StateMachines"
    case .execution: "Executions"
    case .database: "Databases"
    case .proxy: "Proxies"
    case .snapshot: "Snapshots"
    case .secret: "Secrets"
    case .logGroup: "LogGroups"
    case .api: "Apis"
    case .alarm: "Alarms"
    case .repository: "Repositories"
    case .role: "Roles"
    case .parameter: "Parameters"
    case .service: "Services"
    case .rule: "Rules"
    case .configuration: "Configurations"
    case .table: "Tables"
    case .deploymentGroup: "DeploymentGroups"
    case .listener: "Listeners"
    case .bucket: "Buckets"
    case .object: "Objects"
    case .any: "Others"
    }
  }
}
