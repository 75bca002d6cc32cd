import CloudFormationModel
import RollbackPlanning
import StepResults
import SystemInterfaces
import Testing

/// What the undone deployment added, what was left behind, and what is made anew.
@Suite struct `Additions and what was left behind` {
  typealias Former = RestoreChange.Former

  static func change(
    _ id: String, _ type: String, _ effect: RestoreChange.Effect,
    _ edit: (inout RestoreChange) -> Void = { _ in }
  ) -> RestoreChange {
    var change = RestoreChange(logicalID: id, type: type, effect: effect)
    edit(&change)
    return change
  }

  static func added(_ id: String, _ type: String) -> RestoreChange {
    change(id, type, .delete) { $0.wasAdded = true }
  }

  static func plan(_ changes: [RestoreChange], _ edit: (inout PlanOptions) -> Void = { _ in }) -> Plan {
    Sample.plan(
      Sample.stack("api", .updateComplete) { $0.preview = RestorePreview(changeSet: "cs", changes: changes) },
      edit)
  }

  @Test(arguments: [
    "AWS::SNS::Topic", "AWS::IAM::Role", "AWS::Lambda::Permission", "AWS::Lambda::Version",
    "AWS::ApiGateway::Deployment", "AWS::Lambda::Function", "Custom::Thing",
  ])
  func `17 what holds no data goes without leave`(type: String) {
    let plan = Self.plan([Self.added("New", type)])
    #expect(!plan.isBlocked && plan.codes == [.additionRemoved])
    #expect(plan.findings.first?.severity == .notice)
    #expect(plan.findings.first?.message.contains("New") == true)
    // The same resource, known to the restore point, wants leave.
    #expect(Self.plan([Self.change("New", type, .delete)]).stops == [.wouldReplace])
    // And so does an addition where the policy asks.
    #expect(Self.plan([Self.added("New", type)]) { $0.asksForAdditions = true }.stops == [.additionRemoved])
    let allowed = Self.plan([Self.added("New", type)]) {
      $0.asksForAdditions = true
      $0.allowReplace = true
    }
    #expect(!allowed.isBlocked)
  }

  @Test func `17 what is kept by its policy is not deleted at all`() {
    let version = Self.change("FnVersion2", "AWS::Lambda::Version", .delete) {
      $0.isRetained = true
      $0.wasAdded = true
    }
    #expect(Self.plan([version]).findings == [])
    let bucket = Self.change("Bucket", "AWS::S3::Bucket", .delete) { $0.isRetained = true }
    #expect(Self.plan([bucket]).findings == [])
  }

  @Test(arguments: [
    "AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::S3::Bucket", "AWS::SecretsManager::Secret",
  ])
  func `17 what holds data stays behind leave by name`(type: String) {
    let plan = Self.plan([Self.added("New", type), Self.added("Topic", "AWS::SNS::Topic")])
    #expect(plan.stops == [.wouldLoseData])
    #expect(plan.codes.contains(.additionRemoved))
    #expect(!Self.plan([Self.added("New", type)]) { $0.allowStateful = ["api/New"] }.isBlocked)
  }

  @Test func `17 a log group goes, and what was logged is named`() {
    let plan = Self.plan([Self.added("Log", "AWS::Logs::LogGroup")])
    #expect(!plan.isBlocked)
    #expect(plan.findings.contains { $0.severity == .warning && $0.message.contains("logged") })
  }

  @Test func `17 an added nested stack is judged by what is inside`() {
    let child = Self.added("Child", "AWS::CloudFormation::Stack")
    #expect(!Self.plan([child, Self.added("Child/Topic", "AWS::SNS::Topic")]).isBlocked)
    let full = Self.plan([child, Self.added("Child/Table", "AWS::DynamoDB::Table")])
    #expect(full.stops == [.wouldLoseData, .wouldLoseData])
  }

  @Test func `20 a name that is taken stops before anything is touched`() {
    let bucket = Self.change("Bucket", "AWS::S3::Bucket", .add) {
      $0.former = Former(id: "shop-files", isLeftBehind: true, isNamed: true)
    }
    let plan = Self.plan([bucket])
    #expect(plan.stops == [.nameTaken])
    #expect(plan.findings.first?.message.contains("shop-files") == true)
    #expect(!Self.plan([bucket]) { $0.allowStateful = ["api/Bucket"] }.isBlocked)
    // Taken up by the change set itself: nothing is in the way.
    #expect(Self.plan([Self.change("Bucket", "AWS::S3::Bucket", .import)]).findings == [])
  }

  @Test func `20 an empty one never stands in silently for one with data`() {
    func table(_ former: Former) -> Plan {
      Self.plan([Self.change("Table", "AWS::DynamoDB::Table", .add) { $0.former = former }])
    }
    #expect(table(Former(id: "t-1", isLeftBehind: true, isNamed: false)).stops == [.wouldLoseData])
    let gone = table(Former(id: "t-1", isLeftBehind: false, isNamed: true))
    #expect(!gone.isBlocked && gone.codes == [.madeAnew])
    let role = Self.change("Role", "AWS::IAM::Role", .add) {
      $0.former = Former(id: "r", isLeftBehind: false, isNamed: true)
    }
    #expect(Self.plan([role]).findings == [])
  }
}

