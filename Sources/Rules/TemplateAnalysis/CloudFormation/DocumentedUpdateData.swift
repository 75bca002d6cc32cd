extension DocumentedUpdates {
  /// Made by `ci/generate-documented-updates` from the CloudFormation user guide of 2023-09-19: type, properties
  /// whose change replaces, properties whose update is not supported.
  static let text: StaticString = """
    AWS::AppSync::GraphQLSchema|ApiId|
    AWS::Cassandra::Keyspace|ReplicationSpecification|
    AWS::CertificateManager::Certificate|ValidationMethod|
    AWS::CleanRooms::ConfiguredTable|AllowedColumns AnalysisMethod TableReference|
    AWS::CodeStar::GitHubRepository||Code EnableIssues IsPrivate RepositoryAccessToken RepositoryDescription RepositoryName RepositoryOwner
    AWS::Connect::TrafficDistributionGroup|InstanceArn|
    AWS::Connect::ViewVersion|VersionDescription|
    AWS::DataSync::LocationEFS|AccessPointArn FileSystemAccessRoleArn InTransitEncryption Subdirectory|
    AWS::DataSync::LocationFSxLustre|Subdirectory|
    AWS::DataSync::LocationFSxONTAP|Protocol Subdirectory|
    AWS::DataSync::LocationFSxOpenZFS|Protocol Subdirectory|
    AWS::DataSync::LocationFSxWindows|Domain Password Subdirectory User|
    AWS::DataSync::LocationNFS|ServerHostname|
    AWS::DataSync::LocationObjectStorage|ServerHostname|
    AWS::DataSync::LocationS3|S3Config S3StorageClass Subdirectory|
    AWS::DataSync::LocationSMB|ServerHostname|
    AWS::DocDB::DBCluster|EngineVersion|
    AWS::EC2::CapacityReservation|InstanceMatchCriteria TagSpecifications|
    AWS::EC2::CapacityReservationFleet|TagSpecifications|
    AWS::EC2::EIP|Domain|
    AWS::EC2::TrafficMirrorSession|NetworkInterfaceId|
    AWS::EC2::VPCPeeringConnection|PeerRoleArn|
    AWS::EC2::VPNConnection|CustomerGatewayId TransitGatewayId VpnGatewayId VpnTunnelOptionsSpecifications|
    AWS::EC2::Volume||AvailabilityZone Encrypted KmsKeyId SnapshotId
    AWS::ECS::Service|DeploymentController|
    AWS::EMR::InstanceFleetConfig|InstanceTypeConfigs|
    AWS::ElastiCache::ReplicationGroup|Engine ReplicasPerNodeGroup|
    AWS::ElastiCache::User|Engine|
    AWS::ElastiCache::UserGroup|Engine|
    AWS::EntityResolution::SchemaMapping|MappedInputFields|
    AWS::Events::EventBus|EventSourceName|
    AWS::Glue::Database|CatalogId|
    AWS::GuardDuty::Member|Email|
    AWS::HealthLake::FHIRDatastore|DatastoreName IdentityProviderConfiguration|
    AWS::IoT::ThingType|ThingTypeProperties|
    AWS::KMS::Key|KeySpec KeyUsage MultiRegion|
    AWS::KafkaConnect::Connector|ConnectorConfiguration|
    AWS::KinesisAnalyticsV2::Application|RuntimeEnvironment|
    AWS::Lambda::EventSourceMapping|AmazonManagedKafkaEventSourceConfig SelfManagedKafkaEventSourceConfig|
    AWS::Lightsail::Instance||Location State
    AWS::Location::Map|PricingPlan|
    AWS::Location::PlaceIndex|DataSourceConfiguration PricingPlan|
    AWS::Location::RouteCalculator|PricingPlan|
    AWS::Location::Tracker|PositionFiltering|
    AWS::MWAA::Environment|AirflowVersion|
    AWS::Omics::SequenceStore|FallbackLocation Name|
    AWS::Organizations::Account||AccountName Email RoleName
    AWS::RDS::DBInstance|Port|
    AWS::Route53::RecordSet|Name|
    AWS::S3::Bucket|ObjectLockEnabled|
    AWS::SageMaker::Domain|AppNetworkAccessType SubnetIds|
    AWS::ServiceCatalog::PortfolioShare|AcceptLanguage|
    AWS::Timestream::ScheduledQuery|ClientToken|
    AWS::Transfer::Server|IdentityProviderType|
    AWS::WorkSpaces::Workspace||BundleId RootVolumeEncryptionEnabled UserVolumeEncryptionEnabled VolumeEncryptionKey
    AWS::WorkSpacesWeb::UserSettings|AdditionalEncryptionContext CustomerManagedKey|
    """
}
