import StepResults

/// In which order stacks are put back, by the exports that appear and vanish.
///
/// A restore moves a stack from its live exports to its recorded ones. An export that vanishes must have lost its
/// importers first; one that appears must be there before its importers are put back. The order of the runbook
/// decides among those that do not depend on one another.
struct RestoreOrder {
  /// One entry a level, and in it the stacks that are put back side by side.
  var levels: [[Step]] = []
  /// Exports that cannot vanish or appear, whatever the order.
  var findings: [PlanFinding] = []

  /// One restore of one stack.
  struct Step: Hashable {
    var stack: String
    /// Exports that are kept for now: the first phase of a cycle.
    var keptExports: [String] = []
    /// They are kept for stacks outside, until nobody imports them.
    var keepsForOthers = false
  }

  /// The order in which `restored` (given in the runbook's order) are put back, among all stacks of `facts`.
  /// - Parameter keepsExports: exports that stay in use are kept instead of refused.
  init(restored: [StackFacts], facts: RevertFacts, keepsExports: Bool = false) {
    let links = ExportLinks(facts)
    var kept: [String: Set<String>] = [:]
    let names = restored.map(\.name)
    var edges = Set<Edge>()
    for stack in restored {
      for export in links.vanishing(stack) {
        for importer in links.liveImporters(of: export, of: stack) where importer != stack.name {
          if names.contains(importer), !links.recordedImports(importer).contains(export) {
            edges.insert(Edge(first: importer, then: stack.name, export: export, vanishes: true))
          } else if keepsExports {
            kept[stack.name, default: []].insert(export)
            findings.append(stays(stack.name, export, importer))
          } else {
            findings.append(inUse(stack.name, export, importer))
          }
        }
      }
      for export in links.recordedImports(stack.name).sorted() where links.isMissing(export, for: stack) {
        let exporter = links.recordedExporter(of: export, for: stack)
        if let exporter, names.contains(exporter), exporter != stack.name {
          edges.insert(Edge(first: exporter, then: stack.name, export: export, vanishes: false))
        } else {
          findings.append(missing(stack.name, export, exporter))
        }
      }
    }
    arrange(names, edges.filter { !($0.vanishes && kept[$0.then]?.contains($0.export) ?? false) })
    keep(kept)
  }

  /// The last restore of a stack keeps what stacks outside import; one before it keeps that, too.
  private mutating func keep(_ kept: [String: Set<String>]) {
    for (stack, exports) in kept {
      var isLast = true
      for level in levels.indices.reversed() {
        for index in levels[level].indices where levels[level][index].stack == stack {
          levels[level][index].keptExports = Set(levels[level][index].keptExports).union(exports).sorted()
          levels[level][index].keepsForOthers = isLast
          isLast = false
        }
      }
    }
  }

  private struct Edge: Hashable {
    var first: String
    var then: String
    var export: String
    /// The export vanishes with `then`; otherwise it appears with `first`.
    var vanishes: Bool
  }

  /// Takes all that wait for nobody, level by level. Where everybody waits there is a cycle: a stack that waits only
  /// because exports of its own would vanish goes first, keeping them, and once more at the end without them.
  private mutating func arrange(_ names: [String], _ edges: Set<Edge>) {
    var left = names
    var open = edges
    var kept: [String: [String]] = [:]
    while !left.isEmpty {
      let ready = left.filter { name in !open.contains { $0.then == name } }
      if ready.isEmpty {
        guard
          let name = left.first(where: { name in
            // Others wait for it; one that nobody waits for, or that has had its first phase, unties nothing.
            open.contains { $0.first == name } && open.filter { $0.then == name }.allSatisfy(\.vanishes)
          })
        else {
          findings.append(
            PlanFinding(
              .exportInUse, .error, target: left.joined(separator: ", "),
              "\(listed(left)) wait for one another: each needs an export that another would only then have. A "
                + "person has to untie them."))
          return
        }
        kept[name] = Set(open.filter { $0.then == name }.map(\.export)).sorted()
        open = open.filter { $0.then != name }
      } else {
        levels.append(ready.map { Step(stack: $0, keptExports: kept[$0] ?? []) })
        left.removeAll { ready.contains($0) }
        open = open.filter { !ready.contains($0.first) }
      }
    }
    let again = names.filter { kept[$0] != nil }.map { Step(stack: $0) }
    if !again.isEmpty { levels.append(again) }
  }

