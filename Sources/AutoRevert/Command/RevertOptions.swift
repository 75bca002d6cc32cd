import DeploymentConfig
import Records
import RollbackPlan
import StepCommand

extension RevertRun {
  func planOptions() throws -> PlanOptions {
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
    options.only = Set(command.only.map { $0.lowercased() })
    options.allowReplace = command.allowReplace
    options.allowStateful = Set(command.allowStateful)
    options.skips = command.skip
    options.skipStuck = command.skipStuck
    options.acceptSchema = command.acceptSchema
    options.typedWords = Set(command.confirm)
    options.roleOrder = session.policy.order
    return options
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
