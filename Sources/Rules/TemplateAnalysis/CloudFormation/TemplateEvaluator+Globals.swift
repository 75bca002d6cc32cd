import YAMLDocuments

/// SAM's `Globals`: properties that every resource of a type takes over.
extension TemplateEvaluator {
  func globals(for type: String) -> ResolvedValue? {
    guard type.hasPrefix("AWS::Serverless::"), let section = template.root["Globals"] else { return nil }
    return section[String(type.dropFirst("AWS::Serverless::".count))].map { evaluate($0) }
  }
}

extension ResolvedValue {
  /// As SAM merges: maps member by member, lists one after the other, and for everything else the resource wins.
  static func merging(_ global: ResolvedValue, _ own: ResolvedValue) -> ResolvedValue {
    switch (global, own) {
    case (.map, .map):
      .map(
        pairs(global, own).map { pair in
          ResolvedMember(name: pair.name, value: merging(pair.old, pair.new))
        })
    case (.list(let first), .list(let second)): .list(first + second)
    case (_, .absent): global
    default: own
    }
  }
}