  private func inUse(_ stack: String, _ export: String, _ importer: String) -> PlanFinding {
    PlanFinding(
      .exportInUse, .error, target: stack, remedy: .options(["--keep-exports"]),
      "putting \(stack) back would remove its export \(export), which \(importer) imports and would go on importing. "
        + "Put \(importer) back as well, leave \(stack) out, or keep just that export with --keep-exports.")
  }

  private func stays(_ stack: String, _ export: String, _ importer: String) -> PlanFinding {
    PlanFinding(
      .exportKept, .warning, target: stack,
      "\(stack) keeps its export \(export) with its present value, since \(importer) imports it: all else is put back. The "
        + "next deployment of \(stack) takes it away once nobody imports it.")
  }

  private func missing(_ stack: String, _ export: String, _ exporter: String?) -> PlanFinding {
    PlanFinding(
      .importMissing, .error, target: stack,
      "the recorded \(stack) imports \(export), which no stack exports now"
        + (exporter.map { ". Put \($0) back as well." } ?? ", and none of the restore point did."))
  }
}

/// Which stack exports and imports what, live and recorded.
struct ExportLinks {
  private let stacks: [String: StackFacts]
  private let allExports: Set<PlacedExport>?

  init(_ facts: RevertFacts) {
    stacks = Dictionary(facts.stacks.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    allExports = facts.allExports
  }

  /// Exports that `stack` has now and would not have when put back, in order.
  func vanishing(_ stack: StackFacts) -> [String] {
    guard let live = stack.live, let recorded = stack.recorded else { return [] }
    return live.exports.keys.filter { recorded.exports[$0] == nil }.sorted()
  }

  /// The stacks that share exports with `stack`: those of its account and region.
  private func beside(_ stack: StackFacts?) -> [StackFacts] {
    stacks.values.filter { $0.place == stack?.place }
  }

  /// Stacks that import `export` of `stack` now, in order.
  func liveImporters(of export: String, of stack: StackFacts) -> [String] {
    beside(stack).flatMap { $0.live?.exports[export] ?? [] }.sorted()
  }

  /// What the recorded `stack` imports.
  func recordedImports(_ stack: String) -> Set<String> {
    var names = Set(stacks[stack]?.recorded?.imports ?? [])
    for other in beside(stacks[stack]) {
      for (export, importers) in other.recorded?.exports ?? [:] where importers.contains(stack) {
        names.insert(export)
      }
    }
    return names
  }

  /// The stack of the restore point that exported `export` to `stack`.
  func recordedExporter(of export: String, for stack: StackFacts) -> String? {
    beside(stack).filter { $0.recorded?.exports[export] != nil }.map(\.name).min()
  }

  /// Whether nobody exports `export` to `stack` now. Where the exports are not known, nothing is called missing.
  func isMissing(_ export: String, for stack: StackFacts) -> Bool {
    if beside(stack).contains(where: { $0.live?.exports[export] != nil }) { return false }
    guard let allExports else { return false }
    return !allExports.contains { $0.name == export && $0.place == stack.place }
  }

  /// Whether the two stacks have to do with one another by any export, live or recorded.
  func areRelated(_ left: String, _ right: String) -> Bool {
    guard stacks[left]?.place == stacks[right]?.place else { return false }
    func uses(_ importer: String, _ exporter: String) -> Bool {
      let live = stacks[exporter]?.live?.exports ?? [:]
      let recorded = stacks[exporter]?.recorded?.exports ?? [:]
      return live.values.contains { $0.contains(importer) }
        || recorded.values.contains { $0.contains(importer) }
        || !Set(recorded.keys).isDisjoint(with: stacks[importer]?.recorded?.imports ?? [])
    }
    return uses(left, right) || uses(right, left)
  }
}
