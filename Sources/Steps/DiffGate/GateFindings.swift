import MigrationAnalysis
import StepResults
import TemplateAnalysis

/// The finding codes of `diff-gate`, and what each means.
public enum GateFindings {
  /// All codes: this step's own, the templates' and the SQL rules'.
  public static let catalog: [FindingDescription] =
    own + TemplateComparison.findingCatalog + SQLRuleCatalog.all

  static let own: [FindingDescription] = [
    .init(
      "migration-without-rollback", "Nothing undoes a migration of this change.",
      remedy: "Add the rollback script that the message names."),
    .init(
      "rollback-script-incomplete", "The rollback script leaves out something that the migration does.",
      severity: .error, remedy: "Undo what the message lists."),
    .init(
      "rollback-script-destroys", "The rollback script takes away what was there before the migration.",
      severity: .error, remedy: "Undo what the migration does, and nothing else."),
    .init(
      "rollback-script-empty", "The rollback script does nothing.",
      severity: .error,
      remedy: "Write what undoes the migration, or remove the script and acknowledge its absence."),
    .init(
      "rollback-script-unreadable", "The rollback script runs what nobody can read before it runs.",
      severity: .error,
      remedy:
        "Write out what it does; commands of psql and SQL that is put together are not run by auto-revert."),
    .init(
      "rollback-script-removed", "The script that undoes a migration is removed.",
      severity: .error, remedy: "Keep it as long as the migration."),
    .init(
      "migration-edited", "A migration that was there before is altered.",
      remedy: "Write a new migration instead."),
    .init(
      "migration-renamed", "A migration that was there before has another name, by which its tool knows it.",
      severity: .warning, remedy: "Keep the name, or acknowledge that no environment has run it yet."),
    .init(
      "migration-removed", "A migration that was there before is removed.", severity: .warning,
      remedy: "Keep it."),
    .init(
      "template-out-of-sight", "A template of the base is there in the head where no judge looks.",
      severity: .error,
      remedy: "Keep its ending, or list templates by patterns in a policy of the base that leave it out."),
    .init(
      "template-unreadable", "A template cannot be parsed.", severity: .error,
      remedy: "Repair the line that the message names."
    ),
    .init(
      "template-before-unreadable", "The version before of a template cannot be parsed.",
      severity: .warning, remedy: "Ask AWS with --change-set what the change does."),
    .init(
      "config-unreadable", "A configuration file cannot be read.",
      severity: .error, remedy: "Repair the line that the message names."),
    .init(
      "config-secret-committed", "A secret is committed in clear.",
      severity: .error, remedy: "Change the secret at its source and keep it in Secrets Manager."),
    .init(
      "config-key-removed", "A configuration key is removed.",
      severity: .warning, remedy: "Keep it until no deployed version reads it."),
    .init("config-key-changed", "A configuration value changes.", severity: .notice),
    .init("config-key-added", "A configuration key is new.", severity: .notice),
    .init(
      "config-target-changed", "A key that says where the deployment goes changes.",
      severity: .warning, remedy: "Make sure that a rollback still reaches the old place."),
    .init(
      "config-not-in-staging", "Production gets a change that staging has not had.",
      severity: .warning, remedy: "Change staging first, or together."),
    .init("config-environments-differ", "Environments have different keys.", severity: .notice),
    .init(
      "config-absent", "The environment's configuration is not here.", severity: .notice,
      remedy: "Nothing in a pull request; hand it in with --config-dir where there is one."),
    .init(
      "file-not-judged",
      "A changed file can change the deployment and was not judged: the verdict is inconclusive.",
      severity: .warning,
      remedy: "Do what the message says, acknowledge it, or name it under diff-gate.ignore in the policy."),
    .init(
      "values-assumed",
      "Parameters are assumed to have the values of configuration keys of their names, or their defaults; a warning where "
        + "something that holds data would go with other values.",
      remedy: "Hand the values in, or keep them in a file beside the template."),
    .init(
      "policy-changed", "The change alters the policy, which counts from the next change on.",
      severity: .notice),
    .init(
      "policy-not-of-tip",
      "The newest commit of the target branch is not in this clone, so that the policy may be an older one.",
      severity: .warning, remedy: "Fetch the target branch before the gate."),
    .init(
      "records-in-change",
      "The change brings a record, a restore point or a link in place of a records folder.",
      severity: .error,
      remedy: "Take it out of the change: records are what the steps write on the machine they run on."),
    .init(
      "link-not-followed", "A symbolic link or submodule stands where a template or migration may.",
      severity: .warning, remedy: "Judge what it leads to by itself."),
    .init("acknowledgement-expired", "An acknowledgement has ended.", remedy: "Renew or remove it."),
    .init(
      "acknowledgement-unused", "An acknowledgement is about no finding of this change.", remedy: "Remove it."
    ),
    .init(
      "acknowledgement-unowned", "Nobody has to approve the file of acknowledgements.",
      severity: .warning, remedy: "Name its owners in CODEOWNERS."),
    .init(
      "acknowledgement-pending", "An acknowledgement comes with the change itself.",
      remedy: "Let an owner approve the change, and hand the approvals in with --approvals."),
    .init(
      "acknowledgement-unapproved", "No owner has approved an acknowledgement, so it does not count.",
      remedy: "Let an owner that the message names approve the change."),
    .init(
      "acknowledgement-mismatched", "An acknowledgement's finding has changed since.",
      remedy: "Look at the finding again, and acknowledge it anew."),
    .init(
      "acknowledgements-unreadable", "The file of acknowledgements cannot be read, so none counts.",
      severity: .error, remedy: "Repair the line that the message names."),
    .init(
      "change-set-differs", "CloudFormation's change set says otherwise than the templates; it is right.",
      severity: .notice),
    .init(
      "change-set-refused", "CloudFormation refuses the update.", severity: .error, remedy: "See the message."
    ),
    .init(
      "change-set-unavailable", "CloudFormation could not be asked about a stack.", severity: .warning,
      remedy: "See the message."
    ),
    .init(
      "cdk-app-unjudged", "The change alters a CDK application whose templates are not in git.",
      severity: .warning, remedy: "Compare two output folders of cdk synth with --old and --new."),
    .init(
      "restore-point-unreadable", "The newest restore point cannot be read.",
      severity: .notice, remedy: "Run preflight-snapshot again, or hand parameters in."),
    .init("own-rule", "A rule of the project's own policy matched."),
  ]

  /// Each finding once: the same code, file and subject may be seen from two sides.
  static func unique(_ findings: [Finding]) -> [Finding] {
    var seen: Set<String> = []
    return findings.filter { seen.insert("\($0.fingerprint) \($0.line ?? 0)").inserted }
  }
}
