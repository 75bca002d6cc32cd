import SystemInterfaces

/// Which CI system a step runs under, by the variables that each documents.
public enum CIProvider: String, Hashable, Sendable, CaseIterable {
  /// The systems that are told apart; `none` is a person's machine or an unknown system.
  case github, gitlab, buildkite, jenkins, azure, circleci, woodpecker, drone, bitbucket, codebuild, tekton,
    argo, none
}

/// What the CI system tells of this run.
public struct CIEnvironment: Hashable, Sendable {
  /// The system.
  public let provider: CIProvider
  /// Run id and attempt, unique for one execution of one pipeline; nil where the system tells none.
  public let run: String?
  /// A file that takes Markdown for the run's summary page.
  public let summaryFile: String?
  /// A file that takes `name=value` outputs.
  public let outputFile: String?
  /// The page of this run, where the system tells one.
  public let runAddress: String?
  /// What stands before a commit's id, and before a branch's name, in the address of its page.
  private let commitPrefix: String?, branchPrefix: String?
  /// Whether the person behind the run asked for debugging output.
  public let isDebugging: Bool

  /// Detects the system from environment variables.
  public init(_ environment: Environment) {
    func first(_ names: String...) -> String? { names.lazy.compactMap { environment.nonEmpty($0) }.first }
    func joined(_ names: String...) -> String? {
      let parts = names.compactMap { environment.nonEmpty($0) }
      return parts.isEmpty ? nil : parts.joined(separator: "-")
    }
    let found: (CIProvider, String?) =
      if environment["GITHUB_ACTIONS"] == "true" {
        (.github, joined("GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT"))
      } else if environment["GITLAB_CI"] == "true" {
        (.gitlab, first("CI_PIPELINE_ID"))
      } else if environment["BUILDKITE"] == "true" {
        (.buildkite, joined("BUILDKITE_BUILD_ID", "BUILDKITE_RETRY_COUNT"))
      } else if environment["TF_BUILD"] != nil {
        (.azure, joined("BUILD_BUILDID", "SYSTEM_JOBATTEMPT"))
      } else if environment["CIRCLECI"] == "true" {
        (.circleci, first("CIRCLE_WORKFLOW_ID", "CIRCLE_BUILD_NUM"))
      } else if environment["CI"] == "woodpecker" || environment["CI_SYSTEM_NAME"] == "woodpecker" {
        (.woodpecker, joined("CI_REPO_ID", "CI_PIPELINE_NUMBER"))
      } else if environment["DRONE"] == "true" {
        (.drone, joined("DRONE_REPO", "DRONE_BUILD_NUMBER"))
      } else if environment.nonEmpty("BITBUCKET_BUILD_NUMBER") != nil {
        (.bitbucket, joined("BITBUCKET_REPO_SLUG", "BITBUCKET_BUILD_NUMBER", "BITBUCKET_STEP_RUN_NUMBER"))
      } else if environment.nonEmpty("CODEBUILD_BUILD_ID") != nil {
        (.codebuild, first("CODEBUILD_BUILD_ID"))
      } else if environment.nonEmpty("TEKTON_PIPELINE_RUN") != nil {
        // Kubernetes tells a container neither; the task and the template of this package hand them in.
        (.tekton, first("TEKTON_PIPELINE_RUN"))
      } else if environment.nonEmpty("ARGO_WORKFLOW_UID") != nil {
        (.argo, first("ARGO_WORKFLOW_UID"))
      } else if environment.nonEmpty("JENKINS_URL") != nil {
        (.jenkins, first("BUILD_TAG", "BUILD_ID"))
      } else {
        (.none, nil)
      }
    provider = found.0
    run = found.1.map { "\(found.0.rawValue)-\(CIEnvironment.fileName($0))" }
    summaryFile = provider == .github ? environment.nonEmpty("GITHUB_STEP_SUMMARY") : nil
    outputFile = provider == .github ? environment.nonEmpty("GITHUB_OUTPUT") : nil
    isDebugging = environment["RUNNER_DEBUG"] == "1"
    let places = Places(found.0, environment)
    runAddress = places.run.flatMap(CIEnvironment.webAddress)
    commitPrefix = places.commit.flatMap(CIEnvironment.webAddress)
    branchPrefix = places.branch.flatMap(CIEnvironment.webAddress)
  }

  /// The page of a commit, where the system tells where it has them.
  public func address(ofCommit id: String) -> String? {
    id.allSatisfy(\.isHexDigit) ? commitPrefix.map { $0 + id } : nil
  }

  /// The page of a branch.
  public func address(ofBranch name: String) -> String? {
    let isPlain = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-/".contains($0)) }
    return isPlain ? branchPrefix.map { $0 + name } : nil
  }

  /// What a report may link to: HTTP, without a login in it, in characters that an address is made of.
  private static func webAddress(_ text: String) -> String? {
    let isWeb = text.hasPrefix("https://") || text.hasPrefix("http://")
    let characters = "-._~:/?#[]!$&'()*+,;=%"
    return isWeb && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || characters.contains($0)) }
      ? text : nil
  }

  /// `text` with everything but letters, digits, `.`, `_` and `-` replaced, so that it names a folder.
  private static func fileName(_ text: String) -> String {
    String(
      text.prefix(120).map { character in
        character.isASCII && (character.isLetter || character.isNumber || "._-".contains(character))
          ? character : "_"
      })
  }
}
