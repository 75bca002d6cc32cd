import YAMLDocuments

/// What a change of properties does beyond what the resource schemas say. Each rule is a sentence of the CloudFormation
/// user guide about the property that it names, or what the service's API refuses.
enum UpdateRules {
  /// What follows from a change.
  enum Effect: Hashable {
    /// The resource is made anew.
    case replaces
    /// Whether it is made anew depends on what is not known here.
    case mayReplace
    /// The service or CloudFormation does not carry the update out.
    case refused
    /// It is carried out in place, and the same property set back is refused.
    case cannotGoBack
  }

  /// One consequence, with its reason as a sentence.
  struct Consequence: Hashable {
    var effect: Effect
    var property: String
    var reason: String
  }

  /// One resource before and after.
  struct Change {
    let type: String
    let old: ResolvedValue, new: ResolvedValue
    /// The resource's `UpdatePolicy` in the newer version.
    let updatePolicy: ResolvedValue
    let comparison: ValueComparison

    /// Whether a property differs.
    func likeness(_ property: String) -> Likeness { comparison.compare(old[property], new[property]) }
    func differs(_ property: String) -> Bool { likeness(property) == .different }
  }

  /// The consequences of a change of a resource that keeps its type.
  static func consequences(of change: Change) -> [Consequence] {
    var found = documented(change)
    switch change.type {
    case "AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable": found += dynamoDB(change)
    case "AWS::OpenSearchService::Domain", "AWS::Elasticsearch::Domain": found += search(change)
    case "AWS::RDS::DBInstance", "AWS::RDS::DBCluster": found += database(change)
    case "AWS::Cognito::UserPool": found += userPool(change)
    case "AWS::ElastiCache::ReplicationGroup": found += cache(change)
    case "AWS::Serverless::Api", "AWS::Serverless::HttpApi":
      if change.differs("StageName") {
        found.append(
          .init(
            effect: .replaces, property: "StageName",
            reason: "SAM makes a stage of another name, and the address of the old one goes."))
      }
    case "AWS::EC2::Volume": found += smaller("Size", change)
    case "AWS::EC2::VPC":
      if change.differs("InstanceTenancy"), change.new["InstanceTenancy"].text == "dedicated" {
        found.append(
          .init(effect: .replaces, property: "InstanceTenancy", reason: "A VPC becomes dedicated only anew."))
      }
    default: break
    }
    return found
  }

  // MARK: - By the documentation's own words

  private static func documented(_ change: Change) -> [Consequence] {
    guard let notes = DocumentedUpdates[change.type] else { return [] }
    var found: [Consequence] = []
    for property in notes.unsupported where change.differs(property) {
      found.append(
        .init(
          effect: .refused, property: property,
          reason: "AWS's documentation says that updates of \(property) are not supported."))
    }
    for property in notes.replacement where change.likeness(property) != .same {
      found.append(
        .init(
          effect: .mayReplace, property: property,
          reason: "AWS's documentation says that a change of \(property) replaces it, its schema does not."))
    }
    return found
  }

  // MARK: - DynamoDB

  private static func dynamoDB(_ change: Change) -> [Consequence] {
    var found: [Consequence] = []
    let property = "AttributeDefinitions"
    let before = named(change.old[property], "AttributeName")
    let after = named(change.new[property], "AttributeName")
    if let before, let after {
      for (name, value) in before.sorted(by: { $0.key < $1.key }) {
        guard let other = after[name] else { continue }
        switch change.comparison.compare(value["AttributeType"], other["AttributeType"]) {
        case .same: continue
        case .different:
          found.append(
            .init(
              effect: .replaces, property: property,
              reason: "The type of the attribute \(name) is fixed when the table is made."))
        case .open:
          found.append(
            .init(
              effect: .mayReplace, property: property,
              reason: "Whether the type of the attribute \(name) changes is not known here."))
        }
      }
    } else if change.likeness(property) != .same {
      found.append(
        .init(effect: .mayReplace, property: property, reason: "Which attributes change is not known here."))
    }
    if change.differs("LocalSecondaryIndexes") {
      found.append(
        .init(
          effect: .refused, property: "LocalSecondaryIndexes",
          reason: "Local secondary indexes can only be set when a table is made."))
    }
    return found + globalIndexes(change)
  }

