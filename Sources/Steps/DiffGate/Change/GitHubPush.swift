import CIEnvironment
import JSONValues
import StepRuntime
import SystemInterfaces

/// A push as GitHub's event file tells it: one push may bring many commits, and all of them are the change.
struct GitHubPush {
  /// The commit ids of the branch before and after.
  let before: String, after: String
  /// How many commits were pushed.
  let commits: Int

  /// nil where the run is about something else, or GitHub says nothing of use (a new branch has no commit before).
  init?(_ place: RepositoryPlace) {
    let environment = place.context.environment
    guard place.ci.provider == .github, environment["GITHUB_EVENT_NAME"] == "push",
      let path = environment.nonEmpty("GITHUB_EVENT_PATH"),
      let bytes = try? place.context.files.read(path), let event = try? JSONValue(parsing: bytes),
      let before = event["before"]?.string, let after = event["after"]?.string,
      before.contains(where: { $0 != "0" })
    else { return nil }
    self.before = before
    self.after = after
    commits = max(1, event["commits"]?.array?.count ?? 1)
  }
}
