import DeploymentRecords
import JSONValues
import Testing

@testable import AWSClients
@testable import AutoRevert

/// What a function ran with against what it runs with.
@Suite struct `Recorded functions` {
  private static func live(_ edit: (inout FunctionConfiguration) -> Void = { _ in }) -> FunctionConfiguration
  {
    var live = FunctionConfiguration([
      "FunctionName": "fn", "Timeout": 3, "MemorySize": 128, "Handler": "index.answer",
      "Runtime": "python3.11",
      "Role": "arn:role", "Environment": ["Variables": ["TOKEN": "planted-token", "GREETING": "hello"]],
      "VpcConfig": ["SubnetIds": ["b", "a"], "SecurityGroupIds": [], "VpcId": "vpc"],
    ])
    edit(&live)
    return live
  }

  private static var recorded: RecordedFunction {
    let live = live()
    var state = FunctionState(name: "fn", stack: "S", codeSha256: "x", timeout: 3, memory: 128)
    state.settings = FunctionSettings(
      environment: live.environment, handler: live.handler, runtime: live.runtime, role: live.role,
      layers: live.layers)
    state.settings?.further = live.further
    return RecordedFunction(state)
  }

  private func difference(
    concurrency: Int?? = .some(nil), byStack: Bool = false,
    _ edit: (inout FunctionConfiguration) -> Void = { _ in }
  ) -> RecordedFunction.Difference {
    Self.recorded.difference(Self.live(edit), concurrency: concurrency, isWrittenByStack: byStack)
  }

  @Test func `nothing differs where nothing was changed`() {
    #expect(difference().isEmpty)
    #expect(difference().recorded == difference().live)
  }

  @Test func `each setting is told with how it was and is, and set again`() {
    let found = difference(concurrency: .some(0)) {
      $0.timeoutSeconds = 900
      $0.handler = "index.other"
      $0.runtime = "python3.12"
      $0.layers = ["arn:layer:1"]
      $0.further["TracingConfig"] = ["Mode": "Active"]
      $0.further["VpcConfig"] = ["SecurityGroupIds": [], "SubnetIds": []]
    }
    #expect(
      found.live.contains("timeout=900") && found.live.contains("handler=index.other")
        && found.live.contains("layers=arn:layer:1") && found.live.contains("reserved concurrency=0"))
    #expect(found.recorded.contains("timeout=3") && found.recorded.contains("layers=none"))
    #expect(found.change.timeoutSeconds == 3 && found.change.handler == "index.answer")
    #expect(found.change.memoryMegabytes == nil && found.change.environment == nil)
    #expect(found.change.layers == [] && found.change.further["TracingConfig"] == ["Mode": "PassThrough"])
    #expect(found.change.further["VpcConfig"]?["SubnetIds"] == ["a", "b"])
    #expect(found.concurrency == .some(nil))
  }

  @Test func `variables are named, and their values never told`() {
    let found = difference {
      $0.environment["TOKEN"] = "planted-other"
      $0.environment["EXTRA"] = "planted-extra"
    }
    #expect(found.change.environment == Self.live().environment)
    #expect(found.live == "other variables (EXTRA, TOKEN)" && found.recorded == "variables as recorded")
  }

  @Test func `what CloudFormation wrote last is its word where other resources have a say`() {
    func edit(_ live: inout FunctionConfiguration) {
      live.environment["GREETING"] = "https://sqs.example/new-queue"
      live.role = "arn:new-role"
      live.further["DeadLetterConfig"] = ["TargetArn": "arn:new"]
    }
    #expect(!difference(edit).isEmpty)
    #expect(difference(byStack: true, edit).isEmpty)
    // A time limit is nobody's but the template's: what was set by hand before CloudFormation wrote stays otherwise.
    #expect(difference(byStack: true) { $0.timeoutSeconds = 9 }.change.timeoutSeconds == 3)
  }

  @Test func `a restore point of an earlier version is compared as far as it goes`() {
    var state = FunctionState(name: "fn", stack: "S", codeSha256: "x", timeout: 3, memory: 128)
    state.settings = FunctionSettings(
      environment: Self.live().environment, handler: "index.answer", runtime: "python3.11", role: "arn:role")
    let live = Self.live { $0.further["TracingConfig"] = ["Mode": "Active"] }
    #expect(
      RecordedFunction(state).difference(live, concurrency: nil, isWrittenByStack: false).isEmpty)
  }
}