/// Deployments that RollbackStack does not take back, stacks that need a person, and exports that others import.
@Suite struct `Everyday shapes` {
  @Test func `18 an EXPRESS stack gets its recorded template again`() {
    let plan = Sample.plan(Sample.stack("api", .updateFailed) { $0.isExpress = true })
    #expect(plan.due == ["restore Shop-api-prod"])
    #expect(plan.next.first?.disablesRollback == true)
    #expect(plan.next.first?.call == .updateWithoutRollback)
    // Any other is rolled back by the service itself.
    #expect(Sample.plan(Sample.stack("api", .updateFailed)).due == ["rollbackStack Shop-api-prod"])
    // Without a restore point there is nothing to play.
    let bare = Sample.plan(Sample.stack("api", .updateFailed, isRecorded: false) { $0.isExpress = true })
    #expect(bare.due == ["rollbackStack Shop-api-prod"])
  }

  @Test func `18 a refused RollbackStack leads to the recorded template, and that failing to a stop`() {
    var facts = Sample.facts([Sample.stack("api", .updateFailed)])
    facts.failures["Shop-api-prod"] = [FailedAttempt(kind: .rollbackStack, reason: "not supported")]
    let plan = Sample.plan(facts)
    #expect(plan.due == ["restore Shop-api-prod"] && plan.next.first?.disablesRollback == true)
    #expect(plan.next.first?.reason.contains("not supported") == true)
    facts.failures["Shop-api-prod"]?.append(FailedAttempt(kind: .restore, reason: "no"))
    #expect(Sample.plan(facts).stops == [.actionFailed])
  }

  @Test(arguments: [StackStatus.deleteFailed, .rollbackFailed, .rollbackComplete, .createFailed])
  func `one stack that needs a person does not hold the others back`(status: StackStatus) {
    let plan = Sample.plan(
      Sample.facts([Sample.stack("api", status), Sample.stack("workflow", .updateComplete)]))
    #expect(!plan.isBlocked && plan.asides.count == 1)
    #expect(plan.due == ["restore Shop-workflow-prod"])
    let message = plan.asides.first?.message ?? ""
    #expect(message.contains("aws cloudformation delete-stack --stack-name Shop-api-prod --region us-east-1"))
  }

  @Test func `a stack that stops all is left out by name`() {
    let plan = Sample.plan(
      Sample.facts([
        Sample.stack("api", .updateComplete, difference: .unknown("no answer")),
        Sample.stack("workflow", .updateComplete),
      ]))
    #expect(plan.isBlocked)
    #expect(plan.findings.contains { $0.code == .othersPossible && $0.message.contains("--only workflow") })
  }

  @Test func `21 an export that a stack outside imports stops, or is kept by itself`() {
    let stack = Order.restore("api", live: ["new": ["Other-team"], "old": []], recorded: ["old": []])
    let stopped = Sample.plan(stack)
    #expect(stopped.stops == [.exportInUse])
    #expect(stopped.findings.first?.message.contains("--keep-exports") == true)
    let kept = Sample.plan(stack) { $0.keepsExports = true }
    #expect(!kept.isBlocked && kept.codes == [.exportKept])
    #expect(kept.due == ["restore Shop-api-prod"])
    #expect(kept.next.first?.keptExports == ["new"])
  }

  @Test(arguments: StackStatus.allCases) func `every status reads as a sentence`(status: StackStatus) {
    #expect(!status.rule.clause.contains("it its"))
    #expect(status.rule.clause.hasPrefix("it ") || status.rule.clause.hasPrefix("its "))
    let plan = Sample.plan(Sample.stack("api", status))
    for text in plan.findings.map(\.message) + plan.actions.map(\.reason) {
      #expect(!text.contains("it its") && !text.contains("  ") && !text.contains(".."), "\(text)")
    }
  }

  @Test(
    arguments: [
      ("timeout=30", "timeout=900", nil, "timeout=30"), ("timeout=900", "timeout=30", "timeout=900", nil),
      ("timeout=30,memory=512", "timeout=900,memory=128", "memory=512", "timeout=30"),
      ("memory=128", "memory=128", nil, nil),
    ] as [(String, String, String?, String?)])
  func `a relief never lowers`(wanted: String, live: String, raised: String?, lower: String?) {
    let relief = ReliefFacts(
      function: "fn", stack: "Shop-api-prod", wanted: wanted, live: live, afterwards: live)
    let plan = Relief.plan(Sample.stack("api", .updateComplete), relief, method: .relief)
    #expect(plan.actions.map(\.payload) == (raised.map { [.settings($0)] } ?? []))
    #expect(plan.isBlocked == (raised == nil && lower != nil))
    if let lower { #expect(plan.findings.contains { $0.message.contains("does not get \(lower)") }) }
  }

  @Test func `a change set's name is read back whichever run made it`() {
    let token = OperationToken(restorePoint: Sample.restorePoint, operation: .restore, stack: "S")
    #expect(OperationToken.ofChangeSet(token.changeSet("a1b2c3")) == token)
    #expect(OperationToken.ofChangeSet(token.changeSet("")) == token)
    #expect(OperationToken.ofChangeSet("cdk-deploy-change-set") == nil)
  }

  @Test func `27 what goes on using the old database is told`() {
    var facts = Sample.facts([Sample.stack("api", .updateComplete, difference: .none)])
    var database = DatabaseFacts(
      identifier: "db", stack: "Shop-database-prod", snapshot: "snap", restored: "db-restored")
    database.snapshotStatus = "available"
    database.oldUsers = ["the proxy p goes on leading to db."]
    facts.database = database
    let plan = Sample.plan(facts) {
      $0.restoreDatabase = true
      $0.typedWords = ["RESTORE-DATABASE"]
    }
    #expect(plan.codes.contains(.databaseStillUsed))
    #expect(PlanFindingCode.databaseStillUsed.leavesOpen)
  }
}
