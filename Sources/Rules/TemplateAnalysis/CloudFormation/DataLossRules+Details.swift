/// Losses that stand in lists, in texts or in what is no longer written, and those of types that no rule names.
extension DataLossRules {
  static func details(_ id: String, _ type: String, _ old: ResolvedValue, _ new: ResolvedValue) -> [Loss] {
    var found = removed(id, type, old, new) + locks(id, type, old, new)
    switch type {
    case "AWS::ElasticLoadBalancingV2::LoadBalancer": found += balancer(id, type, old, new)
    case "AWS::DLM::LifecyclePolicy": found += schedules(id, type, old, new)
    case "AWS::MSK::Configuration": found += topics(id, type, old, new)
    case "AWS::Cassandra::Table":
      let name = "DefaultTimeToLive"
      if let after = old[name] == new[name] ? nil : figure(new[name]), after > 0, figure(old[name]) ?? 0 == 0
      {
        found.append(
          Loss(
            code: "data-expires", isImmediate: false, property: name,
            message: "\(id) (\(type)): rows that are written from now on expire after \(Int(after)) seconds.",
            loses: nil))
      }
    default: break
    }
    return found
  }

  private static func figure(_ value: ResolvedValue) -> Double? { value.text.flatMap(Double.init) }

  // MARK: - What is no longer written

  private static let removals: [(type: String, property: String, words: String)] = [
    ("AWS::S3::Bucket", "ReplicationConfiguration", "what is written from now on is copied nowhere"),
    (
      "AWS::EFS::FileSystem", "ReplicationConfiguration",
      "the copy of the file system is not kept up any more"
    ),
    ("AWS::Backup::BackupVault", "LockConfiguration", "recovery points can be deleted before their time"),
    (
      "AWS::DynamoDB::Table", "StreamSpecification",
      "the stream is switched off: records that nobody has read yet reach nobody, and a new stream has another ARN"
    ),
    ("AWS::DynamoDB::Table", "KinesisStreamSpecification", "changes reach the Kinesis stream no more"),
  ]

  private static func removed(
    _ id: String, _ type: String, _ old: ResolvedValue, _ new: ResolvedValue
  ) -> [Loss] {
    removals.filter { $0.type == type && old[$0.property] != .absent && new[$0.property] == .absent }.map {
      rule in
      Loss(
        code: "protection-removed", isImmediate: false, property: rule.property,
        message: "\(id) (\(type)): \(rule.property) is gone: \(rule.words).", loses: nil)
    }
  }

  /// Times for which nobody may delete what is kept.
  private static func locks(_ id: String, _ type: String, _ old: ResolvedValue, _ new: ResolvedValue)
    -> [Loss]
  {
    let path: [String]
    switch type {
    case "AWS::S3::Bucket": path = ["ObjectLockConfiguration", "Rule", "DefaultRetention"]
    case "AWS::Backup::BackupVault": path = ["LockConfiguration"]
    default: return []
    }
    func days(_ side: ResolvedValue) -> Double? {
      let rule = side.value(at: path[...])
      if rule == .absent { return 0 }
      return figure(rule["Days"]) ?? figure(rule["Years"]).map { $0 * 365 }
        ?? figure(rule["MinRetentionDays"])
    }
    let after = new.value(at: path[...])
    guard let before = days(old), let now = days(new), now < before,
      after != .absent || type == "AWS::S3::Bucket"
    else {
      return []
    }
    return [
      Loss(
        code: "protection-removed", isImmediate: false, property: path.joined(separator: "."),
        message:
          "\(id) (\(type)): what is written from now on may be deleted after \(Int(now)) days instead of \(Int(before)).",
        loses: nil)
    ]
  }

  // MARK: - Lists and texts

  private static func balancer(
    _ id: String, _ type: String, _ old: ResolvedValue, _ new: ResolvedValue
  ) -> [Loss] {
    func isProtected(_ side: ResolvedValue) -> Bool {
      elements(side["LoadBalancerAttributes"], by: "Key")["deletion_protection.enabled"]?["Value"].text
        == "true"
    }
    guard isProtected(old), !isProtected(new) else { return [] }
    return [
      Loss(
        code: "protection-removed", isImmediate: false, property: "LoadBalancerAttributes",
        message: "\(id) (\(type)): deletion protection ends: from now on one call deletes it.", loses: nil)
    ]
  }

