import AWSClients
import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// Restore points that are made on one machine and used on another.
@Suite(.blocking, .enabled(if: LocalAWS.isInstalled, "ci/install installs the local AWS"))
struct StoreEndToEndTests {
  private let machines = [TemporaryFolder(), TemporaryFolder()]
  private let shared = TemporaryFolder()
  private let name = "store-\(UUID().uuidString.prefix(8).lowercased())"
  private let aws: LocalAWS
  private static let key = String(repeating: "ab", count: 32)
  private static let otherKey = String(repeating: "cd", count: 32)

  init() throws {
    aws = try LocalAWS.shared()
    for machine in machines {
      try "ENVIRONMENT=prod\nAWS_REGION=us-east-1\nAPI_STACK=\(name)\nUSE_EXTERNAL_DATABASE=true\n"
        .write(toFile: machine("deployment-prod.config"), atomically: true, encoding: .utf8)
      try "store-without-key: true\n".write(
        toFile: machine("backstop.yml"), atomically: true, encoding: .utf8)
    }
  }

  private func deploy() async throws {
    try await aws.createStack(
      name,
      template: """
        Parameters: {Value: {Type: String, Default: planted-parameter-value}}
        Resources:
          Marker: {Type: AWS::SSM::Parameter, Properties: {Name: /\(name)/marker, Type: String, Value: !Ref Value}}
          Bucket:
            Type: AWS::S3::Bucket
            Properties: {BucketName: \(name), VersioningConfiguration: {Status: Enabled}}
        """)
  }

  private func run(
    _ step: String, on machine: Int, _ arguments: String..., key: String? = nil, more: [String: String] = [:]
  ) throws -> BuiltStep.Outcome {
    var variables = aws.environment.variables.merging(more) { $1 }
    variables["BACKSTOP_STORE_KEY"] = key
    return try BuiltStep(step, in: machines[machine].path, variables: variables).run(["prod"] + arguments)
  }

  private func listed(_ outcome: BuiltStep.Outcome) throws -> [String] {
    #expect(outcome.status == 0, "\(outcome.error)")
    return try JSONValue(parsing: outcome.output)["restorePoints"]?.array?.compactMap {
      $0["latest"]?.bool == true ? $0["id"]?.string : nil
    } ?? []
  }

  private func made(_ outcome: BuiltStep.Outcome) throws -> String {
    #expect(outcome.status == 0, "\(outcome.error)\(outcome.output)")
    return try #require(try JSONValue(parsing: outcome.output)["restorePoint"]?.string)
  }

  @Test(arguments: [false, true]) func `a prefix in a bucket`(isSealed: Bool) async throws {
    try await deploy()
    let store = "s3://\(name)/backstop/\(isSealed ? "sealed" : "plain")"
    let key = isSealed ? Self.key : nil
    let id = try made(
      run("preflight-snapshot", on: 0, "--no-baseline", "--format", "json", "--store", store, key: key))
    let s3 = S3Client(aws.client)
    let objects = try await s3.listObjects(bucket: name, prefix: "backstop/")
    let folder = "backstop/\(isSealed ? "sealed" : "plain")/prod"
    #expect(objects.map(\.key) == ["\(folder)/\(id).restore-point", "\(folder)/latest.json"])
    for object in objects {
      let head = try #require(try await s3.headObject(bucket: name, key: object.key))
      #expect(head.encryption == .s3)
      #expect(head.versionId != nil)
      if isSealed {
        let text = String(
          decoding: try await s3.getObject(bucket: name, key: object.key).bytes, as: UTF8.self)
        #expect(!text.contains("planted"))
      }
    }
    let list = ["--list", "--format", "json", "--store", store]
    #expect(
      try listed(run("auto-revert", on: 1, list[0], list[1], list[2], list[3], list[4], key: key)) == [id])

