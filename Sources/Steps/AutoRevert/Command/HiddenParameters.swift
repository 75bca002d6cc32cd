import AWSClients
import DeploymentRecords
import JSONValues
import Redaction
import RollbackPlanning
import StepResults
import StepRuntime
import SystemInterfaces

/// `--parameter STACK/NAME`: the old value of a NoEcho parameter, which nobody can read back. It comes from a variable or a
/// secret and never from the command line, where every process of the machine could read it.
struct HiddenParameters {
  /// One that is wanted.
  struct Request: Hashable {
    /// The stack, by name or role, and the parameter.
    var stack: String, name: String
    /// The secret that holds it, and which member of it; nil takes it from a variable.
    var secret: String?, member: String?

    /// Reads the option's value; nil for what is none, a value on the command line among it.
    init?(_ text: String) {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let path = parts[0].split(separator: "/", omittingEmptySubsequences: false).map(String.init)
      guard path.count == 2, path.allSatisfy({ !$0.isEmpty }) else { return nil }
      (stack, name) = (path[0], path[1])
      guard parts.count == 2 else { return }
      guard parts[1].hasPrefix("secret:") else { return nil }
      let reference = parts[1].dropFirst("secret:".count).split(
        separator: "#", maxSplits: 1, omittingEmptySubsequences: false
      ).map(String.init)
      guard !reference[0].isEmpty else { return nil }
      secret = reference[0]
      member = reference.count == 2 ? reference[1] : nil
    }

    /// The variable that holds it: `BACKSTOP_PARAMETER_API_DBPASSWORD`.
    var variable: String { StackState.variable(stack, name) }
  }

  let session: StepSession
  let clients: StackClients

  /// The requests of a command line.
  static func requests(_ options: [String]) throws -> [Request] {
    try options.map { text in
      guard let request = Request(text) else {
        // Not repeated: somebody may have typed the value.
        throw StepFailure(
          .usage, "--parameter: expected STACK/NAME, STACK/NAME=secret:ID or STACK/NAME=secret:ID#MEMBER",
          advice: "the value itself is given in a variable or a secret, never on the command line")
      }
      return request
    }
  }

  /// The values by stack and parameter.
  func values(_ requests: [Request], for point: RestorePoint) async throws -> [String: [String: String]] {
    var values: [String: [String: String]] = [:]
    for request in requests {
      let roots = point.stacks.filter { $0.parentId == nil }
      guard let stack = roots.first(where: { $0.name == request.stack || $0.role == request.stack }),
        let parameter = stack.parameters.first(where: { $0.name == request.name }), parameter.noEcho
      else {
        let known = roots.flatMap { stack in
          stack.parameters.filter(\.noEcho).map { "\(stack.role)/\($0.name)" }
        }
        throw StepFailure(
          .usage,
          "--parameter \(request.stack)/\(request.name): the restore point \(point.id) holds no NoEcho parameter of that name",
          advice: known.isEmpty
            ? "it holds none at all: leave the option out" : "it holds \(known.joined(separator: ", "))")
      }
      let value = try await value(request, of: stack)
      session.redactor.learn(value)
      values[stack.name, default: [:]][request.name] = value
    }
    return values
  }

  private func value(_ request: Request, of stack: StackState) async throws -> String {
    guard let secret = request.secret else {
      let variables = [request.variable, StackState.variable(stack.name, request.name)]
      if let found = variables.lazy.compactMap({ session.context.environment.nonEmpty($0) }).first {
        return found
      }
      throw StepFailure(
        .usage, "--parameter \(request.stack)/\(request.name): the variable \(variables[0]) is not set",
        advice: "set it from the CI's secret store, or name a secret: "
          + "--parameter \(request.stack)/\(request.name)=secret:ID")
    }
    guard let text = try await SecretsManagerClient(clients[stack.stackId]).getSecretValue(secret).text else {
      throw StepFailure(.data, "the secret \(secret) holds no text", advice: "name one that does")
    }
    session.redactor.learn(text)
    guard let member = request.member else { return text }
    guard let found = (try? JSONValue(parsing: Array(text.utf8)))?[member]?.string else {
      throw StepFailure(
        .data, "the secret \(secret) has no member \(member) that is a text", advice: "name another with #")
    }
    return found
  }
}
