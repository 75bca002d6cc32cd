import Records
import RollbackPlan
import StepCommand

/// Where the step hands over to git.
enum GitOnlyDoor {
  /// `--git-only`.
  static func outcome(_ command: RevertCommand, _ session: StepSession) throws -> StepOutcome<RevertPart> {
    throw StepFailure(.usage, "--git-only is not available")
  }

  /// The revert commit after a rollback, where the restored commit is another than the judged one.
  static func revertCommit(
    _ command: RevertCommand, _ session: StepSession, restored: String?
  ) throws -> (branch: String?, findings: [PlanFinding]) {
    (nil, [])
  }
}
