import AWSClients
import CryptoDigests
import DeploymentConfig
import DeploymentRecords
import RestorePoints
import StepResults
import TemplateAnalysis

/// Keeps what is needed to have a function's code again: a deployment may replace it outside of any template, and a version
/// that it replaces is deleted in clean-up.
struct FunctionCodeReader: Sendable {
  let client: AWSClient
  let policy: SnapshotPolicy
  /// The stack that owns the functions.
  let stack: String

  /// What was kept.
  struct Kept: Sendable {
    var state: FunctionCodeState?
    var files: [String: [UInt8]] = [:]
    var findings: [Finding] = []
  }

  /// A function with its code's address where the credentials may ask for that, else without.
  func details(_ function: String) async throws -> FunctionDetails {
    let lambda = LambdaClient(client)
    do {
      return try await lambda.getFunction(function)
    } catch let error as AWSError where error.kind == .accessDenied {
      return FunctionDetails(configuration: try await lambda.getFunctionConfiguration(function))
    }
  }

  /// Where the code of a function can be had again.
  /// - Parameter package: the object that the template names.
  func keep(_ function: FunctionDetails, isInline: Bool, _ package: TemplateAsset?) async throws -> Kept {
    var state = FunctionCodeState()
    state.bytes = function.configuration.codeSize
    if function.configuration.packageType == "Image" {
      state.image = function.resolvedImageURI ?? function.imageURI
      return state.image == nil ? lost(function, "its image is not named") : Kept(state: state)
    }
    if policy.functionCode != .always, case .object(let bucket, let key, let version) = package,
      let found = try await object(bucket, key, version),
      FunctionCodeReader.isSource(found, of: function.configuration)
    {
      guard let pinned = version ?? found.versionId, pinned != "null" else {
        // The next deployment may write its own package there.
        let place =
          "; its package s3://\(bucket)/\(key) is at a place without versions, where the next one may be written, and its "
          + "restore cannot be promised"
        return try await keepBytes(function, state, place)
      }
      (state.bucket, state.key, state.versionId) = (bucket, key, version ?? found.versionId)
      return Kept(state: state)
    }
    return try await keepBytes(function, state, "")
  }

  /// The package itself, as a file of the restore point.
  private func keepBytes(
    _ function: FunctionDetails, _ state: FunctionCodeState, _ place: String
  ) async throws -> Kept {
    var state = state
    guard policy.functionCode != .never else { return lost(function, "the policy keeps no code" + place) }
    let limit = policy.functionCodeMegabytes << 20
    if let size = function.configuration.codeSize, size > limit {
      return lost(
        function,
        "it has \(size >> 20) MB, more than the \(policy.functionCodeMegabytes) that are kept" + place)
    }
    guard function.codeLocation != nil else {
      return lost(function, "lambda:GetFunction is not permitted" + place)
    }
    let bytes = try await LambdaClient(client).code(of: function, maximumBytes: limit)
    let digest = Base64.encode(Digest.sha256(bytes))
    guard digest == function.configuration.codeSha256 else {
      return lost(function, "what Lambda handed out has another digest (\(digest)): it was changed meanwhile")
    }
    // With the stack's name: a stack in another region may have a function of the same name. Neither may hold a period.
    let file = "functions/\(stack).\(function.configuration.name).zip"
    state.file = file
    state.bytes = bytes.count
    return Kept(state: state, files: [file: bytes])
  }

  /// Whether an object is what a function runs: of its size, and not written again since the function was.
  static func isSource(_ object: S3ObjectInfo, of function: FunctionConfiguration) -> Bool {
    guard object.size == function.codeSize else { return false }
    guard let written = object.lastModified, let deployed = function.lastModifiedTime else { return true }
    return written <= deployed
  }

  private func object(_ bucket: String, _ key: String, _ version: String?) async throws -> S3ObjectInfo? {
    do {
      return try await S3Client(client).headObject(bucket: bucket, key: key, versionId: version)
    } catch let error as AWSError where error.kind == .accessDenied {
      return nil
    }
  }

  private func lost(_ function: FunctionDetails, _ why: String) -> Kept {
    let name = function.configuration.name
    return Kept(findings: [
      Finding(
        "function-code-not-kept", .warning,
        "the code of \(name) is not kept: \(why). A deployment that replaces it outside of the template cannot be undone",
        subject: name)
    ])
  }
}

extension StackReading {
  /// The object in S3 that the function's code comes from, by the template.
  func package(of logicalId: String) -> TemplateAsset? {
    facts?.assets.first { use in
      guard use.logicalId == logicalId, case .object = use.asset else { return false }
      return true
    }?.asset
  }
}
