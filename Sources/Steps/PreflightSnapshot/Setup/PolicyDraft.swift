/// The `backstop.yml` that `--init` writes: what was found stands in it, what could be said as a comment.
enum PolicyDraft {
  static func text(_ found: FoundRepository) -> String {
    func list(_ values: [String]) -> String { "[" + values.map(quoted).joined(separator: ", ") + "]" }
    var smoke: [String] = []
    smoke.append(
      found.hurlFiles.isEmpty
        ? "  # Hurl files that are checked after each deployment; without one the endpoint and the stacks are.\n  # files: [smoke/*.hurl]"
        : "  # Checked after each deployment; smoke-test --parse-only reads them and sends nothing.\n  files: \(list(found.hurlFiles))"
    )
    if !found.openAPI.isEmpty {
      smoke.append("  # Documents whose safe operations are asked.\n  openapi: \(list(found.openAPI))")
    }
    let migrations =
      found.migrations.isEmpty
      ? "  # Where migrations are, if not where tools have them.\n  # migrations: [db/migrations/**]"
      : "  # Found: \(found.migrations.prefix(3).joined(separator: ", ")). Only other places have to be named.\n  # migrations: [db/migrations/**]"
    return """
      # yaml-language-server: $schema=/usr/share/doc/backstop/schemas/policy.schema.json
      # What stands here counts for all steps; every line is optional. --show-config prints what counts in the end.
      version: 1

      # Environments that are not production. In all others auto-revert wants --confirm rollback-production.
      # non-production: [dev, test, staging]

      # The roles of stacks (API_STACK is api), in the order in which a rollback goes through them.
      # order: [api, workflow, monitoring, database]

      preflight-snapshot:
        # Environments in which the commit must have passed before.
        # after: [staging]
        # How old a restore point may be where a deployment begins with --ready.
        # maximum-age: 6h

      diff-gate:
      \(migrations)
        # The major version of the database that migrations run on.
        # postgresql-version: 16

      smoke-test:
      \(smoke.joined(separator: "\n"))
        # How many times the usual latency is too much.
        # latency-factor: 5

      watch-30m:
        # for: 30m
        # every: 1m

      auto-revert:
        # A file in the repository whose being there refuses every rollback.
        # kill-switch: backstop.off
        # How many rollbacks of an environment there are in a day before a person is wanted.
        # maximum-per-day: 3

      # The trail in refs/backstop/ENVIRONMENT, pushed: records reach other machines, and locks hold there.
      ledger:
        # push: true

      # Who is told of a rollback, before its first call and until its end.
      # notifications: [{ kind: slack, token-from: SLACK_TOKEN, channel: C0OPS }]

      """
  }

  /// A scalar that YAML reads as text, whatever is in it.
  private static func quoted(_ text: String) -> String {
    let isPlain = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-/*".contains($0)) }
    let beginsPlain = text.first.map { $0.isLetter || $0.isNumber } ?? false
    return isPlain && beginsPlain
      ? text : "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }
}
