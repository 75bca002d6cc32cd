public import StepResults

/// What the SQL rules mean. Those that squawk has bear squawk's names.
public enum SQLRuleCatalog {
  /// Rules that become findings; advice such as `prefer-text-field` stands only with its statement.
  public static let all: [FindingDescription] = [
    .init(
      "sql-syntax", "A statement is no SQL of its dialect.", remedy: "Repair the line that the message names."
    ),
    .init(
      "sql-not-understood", "A statement cannot be judged from the file alone.",
      remedy: "Look at what it does by hand."),
    .init(
      "migration-code-open",
      "A migration in code does something that is not read: it calls what its tool does not have.",
      remedy: "Look at it by hand and acknowledge it, or write it as plain calls or SQL."),
    .init(
      "sql-runs-programs", "SQL runs programs, loads code into the server or lets others do so.",
      remedy: "Take it out: a migration changes the database, not the machine that it is on."),
    .init(
      "sql-reaches-outside", "SQL reads or writes files of the server, or reaches another host.",
      remedy: "Look at what it does by hand; a rollback script that does so is not run."),
    // Data is gone.
    .init(
      "ban-drop-table", "A table is dropped.", remedy: "Rename it first, and drop it when nobody needs it."),
    .init(
      "ban-drop-column", "A column is dropped.", remedy: "Stop reading it first, drop it a deployment later."),
    .init("ban-drop-database", "A database is dropped.", remedy: "Take a snapshot and acknowledge."),
    .init("ban-drop-schema", "A schema is dropped.", remedy: "Take a snapshot and acknowledge."),
    .init(
      "drop-owned", "Everything that a role owns is dropped.", remedy: "Take a snapshot and acknowledge."),
    .init("ban-drop-type", "A type is dropped.", remedy: "Drop it when no deployed version uses it."),
    .init("ban-drop-domain", "A domain is dropped.", remedy: "Drop it when no deployed version uses it."),
    .init("drop-cascade", "CASCADE drops what depends on the object.", remedy: "Name what is to go."),
    .init("truncate", "A table is emptied.", remedy: "Take a snapshot and acknowledge."),
    .init("ban-truncate-cascade", "CASCADE empties referring tables.", remedy: "Name what is to be emptied."),
    .init("delete-without-where", "Every row is deleted.", remedy: "Say which rows, or take a snapshot."),
    .init(
      "delete-rows", "Rows are deleted.", remedy: "Keep them in a table of their own, or take a snapshot."),
    .init(
      "replace-rows", "Rows are replaced.", remedy: "Keep them in a table of their own, or take a snapshot."),
    .init(
      "update-without-where", "Every row is overwritten.",
      remedy: "Keep the old values in a column of their own."),
    .init(
      "changing-column-type", "A column's type changes.",
      remedy: "Add a column, fill it, switch, drop the old one."),
    .init("set-unlogged", "A table is no longer safe from crashes.", remedy: "Leave it logged."),
    // The version before breaks.
    .init(
      "renaming-column", "A column is renamed.", remedy: "Add a column, write both, switch, drop the old one."
    ),
    .init("renaming-table", "A table is renamed.", remedy: "Leave a view under the old name."),
    .init(
      "renaming-object", "A view, type, schema, function or enum value is renamed.",
      remedy: "Keep the old name beside it."),
    .init("adding-required-field", "A new column must be given.", remedy: "Give it a default."),
    .init("required-existing-column", "A column must be given from now on.", remedy: "Give it a default."),
    .init(
      "dropped-default", "A column loses its default.", remedy: "Keep it until no deployed version needs it."),
    .init(
      "narrower-check", "A check refuses what was allowed.",
      remedy: "Add it when no deployed version breaks it."),
    .init(
      "new-unique", "Uniqueness is asked of existing columns.",
      remedy: "Add it when no deployed version breaks it."),
    .init("ban-drop-view", "A view is dropped.", remedy: "Drop it a deployment later."),
    .init("ban-drop-function", "A function is dropped.", remedy: "Drop it a deployment later."),
    .init("ban-drop-sequence", "A sequence is dropped.", remedy: "Drop it a deployment later."),
    .init("ban-drop-extension", "An extension is dropped.", remedy: "Drop it a deployment later."),
    .init(
      "ban-set-schema", "A table moves to another schema.", remedy: "Leave a view under the old name."),
    .init(
      "view-loses-columns", "A view has fewer columns than before.",
      remedy: "Keep the columns until no deployed version reads them."),
    .init(
      "row-security-without-policy", "Row-level security hides every row, since no policy shows any.",
      remedy: "CREATE POLICY in the same script."),
    .init(
      "disable-trigger",
      "A trigger is switched off and not on again: checks, copies or audit rows stay undone.",
      remedy: "ALTER TABLE … ENABLE TRIGGER in the same script."),
    .init(
      "ban-drop-role", "A role is dropped, may not log in any more or gets another password.",
      remedy: "Do so when no deployed version logs in as it."),
    .init(
      "restart-sequence", "A sequence starts again and may give numbers out that rows have already.",
      remedy: "Restart it above the greatest number in use."),
    .init(
      "rule-instead", "A rule does something else instead of a write.",
      remedy: "Add it when no deployed version writes that way."),
    .init(
      "restrictive-policy", "A restrictive policy hides rows that were there.",
      remedy: "Add it when every deployed version asks for those rows alone."),
    .init(
      "detached-partition", "A partition is detached: its rows are not in the table any more.",
      remedy: "Detach it when no deployed version reads its rows."),
    .init("ban-revoke", "Rights are taken away.", remedy: "Revoke when no deployed version needs them."),
    .init(
      "ban-duplicate-column-assignments", "A column is set twice in one statement.", remedy: "Set it once."),
    .init("ban-uncommitted-transaction", "A transaction is never committed.", remedy: "Add COMMIT."),
    // Readers and writers wait.
    .init(
      "require-concurrent-index-creation", "An index is built under a lock.",
      remedy: "CREATE INDEX CONCURRENTLY."),
    .init(
      "require-concurrent-index-deletion", "An index is dropped under a lock.",
      remedy: "DROP INDEX CONCURRENTLY."),
    .init(
      "require-concurrent-partition-detach", "A partition is detached under a lock.",
      remedy: "DETACH PARTITION … CONCURRENTLY."),
    .init("require-concurrent-reindex", "An index is rebuilt under a lock.", remedy: "REINDEX CONCURRENTLY."),
    .init(
      "ban-concurrent-index-creation-in-transaction", "CONCURRENTLY stands inside a transaction.",
      remedy: "Run it outside."),
    .init(
      "adding-field-with-default", "A default rewrites the table.",
      remedy: "Add the column, then the default, then fill it."),
    .init(
      "adding-numbered-field", "A column that numbers the rows rewrites the table.",
      remedy: "Add a plain column, fill it in parts, then make it an identity."),
    .init(
      "adding-foreign-key-constraint", "A foreign key checks every row under a lock.",
      remedy: "NOT VALID, then VALIDATE."),
    .init(
      "adding-not-nullable-field", "SET NOT NULL scans the table under a lock.",
      remedy: "A validated CHECK first."),
    .init(
      "adding-serial-primary-key-field", "A primary key is built under a lock.",
      remedy: "A unique index first."),
    .init(
      "constraint-missing-not-valid", "A constraint checks every row under a lock.",
      remedy: "NOT VALID, then VALIDATE."),
    .init(
      "disallowed-unique-constraint", "A unique constraint is built under a lock.",
      remedy: "A unique index first."),
    .init(
      "ban-alter-domain-with-add-constraint", "A domain's constraint checks every column under a lock.",
      remedy: "A CHECK on the table."),
    .init("prefer-repack", "A table is rewritten under a lock.", remedy: "pg_repack."),
    .init("moving-tablespace", "A table is moved under a lock.", remedy: "pg_repack."),
  ]
}