  private static func schedules(
    _ id: String, _ type: String, _ old: ResolvedValue, _ new: ResolvedValue
  ) -> [Loss] {
    func rules(_ side: ResolvedValue) -> [String: ResolvedValue] {
      elements(side["PolicyDetails"]["Schedules"], by: "Name")
    }
    let after = rules(new)
    return rules(old).sorted { $0.key < $1.key }.compactMap { name, before in
      guard let now = after[name]?["RetainRule"] else { return nil }
      for member in ["Count", "Interval"] {
        guard let first = figure(before["RetainRule"][member]), let second = figure(now[member]),
          second < first
        else {
          continue
        }
        return Loss(
          code: "backups-shortened", isImmediate: true, property: "Schedules",
          message:
            "\(id) (\(type)): the schedule \(name) keeps \(Int(second)) instead of \(Int(first)): older snapshots are deleted.",
          loses: "snapshots of the schedule \(name) of \(id)")
      }
      return nil
    }
  }

  /// Kafka's settings are lines of a text.
  private static func topics(_ id: String, _ type: String, _ old: ResolvedValue, _ new: ResolvedValue)
    -> [Loss]
  {
    func settings(_ side: ResolvedValue) -> [String: String] {
      let lines = (side["ServerProperties"].text ?? "").split(whereSeparator: \.isNewline)
      return Dictionary(
        lines.compactMap { line in
          guard let mark = line.firstIndex(of: "=") else { return nil }
          func plain(_ text: Substring) -> String { text.filter { !$0.isWhitespace } }
          return (plain(line[..<mark]), plain(line[line.index(after: mark)...]))
        }, uniquingKeysWith: { $1 })
    }
    let after = settings(new)
    return settings(old).sorted { $0.key < $1.key }.compactMap { name, before in
      guard name.hasPrefix("log.retention") || name.hasPrefix("log.local.retention"), let now = after[name],
        var first = Double(before), var second = Double(now)
      else { return nil }
      if first < 0 { first = .infinity }
      if second < 0 { second = .infinity }
      guard second < first else { return nil }
      return Loss(
        code: "data-expires", isImmediate: true, property: "ServerProperties",
        message:
          "\(id) (\(type)): \(name) goes from \(before) to \(now): clusters that take it delete what is older.",
        loses: "messages of clusters that use \(id) beyond \(name) \(now)")
    }
  }

  // MARK: - Types that no rule names

  /// Properties whose names tell what they hold back or keep, of any type: `known` are those that a rule has judged.
  static func byName(
    _ id: String, _ type: String, _ old: ResolvedValue, _ new: ResolvedValue, but known: Set<String>,
    depth: Int = 0
  ) -> [Loss] {
    guard depth < 6, case .map(let members) = old else { return [] }
    return members.flatMap { member -> [Loss] in
      let (name, before, after) = (member.name, member.value, new[member.name])
      let lower = name.lowercased()
      if known.contains(name) { return [] }
      if lower.contains("deletionprotection") || lower.contains("terminationprotection") {
        guard before.truth == true || before.text?.lowercased() == "enabled" else { return [] }
        guard after == .absent || after.truth == false || after.text?.lowercased() == "disabled" else {
          return []
        }
        return [
          Loss(
            code: "protection-removed", isImmediate: false, property: name,
            message: "\(id) (\(type)): \(name) ends: from now on one call deletes it.", loses: nil)
        ]
      }
      if lower.contains("retention") || lower.contains("timetolive"), let first = figure(before),
        let second = figure(after),
        second < first
      {
        return [
          Loss(
            code: "retention-open", isImmediate: false, property: name,
            message:
              "\(id) (\(type)): \(name) goes from \(before.text ?? "") to \(after.text ?? ""): whether what is older is deleted is "
              + "not known here.", loses: "perhaps what \(id) holds beyond \(name) \(after.text ?? "")")
        ]
      }
      return byName(id, type, before, after, but: known, depth: depth + 1)
    }
  }
}
