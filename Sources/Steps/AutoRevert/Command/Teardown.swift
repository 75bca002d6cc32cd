import AWSClients
import DeploymentRecords
import Reporting
import RestorePoints
import RollbackPlanning
import StepResults
import StepRuntime
import SystemInterfaces
import YAMLDocuments

/// What a deletion of stacks leaves behind, and the last snapshots of their databases.
struct Teardown {
  /// A resource of a stack that is deleted.
  struct Resource: Hashable, Sendable {
    var stack: String, logicalId: String, physicalId: String, type: String
    /// `Retain`, `Snapshot`, `Delete` …, as the template says; nil where it says nothing.
    var policy: String?

    /// Whether the deletion of its stack leaves it as it is.
    var isRetained: Bool { policy == "Retain" || policy == "RetainExceptOnCreate" }
    /// `instance` or `cluster`; nil for what is no database.
    var databaseKind: String? {
      switch type {
      case "AWS::RDS::DBInstance": "instance"
      case "AWS::RDS::DBCluster": "cluster"
      default: nil
      }
    }
  }
  /// All resources of the stacks.
  let resources: [Resource]
  private let session: StepSession
  private let clients: StackClients

  /// Reads the stacks' resources and their deletion policies.
  init(_ stacks: [String], _ session: StepSession, _ clients: StackClients) async throws {
    self.session = session
    self.clients = clients
    var all: [Resource] = []
    for stack in stacks.sorted() {
      let client = CloudFormationClient(clients[stack])
      let template = try await client.getTemplate(stack, stage: .processed)
      let policies = Teardown.policies(template)
      // A deletion that failed goes on listing what it took.
      all += try await client.listStackResources(stack).filter { $0.status != "DELETE_COMPLETE" }.map {
        Resource(
          stack: stack, logicalId: $0.logicalId, physicalId: $0.physicalId ?? "", type: $0.type,
          policy: policies[$0.logicalId])
      }
    }
    resources = all
  }

  init(resources: [Resource], _ session: StepSession, _ clients: StackClients) {
    self.resources = resources
    self.session = session
    self.clients = clients
  }

  /// The deletion policy of each resource that has one. CloudFormation took the template, so what we cannot read of it
  /// is said to have none: the more is shown as lost.
  static func policies(_ template: String) -> [String: String] {
    guard let root = try? YAMLNode.parse(Array(template.utf8)) else { return [:] }
    var policies: [String: String] = [:]
    for member in root["Resources"]?.mapping?.members ?? [] {
      policies[member.name] = member.value["DeletionPolicy"]?.scalar?.text
    }
    return policies
  }

  /// What stays, one finding a resource: nobody owns it afterwards.
  var retained: [PlanFinding] {
    resources.filter(\.isRetained).map {
      PlanFinding(
        .resourceRetained, .warning, target: "\($0.stack)/\($0.logicalId)",
        "\($0.logicalId) (\($0.type) \($0.physicalId)) stays when \($0.stack) is deleted, by its DeletionPolicy \($0.policy ?? ""): nobody owns it then, and a new "
          + "stack cannot take the same name.")
    }
  }

  /// The databases that the deletion takes: instances of a cluster go with it.
  var databases: [Resource] {
    let lost = resources.filter { $0.databaseKind != nil && !$0.isRetained && !$0.physicalId.isEmpty }
    return lost.contains { $0.databaseKind == "cluster" }
      ? lost.filter { $0.databaseKind == "cluster" } : lost
  }

  /// Makes a snapshot of each database and waits until it is available: before the first deletion.
  func makeFinalSnapshots() async throws -> [PlanFinding] {
    var findings: [PlanFinding] = []
    for database in databases {
      let snapshotter = DatabaseSnapshotter(
        rds: RDSClient(clients[database.stack]), clock: session.context.clock, progress: session.progress)
      let name = DatabaseSnapshotter.name(
        environment: session.environment, restorePoint: "final-\(database.physicalId)-\(session.newId())")
      session.progress.say("final snapshot \(name) of the database \(database.physicalId)")
      let state = DatabaseState(
        kind: database.databaseKind ?? "instance", identifier: database.physicalId, status: "",
        stack: database.stack)
      _ = try await snapshotter.make(
        name, of: state,
        tags: [AWSTag("backstop:environment", session.environment), AWSTag("backstop:final", "true")])
      findings.append(
        PlanFinding(
          .finalSnapshot, .notice, target: database.physicalId,
          "the last state of the database \(database.physicalId) is the snapshot \(name)."))
    }
    return findings
  }
}
