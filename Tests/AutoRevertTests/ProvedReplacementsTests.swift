import AWSClients
import Testing

@testable import AutoRevert

@Suite struct ProvedReplacementsTests {
  private func change(
    _ logicalId: String, _ replacement: String, _ details: [ResourceChange.Detail] = []
  ) -> ResourceChange {
    var change = ResourceChange(
      action: "Modify", logicalId: logicalId, physicalId: nil, type: "AWS::X::Y")
    change.replacement = replacement
    change.details = details
    return change
  }

  private func detail(
    _ name: String, cause: String?, source: String = "ResourceAttribute", evaluation: String = "Dynamic",
    recreation: String = "Always"
  ) -> ResourceChange.Detail {
    var detail = ResourceChange.Detail()
    (detail.name, detail.causingEntity, detail.changeSource) = (name, cause, source)
    (detail.evaluation, detail.requiresRecreation) = (evaluation, recreation)
    return detail
  }

  @Test func `who refers to the ARN or the id of what is updated in place is kept`() {
    let proved = ProvedReplacements([
      change("Function", "False"), change("Route", "Conditional", [detail("Uri", cause: "Function.Arn")]),
      change("Grant", "Conditional", [detail("Function", cause: "Function", source: "ResourceReference")]),
    ])
    #expect(proved["Route"] == "False" && proved["Grant"] == "False")
  }

  @Test func `a chain is proved link by link`() {
    let proved = ProvedReplacements([
      change("C", "Conditional", [detail("p", cause: "B.Arn")]),
      change("B", "Conditional", [detail("p", cause: "A.Arn")]), change("A", "False"),
    ])
    #expect(proved["B"] == "False" && proved["C"] == "False")
  }

  @Test func `what may change stays conditional`() {
    let cases: [(ResourceChange, String)] = [
      (change("X", "Conditional", [detail("p", cause: "A.Endpoint")]), "another attribute"),
      (change("X", "Conditional", [detail("p", cause: "Gone.Arn")]), "a resource outside the change set"),
      (change("X", "Conditional", [detail("p", cause: "R.Arn")]), "a resource that is replaced"),
      (change("X", "Conditional", [detail("p", cause: "M.Arn")]), "a resource that may be replaced"),
      (change("X", "Conditional", [detail("p", cause: "A.Arn", evaluation: "Static")]), "a known change"),
      (
        change("X", "Conditional", [detail("p", cause: nil, source: "DirectModification")]), "a direct change"
      ),
      (change("X", "Conditional"), "no detail at all"),
      (
        change("X", "Conditional", [detail("p", cause: "A.Arn"), detail("q", cause: "A.Endpoint")]),
        "one of two"
      ),
    ]
    for (changed, why) in cases {
      let proved = ProvedReplacements([
        change("A", "False"), change("R", "True"), change("M", "Conditional"), changed,
      ])
      #expect(proved["X"] == "Conditional", "\(why)")
    }
  }

  @Test func `certain replacements stay certain, other actions are none`() {
    var removed = change("Y", "True")
    removed.action = "Remove"
    let proved = ProvedReplacements([
      change("X", "True", [detail("p", cause: "A.Arn")]), change("A", "False"), removed,
    ])
    #expect(proved["X"] == "True" && proved["Y"] == nil)
  }

  @Test func `a direct entry beside its references follows them`() {
    let proved = ProvedReplacements([
      change("A", "False"),
      change(
        "X", "Conditional",
        [detail("p", cause: nil, source: "DirectModification"), detail("p", cause: "A.Arn")]),
    ])
    #expect(proved["X"] == "False")
  }
}
