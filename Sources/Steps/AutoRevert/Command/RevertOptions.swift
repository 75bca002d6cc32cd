import DeploymentConfig
import RollbackPlanning
import StepResults
import StepRuntime

extension RevertRun {
  /// - Parameter mayBeTyped: whether missing words do not block the plan: a person at a terminal is asked for them once it is
  ///   shown, and a dry run says which it wants.
  func planOptions(mayBeTyped: Bool) throws -> PlanOptions {
    var options = PlanOptions()
    if let text = command.method {
      guard let method = PlanOptions.Method(rawValue: text) else {
        let known = PlanOptions.Method.allCases.map(\.rawValue).joined(separator: ", ")
        throw StepFailure(.usage, "--method \(text): expected one of \(known)")
      }
      options.method = method
    }
    for path in command.skip + command.allowStateful where !path.contains("/") {
      throw StepFailure(.usage, "'\(path)' names no resource: expected STACK/RESOURCE")
    }
    if let name = command.operator, name.allSatisfy(\.isWhitespace) {
      // It overrides every rule, and the record must say who did.
      throw StepFailure(
        .usage, "--operator is empty", advice: "name the person who takes responsibility, or leave it out")
    }
    options.only = Set(command.only.map { $0.lowercased() })
    options.allowReplace = command.allowReplace
    options.allowStateful = Set(command.allowStateful)
    options.statefulTypes = session.policy.gate.allStatefulTypes
    options.skips = command.skip
    options.skipStuck = command.skipStuck
    options.acceptSchema = command.acceptSchema
    options.asksForAdditions = session.policy.revert.additions == .ask
    options.keepsExports = command.keepExports
    options.overrideStackPolicy = command.overrideStackPolicy
    options.rollBackSchema = command.rollbackSchema
    options.restoreDatabase = command.restoreDatabase
    if command.rollbackSchema, command.restoreDatabase {
      throw StepFailure(
        .usage,
        "--rollback-schema and --restore-database: the database of the snapshot has the old schema already",
        advice: "leave one of them out")
    }
    options.typedWords = Set(command.confirm)
    if mayBeTyped { options.typedWords.formUnion(["DELETE", "DELETE-DATABASE", "RESTORE-DATABASE"]) }
    options.roleOrder = session.policy.order
    return options
  }

  /// The quick settings asked for.
  func reliefs() throws -> [ReliefRequest] {
    if command.relief.isEmpty {
      guard command.method == PlanOptions.Method.relief.rawValue else { return [] }
      throw StepFailure(.usage, "--method relief needs --relief: a function and its setting")
    }
    return try command.relief.map { text in
      guard let request = ReliefRequest(text) else {
        throw StepFailure(
          .usage, "--relief \(text): expected FUNCTION:timeout=SECONDS,memory=MEGABYTES",
          advice: "timeout is 1 to 900, memory 128 to 10240; one of them suffices")
      }
      return request
    }
  }

  func deadline() throws -> Duration {
    guard let text = command.deadline ?? session.policy.options["deadline"] else {
      return session.policy.revert.deadline
    }
    guard let duration = Duration(text: text), duration > .zero else {
      throw StepFailure(.usage, "--deadline \(text): expected a duration such as 30m or 2h")
    }
    return duration
  }
}
