import Redaction
import Reporting
import Synchronization
import SystemInterfaces

/// Writes what a redactor has gone over, and nothing that a CI system takes for a command.
final class RedactingTerminal: Terminal {
  private let base: any Terminal
  private let redactor: Redactor
  private let random: Randomness?
  /// What takes commands up again, while GitHub's runner obeys none.
  private let token = Mutex<String?>(nil)

  init(base: any Terminal, redactor: Redactor, random: Randomness? = nil) {
    self.base = base
    self.redactor = redactor
    self.random = random
  }

  func write(_ text: String, to stream: OutputStream) {
    base.write(OutsideText.withoutLogCommands(redactor.redact(text)), to: stream)
  }

  /// Writes commands of our own.
  func writeCommands(_ text: String, to stream: OutputStream) {
    base.write(redactor.redact(text), to: stream)
  }

  /// Asks GitHub's runner to obey no command in what follows: a second guard behind the first.
  func stopCommands(isGitHub: Bool) {
    guard isGitHub, let word = random?.hex(32) else { return }
    token.withLock { $0 = word }
    base.write("::stop-commands::\(word)\n", to: .standardError)
  }

  /// Lets it obey again; once.
  func resumeCommands() {
    let word = token.withLock { token in
      defer { token = nil }
      return token
    }
    if let word { base.write("::\(word)::\n", to: .standardError) }
  }

  func isInteractive(_ stream: OutputStream) -> Bool { base.isInteractive(stream) }
  var columns: Int? { base.columns }
  func readAnswer() -> String? { base.readAnswer() }
  var lostOutput: FileError? { base.lostOutput }
}
