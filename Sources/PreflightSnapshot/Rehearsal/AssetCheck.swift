import AWSClients
import ChangeAnalysis

/// Whether what templates fetch is still there: a restore of a template whose package was cleaned up fails half-way.
struct AssetCheck: Sendable {
  let client: AWSClient

  /// How an asset stands.
  enum State: Hashable, Sendable {
    case there
    case missing
    /// Not looked at, and why.
    case unknown(String)
  }

  /// The state of each asset; one that several stacks name is looked at once.
  func states(of assets: Set<TemplateAsset>) async throws -> [TemplateAsset: State] {
    let sorted = assets.sorted()
    let states = try await sorted.mapAtOnce { try await state(of: $0) }
    return Dictionary(zip(sorted, states), uniquingKeysWith: { $1 })
  }

  private func state(of asset: TemplateAsset) async throws -> State {
    do {
      switch asset {
      case .object(let bucket, let key, let version):
        let found = try await S3Client(client).headObject(bucket: bucket, key: key, versionId: version)
        return found == nil ? .missing : .there
      case .image(let uri):
        guard let image = ECRImage(uri) else { return .unknown("no image of ECR") }
        return try await ECRClient(client).digest(of: image) == nil ? .missing : .there
      }
    } catch let error as AWSError where !error.isTemporary {
      guard error.kind == .accessDenied || !error.isAboutCredentials else { throw error }
      return .unknown("\(error)")
    }
  }
}
