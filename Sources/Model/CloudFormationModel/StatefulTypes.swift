/// Types whose resources hold data, keys or identities that no template can make again.
public struct StatefulTypes: Hashable, Sendable {
  private let extra: Set<String>
  private let excluded: Set<String>

  /// The built-in list, with `adding` and without `removing`; a name may end in `*`.
  public init(adding extra: Set<String> = [], removing excluded: Set<String> = []) {
    self.extra = extra
    self.excluded = excluded
  }

  /// Whether resources of `type` hold data.
  public func contains(_ type: String) -> Bool {
    if Self.matches(type, excluded) { return false }
    return Self.builtIn.contains(type) || Self.matches(type, extra)
  }

  private static func matches(_ type: String, _ names: Set<String>) -> Bool {
    if names.contains(type) { return true }
    return names.contains { $0.hasSuffix("*") && type.hasPrefix($0.dropLast()) }
  }

  /// Types that keep data through a snapshot under the policy `Snapshot`.
  public static let snapshotTypes: Set<String> = [
    "AWS::DocDB::DBCluster", "AWS::EC2::Volume", "AWS::ElastiCache::CacheCluster",
    "AWS::ElastiCache::ReplicationGroup", "AWS::Neptune::DBCluster", "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance", "AWS::Redshift::Cluster",
  ]

  private static let builtIn: Set<String> = [
    // Databases and their storage.
    "AWS::DAX::Cluster", "AWS::DocDB::DBCluster", "AWS::DocDBElastic::Cluster",
    "AWS::DSQL::Cluster", "AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table", "AWS::Cassandra::Keyspace",
    "AWS::Cassandra::Table", "AWS::MemoryDB::Cluster", "AWS::MemoryDB::MultiRegionCluster",
    "AWS::Neptune::DBCluster", "AWS::NeptuneGraph::Graph", "AWS::QLDB::Ledger",
    "AWS::RDS::DBCluster", "AWS::RDS::DBInstance", "AWS::RDS::GlobalCluster", "AWS::Redshift::Cluster",
    "AWS::RedshiftServerless::Namespace", "AWS::SDB::Domain", "AWS::Serverless::SimpleTable",
    "AWS::Timestream::Database", "AWS::Timestream::InfluxDBInstance", "AWS::Timestream::Table",
    // Caches that keep snapshots.
    "AWS::ElastiCache::CacheCluster", "AWS::ElastiCache::GlobalReplicationGroup",
    "AWS::ElastiCache::ReplicationGroup", "AWS::ElastiCache::ServerlessCache",
    // Objects, files, volumes, backups.
    "AWS::Backup::BackupVault", "AWS::Backup::LogicallyAirGappedBackupVault", "AWS::EC2::Volume",
    // Its root volume goes with it.
    "AWS::EC2::Instance",
    "AWS::EFS::FileSystem", "AWS::FSx::FileSystem", "AWS::FSx::StorageVirtualMachine", "AWS::FSx::Volume",
    "AWS::S3::Bucket", "AWS::S3Express::DirectoryBucket", "AWS::S3Outposts::Bucket",
    "AWS::S3Tables::Namespace",
    "AWS::S3Tables::Table", "AWS::S3Tables::TableBucket", "AWS::S3Vectors::Index",
    "AWS::S3Vectors::VectorBucket",
    // Queues, streams, brokers, event stores.
    "AWS::AmazonMQ::Broker", "AWS::Events::Archive", "AWS::IoTAnalytics::Datastore", "AWS::Kinesis::Stream",
    "AWS::KinesisFirehose::DeliveryStream", "AWS::KinesisVideo::Stream", "AWS::MSK::Cluster",
    "AWS::MSK::ServerlessCluster", "AWS::SQS::Queue",
    // Search and analytics.
    "AWS::AOSS::Collection", "AWS::OpenSearchServerless::Collection", "AWS::Elasticsearch::Domain",
    "AWS::OpenSearchService::Domain", "AWS::Kendra::Index", "AWS::QBusiness::Index",
    "AWS::Glue::Database", "AWS::Glue::Table", "AWS::HealthLake::FHIRDatastore", "AWS::Omics::SequenceStore",
    "AWS::SageMaker::FeatureGroup", "AWS::Bedrock::KnowledgeBase", "AWS::IoTSiteWise::Asset",
    // Keys, secrets, parameters, certificates of an own authority.
    "AWS::ACMPCA::CertificateAuthority", "AWS::CloudHSM::Cluster", "AWS::KMS::Key", "AWS::KMS::ReplicaKey",
    "AWS::SecretsManager::Secret",
    // People and directories.
    "AWS::Cognito::IdentityPool", "AWS::Cognito::UserPool", "AWS::DirectoryService::MicrosoftAD",
    "AWS::DirectoryService::SimpleAD", "AWS::Organizations::Account",
    "AWS::WorkSpaces::Workspace",
    // Logs, metrics stores, trails.
    "AWS::APS::Workspace", "AWS::CloudTrail::EventDataStore", "AWS::Logs::LogGroup",
    // Code, images, artifacts.
    "AWS::CodeArtifact::Repository", "AWS::CodeCommit::Repository", "AWS::ECR::PublicRepository",
    "AWS::ECR::Repository",
    // Names that others rely on and that cannot be had back.
    "AWS::Route53::HostedZone", "AWS::EC2::EIP", "AWS::CloudFormation::Stack", "AWS::Serverless::Application",
    // Hosts and organisations that people fill by hand.
    "AWS::Lightsail::Database", "AWS::Lightsail::Disk",
    "AWS::Lightsail::Instance", "AWS::Lightsail::Bucket", "AWS::Connect::Instance", "AWS::Pinpoint::App",
    "AWS::WorkMail::Organization",
  ]
}
