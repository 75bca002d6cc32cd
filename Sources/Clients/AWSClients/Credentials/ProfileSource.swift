import JSONValues
import SystemInterfaces

/// A profile of the shared files: keys, `credential_process`, `role_arn` with its source, or a web identity.
struct ProfileSource: CredentialsSource {
  func find(_ context: CredentialsContext) async throws -> CredentialsOutcome {
    let name = context.configuration.profileName
    let isNamed =
      context.environment.nonEmpty("AWS_PROFILE") != nil
      || context.environment.nonEmpty("AWS_DEFAULT_PROFILE") != nil
    let profiles: AWSProfiles
    do {
      profiles = try context.configuration.profiles()
    } catch {
      return .failed(.init("profile \(name)", error.message, wasConfigured: true))
    }
    guard profiles[name] != nil else {
      let place =
        profiles.paths.isEmpty
        ? "there are no shared files" : "not in " + profiles.paths.joined(separator: ", ")
      return isNamed
        ? .failed(.init("profile \(name)", place, wasConfigured: true))
        : .absent(.init("profile \(name)", place))
    }
    return try await resolve(name, profiles, context, visited: [])
  }

  private func resolve(
    _ name: String, _ profiles: AWSProfiles, _ context: CredentialsContext, visited: [String]
  ) async throws -> CredentialsOutcome {
    let source = "profile \(name)"
    func failure(_ reason: String) -> CredentialsOutcome {
      .failed(.init(source, reason, wasConfigured: true))
    }
    guard let settings = profiles[name] else { return failure("there is no such profile") }
    // A profile may name itself as source: then its own keys are meant.
    if let role = settings["role_arn"], !(visited.last == name && settings["aws_access_key_id"] != nil) {
      if visited.contains(name) {
        return failure(
          "source_profile goes round in a circle: \((visited + [name]).joined(separator: " → "))")
      }
      if let file = settings["web_identity_token_file"] {
        return try await WebIdentitySource.assume(
          role, sessionName: settings["role_session_name"] ?? context.sessionName, tokenFile: file,
          source: source, context)
      }
      let base = try await baseCredentials(name, settings, profiles, context, visited: visited)
      guard case .found(let credentials) = base else { return base }
      return try await assume(role, settings, credentials, source, context)
    }
    if let id = settings["aws_access_key_id"], let key = settings["aws_secret_access_key"] {
      return .found(
        AWSCredentials(
          accessKeyId: id, secretAccessKey: key, sessionToken: settings["aws_session_token"], source: source))
    }
    if let command = settings["credential_process"] {
      return try await ProcessSource.find(command, source: source, context)
    }
    if settings["sso_session"] != nil || settings["sso_start_url"] != nil {
      return failure(
        "single sign-on profiles need the AWS CLI: set credential_process = "
          + "aws configure export-credentials --profile \(name)")
    }
    if settings["aws_access_key_id"] != nil || settings["aws_secret_access_key"] != nil {
      return failure("aws_access_key_id and aws_secret_access_key must both be there")
    }
    return .absent(.init(source, "it has no credentials"))
  }

  private func baseCredentials(
    _ name: String, _ settings: [String: String], _ profiles: AWSProfiles, _ context: CredentialsContext,
    visited: [String]
  ) async throws -> CredentialsOutcome {
    if let parent = settings["source_profile"] {
      return try await resolve(parent, profiles, context, visited: visited + [name])
    }
    switch settings["credential_source"] {
    case "Environment": return try await EnvironmentSource().find(context)
    case "EcsContainer": return try await ContainerSource().find(context)
    case "Ec2InstanceMetadata": return try await InstanceSource().find(context)
    case let other:
      return .failed(
        .init(
          "profile \(name)",
          other.map { "credential_source \($0) is none of Environment, EcsContainer, Ec2InstanceMetadata" }
            ?? "role_arn needs source_profile, credential_source or web_identity_token_file",
          wasConfigured: true))
    }
  }

  private func assume(
    _ role: String, _ settings: [String: String], _ credentials: AWSCredentials, _ source: String,
    _ context: CredentialsContext
  ) async throws -> CredentialsOutcome {
    if settings["mfa_serial"] != nil {
      return .failed(
        .init(
          source, "mfa_serial asks for a person: log in with the AWS CLI and hand over its credentials",
          wasConfigured: true))
    }
    context.onSecret(credentials.secretAccessKey)
    do {
      return .found(
        try await context.sts(credentials).assumeRole(
          role, sessionName: settings["role_session_name"] ?? context.sessionName,
          externalId: settings["external_id"],
          durationSeconds: settings["duration_seconds"].flatMap { Int($0) }, source: source))
    } catch let error as AWSError {
      return .failed(.init(source, error.description, wasConfigured: true))
    }
  }
}
