import HTTPTransport
import JSONValues
import SmokeTest
import StepResults
import StepRuntime
import SystemInterfaces
import TestSupport

/// Runs the step in this process, in a folder of its own, against a script of answers.
struct StepBench {
  let folder = TemporaryFolder()
  var environment: [String: String] = [:]
  var answer: @Sendable (HTTPRequest) throws -> HTTPResponse = { _ in
    HTTPResponse(status: 200, body: Array(#"{"status":"ok"}"#.utf8))
  }

  struct Result {
    var status: Int32
    var output: String
    var error: String
    var requests: [HTTPRequest]

    /// Standard output as the record.
    func record() throws -> JSONValue { try JSONValue(parsing: output) }
  }

  static let config = """
    ENVIRONMENT=prod
    API_ENDPOINT=http://app.example/prod/
    API_KEY=AbCdEf0123456789

    """

  func write(_ text: String, to name: String) throws {
    let path = folder(name)
    if let slash = path.lastIndex(of: "/") {
      try LocalFileSystem().createFolder(String(path[..<slash]), mode: 0o755)
    }
    try LocalFileSystem().writeAtomically(Array(text.utf8), to: path, mode: 0o644)
  }

  func run(_ arguments: String...) async -> Result {
    let terminal = CapturingTerminal()
    let transport = ScriptedTransport(answer)
    let status = await StepMain<SmokeTestCommand>.run(
      arguments: arguments,
      context: StepContext(
        environment: Environment(environment), clock: ManualClock(), files: LocalFileSystem(),
        terminal: terminal,
        random: Randomness(), makeTransport: { _ in transport },
        openRepository: { folder, _ in throw StepFailure(.software, "no repository in \(folder)") },
        workingDirectory: folder.path, processId: 1))
    return Result(
      status: status, output: terminal.output, error: terminal.error, requests: transport.requests)
  }
}