    // Somebody writes over it: the version that `latest.json` names is the one that counts.
    try await s3.putObject(bucket: name, key: "\(folder)/\(id).restore-point", Array("altered".utf8))
    // An older one that is damaged is left out.
    let damaged = "\(folder)/20200101T000000Z-aaaaaa.restore-point"
    try await s3.putObject(bucket: name, key: damaged, Array("altered".utf8))
    try FileManager.default.removeItem(atPath: machines[1](".backstop"))
    let again = try run("auto-revert", on: 1, list[0], list[1], list[2], list[3], list[4], key: key)
    #expect(try listed(again) == [id])
    #expect(again.error.contains("left out") && again.error.contains(damaged))
    if isSealed {
      try FileManager.default.removeItem(atPath: machines[1](".backstop"))
      let without = try run("auto-revert", on: 1, "--list", "--store", store)
      #expect(without.status == 77)
      #expect(without.error.contains("is sealed, and BACKSTOP_STORE_KEY is not set"))
    }
  }

  @Test func `a bucket without a key is used only where the policy allows it, and that is said`() async throws
  {
    try await deploy()
    let store = "s3://\(name)/backstop"
    let allowed = try run("preflight-snapshot", on: 0, "--no-baseline", "--format", "json", "--store", store)
    let id = try made(allowed)
    #expect(allowed.output.contains("store-not-authenticated"))
    let list = try run("auto-revert", on: 0, "--list", "--format", "json", "--store", store)
    #expect(list.error.contains("is used without a key"))
    #expect(try listed(list) == [id])
    try FileManager.default.removeItem(atPath: machines[1]("backstop.yml"))
    for step in ["preflight-snapshot", "auto-revert"] {
      let refused = try run(step, on: 1, "--store", store)
      #expect(refused.status == 77)
      #expect(
        refused.error.contains("is not authenticated") && refused.error.contains("store-without-key: true"))
    }
    #expect(!FileManager.default.fileExists(atPath: machines[1](".backstop/prod/restore-points")))
  }

  @Test func `with a key, restore points of this machine are believed by their proof alone`() async throws {
    try await deploy()
    func list(_ key: String? = Self.key, _ arguments: String...) throws -> BuiltStep.Outcome {
      var variables = aws.environment.variables
      variables["BACKSTOP_STORE_KEY"] = key
      return try BuiltStep("auto-revert", in: machines[0].path, variables: variables)
        .run(["prod", "--list", "--format", "json"] + arguments)
    }
    let without = try made(run("preflight-snapshot", on: 0, "--no-baseline", "--format", "json"))
    #expect(try listed(list(nil)) == [without])
    #expect(try listed(list()).isEmpty)
    let file = shared("point.sealed")
    let id = try made(
      run("preflight-snapshot", on: 0, "--no-baseline", "--format", "json", "--store", file, key: Self.key))
    #expect(try listed(list()) == [id])
    #expect(try listed(list(Self.otherKey)).isEmpty)
    // A copy that names another id, with a digest of its own that fits.
    let points = machines[0](".backstop/prod/restore-points")
    try FileManager.default.removeItem(atPath: "\(points)/\(id)/restore-point.hmac")
    #expect(try listed(list()).isEmpty)
    // What comes out of the sealed file is proved by it.
    #expect(try listed(list(Self.key, "--store", file)) == [id])
    #expect(try listed(list()) == [id])
  }

  @Test func `an older copy of a sealed store is said to be one`() async throws {
    try await deploy()
    let file = shared("point.sealed")
    func snapshot() throws -> String {
      try made(
        run("preflight-snapshot", on: 0, "--no-baseline", "--format", "json", "--store", file, key: Self.key))
    }
    _ = try snapshot()
    let older = try Data(contentsOf: URL(fileURLWithPath: file))
    let newer = try snapshot()
    try older.write(to: URL(fileURLWithPath: file))
    let outcome = try run(
      "auto-revert", on: 0, "--confirm", "rollback-production", "--reason", "x", "--dry-run", "--format",
      "json",
      "--store", file, key: Self.key)
    #expect(
      outcome.output.contains("store-older") && outcome.output.contains(newer),
      "\(outcome.error)\(outcome.output)")
  }

  @Test func `a key of KMS is asked for`() async throws {
    try await deploy()
    let kms = "arn:aws:kms:us-east-1:000000000000:key/restore-points"
    let id = try made(
      run(
        "preflight-snapshot", on: 0, "--no-baseline", "--format", "json", "--store", "s3://\(name)",
        "--store-kms-key", kms))
    let head = try await S3Client(aws.client).headObject(bucket: name, key: "prod/\(id).restore-point")
    #expect(head?.encryption == .kms(key: kms))
  }

  @Test func `a bucket that is not there stops before the deployment`() async throws {
    try await deploy()
    let outcome = try run("preflight-snapshot", on: 0, "--no-baseline", "--store", "s3://\(name)-none/x")
    #expect(outcome.status == 65)
    #expect(outcome.error.contains("\(name)-none") && outcome.error.contains("NoSuchBucket"))
  }

  @Test func `a store that cannot be reached does not keep from what is here`() async throws {
    try await deploy()
    let store = "s3://\(name)/x"
    let id = try made(
      run("preflight-snapshot", on: 0, "--no-baseline", "--format", "json", "--store", store))
    let outcome = try run(
      "auto-revert", on: 0, "--list", "--format", "json", "--store", store,
      more: ["AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1"])
    #expect(try listed(outcome) == [id])
    #expect(outcome.error.contains("the store \(store) was not read; going on with what is here"))
  }

  @Test func `13 a restore point leaves the machine in a sealed file`() async throws {
    try await deploy()
    let file = shared("point.sealed")
    let missing = try run("preflight-snapshot", on: 0, "--no-baseline", "--store", file)
    #expect(missing.status == 77)
    #expect(missing.error.contains("openssl rand -base64 32"))
    let short = try run("preflight-snapshot", on: 0, "--no-baseline", "--store", file, key: "planted-short")
    #expect(short.status == 65)
    #expect(!short.error.contains("planted"))

    let id = try made(
      run("preflight-snapshot", on: 0, "--no-baseline", "--format", "json", "--store", file, key: Self.key))
    let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
    #expect(!String(decoding: bytes, as: UTF8.self).contains("planted"))
    let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    func list(key: String? = Self.key) throws -> BuiltStep.Outcome {
      try run("auto-revert", on: 1, "--list", "--format", "json", "--store", file, key: key)
    }
    #expect(try listed(list()) == [id])
    // A second one: both are there, and the newer is the good one.
    let next = try made(
      run("preflight-snapshot", on: 0, "--no-baseline", "--format", "json", "--store", file, key: Self.key))
    #expect(try listed(list()) == [next])

    try FileManager.default.removeItem(atPath: machines[1](".backstop"))
    let other = try list(key: Self.otherKey)
    #expect(other.status == 65)
    #expect(other.error.contains("\(file): was sealed with the key"))
    try Data(bytes.dropLast(10)).write(to: URL(fileURLWithPath: file))
    let cut = try list()
    #expect(cut.status == 65)
    #expect(cut.error.contains("altered") || cut.error.contains("cut off"))
    try Data("BACKSTOP-SEALED 7\n{}\n".utf8).write(to: URL(fileURLWithPath: file))
    let newer = try list()
    #expect(newer.status == 65)
    #expect(newer.error.contains("format version 7") && newer.error.contains("use the version that wrote it"))
    #expect(!FileManager.default.fileExists(atPath: machines[1](".backstop/prod/restore-points")))
  }

  @Test func `a sealed file of another environment is refused`() async throws {
    try await deploy()
    let file = shared("point.sealed")
    _ = try made(
      run("preflight-snapshot", on: 0, "--no-baseline", "--format", "json", "--store", file, key: Self.key))
    try "ENVIRONMENT=staging\nAWS_REGION=us-east-1\nAPI_STACK=\(name)\n"
      .write(toFile: machines[1]("deployment-staging.config"), atomically: true, encoding: .utf8)
    var variables = aws.environment.variables
    variables["BACKSTOP_STORE_KEY"] = Self.key
    let outcome = try BuiltStep("auto-revert", in: machines[1].path, variables: variables)
      .run(["staging", "--list", "--store", file])
    #expect(outcome.status == 65)
    #expect(outcome.error.contains("holds restore points of prod, not of staging"))
  }

  @Test func `a folder that others can read is refused, one's own is made`() async throws {
    try await deploy()
    let folder = shared("points")
    let id = try made(
      run("preflight-snapshot", on: 0, "--no-baseline", "--format", "json", "--store", folder))
    let mode = try FileManager.default.attributesOfItem(atPath: folder)[.posixPermissions] as? Int
    #expect(mode == 0o700)
    #expect(FileManager.default.fileExists(atPath: "\(folder)/prod/restore-points/\(id)/restore-point.json"))
    #expect(try listed(run("auto-revert", on: 1, "--list", "--format", "json", "--store", folder)) == [id])
    try FileManager.default.setAttributes([.posixPermissions: 0o750], ofItemAtPath: folder)
    let open = try run("auto-revert", on: 1, "--list", "--store", folder)
    #expect(open.status == 77)
    #expect(open.error.contains("mode 750") && open.error.contains("chmod 700 \(folder)"))
  }

  @Test(arguments: ["gs://bucket/x", "s3:///x"]) func `an address that is none`(store: String) throws {
    let outcome = try run("auto-revert", on: 0, "--list", "--store", store)
    #expect(outcome.status == 64)
    #expect(outcome.error.contains(store))
  }
}
