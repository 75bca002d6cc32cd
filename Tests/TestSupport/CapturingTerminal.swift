import Synchronization
import SystemInterfaces

/// Keeps what a step writes; answers prompts from a list.
public final class CapturingTerminal: Terminal {
  private struct State {
    var output = ""
    var error = ""
    var answers: [String]
  }
  private let state: Mutex<State>
  private let interactive: Bool

  /// - Parameter answers: what a person types, line by line; with none, nobody is there.
  public init(interactive: Bool = false, answers: [String] = []) {
    self.interactive = interactive
    state = Mutex(State(answers: answers))
  }

  /// What went to standard output.
  public var output: String { state.withLock { $0.output } }
  /// What went to standard error.
  public var error: String { state.withLock { $0.error } }

  public func write(_ text: String, to stream: OutputStream) {
    state.withLock { state in
      if stream == .standardOutput { state.output += text } else { state.error += text }
    }
  }
  public func isInteractive(_ stream: OutputStream) -> Bool { interactive }
  public var columns: Int? { interactive ? 80 : nil }
  public func readAnswer() -> String? {
    state.withLock { $0.answers.isEmpty ? nil : $0.answers.removeFirst() }
  }
}
