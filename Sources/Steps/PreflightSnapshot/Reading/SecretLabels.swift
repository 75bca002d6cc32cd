import AWSClients
import DeploymentRecords
import StepResults
import SystemInterfaces

/// Labels on the secrets' versions that a restore point names: a version without any label may be deleted at any time.
struct SecretLabels: Sendable {
  let clients: StackClients
  static let prefix = "backstop-"
  /// A secret bears twenty labels at most; its owner needs some of them.
  static let kept = 5

  /// The label of restore point `id`.
  static func label(_ id: String) -> String { prefix + id }

  /// Puts the label of restore point `id` on the recorded version of each secret. What may not be labelled is said.
  func attach(_ states: [ManagedSecretState], restorePoint id: String) async throws
    -> ([ManagedSecretState], [Finding])
  {
    let answers = try await states.mapAtOnce { try await attach($0, id) }
    return (answers.map(\.0), answers.compactMap(\.1))
  }

  private func attach(_ state: ManagedSecretState, _ id: String) async throws -> (
    ManagedSecretState, Finding?
  ) {
    // Another service's secret is that service's to label.
    guard let version = state.versionId, state.owningService == nil else { return (state, nil) }
    let secrets = SecretsManagerClient(clients[state.stack])
    var labelled = state
    do {
      let labels = try await secrets.describeSecret(state.arn).stagesByVersion
      for (label, holder) in SecretLabels.outdated(labels) {
        try await secrets.updateSecretVersionStage(state.arn, stage: label, removeFrom: holder)
      }
      try await secrets.updateSecretVersionStage(state.arn, stage: SecretLabels.label(id), moveTo: version)
      labelled.label = SecretLabels.label(id)
      return (labelled, nil)
    } catch let error as AWSError
      where error.kind == .accessDenied || !error.isTemporary && !error.isAboutCredentials
    {
      return (
        state,
        Finding(
          "secret-unlabelled", .warning,
          "the version \(version) of \(state.arn) bears no label of this restore point, so it may be deleted once the "
            + "secret has newer ones: \(error)", subject: state.arn)
      )
    }
  }

  /// Our labels that make room for a new one, oldest first, each with the version that bears it.
  static func outdated(_ stages: [String: [String]]) -> [(label: String, version: String)] {
    let own = stages.flatMap { version, labels in
      labels.filter { $0.hasPrefix(prefix) }.map { (label: $0, version: version) }
    }.sorted { $0.label < $1.label }
    return Array(own.dropLast(kept - 1))
  }
}
