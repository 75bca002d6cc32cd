import Synchronization
import SystemInterfaces

/// What a person sees while a step works: one live line on a terminal, sparse lines in a log.
public final class Progress: Sendable {
  /// How much is said.
  public enum Level: Int, Hashable, Sendable, Comparable {
    case quiet, normal, verbose
    /// Quiet before normal before verbose.
    public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
  }

  private struct State {
    var liveWidth = 0
    var lastLogged: Timestamp?
    var lastText = ""
  }

  private let state = Mutex(State())
  private let terminal: any Terminal
  private let clock: any WallClock
  private let level: Level
  private let isLive: Bool
  private let logInterval: Duration

  /// - Parameter logInterval: in a log, `update` writes at most this often.
  public init(
    terminal: any Terminal, clock: any WallClock, level: Level, logInterval: Duration = .seconds(30)
  ) {
    self.terminal = terminal
    self.clock = clock
    self.level = level
    isLive = terminal.isInteractive(.standardError)
    self.logInterval = logInterval
  }

  /// Whether a person asked to be told more.
  public var isVerbose: Bool { level == .verbose }

  /// Shows what is being done now; on a terminal it replaces the line before, in a log most are passed over.
  public func update(_ text: @autoclosure () -> String) {
    guard level > .quiet else { return }
    let now = clock.now
    state.withLock { state in
      if isLive {
        let text = text()
        let width = max(1, (terminal.columns ?? 80) - 1)
        let shown = String(text.printable.map { $0.isNewline || $0 == "\t" ? " " : $0 }).prefix(
          columns: width)
        terminal.write("\r\(shown)\u{1B}[K", to: .standardError)
        state.liveWidth = shown.count
      } else if state.lastLogged.map({ now - $0 >= logInterval }) ?? true, case let text = text(),
        text != state.lastText
      {
        terminal.write("\(text.printable)\n", to: .standardError)
        state.lastLogged = now
        state.lastText = text
      }
    }
  }

  /// A line that stays, in logs too.
  public func say(_ text: @autoclosure () -> String) {
    guard level > .quiet else { return }
    line(text())
  }

  /// A line that stays, for those who asked for more.
  public func detail(_ text: @autoclosure () -> String) {
    guard level == .verbose else { return }
    line(text())
  }

  /// A line that stays, however quiet: a warning that nobody may miss.
  public func warn(_ text: String) { line("warning: \(text)") }

  /// Takes the live line away.
  public func finish() {
    state.withLock { state in
      guard state.liveWidth > 0 else { return }
      terminal.write("\r\u{1B}[K", to: .standardError)
      state.liveWidth = 0
    }
  }

  private func line(_ text: String) {
    let text = text.printable
    state.withLock { state in
      terminal.write(state.liveWidth > 0 ? "\r\u{1B}[K\(text)\n" : "\(text)\n", to: .standardError)
      state.liveWidth = 0
    }
  }
}
