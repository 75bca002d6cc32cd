import StepResults

/// What `smoke-test` can find.
public enum SmokeTestFindings {
  /// The codes, for the documentation and SARIF.
  public static let catalog = [
    FindingDescription(
      "check-failed", "A check did not hold, or its endpoint gave no usable answer.",
      remedy: "The message says what came back and what to look at."),
    FindingDescription(
      "check-unusable", "A check could not be run: its file, a variable or its request is at fault.",
      remedy: "Correct the check."),
    FindingDescription(
      "check-not-finished",
      "The run's total time was up before a check was asked or answered: whether it would pass is not known.",
      severity: .warning, remedy: "Raise --deadline, or look at what took so long."),
    FindingDescription(
      "check-broken-before", "A check failed, and had failed before the deployment as well.",
      remedy: "The deployment is not the cause; going back will not cure it."),
    FindingDescription(
      "check-flaky", "A check passed only when it was tried again.",
      remedy: "Look at the first try's failure; choose with --flaky what it counts as."),
    FindingDescription("check-skipped", "A check was not run.", remedy: "The message says why."),
    FindingDescription(
      "answer-regressed", "An answer lacks fields that it had before, or their types changed.",
      remedy: "Restore the fields, or record a new baseline where the change is meant."),
    FindingDescription(
      "answer-differs", "A check passed, but its answer differs from before.", severity: .notice,
      remedy: "Have a look."),
    FindingDescription(
      "latency-regressed", "Warm samples are several times slower than before.",
      remedy: "Look at durations, cold starts and the database."),
    FindingDescription(
      "old-version-answers", "Another version than the deployed one answers.",
      remedy: "Look at stage deployment, alias, function version and caches."),
    FindingDescription(
      "certificate-ends-soon", "The certificate ends too soon.", remedy: "Renew it."),
    FindingDescription(
      "file-without-checks", "A file has no request, or skips all it has: nothing was looked at.",
      remedy: "Write a request into it, or leave the file out."),
    FindingDescription(
      "status-not-expected", "An entry says nothing of the status that must come: an error passes too.",
      remedy: "Write the status that is expected below the request, such as HTTP 200."),
    FindingDescription(
      "version-not-seen", "No answer names the version that was asked for.",
      remedy: "Let an answer name it, in a header such as X-App-Version or a JSON member version or commit."),
    FindingDescription(
      "endpoint-not-asked", "The API has no route that the check of the endpoint could ask.",
      remedy: "Name a path under smoke-test.built-in.endpoint in the policy, such as /health, or off."),
    FindingDescription(
      "key-not-judged", "It is not known whether the API should refuse a request without the key.",
      severity: .notice,
      remedy:
        "Name a path that wants the key under smoke-test.built-in in the policy, or switch the check off."
    ),
    FindingDescription(
      "no-checks", "There was nothing to check.",
      remedy: "Set API_ENDPOINT or stack names in the configuration, or name a file with --smoke."),
    FindingDescription(
      "no-baseline", "No restore point to compare with was found or could be read.",
      severity: .warning, remedy: "Run preflight-snapshot before deploying."),
    FindingDescription(
      "other-commit-answers", "An answer names another commit than HEAD.",
      severity: .notice, remedy: "Say with --expect-version which one should answer."),
    FindingDescription(
      "not-all-asked",
      "AWS could not be asked, what a check needs is not on this machine, or its network is at fault.",
      severity: .warning,
      remedy: "The message says what to do; run the step again."),
    FindingDescription(
      "shard-missing", "Not all shards of a run were merged.",
      severity: .warning, remedy: "Name the records of all shards."),
    FindingDescription(
      "shard-inconclusive", "A shard of a run came to no answer.",
      severity: .warning, remedy: "Run that shard again, and merge its new record."),
  ]
}
