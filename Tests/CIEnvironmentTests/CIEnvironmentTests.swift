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
}
