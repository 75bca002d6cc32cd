import AWSClients
import CloudFormationModel
import Foundation
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

/// Each kind of thing that a template fetches vanishes or changes after the snapshot: what is promised as "can be put back" is
/// what the restore then does, and what it cannot do is said before anything is touched.
@Suite(.enabled(if: LocalAWS.isInstalled, "ci/install-python was not run"))
struct RestorePointEndToEndAssetTests {
  enum Asset: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case layer, nested, definition, body
    var testDescription: String { rawValue }
  }

  private let world: AutoRevertWorld
  private var bucket: String { "\(world.name)-assets" }
  private var s3: S3Client { S3Client(world.aws.client) }

  init() throws { world = try AutoRevertWorld(try LocalAWS.shared()) }

  /// What lies at the key, in two versions.
  private func contents(_ asset: Asset, _ version: Int) throws -> [UInt8] {
    switch asset {
    case .layer:
      let folder = TemporaryFolder()
      try "def answer(event, context): return \(version)\n"
        .write(toFile: folder("index.py"), atomically: true, encoding: .utf8)
      let made = try runProgram(
        "python3", ["-c", "import zipfile; zipfile.ZipFile('fn.zip', 'w').write('index.py')"], in: folder.path
      )
      #expect(made.status == 0, "\(made.error)")
      return [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder("fn.zip"))))
    case .nested:
      return Array(
        """
        Resources:
          Inner:
            Type: AWS::SSM::Parameter
            Properties: {Name: "/\(world.name)/inner", Type: String, Value: "\(version)"}
        """.utf8)
    case .definition:
      return Array(
        #"{"Comment": "\#(version)", "StartAt": "One", "States": {"One": {"Type": "Pass", "End": true}}}"#
          .utf8)
    case .body:
      return Array(
        #"{"openapi": "3.0.1", "info": {"title": "v\#(version)", "version": "1"}, "paths": {}}"#.utf8)
    }
  }

  private func template(_ asset: Asset, _ key: String) -> String {
    let resource =
      switch asset {
      case .layer:
        """
          Layer:
            Type: AWS::Lambda::LayerVersion
            Properties: {LayerName: \(world.name), Content: {S3Bucket: \(bucket), S3Key: \(key)}}
        """
      case .nested:
        """
          Child:
            Type: AWS::CloudFormation::Stack
            Properties: {TemplateURL: "\(world.aws.endpoint)/\(bucket)/\(key)"}
        """
      case .definition:
        TemplateParts.role + """

            Machine:
              Type: AWS::StepFunctions::StateMachine
              Properties:
                StateMachineName: \(world.name)
                RoleArn: !GetAtt Role.Arn
                DefinitionS3Location: {Bucket: \(bucket), Key: \(key)}
          """
      case .body:
        """
          Api:
            Type: AWS::ApiGateway::RestApi
            Properties: {Name: \(world.name), BodyS3Location: {Bucket: \(bucket), Key: \(key)}}
        """
      }
    return world.plain() + "\n" + resource
  }

  /// What tells one version of the asset in use from another; nil where the local AWS does not show it.
  private func inUse(_ asset: Asset) async throws -> String? {
    switch asset {
    case .nested: try await SSMClient(world.aws.client).getParameter("/\(world.name)/inner").value
    case .definition:
      try await StepFunctionsClient(world.aws.client).describeStateMachine(
        "arn:aws:states:us-east-1:000000000000:stateMachine:\(world.name)"
      ).definition
    case .layer, .body: nil
    }
  }

  /// That packages are kept, and that layers and nested templates which were written over stop, other suites say.
  @Test(arguments: [
    (Asset.layer, true), (.nested, true), (.definition, true), (.definition, false), (.body, true),
    (.body, false),
  ])
  func `what is promised is what the restore does`(_ asset: Asset, vanishes: Bool) async throws {
    try world.cli("s3api", "create-bucket", "--bucket", bucket)
    try await s3.putObject(bucket: bucket, key: "first", contents(asset, 1))
    try await world.aws.createStack(world.name, template: template(asset, "first"))
    let recorded = try await inUse(asset)
    try world.snapshot()
    try await s3.putObject(bucket: bucket, key: "second", contents(asset, 2))
    try await world.aws.updateStack(
      world.name, template: template(asset, "second"), parameters: ["Version": "2"])
    #expect(try await world.marker() == "2")
    if vanishes {
      try await s3.deleteObject(bucket: bucket, key: "first")
    } else {
      try await s3.putObject(bucket: bucket, key: "first", contents(asset, 3))
    }
    let shown = try world.run(
      "auto-revert", ["--dry-run", "--reason", "bad", "--allow-replace", "--format", "json"])
    let outcome = try world.revert("--allow-replace")
    let marker = try await world.marker()
    if outcome.status == 0 {
      #expect(shown.status == 0 && marker == "1", "\(outcome.output)")
      #expect(try await inUse(asset) == recorded)
    } else {
      // Said by name, in the dry run too, and nothing was touched.
      #expect(outcome.status == 1 && shown.status == 1 && marker == "2", "\(outcome.output)\(outcome.error)")
      let actions = try JSONValue(parsing: Array(outcome.output.utf8))["actions"]?.array
      #expect(actions?.isEmpty == true && outcome.output.contains("\(bucket)/first"), "\(outcome.output)")
    }
    // Of a layer and a nested template nothing is kept, and nothing is promised.
    if asset == .layer || asset == .nested { #expect(outcome.status == 1, "\(outcome.output)") }
  }

  @Test(arguments: [true, false])
  func `an image that vanishes stops by name, and a tag that moves does not matter`(vanishes: Bool)
    async throws
  {
    func push(_ digest: Character) throws {
      let layer =
        #"{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","size":1,"digest":"sha256:\#(String(repeating: digest, count: 64))"}"#
      try world.cli(
        "ecr", "put-image", "--repository-name", world.name, "--image-tag", "live", "--image-manifest",
        #"{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":\#(layer),"layers":[\#(layer)]}"#
      )
    }
    try world.cli("ecr", "create-repository", "--repository-name", world.name)
    try push("a")
    let image = "000000000000.dkr.ecr.us-east-1.amazonaws.com/\(world.name):live"
    func template(_ memory: Int) -> String {
      world.plain() + "\n" + TemplateParts.role + """

          Fn:
            Type: AWS::Lambda::Function
            Properties:
              FunctionName: \(world.name)-fn
              PackageType: Image
              MemorySize: \(memory)
              Role: !GetAtt Role.Arn
              Code: {ImageUri: '\(image)'}
        """
    }
    try await world.aws.createStack(world.name, template: template(128))
    try world.snapshot()
    try await world.aws.updateStack(world.name, template: template(256), parameters: ["Version": "2"])
    if vanishes {
      try world.cli(
        "ecr", "batch-delete-image", "--repository-name", world.name, "--image-ids", "imageTag=live")
    } else {
      try push("b")
    }
    let outcome = try world.revert()
    let marker = try await world.marker()
    if vanishes {
      #expect(outcome.status == 1 && marker == "2", "\(outcome.output)\(outcome.error)")
      #expect(outcome.output.contains(image))
    } else {
      #expect(outcome.status == 0 && marker == "1", "\(outcome.output)\(outcome.error)")
    }
  }
}
