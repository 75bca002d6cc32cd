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
  private let width: Int

  /// - Parameters:
  ///   - width: in columns, where somebody is there to see it.
  ///   - answers: what a person types, line by line; with none, nobody is there.
  public init(interactive: Bool = false, width: Int = 80, answers: [String] = []) {
    self.interactive = interactive
    self.width = width
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
  public var columns: Int? { interactive ? width : nil }
  public func readAnswer() -> String? {
    state.withLock { $0.answers.isEmpty ? nil : $0.answers.removeFirst() }
  }
}
