import SystemInterfaces

/// Who set a CI run going, by the variables that each system documents: the author of what the run commits where git knows
/// none.
public struct CIPerson: Hashable, Sendable {
  /// As git writes them into a commit.
  public var name: String, email: String

  /// Nil where the system tells nobody.
  public init?(_ environment: Environment, provider: CIProvider) {
    func pair(_ names: String, _ emails: String) -> (String, String)? {
      guard let name = environment.nonEmpty(names), let email = environment.nonEmpty(emails) else {
        return nil
      }
      return (name, email)
    }
    let found: (String, String)? =
      switch provider {
      case .github: CIPerson.actor(environment)
      case .gitlab: pair("GITLAB_USER_NAME", "GITLAB_USER_EMAIL")
      case .buildkite:
        pair("BUILDKITE_BUILD_CREATOR", "BUILDKITE_BUILD_CREATOR_EMAIL")
          ?? pair("BUILDKITE_BUILD_AUTHOR", "BUILDKITE_BUILD_AUTHOR_EMAIL")
      case .jenkins:
        pair("BUILD_USER", "BUILD_USER_EMAIL")
          ?? pair("CHANGE_AUTHOR_DISPLAY_NAME", "CHANGE_AUTHOR_EMAIL")
      case .azure: pair("BUILD_REQUESTEDFOR", "BUILD_REQUESTEDFOREMAIL")
      case .circleci:
        environment.nonEmpty("CIRCLE_USERNAME").map { ($0, "\($0)@users.noreply.github.com") }
      case .woodpecker: pair("CI_COMMIT_AUTHOR", "CI_COMMIT_AUTHOR_EMAIL")
      case .drone: pair("DRONE_COMMIT_AUTHOR_NAME", "DRONE_COMMIT_AUTHOR_EMAIL")
      // These tell an id, or nobody.
      case .bitbucket, .codebuild, .tekton, .argo, .none: nil
      }
    guard let found else { return nil }
    (name, email) = found
  }

  /// GitHub's address for those who show none; the number makes it the person's whatever the name becomes.
  private static func actor(_ environment: Environment) -> (String, String)? {
    guard let name = environment.nonEmpty("GITHUB_ACTOR") else { return nil }
    let server = environment.nonEmpty("GITHUB_SERVER_URL") ?? "https://github.com"
    let host = server.split(separator: "/").dropFirst().first.map(String.init) ?? "github.com"
    let number = environment.nonEmpty("GITHUB_ACTOR_ID").map { "\($0)+" } ?? ""
    return (name, "\(number)\(name)@users.noreply.\(host)")
  }
}
