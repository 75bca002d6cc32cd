import DeploymentRecords
import RollbackPlanning
import Testing

@testable import AutoRevert

/// Drift after a skip, and values that are handed in.
@Suite struct DriftAndParameterTests {
  @Test func `27 no drift is said only of what was checked`() {
    func lines(_ skips: [String], _ answer: DriftAnswer) -> [String] {
      DriftAfterSkip(stack: "S", skips: skips, answer: answer).findings.map(\.message)
    }
    #expect(
      lines(["Queue"], DriftAnswer(drifted: [], inSync: ["Queue"]))
        == ["S: no drift was found after skipping Queue."])
    let custom = lines(["Custom"], DriftAnswer(drifted: [], inSync: ["Queue"]))
    #expect(custom.count == 1 && custom[0].contains("whether Custom drifted is not known"))
    #expect(!custom[0].contains("no drift was found"))
    let both = lines(["Queue", "Child-1A.Table"], DriftAnswer(drifted: ["Queue"], inSync: []))
    #expect(both.count == 2 && both[0].contains("Queue") && both[1].contains("Child-1A.Table"))
  }

  @Test(
    arguments: [
      ("api/DbPassword", "BACKSTOP_PARAMETER_API_DBPASSWORD", nil, nil),
      ("Shop-Api/Db.Password", "BACKSTOP_PARAMETER_SHOP_API_DB_PASSWORD", nil, nil),
      ("api/P=secret:shop/db", "BACKSTOP_PARAMETER_API_P", "shop/db", nil),
      ("api/P=secret:shop/db#password", "BACKSTOP_PARAMETER_API_P", "shop/db", "password"),
    ] as [(String, String, String?, String?)])
  func `a parameter names its variable or its secret`(
    text: String, variable: String, secret: String?, member: String?
  ) {
    let request = HiddenParameters.Request(text)
    #expect(request?.variable == variable)
    #expect(request?.secret == secret && request?.member == member)
  }

  @Test(arguments: ["api", "api/", "/P", "api/P=planted-value", "api/P=secret:", "a/b/c"])
  func `a value on the command line is none`(text: String) {
    #expect(HiddenParameters.Request(text) == nil)
  }

  @Test func `a value that was handed in takes the place of the one that cannot be read`() {
    let world = ModelWorld { role, stack in if role == "api" { stack.live.isHiding = true } }
    var loaded = world.loaded
    let name = ModelWorld.name("api")
    #expect(loaded.recorded(name, live: nil)?.maskedParameters == [])
    guard let index = loaded.point.stacks.firstIndex(where: { $0.name == name }) else { return }
    loaded.point.stacks[index].parameters.append(
      StackParameter(name: "Secret", value: nil, noEcho: true))
    #expect(loaded.recorded(name, live: nil)?.maskedParameters == ["Secret"])
    loaded.hiddenValues[name] = ["Secret": "old"]
    #expect(loaded.recorded(name, live: nil)?.maskedParameters == [])
    let request = loaded.request(name, stackID: "id", changeSet: "cs")
    #expect(request?.parameters.last == .init(name: "Secret", value: "old"))
  }
}
