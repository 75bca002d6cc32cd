import AWSClients
import DeploymentRecords
import StepResults
import SystemInterfaces

/// What a restore does not bring back, said once before a deployment: a template holds no data.
enum NotCovered {
  /// What each type holds that no restore touches, and how it is had back.
  private static let holds: [String: String] = [
    "AWS::S3::Bucket": "the contents of the bucket",
    "AWS::SQS::Queue": "the messages in",
    "AWS::EFS::FileSystem": "the files in",
    "AWS::Cognito::UserPool": "the users of",
    "AWS::Kinesis::Stream": "the records in",
    "AWS::OpenSearchService::Domain": "the indexes of",
    "AWS::ElastiCache::ReplicationGroup": "the entries of",
    "AWS::ECR::Repository": "the images in",
  ]

  /// One finding for the environment; none where nothing of the kind is there.
  /// - Parameters:
  ///   - recoveries: how each table can be had back, where that is known.
  ///   - named: the configurations of AppConfig that the policy names.
  static func findings(
    _ stacks: [StackState], at time: Timestamp, recoveries: [String: TableRecovery] = [:],
    named: [String] = []
  ) -> [Finding] {
    var lines: [String] = []
    for stack in stacks {
      for resource in stack.resources.sorted(by: { $0.logicalId < $1.logicalId }) {
        guard let id = resource.physicalId else { continue }
        if resource.type == "AWS::DynamoDB::Table" || resource.type == "AWS::DynamoDB::GlobalTable" {
          lines.append("the data of the table \(id)\(way(id, time, recoveries[id]))")
        } else if resource.type == "AWS::AppConfig::ConfigurationProfile" {
          guard !named.contains(where: { $0.hasSuffix("/\(id)") }) else { continue }
          lines.append(
            "what AppConfig deploys of the profile \(id) (app-configurations under preflight-snapshot: in the policy "
              + "names those that a rollback puts back)")
        } else if let what = holds[resource.type] {
          lines.append("\(what) \(id)")
        }
      }
    }
    // Nested stacks and their parents may name one twice.
    var told = Set<String>()
    lines = lines.filter { told.insert($0).inserted }
    guard !lines.isEmpty else { return [] }
    return [
      Finding(
        "not-covered", .notice, "not covered by a restore:" + lines.map { "\n\($0)" }.joined(),
        subject: "data")
    ]
  }

  /// How a table's data is had back as it was at `time`, to the second.
  private static func way(_ table: String, _ time: Timestamp, _ recovery: TableRecovery?) -> String {
    let command =
      "aws dynamodb restore-table-to-point-in-time --source-table-name \(table) --target-table-name \(table)-restored "
      + "--restore-date-time \(time.formatted(milliseconds: false))"
    guard let recovery else {
      return " (whether its point-in-time recovery is on is not known; if so: \(command))"
    }
    guard recovery.isOn else {
      return
        " (its point-in-time recovery is off, so nothing brings it back: aws dynamodb update-continuous-backups "
        + "--table-name \(table) --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true)"
    }
    return " (by point-in-time recovery, as it is now: \(command))"
  }
}
