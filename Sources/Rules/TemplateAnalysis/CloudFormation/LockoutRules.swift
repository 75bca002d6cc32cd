/// Policies that shut out those who could set them back.
enum LockoutRules {
  /// Types whose policies a statement that denies everything to everyone locks for good.
  private static let resourcePolicies: Set<String> = [
    "AWS::S3::BucketPolicy", "AWS::S3Express::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy",
    "AWS::SecretsManager::ResourcePolicy", "AWS::ECR::Repository", "AWS::EFS::FileSystem",
    "AWS::Backup::BackupVault",
  ]

  /// What a new version of a policy locks; nil where somebody can still change it.
  static func lockout(_ type: String, before: PermissionGrants, after: PermissionGrants) -> String? {
    if type == "AWS::KMS::Key" || type == "AWS::KMS::ReplicaKey" {
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
    guard resourcePolicies.contains(type) else { return nil }
    let everything = after.denied.first { grant in
      guard !before.denied.contains(grant), grant.condition == .absent else { return false }
      let who = grant.principal.text ?? ""
      let action = grant.action.text ?? ""
      return (who == "*" || who == "AWS:*") && (action == "*" || action.hasSuffix(":*"))
    }
    return everything.map { "it denies \($0.action.text ?? "everything") to everyone, its owner among them" }
  }
}