  private static func globalIndexes(_ change: Change) -> [Consequence] {
    let property = "GlobalSecondaryIndexes"
    guard let before = named(change.old[property], "IndexName"),
      let after = named(change.new[property], "IndexName")
    else { return [] }
    var found: [Consequence] = []
    let changed = Set(before.keys).symmetricDifference(after.keys)
    if changed.count > 1 {
      found.append(
        .init(
          effect: .refused, property: property,
          reason: "One update makes or removes one global secondary index, not \(changed.count) "
            + "(\(changed.sorted().joined(separator: ", ")))."))
    }
    for (name, value) in before.sorted(by: { $0.key < $1.key }) {
      guard let other = after[name] else { continue }
      let keys = ["KeySchema", "Projection"].filter {
        change.comparison.compare(value[$0], other[$0]) == .different
      }
      if !keys.isEmpty {
        found.append(
          .init(
            effect: .refused, property: property,
            reason:
              "\(keys.joined(separator: " and ")) of the index \(name) cannot be changed: give it another name."
          ))
      }
    }
    return found
  }

  /// The elements of a list by one of their members; nil where an element's name is not known. An absent list is empty.
  private static func named(_ value: ResolvedValue, _ key: String) -> [String: ResolvedValue]? {
    if value == .absent { return [:] }
    guard case .list(let elements) = value else { return nil }
    var found: [String: ResolvedValue] = [:]
    for element in elements {
      guard let name = element[key].text else { return nil }
      found[name] = element
    }
    return found
  }

  // MARK: - Search domains

  private static func search(_ change: Change) -> [Consequence] {
    var found: [Consequence] = []
    let property = change.type == "AWS::Elasticsearch::Domain" ? "ElasticsearchVersion" : "EngineVersion"
    let upgrades = change.updatePolicy["EnableVersionUpgrade"]
    switch (change.likeness(property), upgrades == .absent ? false : upgrades.truth) {
    case (.same, _): break
    case (.different, false):
      found.append(
        .init(
          effect: .replaces, property: property,
          reason: "Without the update policy EnableVersionUpgrade another \(property) makes a new domain."))
    case (.different, true):
      found.append(
        .init(
          effect: .cannotGoBack, property: property,
          reason:
            "A domain is upgraded in place and never downgraded: the way back is a snapshot in a new domain.")
      )
    default:
      found.append(
        .init(
          effect: .mayReplace, property: property,
          reason: "Another \(property) makes a new domain unless EnableVersionUpgrade is true."))
    }
    if change.old["VPCOptions"] != .absent, change.new["VPCOptions"] == .absent {
      found.append(
        .init(effect: .replaces, property: "VPCOptions", reason: "A domain leaves its VPC only as a new one.")
      )
    }
    return found
  }

  // MARK: - Databases

  private static func database(_ change: Change) -> [Consequence] {
    var found = smaller("AllocatedStorage", change)
    if change.type == "AWS::RDS::DBInstance" {
      switch change.likeness("DBSnapshotIdentifier") {
      case .same: break
      case .different:
        let isGone = change.new["DBSnapshotIdentifier"] == .absent
        found.append(
          .init(
            effect: .replaces, property: "DBSnapshotIdentifier",
            reason: isGone
              ? "Without its DBSnapshotIdentifier an empty instance is made and the old one deleted."
              : "Another DBSnapshotIdentifier restores that snapshot into a new instance and deletes the old one."
          ))
      case .open:
        found.append(
          .init(
            effect: .mayReplace, property: "DBSnapshotIdentifier",
            reason:
              "Another DBSnapshotIdentifier makes a new instance, and whether it changes is not known here."))
      }
    }
    return found + engineVersion(change)
  }

