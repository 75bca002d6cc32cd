import JSONValues

/// What the statements of a resource's policies allow, in parts small enough to compare.
struct PermissionGrants {
  /// One principal, action and resource that a statement allows together.
  struct Grant: Hashable {
    let principal: ResolvedValue
    let action: ResolvedValue
    let resource: ResolvedValue
    let condition: ResolvedValue

    /// As `s3:* on * for AWS:*`.
    var description: String {
      let who = principal == .absent ? "" : " for \(principal.text ?? principal.summary)"
      return "\(action.text ?? action.summary) on \(resource.text ?? resource.summary)\(who)"
    }

    /// Whether the grant names everything: all actions on all resources, or anyone.
    func isWildcard(in type: String) -> Bool {
      if condition != .absent { return false }
      // Only who is in the network reaches an endpoint, and other policies still hold for them.
      if type != "AWS::EC2::VPCEndpoint", let text = principal.text, text == "*" || text == "AWS:*" {
        return true
      }
      return action == .text("*") && resource == .text("*")
    }

    /// Whether whatever `other` allows is allowed by this one.
    func covers(_ other: Grant) -> Bool {
      (condition == .absent || condition == other.condition)
        && Self.covers(principal, other.principal, ignoringCase: false)
        && Self.covers(action, other.action, ignoringCase: true)
        && Self.covers(resource, other.resource, ignoringCase: false)
    }

    private static func covers(_ wide: ResolvedValue, _ narrow: ResolvedValue, ignoringCase: Bool) -> Bool {
      if wide == narrow || wide == .text("*") { return true }
      guard let pattern = wide.text, let text = narrow.text else { return false }
      return ignoringCase
        ? Wildcard.matches(pattern.lowercased(), text.lowercased()) : Wildcard.matches(pattern, text)
    }
  }

  private(set) var allowed: [Grant] = []
  private(set) var denied: [Grant] = []
  /// ARNs of managed policies.
  private(set) var managed: [ResolvedValue] = []
  // Statements multiply actions by resources by principals; beyond this a policy is compared as far as it goes.
  private static let maximum = 20_000

  /// The grants inside the properties of one resource.
  init(_ properties: ResolvedValue) {
    collect(properties)
    for name in ["ManagedPolicyArns", "ManagedPolicies"] { managed += Self.list(properties[name]) }
  }

  /// Grants of `newer` that nothing here covers.
  func added(by newer: PermissionGrants) -> [Grant] {
    let known = Set(allowed)
    let wide = allowed.filter {
      [$0.action, $0.resource, $0.principal].contains { $0.text?.contains("*") == true }
        || $0.condition == .absent
    }
    var budget = 2_000_000
    return newer.allowed.filter { grant in
      if known.contains(grant) { return false }
      budget -= wide.count
      return budget < 0 || !wide.contains { $0.covers(grant) }
    }
  }

  private mutating func collect(_ value: ResolvedValue) {
    switch value {
    case .map(let members):
      let statements = value["Statement"]
      if statements != .absent {
        for statement in Self.list(statements) { add(statement) }
      } else {
        for member in members { collect(member.value) }
      }
    case .list(let elements): for element in elements { collect(element) }
    case .choice(_, let then, let otherwise):
      collect(then)
      collect(otherwise)
    case .text, .joined:
      if let document = Self.document(value) { collect(document) }
    case .call("Fn::ToJsonString", let arguments): for argument in arguments { collect(argument) }
    case .absent, .number, .call, .unknown: break
    }
  }

  /// The policy that a property holds as JSON text; what is not known of it stands as it would be written.
  private static func document(_ value: ResolvedValue) -> ResolvedValue? {
    let text: String
    if case .joined(let parts) = value {
      text = parts.map { $0.text ?? "${\($0.summary.filter { $0 != "\"" && $0 != "\\" })}" }.joined()
    } else {
      text = value.text ?? ""
    }
    guard text.first(where: { !$0.isWhitespace }) == "{", text.contains("\"Statement\"") else { return nil }
    return (try? JSONValue(parsing: text)).map(ResolvedValue.init)
  }

  private mutating func add(_ statement: ResolvedValue) {
    if case .choice(_, let then, let otherwise) = statement {
      add(then)
      add(otherwise)
      return
    }
    guard case .map = statement else { return }
    let principals = Self.principals(statement)
    let actions = Self.list(statement["Action"]) + Self.inverted("every action but", statement["NotAction"])
    let resources =
      Self.list(statement["Resource"]) + Self.inverted("everything but", statement["NotResource"])
    for principal in principals {
      for action in actions {
        for resource in resources.isEmpty ? [.absent] : resources {
          guard allowed.count + denied.count < Self.maximum else { return }
          let grant = Grant(
            principal: principal, action: action, resource: resource, condition: statement["Condition"])
          if statement["Effect"].text == "Deny" { denied.append(grant) } else { allowed.append(grant) }
        }
      }
    }
  }

  private static func principals(_ statement: ResolvedValue) -> [ResolvedValue] {
    let inverted = inverted("everyone but", statement["NotPrincipal"])
    switch statement["Principal"] {
    case .absent: return inverted.isEmpty ? [.absent] : inverted
    case .map(let members):
      return members.flatMap { member in
        list(member.value).map { .joining([.text(member.name + ":"), $0]) }
      }
    case let other: return list(other)
    }
  }

  /// What an inverted element leaves is another set for every other list: it covers only itself.
  private static func inverted(_ words: String, _ value: ResolvedValue) -> [ResolvedValue] {
    value == .absent ? [] : [.call(words, [value])]
  }

  private static func list(_ value: ResolvedValue) -> [ResolvedValue] {
    switch value {
    case .absent: []
    case .list(let elements): elements
    default: [value]
    }
  }
}

/// Patterns with `*` and `?` as IAM has them.
enum Wildcard {
  /// Whether `pattern` matches the whole of `text`, in time proportional to both lengths' product at worst.
  static func matches(_ pattern: String, _ text: String) -> Bool {
    let pattern = Array(pattern.utf8)
    let text = Array(text.utf8)
    var p = 0
    var t = 0
    var star: (pattern: Int, text: Int)?
    while t < text.count {
      if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
        star = (p, t)
        p += 1
      } else if p < pattern.count, pattern[p] == text[t] || pattern[p] == UInt8(ascii: "?") {
        p += 1
        t += 1
      } else if let last = star {
        star = (last.pattern, last.text + 1)
        p = last.pattern + 1
        t = last.text + 1
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}

extension ResolvedValue {
  /// What JSON text holds.
  fileprivate init(_ json: JSONValue) {
    switch json {
    case .null: self = .absent
    case .bool(let value): self = .truth(value)
    case .number(let number): self = .number(number.text)
    case .string(let text): self = .text(text)
    case .array(let elements): self = .list(elements.map { ResolvedValue($0) })
    case .object(let object):
      self = .map(object.members.map { ResolvedMember(name: $0.name, value: ResolvedValue($0.value)) })
    }
  }
}
