import Foundation
import SystemInterfaces
import TestSupport
import Testing

@Suite struct LocalProcessRunnerTests {
  let runner = LocalProcessRunner()
  let variables = Environment(["PATH": "/nowhere:/usr/bin:/bin", "GREETING": "hello"])

  func shell(_ line: String, input: String = "", timeout: Duration = .seconds(60), limit: Int = 1 << 20)
    async -> ProcessOutcome
  {
    await runner.run(
      ProcessRequest(
        "sh", ["-c", line], environment: variables, input: Array(input.utf8), timeout: timeout,
        maximumOutput: limit))
  }

  @Test func `output, errors and status are told apart`() async {
    let outcome = await shell("echo out; echo err >&2; exit 3")
    #expect(outcome == .ended(status: 3, output: Array("out\n".utf8), errors: Array("err\n".utf8)))
  }

  @Test func `it gets the variables that are handed in and no others`() async {
    let outcome = await runner.run(ProcessRequest("env", environment: variables))
    guard case .ended(0, let output, _) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    let lines = String(decoding: output, as: UTF8.self).split(separator: "\n").sorted()
    #expect(lines == ["GREETING=hello", "PATH=/nowhere:/usr/bin:/bin"])
  }

  @Test func `what is open here is not open there`() async {
    let pipe = Pipe()
    let end = pipe.fileHandleForWriting.fileDescriptor
    _ = fcntl(end, F_SETFD, 0)
    let outcome = await shell("test ! -e /proc/self/fd/\(end)")
    #expect(outcome == .ended(status: 0, output: [], errors: []))
    #expect(fcntl(end, F_GETFD) == 0, "and stays as it is here, for programs that others start")
    try? pipe.fileHandleForWriting.close()
  }

  @Test func `arguments reach it as they are`() async {
    let outcome = await runner.run(
      ProcessRequest("printf", ["%s|", "a b", "$(id)", "'", ""], environment: variables))
    #expect(outcome == .ended(status: 0, output: Array("a b|$(id)|'||".utf8), errors: []))
  }

  @Test func `a large input and a large output cross without a standstill`() async {
    let text = String(repeating: "0123456789abcde\n", count: 40_000)
    let outcome = await shell("cat", input: text)
    #expect(outcome == .ended(status: 0, output: Array(text.utf8), errors: []))
  }

  @Test func `one that reads nothing of its input ends as it wants`() async {
    let outcome = await shell("exit 7", input: String(repeating: "x", count: 1 << 20))
    #expect(outcome == .ended(status: 7, output: [], errors: []))
  }

  @Test func `without input there is an end at once`() async {
    #expect(await shell("cat; echo end") == .ended(status: 0, output: Array("end\n".utf8), errors: []))
  }

  @Test func `a signal shows as a shell shows it`() async {
    #expect(await shell("kill -9 $$") == .ended(status: 137, output: [], errors: []))
  }

  @Test func `one that does not end is ended, with its children`() async {
    // The children hold the output open for an hour: the test would end no sooner if they were left.
    #expect(await shell("sleep 3600 & sleep 3600", timeout: .milliseconds(200)) == .timedOut)
  }

  @Test func `one that may tidy up is asked first, and ended by force after that`() async {
    func run(_ line: String, _ timeout: Duration) async -> ProcessOutcome {
      var request = ProcessRequest("sh", ["-c", line], environment: variables, timeout: timeout)
      request.grace = .milliseconds(200)
      return await runner.run(request)
    }
    let folder = TemporaryFolder()
    let told = folder("told")
    #expect(
      await run("trap 'echo yes > \(told); exit' INT; while :; do sleep 0.01; done", .milliseconds(300))
        == .timedOut)
    #expect(FileManager.default.fileExists(atPath: told))
    #expect(await run("trap '' INT; sleep 3600", .milliseconds(100)) == .timedOut)
    // Threads that run tasks block signals; what they start does not.
    guard case .ended(0, let status, _) = await shell("grep SigBlk /proc/self/status") else {
      Issue.record("the status could not be read")
      return
    }
    #expect(String(decoding: status, as: UTF8.self).split(separator: "\t").last == "0000000000000000\n")
    let task = Task { await run("trap '' INT; sleep 3600", .seconds(3600)) }
    task.cancel()
    #expect(await task.value == .cancelled)
  }

  @Test func `one that writes without end is ended`() async {
    #expect(await shell("yes", limit: 100_000) == .wroteTooMuch)
    #expect(await shell("yes >&2", limit: 100_000) == .wroteTooMuch)
  }

  @Test func `a cancelled task ends it`() async {
    let task = Task { await shell("echo begun; sleep 3600") }
    task.cancel()
    #expect(await task.value == .cancelled)
  }

  @Test func `what is not there is said`() async {
    #expect(await runner.run(ProcessRequest("no-such-program", environment: variables)) == .notFound)
    #expect(await runner.run(ProcessRequest("/etc/passwd", environment: variables)) == .notFound)
  }
}
