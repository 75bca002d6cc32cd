import CIEnvironment
import SystemInterfaces
import Testing

@Suite struct `Which change a CI run is about` {
  private func change(_ provider: CIProvider, _ variables: [String: String]) -> CIChange {
    CIChange(Environment(variables), provider: provider)
  }

  typealias Case = (
    provider: CIProvider, variables: [String: String], branch: String?, commit: String?, isMerge: Bool
  )
  static let cases: [Case] = [
    (CIProvider.github, ["GITHUB_BASE_REF": "main", "GITHUB_REF": "refs/pull/7/merge"], "main", nil, true),
    (.github, ["GITHUB_BASE_REF": "", "GITHUB_REF": "refs/heads/main"], nil, nil, false),
    (
      .gitlab, ["CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_MERGE_REQUEST_DIFF_BASE_SHA": "abc"],
      "main", "abc",
      false
    ),
    (
      .gitlab,
      ["CI_MERGE_REQUEST_EVENT_TYPE": "merged_result", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"], "main",
      nil, true
    ),
    (.gitlab, ["CI_COMMIT_BEFORE_SHA": "def"], nil, "def", false),
    (.gitlab, ["CI_COMMIT_BEFORE_SHA": "0000000000000000000000000000000000000000"], nil, nil, false),
    (.buildkite, ["BUILDKITE_PULL_REQUEST_BASE_BRANCH": "main"], "main", nil, false),
    (.jenkins, ["CHANGE_TARGET": "main", "GIT_PREVIOUS_SUCCESSFUL_COMMIT": "abc"], "main", nil, false),
    (.jenkins, ["GIT_PREVIOUS_SUCCESSFUL_COMMIT": "abc"], nil, "abc", false),
    (
      .azure,
      ["SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main", "BUILD_SOURCEBRANCH": "refs/pull/7/merge"],
      "main",
      nil, true
    ),
    (.circleci, ["CIRCLE_BASE_REVISION": "abc"], nil, "abc", false),
    (.woodpecker, ["CI_COMMIT_TARGET_BRANCH": "main"], "main", nil, false),
    (.woodpecker, ["CI_PREV_COMMIT_SHA": "abc"], nil, "abc", false),
    (.drone, ["DRONE_BUILD_EVENT": "pull_request", "DRONE_TARGET_BRANCH": "main"], "main", nil, false),
    (
      .drone, ["DRONE_BUILD_EVENT": "push", "DRONE_TARGET_BRANCH": "main", "DRONE_COMMIT_BEFORE": "abc"], nil,
      "abc", false
    ),
    (
      .bitbucket, ["BITBUCKET_PR_DESTINATION_BRANCH": "main", "BITBUCKET_PR_DESTINATION_COMMIT": "abc"],
      "main", "abc",
      false
    ),
    (.codebuild, ["CODEBUILD_WEBHOOK_BASE_REF": "refs/heads/main"], "main", nil, false),
    (.none, ["GITHUB_BASE_REF": "main"], nil, nil, false),
  ]

  @Test(arguments: cases.indices)
  func `as each system tells it`(_ index: Int) {
    let (provider, variables, branch, commit, isMerge) = Self.cases[index]
    let found = change(provider, variables)
    #expect(found.targetBranch == branch)
    #expect(found.baseCommit == commit)
    #expect(found.isMergeRef == isMerge)
    #expect((found.source == nil) == (branch == nil && commit == nil))
  }
}
