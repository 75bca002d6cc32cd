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
    "AWS::ECS::Service": "what the deployment circuit breaker or a person made of the service",
    "AWS::AppConfig::ConfigurationProfile": "values deployed by AppConfig for",
    "AWS::Events::Rule": "whether somebody switched it on or off by hand,",
  ]

  /// One finding for the environment; none where nothing of the kind is there.
  static func findings(_ stacks: [StackState], at time: Timestamp) -> [Finding] {
    var lines: [String] = []
    for stack in stacks {
      for resource in stack.resources.sorted(by: { $0.logicalId < $1.logicalId }) {
        guard let id = resource.physicalId else { continue }
        if resource.type == "AWS::DynamoDB::Table" || resource.type == "AWS::DynamoDB::GlobalTable" {
          lines.append(
            "the data of the table \(id) (with point-in-time recovery: aws dynamodb restore-table-to-point-in-time "
              + "--source-table-name \(id) --target-table-name \(id)-restored --restore-date-time \(time))")
        } else if let what = holds[resource.type] {
          lines.append("\(what) \(id)")
        }
      }
    }
    guard !lines.isEmpty else { return [] }
    return [
      Finding(
        "not-covered", .notice, "not covered by a restore:" + lines.map { "\n\($0)" }.joined(),
        subject: "data")
    ]
  }
}
