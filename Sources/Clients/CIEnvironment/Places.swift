import SystemInterfaces

/// Where a CI system and its host show a run, commits and branches; what stands before an id where it is a prefix.
struct Places {
  var run: String?, commit: String?, branch: String?

  init(_ provider: CIProvider, _ environment: Environment) {
    func value(_ name: String) -> String? { environment.nonEmpty(name) }
    switch provider {
    case .github:
      guard let server = value("GITHUB_SERVER_URL"), let repository = value("GITHUB_REPOSITORY") else {
        return
      }
      run = value("GITHUB_RUN_ID").map { "\(server)/\(repository)/actions/runs/\($0)" }
      (commit, branch) = ("\(server)/\(repository)/commit/", "\(server)/\(repository)/tree/")
    case .gitlab:
      run = value("CI_JOB_URL") ?? value("CI_PIPELINE_URL")
      commit = value("CI_PROJECT_URL").map { "\($0)/-/commit/" }
      branch = value("CI_PROJECT_URL").map { "\($0)/-/tree/" }
    case .buildkite: run = value("BUILDKITE_BUILD_URL")
    case .jenkins: run = value("BUILD_URL")
    case .azure:
      guard let server = value("SYSTEM_COLLECTIONURI"),
        let project = value("SYSTEM_TEAMPROJECTID") ?? value("SYSTEM_TEAMPROJECT")
      else { return }
      run = value("BUILD_BUILDID").map { "\(server)\(project)/_build/results?buildId=\($0)" }
      commit = value("BUILD_REPOSITORY_ID").map { "\(server)\(project)/_git/\($0)/commit/" }
    case .circleci: run = value("CIRCLE_BUILD_URL")
    case .woodpecker:
      run = value("CI_PIPELINE_URL")
      commit = value("CI_REPO_URL").map { "\($0)/commit/" }
    case .drone:
      run = value("DRONE_BUILD_LINK")
      commit = value("DRONE_REPO_LINK").map { "\($0)/commit/" }
    case .bitbucket:
      guard let origin = value("BITBUCKET_GIT_HTTP_ORIGIN") else { return }
      run = value("BITBUCKET_BUILD_NUMBER").map { "\(origin)/pipelines/results/\($0)" }
      (commit, branch) = ("\(origin)/commits/", "\(origin)/branch/")
    case .codebuild: run = value("CODEBUILD_BUILD_URL")
    case .tekton, .argo, .none: return
    }
  }
}
