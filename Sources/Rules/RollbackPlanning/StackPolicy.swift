import JSONValues

/// A stack policy, and what it denies of a change set. Where a stack has a policy, what no statement allows is denied.
public struct StackPolicy: Sendable {
  /// Permits everything; a policy cannot be removed, so this stands for none.
  public static let permissive =
    #"{"Statement":[{"Effect":"Allow","Action":"Update:*","Principal":"*","Resource":"*"}]}"#

  private let statements: [JSONValue]

  /// Reads `text`; nil where it is no policy.
  public init?(_ text: String) {
    guard let tree = try? JSONValue(parsing: Array(text.utf8)), let statement = tree["Statement"] else {
      return nil
    }
    statements = statement.array ?? [statement]
  }

  /// Whether two texts are the same policy, however they are laid out.
  static func areSame(_ left: String?, _ right: String?) -> Bool {
    guard let left, let right else { return left == right }
    if left == right { return true }
    // What is no JSON is compared as text alone.
    guard let one = try? JSONValue(parsing: Array(left.utf8)),
      let other = try? JSONValue(parsing: Array(right.utf8))
    else { return false }
    return one == other
  }

  /// The changes that the policy denies.
  public func denied(_ changes: [RestoreChange]) -> [RestoreChange] {
    // A policy holds for the stack that it is set on, and not for those nested in it.
    changes.filter { change in
      !change.isNested && StackPolicy.actions(of: change.effect).contains { !permits($0, change) }
    }
  }

  /// What a change is to a policy; new resources are no update.
  private static func actions(of effect: RestoreChange.Effect) -> [String] {
    switch effect {
    case .add, .import: []
    case .modify: ["Update:Modify"]
    case .replace: ["Update:Replace"]
    case .mayReplace: ["Update:Modify", "Update:Replace"]
    case .delete: ["Update:Delete"]
    }
  }

  private func permits(_ action: String, _ change: RestoreChange) -> Bool {
    let matching = statements.filter { matches($0, action, change) }
    if matching.contains(where: { $0["Effect"]?.string == "Deny" }) { return false }
    return matching.contains { $0["Effect"]?.string == "Allow" }
  }

  private func matches(_ statement: JSONValue, _ action: String, _ change: RestoreChange) -> Bool {
    let actions = texts(statement["Action"])
    let excluded = texts(statement["NotAction"])
    guard
      actions.contains(where: { wildcard($0, action) })
        || (!excluded.isEmpty && !excluded.contains { wildcard($0, action) })
    else { return false }
    let path = "LogicalResourceId/\(change.logicalID)"
    let resources = texts(statement["Resource"])
    let spared = texts(statement["NotResource"])
    guard
      resources.contains(where: { wildcard($0, path) })
        || (!spared.isEmpty && !spared.contains { wildcard($0, path) })
    else { return false }
    // The one condition that stack policies know.
    let conditions = (statement["Condition"]?.object?.members ?? []).flatMap {
      texts($0.value["ResourceType"])
    }
    return conditions.isEmpty || conditions.contains { wildcard($0, change.type) }
  }

  private func texts(_ value: JSONValue?) -> [String] {
    value?.array?.compactMap(\.string) ?? value?.string.map { [$0] } ?? []
  }

  /// Whether `text` is `pattern`, in which `*` stands for anything.
  private func wildcard(_ pattern: String, _ text: String) -> Bool {
    let parts = pattern.split(separator: "*", omittingEmptySubsequences: false).map(String.init)
    guard parts.count > 1 else { return pattern == text }
    guard text.hasPrefix(parts[0]), text.hasSuffix(parts[parts.count - 1]) else { return false }
    var rest = Substring(text).dropFirst(parts[0].count)
    guard rest.count >= parts[parts.count - 1].count else { return false }
    rest = rest.dropLast(parts[parts.count - 1].count)
    for part in parts.dropFirst().dropLast() where !part.isEmpty {
      guard let found = rest.firstRange(of: part) else { return false }
      rest = rest[found.upperBound...]
    }
    return true
  }
}
