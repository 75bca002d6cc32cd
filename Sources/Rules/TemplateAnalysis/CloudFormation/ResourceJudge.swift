import CloudFormationModel
import YAMLDocuments

/// Judges resource by resource what an update does, those first that others refer to.
final class ResourceJudge {
  /// One logical id on both sides.
  struct Pair {
    let id: String
    let old: TemplateEvaluator.Resource?
    let new: TemplateEvaluator.Resource?
    var type: String { (new ?? old)?.type ?? "" }
  }

  /// What was found about one resource.
  struct Outcome {
    var change: ResourceImpact
    var differences: [PropertyDifference] = []
    /// Inputs that an open answer depends on.
    var open: Set<UnknownInput> = []
    /// Whether nothing but values that CloudFormation looks up at deployment leaves it open.
    var isLookUpOnly = false
    /// Whether a property changes that no service changes in place, though the schema leaves it open.
    var losesData = false
    /// What the service does not carry out, and what cannot be set back: each with its property.
    var refusals: [UpdateRules.Consequence] = []
    /// What is lost although the resource stays.
    var losses: [DataLossRules.Loss] = []
    var changedProperties: Set<String> { Set(differences.compactMap(\.path.first)) }
  }

  let old: TemplateEvaluator?
  let new: TemplateEvaluator?
  let context: ComparisonContext
  let pairs: [Pair]
  private(set) var outcomes: [String: Outcome] = [:]
  let secrets: [String]
  /// Logical ids of the older side that are called otherwise on the newer one.
  private let aliases: [String: String]
  var nestedOutcomes: [String: NestedOutcome] = [:]
  private var entries: [String: ReplacementTable.Entry?] = [:]

  init(
    old: TemplateEvaluator?, new: TemplateEvaluator?, context: ComparisonContext, secrets: Set<String> = []
  ) {
    self.secrets = secrets.filter { !$0.isEmpty }
    self.old = old
    self.new = new
    self.context = context
    let after = new?.resources ?? []
    let renamed = context.renames.filter { old?.resource($0.key) == nil && new?.resource($0.value) == nil }
    aliases = Dictionary(renamed.map { ($0.value, $0.key) }, uniquingKeysWith: { $1 })
    let gone = (old?.resources ?? []).filter { [aliases] in
      new?.resource($0.id) == nil && aliases[$0.id] == nil
    }
    pairs =
      after.map { Pair(id: $0.id, old: old?.resource(renamed[$0.id] ?? $0.id), new: $0) }
      + gone.map { Pair(id: $0.id, old: $0, new: nil) }
  }

  /// Compares values with what is known about the resources judged so far.
  var comparison: ValueComparison {
    ValueComparison(aliases: aliases) { [unowned self] id, attribute in self.likeness(of: id, attribute) }
  }

  func entry(_ type: String) -> ReplacementTable.Entry? {
    if let known = entries[type] { return known }
    let name = CustomResources.contains(type) ? "AWS::CloudFormation::CustomResource" : type
    let entry = context.replacements[name]
    entries[type] = entry
    return entry
  }

  /// Whether a value holds one that must not be shown.
  func isSecret(_ value: ResolvedValue) -> Bool {
    guard !secrets.isEmpty else { return false }
    switch value {
    case .text(let text), .number(let text): return secrets.contains { text.contains($0) }
    case .joined(let parts): return parts.contains(where: isSecret)
    default: return false
    }
  }

  func judgeAll() {
    for pair in inDependencyOrder() {
      var outcome = judge(pair)
      judgeNested(pair, &outcome)
      outcomes[pair.id] = outcome
    }
  }

  /// What became of a reference that stands on both sides.
  private func likeness(of id: String, _ attribute: String?) -> Likeness {
    let input: Set<UnknownInput> = [.reference(logicalId: id, attribute: attribute)]
    // Only a circle of references, which CloudFormation refuses, leads to one that is not judged yet.
    guard let outcome = outcomes[id] else { return .open(input) }
    let change = outcome.change
    switch change.action {
    case .none: return .same
    case .update:
      guard let attribute else {
        let movesItsId = CustomResources.contains(change.type) || change.type == "AWS::Batch::JobDefinition"
        return movesItsId ? .open(input) : .same
      }
      if let likeness = likeness(ofOutput: attribute, of: id) { return likeness }
      let isVolatile = TypeFacts.isVolatile(attribute, of: change.type, changed: outcome.changedProperties)
      return isVolatile ? .open(input) : .same
    case .replace:
      return attribute.map(TypeFacts.survivesReplacement) == true ? .open(input) : .different
    // What a look-up alone leaves open stays such for those who refer to it.
    case .mayReplace: return .open(outcome.isLookUpOnly ? outcome.open : input)
    case .create, .delete, .orphan, .snapshotThenDelete, .import: return .different
    case .move: return .same
    }
  }

  /// Resources after those they refer to, without recursion: chains may be as long as the template.
  private func inDependencyOrder() -> [Pair] {
    let index = Dictionary(uniqueKeysWithValues: pairs.enumerated().map { ($1.id, $0) })
    var state = [UInt8](repeating: 0, count: pairs.count)
    var order: [Pair] = []
    order.reserveCapacity(pairs.count)
    let needs = pairs.map { pair in references(of: pair).compactMap { index[$0] }.sorted() }
    for root in pairs.indices where state[root] == 0 {
      var stack: [(pair: Int, next: Int)] = [(root, 0)]
      state[root] = 1
      while let (pair, next) = stack.last {
        if next < needs[pair].count {
          stack[stack.count - 1].next += 1
          let needed = needs[pair][next]
          if state[needed] == 0 {
            state[needed] = 1
            stack.append((needed, 0))
          }
        } else {
          stack.removeLast()
          order.append(pairs[pair])
        }
      }
    }
    return order
  }

  private func references(of pair: Pair) -> Set<String> {
    var found = Set<String>()
    func visit(_ input: UnknownInput) {
      if case .reference(let id, _) = input, id != pair.id { found.insert(id) }
    }
    if let resource = pair.old { old?.properties(of: resource).forEachUnknown(visit) }
    if let resource = pair.new { new?.properties(of: resource).forEachUnknown(visit) }
    return found
  }
}
