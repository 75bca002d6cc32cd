import CGlibcShims
import CurlTransport
import DeploymentRecords
import GitHistory
import Glibc
import HTTPTransport
import Redaction
import StepResults
import SystemInterfaces

extension StepContext {
  /// The dependencies of a real run, with one transport for all of it.
  public static func live() -> StepContext {
    let environment = Environment.ofProcess()
    let transport = CurlTransport(environment: environment)
    var context = StepContext(
      environment: environment, clock: SystemClock(), files: LocalFileSystem(), terminal: ProcessTerminal(),
      random: Randomness(), makeTransport: { _ in transport },
      openRepository: { try GitRepository(at: $0, environment: $1) },
      workingDirectory: currentFolder(), processId: getpid())
    context.mail = CurlMail()
    return context
  }

  private static func currentFolder() -> String {
    guard let path = getcwd(nil, 0) else { return "/" }
    defer { free(path) }
    return String(cString: path)
  }
}

extension StepMain {
  /// The `main` of an executable: real dependencies, signals, exit.
  ///
  /// On the main actor: it begins before there is another thread, whose first allocation would make a second heap.
  @MainActor public static func main() async {
    ProcessTerminal.secureStreams()
    if let lack = MachineNeeds.lack() {
      ProcessTerminal().write("\(Command.Part.step.rawValue): \(lack)\n", to: .standardError)
      _exit(lack.status.rawValue)
    }
    // Threads mostly take turns here: heaps of their own would only grow in small steps, each a call of the system.
    shim_use_one_heap()
    if Command.sendsRequests { CurlTransport.warmUp() }
    let context = StepContext.live()
    let executor = Command.sendsRequests ? context.makeTransport(context.environment).executors.first : nil
    let interruption = Interruption()
    interruption.listen()
    // All of it on the thread that sends, where there is one: others would have to be started first.
    await withTaskExecutorPreference(executor) {
      var retained: (any Sendable)?
      let status = await run(
        arguments: Array(CommandLine.arguments.dropFirst()), context: context, interruption: interruption,
        leaving: &retained)
      // All output is written. What libraries do at `exit` would run under the threads that still use them.
      withExtendedLifetime(retained) { _exit(status) }
    }
  }
}
