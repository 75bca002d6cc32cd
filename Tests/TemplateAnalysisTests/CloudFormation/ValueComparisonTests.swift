import Testing

@testable import CloudFormationModel
@testable import MigrationAnalysis
@testable import TemplateAnalysis

private let given = ResolvedValue.unknown(.parameter("P"))
private let other = ResolvedValue.unknown(.parameter("Q"))
private let condition = ResolvedValue.call("Fn::Equals", [given, .text("x")])
private func reference(_ id: String, _ attribute: String? = nil) -> ResolvedValue {
  .unknown(.reference(logicalId: id, attribute: attribute))
}
private func map(_ members: (String, ResolvedValue)...) -> ResolvedValue {
  .map(members.map { ResolvedMember(name: $0.0, value: $0.1) })
}

/// `Same` was not touched, `New` was replaced, `Maybe` may be.
private var comparison: ValueComparison {
  ValueComparison { id, _ in
    switch id {
    case "Same": .same
    case "New": .different
    default: .open([.reference(logicalId: id, attribute: nil)])
    }
  }
}

@Suite struct `Comparing values` {
  @Test(arguments: [
    (ResolvedValue.text("a"), ResolvedValue.text("a")), (.number("10"), .text("10")),
    (.number("1.0"), .number("1")),
    (given, given), (reference("Same"), reference("Same")),
    (map(("a", given), ("b", .text("1"))), map(("b", .number("1")), ("a", given))),
    (.joined([.text("x"), given]), .joined([.text("x"), given])), (.call("F", [given]), .call("F", [given])),
    (
      .choice(condition, then: .text("a"), otherwise: .text("b")),
      .choice(condition, then: .text("a"), otherwise: .text("b"))
    ),
    (
      .choice(condition, then: .text("a"), otherwise: .number("1")),
      .choice(condition, then: .text("a"), otherwise: .text("1"))
    ),
    (.list([given, .text("a")]), .list([given, .text("a")])), (.absent, .absent),
    (
      .list([.choice(condition, then: .absent, otherwise: given)]),
      .list([.choice(condition, then: .absent, otherwise: given)])
    ),
  ])
  func `the same`(left: ResolvedValue, right: ResolvedValue) {
    #expect(comparison.compare(left, right) == .same)
    #expect(comparison.compare(right, left) == .same)
  }

  @Test(arguments: [
    (ResolvedValue.text("a"), ResolvedValue.text("b")), (.text("1.10"), .text("1.1")), (.absent, .text("")),
    (.absent, given),
    (.list([.text("a")]), .list([.text("a"), .text("b")])), (.text("a"), .list([.text("a")])),
    (map(("a", given)), map()),
    (reference("New"), reference("New")), (reference("Same"), reference("Maybe")),
    (.joined([.text("x"), given]), .joined([.text("y"), given])),
    (.joined([.text("x"), given]), .text("y-1")),
    (.joined([given, .text("-end")]), .text("x-start")),
    (.joined([.text("x"), reference("New")]), .joined([.text("x"), reference("New")])),
    (.choice(condition, then: .text("a"), otherwise: .text("b")), .text("c")),
    (
      .choice(condition, then: .text("a"), otherwise: .text("b")),
      .choice(condition, then: .text("c"), otherwise: .text("d"))
    ),
    (
      .call("Fn::Base64", [.joined([.text("a"), given])]),
      .call("Fn::Base64", [.joined([.text("b"), given])])
    ),
  ])
  func `different`(left: ResolvedValue, right: ResolvedValue) {
    #expect(comparison.compare(left, right) == .different)
    #expect(comparison.compare(right, left) == .different)
  }

  @Test(arguments: [
    (given, ResolvedValue.text("a")), (given, other), (reference("Maybe"), reference("Maybe")),
    (reference("Same"), reference("Same", "Arn")), (reference("Same"), .text("a")),
    (.joined([.text("x"), given]), .text("x-1")),
    (.joined([.text("x"), given]), .joined([.text("y"), other])),
    (.joined([.text("x"), given]), .joined([given, .text("x")])),
    (.call("F", [.text("a")]), .call("F", [.text("b")])),
    (.call("F", [given]), .call("G", [given])), (.call("F", []), .text("a")),
    (.choice(condition, then: .text("a"), otherwise: .text("b")), .text("a")),
    (
      .choice(condition, then: .text("a"), otherwise: .text("b")),
      .choice(condition, then: .text("a"), otherwise: .text("c"))
    ),
    (.list([.choice(condition, then: .absent, otherwise: .text("a"))]), .list([.text("a")])),
    (.unknown(.lookedUp(parameter: "I", name: "/n")), .unknown(.lookedUp(parameter: "I", name: "/n"))),
  ])
  func `open`(left: ResolvedValue, right: ResolvedValue) {
    for likeness in [comparison.compare(left, right), comparison.compare(right, left)] {
      guard case .open(let inputs) = likeness else {
        Issue.record("\(left) and \(right) were decided: \(likeness)")
        continue
      }
      #expect(!inputs.isEmpty)
    }
  }

  @Test func `on one side every input equals itself`() {
    #expect(ValueComparison.onOneSide(reference("Maybe"), reference("Maybe")) == .same)
    #expect(ValueComparison.onOneSide(given, given) == .same)
    #expect(ValueComparison.onOneSide(given, .text("a")) != .same)
  }

  @Test func `only look-ups are told apart`() {
    let lookedUp = UnknownInput.lookedUp(parameter: "I", name: "/n")
    #expect(Likeness.open([lookedUp]).isLookUpOnly)
    #expect(!Likeness.open([lookedUp, .parameter("P")]).isLookUpOnly)
    #expect(!Likeness.same.isLookUpOnly)
  }

  @Test func `nested choices over different conditions end`() {
    func nest(_ name: String) -> ResolvedValue {
      (0..<40).reduce(ResolvedValue.text(name)) { value, level in
        .choice(.unknown(.parameter("\(name)\(level)")), then: value, otherwise: .text("\(level)"))
      }
    }
    guard case .open = comparison.compare(nest("a"), nest("b")) else {
      Issue.record("decided")
      return
    }
  }

  @Test func `differences name the deepest place`() {
    let old = map(("Tags", .list([map(("Key", .text("k")), ("Value", .text("a")))])), ("Gone", .text("x")))
    let new = map(
      ("Tags", .list([map(("Key", .text("k")), ("Value", .text("b")))])), ("List", .list([.text("1")])))
    let paths = comparison.differences(old, new).map { $0.path.joined(separator: "/") }
    #expect(paths.sorted() == ["Gone", "List", "Tags/0/Value"])
  }

  @Test func `pointers reach through lists and choices`() {
    let value = map(("A", .list([map(("B", .text("1"))), map(("C", .text("2"))), map(("B", .text("3")))])))
    #expect(value.value(at: ["A", "*", "B"]) == .list([.text("1"), .text("3")]))
    #expect(value.value(at: ["A", "B"]) == .list([.text("1"), .text("3")]))
    #expect(value.value(at: ["A", "*", "D"]) == .absent)
    let choice = ResolvedValue.choice(
      condition, then: map(("B", .text("1"))), otherwise: map(("B", .text("1"))))
    #expect(choice.value(at: ["B"]) == .text("1"))
  }
}
