import JSONValues
import SystemInterfaces

/// `credential_process`: a command whose standard output is a JSON document with credentials.
enum ProcessSource {
  static let timeout: Duration = .seconds(60)

  static func find(
    _ command: String, source: String, _ context: CredentialsContext
  ) async throws -> CredentialsOutcome {
    let name = "\(source), credential_process"
    func failure(_ reason: String) -> CredentialsOutcome {
      .failed(.init(name, reason, wasConfigured: true))
    }
    // The shared files hold a line for the shell. What it says on standard error is for a person: they may have to log in.
    let request = ProcessRequest(
      "/bin/sh", ["-c", command], environment: context.environment, timeout: timeout, sharesErrors: true)
    switch await context.processes.run(request) {
    case .notFound: return failure("could not be started: there is no /bin/sh")
    case .notStarted(let reason): return failure("could not be started: \(reason)")
    case .wroteTooMuch: return failure("wrote more than \(request.maximumOutput) bytes")
    case .timedOut: return failure("gave no answer within \(counted(Int(timeout.inSeconds), "second"))")
    case .cancelled: throw CancellationError()
    case .ended(let status, let output, _):
      guard status == 0 else { return failure("ended with status \(status)") }
      guard let json = try? JSONValue(parsing: output) else { return failure("did not answer in JSON") }
      guard json.int("Version") == 1 else { return failure("answered without \"Version\": 1") }
      guard let found = CredentialsDocument.read(output, source: name) else {
        return failure("answered without AccessKeyId and SecretAccessKey")
      }
      return .found(found)
    }
  }
}