  private static func engineVersion(_ change: Change) -> [Consequence] {
    let property = "EngineVersion"
    guard change.differs(property), let before = change.old[property].text,
      let after = change.new[property].text
    else { return [] }
    let engine = change.new["Engine"].text ?? change.old["Engine"].text ?? ""
    let (old, new) = (numbers(before), numbers(after))
    guard let first = old.first, let second = new.first else { return [] }
    if new.lexicographicallyPrecedes(old), new != Array(old.prefix(new.count)) {
      return [
        .init(
          effect: .refused, property: property,
          reason: "\(before) to \(after) is a downgrade, which RDS does not carry out.")
      ]
    }
    // PostgreSQL from 10 on counts majors by the first number, others by the first two.
    let length = engine.contains("postgres") && min(first, second) >= 10 ? 1 : 2
    guard old.prefix(length) != new.prefix(length), old.count >= length, new.count >= length else {
      return []
    }
    let allowed = change.new["AllowMajorVersionUpgrade"]
    if change.type == "AWS::RDS::DBInstance", allowed == .absent || allowed.truth == false {
      return [
        .init(
          effect: .refused, property: property,
          reason: "\(before) to \(after) is a major upgrade, which AllowMajorVersionUpgrade has to allow.")
      ]
    }
    return [
      .init(
        effect: .cannotGoBack, property: property,
        reason:
          "\(before) to \(after) is a major upgrade, and RDS never downgrades: the way back is a snapshot.")
    ]
  }

  private static func numbers(_ version: String) -> [Int] {
    version.split(separator: ".").prefix { $0.allSatisfy(\.isNumber) }.compactMap { Int($0) }
  }

  private static func smaller(_ property: String, _ change: Change) -> [Consequence] {
    guard let before = change.old[property].text.flatMap(Double.init),
      let after = change.new[property].text.flatMap(Double.init), after < before
    else { return [] }
    return [
      .init(effect: .refused, property: property, reason: "\(property) cannot be made smaller.")
    ]
  }

  // MARK: - Cognito and caches

  private static func userPool(_ change: Change) -> [Consequence] {
    var found: [Consequence] = []
    for property in ["AliasAttributes", "UsernameAttributes"] where change.differs(property) {
      found.append(
        .init(
          effect: .refused, property: property,
          reason: "\(property) can only be set when a user pool is made."))
    }
    guard let before = named(change.old["Schema"], "Name"), let after = named(change.new["Schema"], "Name")
    else {
      return found
    }
    for (name, attribute) in before.sorted(by: { $0.key < $1.key }) {
      if let other = after[name], change.comparison.compare(attribute, other) != .different { continue }
      found.append(
        .init(
          effect: .refused, property: "Schema",
          reason: "The attribute \(name) of a user pool can be neither changed nor removed."))
    }
    for (name, attribute) in after.sorted(by: { $0.key < $1.key })
    where before[name] == nil && attribute["Required"].truth == true {
      found.append(
        .init(
          effect: .refused, property: "Schema", reason: "The new attribute \(name) cannot be a required one.")
      )
    }
    return found
  }

  private static func cache(_ change: Change) -> [Consequence] {
    var found: [Consequence] = []
    if change.old["AuthToken"] == .absent, change.new["AuthToken"] != .absent {
      found.append(
        .init(effect: .replaces, property: "AuthToken", reason: "An AuthToken is added only to a new group."))
    }
    let reshards = change.updatePolicy["UseOnlineResharding"]
    for property in ["NumNodeGroups", "NodeGroupConfiguration"] where change.likeness(property) != .same {
      guard reshards.truth != true else { continue }
      let isCertain = change.differs(property) && (reshards == .absent || reshards.truth == false)
      found.append(
        .init(
          effect: isCertain ? .replaces : .mayReplace, property: property,
          reason: "Without the update policy UseOnlineResharding another \(property) makes a new group."))
    }
    return found
  }
}
