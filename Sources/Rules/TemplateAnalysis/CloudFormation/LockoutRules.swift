/// Policies that shut out those who could set them back.
enum LockoutRules {
  /// What a new version of a policy locks.
  struct Lockout: Hashable {
    /// Whether it surely shuts its owner out; else that depends on who meets a condition.
    var isSure: Bool
    var words: String
  }

  /// Types whose policies a statement that denies everything to everyone locks for good.
  private static let resourcePolicies: Set<String> = [
    "AWS::S3::BucketPolicy", "AWS::S3Express::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy",
    "AWS::SecretsManager::ResourcePolicy", "AWS::ECR::Repository", "AWS::EFS::FileSystem",
    "AWS::Backup::BackupVault", "AWS::KMS::Key", "AWS::KMS::ReplicaKey", "AWS::DynamoDB::Table",
    "AWS::Kinesis::ResourcePolicy", "AWS::S3::AccessPoint", "AWS::OpenSearchService::Domain",
    "AWS::Elasticsearch::Domain", "AWS::ApiGateway::RestApi", "AWS::Lambda::Permission",
    "AWS::Glue::ResourcePolicy",
  ]
  private static let keys: Set<String> = ["AWS::KMS::Key", "AWS::KMS::ReplicaKey"]

  /// What a new version of a policy locks; nil where somebody can still change it.
  static func lockout(_ type: String, before: PermissionGrants, after: PermissionGrants) -> Lockout? {
    if keys.contains(type), let words = unchangeable(before, after) {
      return Lockout(isSure: true, words: words)
    }
    guard resourcePolicies.contains(type) else { return nil }
    let new = after.denied.filter { !before.denied.contains($0) && deniesWhatMatters($0, type) }
    if let everything = new.first(where: { $0.condition == .absent && isEveryone($0.principal) }) {
      return Lockout(
        isSure: true, words: "it denies \(words(everything.action)) to everyone, its owner among them")
    }
    guard
      let most = new.first(where: {
        $0.condition == .absent
          ? isEveryoneBut($0.principal) : isEveryone($0.principal) && asksWho($0.condition)
      })
    else { return nil }
    return Lockout(
      isSure: false,
      words:
        "it denies \(words(most.action)) to all but those whom it excepts: whether who deploys is one of them is not known here"
    )
  }

  private static func unchangeable(_ before: PermissionGrants, _ after: PermissionGrants) -> String? {
    func canChange(_ grants: PermissionGrants) -> Bool {
      grants.allowed.contains { grant in
        guard let action = grant.action.text?.lowercased() else { return true }
        return ["kms:*", "*", "kms:put*", "kms:putkeypolicy"].contains(action)
      }
    }
    guard !canChange(after), canChange(before) || before.allowed.isEmpty, !after.allowed.isEmpty else {
      return nil
    }
    return "no statement of its policy lets anyone change the policy (kms:PutKeyPolicy)"
  }

  private static func words(_ action: ResolvedValue) -> String { action.text ?? action.summary }

  /// Everything of a service, all but a list, or what nobody can do without.
  private static func deniesWhatMatters(_ grant: PermissionGrants.Grant, _ type: String) -> Bool {
    guard let action = grant.action.text?.lowercased() else {
      if case .call("every action but", _) = grant.action { return true }
      return false
    }
    if action == "*" || action.hasSuffix(":*") { return true }
    return keys.contains(type) && ["kms:decrypt", "kms:putkeypolicy", "kms:generatedatakey"].contains(action)
      || action.hasSuffix(":getobject") || action.hasSuffix(":putbucketpolicy")
  }

  private static func isEveryone(_ principal: ResolvedValue) -> Bool {
    ["*", "AWS:*"].contains(principal.text ?? "")
  }

  private static func isEveryoneBut(_ principal: ResolvedValue) -> Bool {
    if case .call("everyone but", _) = principal { return true }
    return false
  }

  /// Whether a condition is about who asks, or from where, rather than about how.
  private static func asksWho(_ condition: ResolvedValue) -> Bool {
    guard case .map(let operators) = condition else { return false }
    let names = [
      "aws:sourceip", "aws:vpcsourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:principal", "aws:userid",
      "aws:username",
      "aws:sourceaccount", "aws:sourceorg",
    ]
    return operators.contains { member in
      guard case .map(let keys) = member.value else { return false }
      return keys.contains { key in
        let name = key.name.lowercased()
        // That a service of AWS's own asks excepts services, and nobody else.
        return name != "aws:principalisawsservice" && names.contains(where: name.hasPrefix)
      }
    }
  }
}
