import AWSClients
import Foundation
import JSONValues
import TestSupport
import Testing

/// What the clients can send, and what the policies permit.
@Suite struct PermissionTests {
  /// The names of operations in the clients' source: capitalised words of the kind that AWS gives its operations.
  private func operationsInSource() throws -> Set<String> {
    let root = Repository.root + "/Sources/Clients/AWSClients"
    let files = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
    let pattern =
      #/"((?:Add|Assume|Batch|Cancel|Continue|Create|Delete|Deregister|Describe|Detect|Disable|Enable|Execute|Filter|Get|Head|List|Modify|Publish|Put|Register|Restore|Rollback|Set|Simulate|Start|Stop|Update)[A-Z][A-Za-z0-9]+)"/#
    // Names of parameters and members of answers that read alike.
    let others: Set<String> = [
      "StartTime", "DeletedDate", "AddTagsToSnapshot", "CopyTagsToSnapshot", "RollbackConfiguration",
      "RollbackTriggers", "CreatedDate", "AdditionalVersionWeights", "DescribeType", "StartDate",
      "CreateTime", "DisableRollback", "DisableValidation", "EnableCloudwatchLogsExports",
      "EnableIAMDatabaseAuthentication", "EnablePerformanceInsights", "EnableTerminationProtection",
    ]
    var found: Set<String> = []
    for file in files where file.hasSuffix(".swift") && !file.hasPrefix("Permissions/") {
      let text = try String(contentsOfFile: "\(root)/\(file)", encoding: .utf8)
      for match in text.matches(of: pattern) { found.insert(String(match.1)) }
    }
    return found.subtracting(others)
  }

  @Test func `every operation that the clients name stands in the table, and no other`() throws {
    let inSource = try operationsInSource()
    let inTable = Set(AWSCall.all.map(\.operation))
    #expect(inSource.subtracting(inTable).sorted() == [])
    #expect(inTable.subtracting(inSource).sorted() == [])
    // Two services may call an operation alike.
    let rows = Set(AWSCall.all.map { call in "\(call.actions[0].prefix { $0 != ":" }):\(call.operation)" })
    #expect(rows.count == AWSCall.all.count)
  }

  private func policy(_ step: String) -> IAMPolicyDocument {
    IAMPolicyDocument(
      step: step, region: "us-east-1", account: nil, stacks: ["Shop-Api-prod"],
      store: (bucket: "points", prefix: "prod"))
  }

  @Test func `only auto-revert may change what is deployed, and apart from the rest`() throws {
    for step in ["diff-gate", "smoke-test"] {
      let sids = (policy(step).document["Statement"]?.array ?? []).compactMap { $0["Sid"]?.string }
      #expect(!sids.contains { $0.hasPrefix("Dangerous") }, "\(step): \(sids)")
    }
    // A watch that gives a new version traffic sets weights, and nothing else.
    let watch = (policy("watch-30m").document["Statement"]?.array ?? []).filter {
      $0["Sid"]?.string?.hasPrefix("Dangerous") == true
    }
    #expect(watch.map { $0["Action"] } == [["lambda:UpdateAlias"]])
    let statements = policy("auto-revert").document["Statement"]?.array ?? []
    let dangerous = statements.first { $0["Sid"]?.string == "DangerousStacks" }
    #expect(dangerous?["Action"]?.array?.contains("cloudformation:DeleteStack") == true)
    #expect(
      dangerous?["Resource"]?.array == [
        "arn:aws:cloudformation:us-east-1:*:stack/Shop-Api-prod/*",
        "arn:aws:cloudformation:us-east-1:*:stack/Shop-Api-prod-*/*",
      ])
    // Nothing that changes anything is permitted on everything.
    for statement in statements where statement["Sid"]?.string?.hasPrefix("Dangerous") == true {
      #expect(statement["Resource"]?.array?.contains("*") == false)
    }
    let objects = statements.first { $0["Sid"]?.string == "AddObjects" }
    #expect(objects?["Resource"]?.array == ["arn:aws:s3:::points/prod/*"])
    // What it left is the only object that a watch writes.
    let written = policy("watch-30m").document["Statement"]?.array?.first {
      $0["Sid"]?.string == "AddObjects"
    }
    #expect(written?["Action"]?.array == ["s3:PutObject"])
    #expect(written?["Resource"]?.array == ["arn:aws:s3:::points/prod/watch-30m-*"])
  }

  @Test(arguments: ["preflight-snapshot", "diff-gate", "smoke-test", "watch-30m", "auto-revert"])
  func `a policy is one that IAM takes`(_ step: String) throws {
    let document = policy(step).document
    #expect(document["Version"] == "2012-10-17")
    let statements = try #require(document["Statement"]?.array)
    let sids = statements.compactMap { $0["Sid"]?.string }
    #expect(Set(sids).count == statements.count && sids.allSatisfy { $0.allSatisfy(\.isLetter) })
    // A managed policy holds 6,144 characters without white space; a role's own 10,240.
    #expect(document.serialized().utf8.count < 10_240)
    for statement in statements {
      #expect(statement["Action"]?.array?.isEmpty == false && statement["Resource"]?.array?.isEmpty == false)
    }
  }
}
