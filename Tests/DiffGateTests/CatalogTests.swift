import StepResults
import Testing

@testable import DiffGate

@Suite struct `Finding codes` {
  @Test func `each stands in the catalog once, in kebab case, with a meaning`() {
    let codes = GateFindings.catalog.map(\.code)
    #expect(Set(codes).count == codes.count)
    for description in GateFindings.catalog {
      #expect(
        description.code.allSatisfy { $0.isLowercase || $0 == "-" || $0.isNumber }, "\(description.code)")
      #expect(description.meaning.hasSuffix("."), "\(description.code)")
    }
  }

  @Test func `a finding that two judges have is one`() {
    let finding = Finding("truncate", .error, "x", path: "a", line: 1)
    #expect(GateFindings.unique([finding, finding]).count == 1)
  }
}
