import StepResults

/// What the finding codes mean that every step may raise.
public enum SharedFindings {
  /// One entry a code.
  public static let catalog = [
    FindingDescription(
      "record-not-believed",
      "A record, a restore point or a journal came with a checkout, can be written by others, lies behind a link or is from "
        + "the future, and was left out.",
      remedy: "Remove it from git, or take the others' right to write it away; if it is yours, make it anew."),
    FindingDescription(
      "record-set-aside",
      "A record, a restore point or a journal is empty, cut off, of another type or from the future, and was left out.",
      remedy: "Look at the file under its new name; the next run of its step makes a new one."),
    FindingDescription(
      "store-not-authenticated", "A store without a key was used, since the policy allows it.",
      remedy: "Set BACKSTOP_STORE_KEY: who can write the store decides what is put back."),
    FindingDescription(
      "store-older", "The newest restore point of the store is older than one that was seen before.",
      remedy: "Find out who put an older copy of the store back."),
    FindingDescription(
      "lock-not-shared", "The ledger's remote could not be reached, and the run went on without its lock.",
      remedy: "See that no other machine works on the environment at the same time."),
    FindingDescription(
      "ledger-rewritten", "A trail at the ledger's remote lost entries that this clone has seen there.",
      remedy: "Find out who pushed there by force; the entries are pushed again from here."),
    FindingDescription(
      "ledger-damaged",
      "What is kept of the ledger's remote beside the clone could not be read, and was fetched anew.",
      remedy: "Look at the disk if it happens again."),
  ]
}
