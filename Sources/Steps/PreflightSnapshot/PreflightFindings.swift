import StepResults

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
      "stack-derived", "The name of the database's stack follows from the others, and nobody confirmed it.",
      severity: .notice,
      remedy: "Write DATABASE_STACK=… into the configuration, empty where there is none."),
    FindingDescription(
      "reverted-change-deployed",
      "The commit that is about to be deployed holds a change that a rollback has taken back.",
      severity: .error,
      remedy:
        "Merge the revert, or say in the title of a commit that it is meant: Reapply and the commit's id."),
    FindingDescription(
      "reverted-change-unknown",
      "Whether the commit that is about to be deployed holds a change that was taken back could not be looked at.",
      severity: .warning, remedy: "Fetch more history: fetch-depth: 0 in the checkout step."),
    FindingDescription(
      "stop-unnamed", "A stop is on record that does not say about which deployment.",
      severity: .warning,
      remedy: "Run the step where AWS can be asked, so that its record names the deployment."),
    FindingDescription(
      "deployed-commit-is-head", "The commit that is about to be deployed was named as the deployed one.",
      severity: .warning,
      remedy: "Name the commit that is live, or leave --deployed-commit out."),
    FindingDescription(
      "stack-in-motion", "CloudFormation is at work on a stack.", severity: .error,
      remedy: "Wait until it has finished."),
    FindingDescription(
      "stack-failed", "A stack is in a failed state.", severity: .error,
      remedy: "Repair it before anything new is deployed."),
    FindingDescription(
      "stack-rolled-back", "The last update of a stack was rolled back.",
      severity: .notice,
      remedy: "Its state is the one before that update; make sure that this is the good one."),
    FindingDescription(
      "stack-changed-meanwhile", "A stack was changed while the snapshot was made.",
      remedy: "Another deployment is under way: wait and run the step again."),
    FindingDescription(
      "not-restorable", "The record of a stack does not suffice to put it back.",
      remedy: "The message says why."),
    FindingDescription(
      "template-bucket-missing",
      "A template is too large for a call, and there is no bucket that it could go through.",
      remedy: "Name one as template-bucket in the policy."),
    FindingDescription(
      "asset-missing", "A template fetches something that is not there any more.",
      remedy: "Upload it again, or deploy a version whose packages are kept."),
    FindingDescription(
      "assets-unchecked", "Nobody looked whether everything that a template fetches is there.",
      severity: .notice, remedy: "Permit s3:GetObject, s3:ListBucket and ecr:DescribeImages to the step."),
    FindingDescription(
      "parameter-moved",
      "A parameter of an SSM type stands for another value than when the stack was deployed.",
      remedy: "The next update takes the new value; make sure that it is meant."),
    FindingDescription(
      "function-code-not-kept", "The code of a function is not kept.",
      severity: .warning, remedy: "Permit lambda:GetFunction, or raise function-code-megabytes."),
    FindingDescription(
      "asset-not-pinned",
      "A template fetches something from a place where the next deployment may write another.",
      remedy:
        "Name the object's version, or give it a key of its own (aws cloudformation package, sam, cdk do)."),
    FindingDescription(
      "setting-not-recorded",
      "A setting beside the templates could not be read, so a rollback leaves it as it is.",
      remedy: "Let the role read it, or name one that is there in the policy."),
    FindingDescription(
      "service-other-than-template", "A service of ECS runs another task definition than its template says.",
      severity: .warning,
      remedy: "Look why: its circuit breaker went back, or somebody deployed past the template."),
    FindingDescription(
      "traffic-shared", "Two versions share the calls of users, so what is recorded is a state in between.",
      remedy:
        "Let the rollout end, or take it back, and run the step again; the restore point is taken by --to alone."
    ),
    FindingDescription(
      "traffic-not-read", "Where the calls of users go could not be looked at.", severity: .warning,
      remedy: "Let the role read it: preflight-snapshot --iam-policy says what it needs."),
    FindingDescription(
      "not-covered", "What a restore does not bring back.", remedy: "Back it up by its own means."),
    FindingDescription(
      "secret-unlabelled", "The recorded version of a secret bears no label of ours.",
      severity: .warning, remedy: "Permit secretsmanager:UpdateSecretVersionStage to the step."),
    FindingDescription(
      "permission-missing", "The credentials may not do what a rollback needs.",
      severity: .error,
      remedy: "Permit it, or set check-permissions to false where a rollback runs with other credentials."),
    FindingDescription(
      "permissions-unchecked", "Whether the credentials may do what a rollback needs is not known.",
      severity: .notice, remedy: "Permit iam:SimulatePrincipalPolicy to the step."),
    FindingDescription(
      "rehearsal-not-empty", "A change set from the recorded state would change something.",
      severity: .warning,
      remedy: "The stack has drifted or the record is lossy: the message lists what would change."),
    FindingDescription(
      "rehearsal-failed", "The change set that proves the record could not be made.",
      remedy: "The message has CloudFormation's words."),
    FindingDescription(
      "drift", "A stack has drifted from its template.", remedy: "Import or undo the changes."),
    FindingDescription(
      "hidden-parameter", "A NoEcho parameter cannot be recorded.",
      severity: .warning,
      remedy: "A restore uses the value that the stack has then; keep such values in a secret instead."),
    FindingDescription(
      "express-deployment", "A stack is deployed in EXPRESS mode, which disables rollback.",
      severity: .warning, remedy: "Deploy production stacks in the standard mode."),
    FindingDescription(
      "rollback-disabled", "A stack was last deployed with its rollback disabled.",
      severity: .warning, remedy: "Deploy without --disable-rollback."),
    FindingDescription(
      "no-monitoring-time", "Stacks are deployed without a monitoring time.",
      severity: .notice, remedy: "Deploy with RollbackConfiguration.MonitoringTimeInMinutes."),
    FindingDescription(
      "commit-dirty", "The work tree differs from the commit that is about to be deployed.",
      remedy: "Commit or undo the changes."),
    FindingDescription(
      "commit-unpushed", "No remote has the commit that is about to be deployed.", remedy: "Push it."),
    FindingDescription(
      "staging-unattested",
      "That the commit passed before is written in a record or the ledger, which nobody signs.",
      remedy: "Let only the pipeline push refs/backstop/*, by a rule of the git server."),
    FindingDescription(
      "staging-missing", "The commit has not passed in an environment that comes before production.",
      remedy: "Deploy it there and run smoke-test."),
    FindingDescription(
      "outside-window", "The policy has no deployment window now.",
      remedy: "Wait, or pass over it with --skip-window and a reason."),
    FindingDescription(
      "deployment-freeze", "The policy forbids deployments now.",
      remedy: "Wait, or pass over it with --skip-window and a reason."),
    FindingDescription(
      "restore-point-stale", "The newest restore point is not what a deployment would be taken back to.",
      severity: .error, remedy: "Run preflight-snapshot again, without --ready."),
    FindingDescription(
      "unrestored-stop", "An earlier step said stop and nothing was put back since.",
      severity: .error,
      remedy: "Run auto-revert first, or pass the checks: a bad version must not become the good one."),
    FindingDescription(
      "deployed-commit-unknown", "No record says which commit is deployed.",
      severity: .notice, remedy: "Name it with --deployed-commit."),
    FindingDescription(
      "range-unknown", "This clone does not hold the deployed commit.", severity: .notice, remedy: "Fetch it."
    ),
    FindingDescription(
      "database-not-available", "The database is not in a state in which a snapshot can be made.",
      severity: .error, remedy: "Wait until it is available."),
    FindingDescription(
      "no-database-snapshot", "No database snapshot was made.",
      remedy: "Ask for one with --database-snapshot always; point-in-time restore is the alternative."),
    FindingDescription(
      "schema-unknown", "Which migrations the database has seen is not recorded.",
      remedy: "Let the step reach the database by DATABASE_URL, with psql installed."),
    FindingDescription(
      "database-pause", "A database of a single zone pauses while its snapshot begins.",
      severity: .notice, remedy: "Ask for snapshots at quiet times, or use point-in-time restore."),
    FindingDescription(
      "further-databases", "The stacks have more databases than the one that is looked after.",
      severity: .warning, remedy: "Make snapshots of the others yourself."),
    FindingDescription(
      "database-snapshots-kept", "Old database snapshots of ours were not deleted.",
      severity: .warning,
      remedy: "Permit rds:DeleteDBSnapshot to the step, or set keep-database-snapshots to 0."),
    FindingDescription(
      "baseline-failing", "A check fails before the deployment already.",
      severity: .warning, remedy: "Later runs will call it broken before, not regressed."),
    FindingDescription(
      "baseline-incomplete", "A part of the baseline could not be recorded.",
      severity: .warning, remedy: "The message says which."),
  ]
}
