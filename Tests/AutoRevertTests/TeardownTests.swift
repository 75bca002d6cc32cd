import AWSClients
import CloudFormationModel
import DeploymentRecords
import HTTPTransport
import Redaction
import RollbackPlanning
import StepResults
import StepRuntime
import SystemInterfaces
import TestSupport
import Testing

@testable import AutoRevert

@Suite struct `Teardown` {
  private func teardown(_ resources: [AutoRevert.Teardown.Resource]) throws -> AutoRevert.Teardown {
    var bench = SessionBench()
    bench.config += "AWS_REGION=eu-west-1\n"
    let session = try bench.start().session
    return AutoRevert.Teardown(resources: resources, session, try session.clients())
  }

  private func resource(_ id: String, _ type: String, _ policy: String? = nil) -> AutoRevert.Teardown.Resource
  {
    .init(stack: "S", logicalId: id, physicalId: id.lowercased(), type: type, policy: policy)
  }

  @Test func `reads deletion policies of both notations`() {
    #expect(
      AutoRevert.Teardown.policies(
        "Resources:\n  A: {Type: X, DeletionPolicy: Retain}\n  B: {Type: X}\n  C:\n    DeletionPolicy: Snapshot\n"
      )
        == ["A": "Retain", "C": "Snapshot"])
    #expect(
      AutoRevert.Teardown.policies(#"{"Resources": {"A": {"DeletionPolicy": "RetainExceptOnCreate"}}}"#)
        == ["A": "RetainExceptOnCreate"])
    #expect(AutoRevert.Teardown.policies(": [").isEmpty)
  }

  @Test func `names what stays, and why`() throws {
    let found = try teardown([
      resource("Bucket", "AWS::S3::Bucket", "Retain"), resource("Table", "AWS::DynamoDB::Table", "Delete"),
      resource("Queue", "AWS::SQS::Queue", "RetainExceptOnCreate"), resource("Fn", "AWS::Lambda::Function"),
    ]).retained
    #expect(found.map(\.target) == ["S/Bucket", "S/Queue"])
    #expect(found.allSatisfy { $0.code == .resourceRetained && $0.severity == .warning })
    #expect(found.first?.message.contains("Bucket (AWS::S3::Bucket bucket) stays") == true)
  }

  @Test func `snapshots databases that go, clusters for their instances`() throws {
    let instance = resource("Db", "AWS::RDS::DBInstance", "Delete")
    #expect(try teardown([instance, resource("Fn", "AWS::Lambda::Function")]).databases == [instance])
    #expect(try teardown([resource("Db", "AWS::RDS::DBInstance", "Retain")]).databases.isEmpty)
    let cluster = resource("Cluster", "AWS::RDS::DBCluster")
    #expect(try teardown([instance, cluster]).databases == [cluster])
  }
}
