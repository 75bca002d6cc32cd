import AWSClients
import CryptoDigests
import DeploymentConfig
import DeploymentRecords
import Redaction
import Reporting
import StepResults
import StepRuntime
import SystemInterfaces

/// An OpenAPI document, and the digests of it and of the files that it refers to.
struct DescribedAPI: Sendable {
  var document: OpenAPIDocument
  var inputs: [RecordInput]
}

/// Where the checks of a run come from.
extension SmokeTestRun {
  /// AWS, where the configuration names anything there.
  func controlPlane() throws -> AWSControlPlane? {
    guard !session.config.stacks.isEmpty || session.config.stateMachineARN != nil else { return nil }
    return AWSControlPlane(try session.clients())
  }

  /// A path as reports name it: relative to the repository, outside of one to the working directory.
  func shown(_ path: String) -> String {
    let root = session.repositoryRoot ?? session.context.workingDirectory
    return path.hasPrefix(root + "/") ? String(path.dropFirst(root.count + 1)) : path
  }

  func openAPIDocuments() throws -> [DescribedAPI] {
    try options.openAPI.map { name in
      let path = session.context.absolute(name)
      let bytes: [UInt8]
      do throws(FileError) {
        bytes = try session.context.files.read(
          path, session.context.reading(path, in: session.repositoryRoot))
      } catch {
        throw StepFailure(
          .data, "cannot read \(name): \(error.reason)",
          advice: "correct --openapi, or smoke-test.openapi in the policy")
      }
      let file = shown(path)
      var inputs = [RecordInput(path: file, sha256: Digest.sha256Hex(bytes))]
      let root = session.repositoryRoot ?? session.context.workingDirectory
      let document = try OpenAPIDocument(
        parsing: bytes, file: file, example: options.policy.openAPIExample, at: path
      ) { path in
        // What lies outside is no part of the project.
        guard path.hasPrefix(root + "/"),
          let bytes = try? session.context.files.read(path, session.context.reading(path, in: root))
        else { return nil }
        inputs.append(RecordInput(path: shown(path), sha256: Digest.sha256Hex(bytes)))
        return bytes
      }
      return DescribedAPI(document: document, inputs: inputs)
    }
  }

  /// What proves who asks, for the checks that need no Hurl file.
  func credentials(_ faults: ControlPlaneFaults) throws -> CheckCredentials {
    var credentials = CheckCredentials(apiKey: session.config.apiKey)
    credentials.headers = options.headers
    if let oauth = options.policy.oauth, !options.openAPI.isEmpty {
      // What is only read needs no secret.
      let grant =
        options.parseOnly
        ? ClientCredentials.Grant(url: oauth.tokenURL, id: "", secret: "")
        : try oauth.grant(session.context.environment)
      session.redactor.learn(grant.secret)
      credentials.tokens = ClientCredentials(grant, faults: faults) { [redactor = session.redactor] in
        redactor.learn($0)
      }
    }
    return credentials
  }

  func hurlPlan() throws -> HurlPlan {
    let progress = session.progress
    var environment = HurlEnvironment(
      root: session.repositoryRoot ?? session.context.workingDirectory, files: session.context.files,
      random: session.context.random, redactor: session.redactor
    ) { [session] region in try session.signing(forRegion: region) }
    environment.log = { progress.say($0) }
    environment.keepsLastBody = options.output != nil
    let variables = SmokeVariables.make(
      config: session.config, policy: options.policy, environment: session.context.environment,
      given: options.variables, secretNames: options.secretNames, redactor: session.redactor)
    return try HurlPlan(
      options.files, variables: variables, environment: environment,
      workingDirectory: session.context.workingDirectory, parallel: options.policy.parallel)
  }
}
