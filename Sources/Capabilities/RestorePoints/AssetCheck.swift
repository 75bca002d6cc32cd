import AWSClients
import DeploymentRecords
import Redaction
import StepResults
import SystemInterfaces
import TemplateAnalysis

/// Whether what templates fetch is still there: a restore of a template whose package was cleaned up fails half-way.
public struct AssetCheck: Sendable {
  let clients: StackClients

  /// Looks by `clients`.
  public init(clients: StackClients) { self.clients = clients }

  /// How an asset stands.
  public enum State: Hashable, Sendable {
    /// It is there, with what tells it from another that is written to the same place.
    case there(String?)
    /// It is not.
    case missing
    /// Not looked at, and why.
    case unknown(String)
  }

  /// The state of what the templates of `readings` fetch.
  public func states(of readings: [StackReading]) async throws -> [TemplateAsset: State] {
    let uses = readings.flatMap { reading in
      (reading.facts?.assets ?? []).map { ($0.asset, reading.state.stackId) }
    }
    return try await states(of: Dictionary(uses, uniquingKeysWith: { first, _ in first }))
  }

  /// The state of each asset; one that several stacks name is looked at once, as one of them would fetch it.
  public func states(of assets: [TemplateAsset: String]) async throws -> [TemplateAsset: State] {
    let sorted = assets.sorted { $0.key < $1.key }
    let states = try await sorted.mapAtOnce { try await state(of: $0.key, clients[$0.value]) }
    return Dictionary(zip(sorted.map(\.key), states), uniquingKeysWith: { $1 })
  }

  /// What of `reading`'s template has gone, in words.
  public static func missing(_ reading: StackReading, _ states: [TemplateAsset: State]) -> [String] {
    (reading.facts?.assets ?? []).filter { states[$0.asset] == .missing }
      .map { "\($0.asset), which \($0.logicalId) names" }
  }

  private func state(of asset: TemplateAsset, _ client: AWSClient) async throws -> State {
    do {
      switch asset {
      case .object(let bucket, let key, let version):
        let found = try await S3Client(client).headObject(bucket: bucket, key: key, versionId: version)
        return found.map { .there($0.eTag ?? "\($0.size) bytes") } ?? .missing
      case .image(let uri):
        guard let image = ECRImage(uri) else { return .unknown("no image of ECR") }
        return try await ECRClient(client).digest(of: image).map { .there($0) } ?? .missing
      }
    } catch let error as AWSError where !error.isTemporary {
      guard error.kind == .accessDenied || !error.isAboutCredentials else { throw error }
      return .unknown("\(error)")
    }
  }
}
