import Records

/// The findings of `preflight-snapshot`.
public enum PreflightFindings {
  /// Every code that the step raises.
  public static let catalog: [FindingDescription] = [
    FindingDescription(
      "no-stack", "The configuration names no stack.",
      remedy: "Write API_STACK=… and the like into deployment-<environment>.config."),
    FindingDescription(
      "stack-missing", "A stack of the configuration does not exist.",
      remedy:
        "Check the name, the region and the account; before a first deployment there is nothing to put back."),
    FindingDescription(
      "stack-in-motion", "CloudFormation is at work on a stack.", remedy: "Wait until it has finished."),
    FindingDescription(
      "stack-failed", "A stack is in a failed state.", remedy: "Repair it before anything new is deployed."),
    FindingDescription(
      "stack-rolled-back", "The last update of a stack was rolled back.",
      remedy: "Its state is the one before that update; make sure that this is the good one."),
    FindingDescription(
      "stack-changed-meanwhile", "A stack was changed while the snapshot was made.",
      remedy: "Another deployment is under way: wait and run the step again."),
    FindingDescription(
      "not-restorable", "The record of a stack does not suffice to put it back.",
      remedy: "The message says why."),
    FindingDescription(
      "rehearsal-not-empty", "A change set from the recorded state would change something.",
      remedy: "The stack has drifted or the record is lossy: the message lists what would change."),
    FindingDescription(
      "rehearsal-failed", "The change set that proves the record could not be made.",
      remedy: "The message has CloudFormation's words."),
    FindingDescription(
      "drift", "A stack has drifted from its template.", remedy: "Import or undo the changes."),
    FindingDescription(
      "hidden-parameter", "A NoEcho parameter cannot be recorded.",
      remedy: "A restore uses the value that the stack has then; keep such values in a secret instead."),
    FindingDescription(
      "express-deployment", "A stack is deployed in EXPRESS mode, which disables rollback.",
      remedy: "Deploy production stacks in the standard mode."),
    FindingDescription(
      "unrestored-stop", "An earlier step said stop and nothing was put back since.",
      remedy: "Run auto-revert first, or pass the checks: a bad version must not become the good one."),
    FindingDescription(
      "deployed-commit-unknown", "No record says which commit is deployed.",
      remedy: "Name it with --deployed-commit."),
    FindingDescription(
      "database-not-available", "The database is not in a state in which a snapshot can be made.",
      remedy: "Wait until it is available."),
    FindingDescription(
      "no-database-snapshot", "No database snapshot was made.",
      remedy: "Ask for one with --database-snapshot always; point-in-time restore is the alternative."),
    FindingDescription(
      "baseline-failing", "A check fails before the deployment already.",
      remedy: "Later runs will call it broken before, not regressed."),
    FindingDescription(
      "baseline-incomplete", "A part of the baseline could not be recorded.",
      remedy: "The message says which."),
  ]
}
