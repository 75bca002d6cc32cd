public import StepResults

extension TemplateComparison {
  /// Every code that a comparison of templates may raise.
  public static let findingCatalog: [FindingDescription] = [
    .init(
      "template-too-large", "A part of the template has more cases than can be told apart.",
      remedy: "Make conditions of fewer conditions, and attributes of fewer attributes."),
    .init(
      "at-once-beside-gradual",
      "A part of the change comes before a share of the users first, another before all at once.",
      severity: .notice,
      remedy: "Deploy what comes at once before, and so that both versions get along with it."),
    .init(
      "resource-deleted", "The update deletes a resource; an error where it holds data.",
      remedy: "Keep it, or give it DeletionPolicy Retain or Snapshot in a deployment before."),
    .init(
      "resource-snapshot-deleted",
      "The update deletes a resource after a last snapshot; an error where it holds data.",
      remedy: "Plan how to restore the snapshot."),
    .init(
      "resource-orphaned", "A resource leaves the stack and stays in the account, where nothing manages it.",
      remedy: "Import it elsewhere or note who looks after it."),
    .init(
      "resource-replaced",
      "The update makes a resource anew; an error where it holds data: the new one starts without it.",
      remedy: "Keep the create-only property, or set UpdateReplacePolicy and move the data."),
    .init(
      "resource-may-be-replaced",
      "Whether a resource is replaced or removed depends on the service or on values that are not known; an error where "
        + "it holds data and the property can only be set when it is made.",
      remedy: "Hand parameters in, or ask AWS by a change set."),
    .init(
      "replacement-refused", "CloudFormation refuses this replacement: the update would fail.",
      severity: .error, remedy: "Change the physical name too, or take another logical id."),
    .init(
      "update-refused",
      "The service or CloudFormation does not carry this update out: the deployment would fail.",
      remedy: "Leave the property as it is, or make a new resource and move what the old one holds."),
    .init(
      "upgrade-without-way-back",
      "A version is raised that cannot be lowered again: no template brings it back.",
      remedy: "Take a snapshot first, and acknowledge that the way back is a restore."),
    .init(
      "data-expires",
      "Data is deleted from now on that was kept before: shorter retention, expiry, time to live.",
      remedy: "Copy what is still needed first, then acknowledge."),
    .init(
      "backups-shortened", "Backups are deleted that were kept before.",
      remedy: "Take a snapshot that stays, then acknowledge."),
    .init(
      "protection-removed", "A protection of data ends: versioning, deletion protection, backups.",
      remedy: "Keep it on, or acknowledge until when it is off."),
    .init(
      "access-locked-out", "A policy or a key shuts out those who could set it back.",
      remedy: "Leave a statement that lets the account's root or the deployment role change the policy."),
    .init(
      "resource-renamed", "A resource goes while an equal one comes under another logical id.",
      remedy: "Keep the logical id, or move the data first."),
    .init(
      "resource-moved",
      "A file of the change declares that a stack refactor moves a resource with what it holds.",
      severity: .warning,
      remedy: "Execute the refactor before the update; to go back, execute it the other way round."),
    .init(
      "import-needed",
      "A resource that its policy keeps leaves one stack, and another stack makes one under its name: the update fails.",
      severity: .error,
      remedy: "Import it, or move it by a stack refactor, and commit the file that declares it."),
    .init(
      "name-taken",
      "A resource is made under the name of one that goes in the same update: it is refused, since what is new is made "
        + "first.", severity: .error,
      remedy: "Keep the logical id, move it by a stack refactor, or take another name."),
    .init(
      "policy-weakened", "A resource that holds data loses its retaining policy.",
      severity: .warning, remedy: "Keep Retain or Snapshot."),
    .init(
      "nested-stack-changed",
      "A nested stack changes; a warning where its own template is not at hand, so that what happens inside is not judged.",
      remedy:
        "Have the nested template in the repository under the end of its address, or compare it as well."),
    .init(
      "values-missing", "Parameters without a known value: judged as if the deployed value stays.",
      severity: .notice, remedy: "Hand the values in."),
    .init(
      "parameter-falls-back",
      "A parameter has no new value and the template's default differs from the deployed value.",
      severity: .warning, remedy: "Hand the new value in."),
    .init(
      "lookup-open", "A value comes from Systems Manager at deployment and may have changed.",
      severity: .notice, remedy: "Look the value up, or ask AWS by a change set."),
    .init(
      "transform-open",
      "A macro, an include or SAM makes resources that are not in the template as it stands.",
      remedy: "Compare the processed templates, or ask AWS by a change set."),
    .init(
      "template-duplicate-key",
      "A name stands twice in one mapping of a template, so that the first is ignored; an error where it is new.",
      remedy: "Keep one of them."),
    .init(
      "template-part-open", "A loop or a member of the template could not be read.",
      severity: .warning, remedy: "Write the collection's values in, or hand parameters in."),
    .init(
      "retention-open",
      "A retention gets shorter, and whether what is older is deleted is not known for its type.",
      severity: .warning, remedy: "Look at what the service does, and acknowledge it."),
    .init(
      "access-narrowed",
      "A policy denies everything, or what decrypts, to all who do not meet a condition: whether who deploys does is open.",
      severity: .warning, remedy: "Except the role that deploys, and the account's root."),
    .init(
      "export-in-use",
      "An export that another template imports is removed or changed: the update is refused.",
      severity: .error, remedy: "Release the import first, in a deployment of its own."),
    .init(
      "export-may-be-in-use",
      "An export is removed or changed that another template may import: its name depends on values that are not known.",
      severity: .warning, remedy: "Hand the parameters in, or release the import first."),
    .init(
      "export-removed", "An export is removed.", severity: .warning,
      remedy: "Make sure that no other stack imports it."),
    .init(
      "export-changed", "The value of an export changes or may change.",
      severity: .warning, remedy: "Make sure that no other stack imports it."),
    .init(
      "output-changed", "An output is removed or changes.", severity: .notice,
      remedy: "Look for scripts that read it."),
    .init(
      "iam-wildcard", "A policy newly allows everything, or anyone.",
      remedy: "Name actions, resources and principals."),
    .init(
      "iam-widened", "A policy newly allows more than before.", severity: .warning,
      remedy: "Review what is added."),
    .init(
      "iam-policy-attached", "A managed policy is attached; an error for AdministratorAccess.",
      remedy: "Review what it allows."),
    .init(
      "iam-deny-removed", "A statement that denied is gone.", severity: .warning,
      remedy: "Review what it held back."),
    .init(
      "network-opened", "A security group newly lets the whole Internet in; a notice for web ports.",
      remedy: "Name the address blocks that need it."),
    .init(
      "network-widened", "A security group lets in more than before.", severity: .warning,
      remedy: "Review what is added."),
  ]
}
