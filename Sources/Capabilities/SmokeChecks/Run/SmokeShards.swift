/// Splits chains evenly, the same way on every machine of a matrix.
enum SmokeShards {
  /// The chains of part `index` of `count` (counted from 1), and those that they need.
  static func part(_ index: Int, of count: Int, _ chains: [CheckChain]) -> [CheckChain] {
    let (split, groups) = independent(chains)
    // The largest first, each to the part that has least so far.
    var loads = [Int](repeating: 0, count: count)
    var chosen: Set<Int> = []
    let order = groups.indices.sorted { left, right in
      let sizes = (groups[left].load(split), groups[right].load(split))
      return sizes.0 == sizes.1 ? left < right : sizes.0 > sizes.1
    }
    for group in order {
      let target = loads.indices.min { (loads[$0], $0) < (loads[$1], $1) } ?? 0
      loads[target] += groups[group].load(split)
      if target == index - 1 { chosen.formUnion(groups[group]) }
    }
    // What is needed comes along, and positions are counted anew.
    var pending = Array(chosen)
    while let next = pending.popLast() {
      for needed in split[next].needs where chosen.insert(needed).inserted { pending.append(needed) }
    }
    let kept = chosen.sorted()
    let places = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1, $0) })
    return kept.map { position in
      var chain = split[position]
      chain.needs = chain.needs.compactMap { places[$0] }
      return chain
    }
  }

  /// Chains whose checks may all overlap are split into their checks; a chain that others need stays whole. A group
  /// is what must go to one part together.
  private static func independent(_ chains: [CheckChain]) -> (chains: [CheckChain], groups: [[Int]]) {
    let needed = Set(chains.flatMap(\.needs))
    var split: [CheckChain] = []
    var places: [Int: Int] = [:]
    var groups: [[Int]] = []
    for (position, chain) in chains.enumerated() {
      let parts =
        !needed.contains(position) && chain.checks.allSatisfy(\.mayOverlap) && chain.checks.count > 1
        ? chain.checks.map { CheckChain([$0]) } : [chain]
      places[position] = split.count
      for part in parts {
        var part = part
        part.needs = chain.needs.compactMap { places[$0] }
        part.prepare = chain.prepare
        if !needed.contains(position) { groups.append([split.count]) }
        split.append(part)
      }
    }
    return (split, groups)
  }
}

extension [Int] {
  /// How many checks the chains at these positions have.
  fileprivate func load(_ chains: [CheckChain]) -> Int { reduce(0) { $0 + chains[$1].checks.count } }
}
