import CIEnvironment
import SystemInterfaces
import Testing

@Suite struct `Detection of the CI system` {
  @Test func `a run of GitHub Actions is named by run and attempt`() {
    let ci = CIEnvironment(
      Environment([
        "GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "42", "GITHUB_RUN_ATTEMPT": "3",
        "GITHUB_STEP_SUMMARY": "/tmp/summary", "RUNNER_DEBUG": "1",
      ]))
    #expect(ci.provider == .github)
    #expect(ci.run == "github-42-3")
    #expect(ci.summaryFile == "/tmp/summary")
    #expect(ci.isDebugging)
  }

  @Test func `a person's machine has no run`() {
    let ci = CIEnvironment(Environment(["HOME": "/root"]))
    #expect(ci.provider == .none)
    #expect(ci.run == nil)
    #expect(ci.summaryFile == nil)
  }

  @Test func `a run's name is safe as a folder's name`() {
    let ci = CIEnvironment(Environment(["JENKINS_URL": "http://ci/", "BUILD_TAG": "jenkins-a/b c-7"]))
    #expect(ci.run == "jenkins-jenkins-a_b_c-7")
  }

  /// What each system sets, as its documentation has it and as a run of it recorded it: the run's name and its page.
  static let recorded: [(provider: CIProvider, variables: [String: String], run: String, page: String?)] = [
    (
      .github,
      [
        "GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "42", "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_SERVER_URL": "https://github.example.com",
        "GITHUB_REPOSITORY": "org/app", "CI": "true",
      ], "github-42-1", "https://github.example.com/org/app/actions/runs/42"
    ),
    (
      .gitlab,
      [
        "GITLAB_CI": "true", "CI": "true", "CI_PIPELINE_ID": "7",
        "CI_JOB_URL": "https://gitlab.example.com/g/app/-/jobs/9",
        "CI_PROJECT_URL": "https://gitlab.example.com/g/app",
      ], "gitlab-7", "https://gitlab.example.com/g/app/-/jobs/9"
    ),
    (
      .buildkite,
      [
        "BUILDKITE": "true", "CI": "true", "BUILDKITE_BUILD_ID": "0190-b", "BUILDKITE_RETRY_COUNT": "0",
        "BUILDKITE_BUILD_URL": "https://buildkite.com/org/app/builds/7",
      ], "buildkite-0190-b-0", "https://buildkite.com/org/app/builds/7"
    ),
    (
      .jenkins,
      [
        "JENKINS_URL": "https://ci.example.com/", "BUILD_TAG": "jenkins-app-7",
        "BUILD_URL": "https://ci.example.com/job/app/7/", "CI": "true",
      ],
      "jenkins-jenkins-app-7", "https://ci.example.com/job/app/7/"
    ),
    (
      .azure,
      [
        "TF_BUILD": "True", "BUILD_BUILDID": "7", "SYSTEM_JOBATTEMPT": "1",
        "SYSTEM_COLLECTIONURI": "https://dev.azure.com/org/",
        "SYSTEM_TEAMPROJECTID": "p-1",
      ], "azure-7-1", "https://dev.azure.com/org/p-1/_build/results?buildId=7"
    ),
    (
      .circleci,
      [
        "CIRCLECI": "true", "CI": "true", "CIRCLE_WORKFLOW_ID": "w-1",
        "CIRCLE_BUILD_URL": "https://circleci.com/gh/org/app/7",
      ],
      "circleci-w-1", "https://circleci.com/gh/org/app/7"
    ),
    (
      .woodpecker,
      [
        "CI": "woodpecker", "CI_REPO_ID": "3", "CI_PIPELINE_NUMBER": "7",
        "CI_PIPELINE_URL": "https://wp.example.com/repos/3/pipeline/7",
      ],
      "woodpecker-3-7", "https://wp.example.com/repos/3/pipeline/7"
    ),
    (
      .drone,
      [
        "DRONE": "true", "CI": "true", "DRONE_REPO": "org/app", "DRONE_BUILD_NUMBER": "7",
        "DRONE_BUILD_LINK": "https://drone.example.com/org/app/7",
      ],
      "drone-org_app-7", "https://drone.example.com/org/app/7"
    ),
    (
      .bitbucket,
      [
        "CI": "true", "BITBUCKET_BUILD_NUMBER": "7", "BITBUCKET_REPO_SLUG": "app",
        "BITBUCKET_STEP_RUN_NUMBER": "2",
        "BITBUCKET_GIT_HTTP_ORIGIN": "https://bitbucket.org/org/app",
      ], "bitbucket-app-7-2", "https://bitbucket.org/org/app/pipelines/results/7"
    ),
    (.codebuild, ["CODEBUILD_BUILD_ID": "app:0190"], "codebuild-app_0190", nil),
    (.tekton, ["TEKTON_PIPELINE_RUN": "uid-1"], "tekton-uid-1", nil),
    (.argo, ["ARGO_WORKFLOW_UID": "uid-1"], "argo-uid-1", nil),
  ]

  @Test(arguments: recorded.indices) func `each system is told by what it sets`(_ index: Int) {
    let (provider, variables, run, page) = Self.recorded[index]
    let ci = CIEnvironment(Environment(variables))
    #expect(ci.provider == provider)
    #expect(ci.run == run)
    #expect(ci.runAddress == page)
  }

  @Test func `a report links to what is an address, and to nothing else`() {
    func ci(_ url: String) -> CIEnvironment {
      CIEnvironment(
        Environment([
          "GITLAB_CI": "true", "CI_JOB_URL": url, "CI_PROJECT_URL": "https://gitlab.example.com/g/app",
        ]))
    }
    #expect(ci("javascript:alert(1)").runAddress == nil)
    #expect(ci("https://x/\"><script>").runAddress == nil)
    let good = ci("https://gitlab.example.com/j/1")
    #expect(good.address(ofCommit: "abc123") == "https://gitlab.example.com/g/app/-/commit/abc123")
    #expect(good.address(ofCommit: "../x") == nil)
    #expect(
      good.address(ofBranch: "backstop/revert-1")
        == "https://gitlab.example.com/g/app/-/tree/backstop/revert-1")
    #expect(good.address(ofBranch: "a b") == nil)
  }
}
