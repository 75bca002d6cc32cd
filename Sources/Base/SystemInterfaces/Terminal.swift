import Glibc

/// One of the two streams that a step writes to.
public enum OutputStream: Hashable, Sendable {
  /// The result alone.
  case standardOutput
  /// Progress, logs and prompts.
  case standardError
}

/// Where a step's text goes and where a person's answers come from.
public protocol Terminal: Sendable {
  /// Writes `text` as it is, whole.
  func write(_ text: String, to stream: OutputStream)
  /// Whether a person sees this stream.
  func isInteractive(_ stream: OutputStream) -> Bool
  /// The width of standard error in columns, or nil where it is no terminal.
  var columns: Int? { get }
  /// A line that a person types, without its end; nil where standard input is no terminal or has ended.
  func readAnswer() -> String?
}

/// The streams of this process.
public struct ProcessTerminal: Terminal {
  /// The streams of this process.
  public init() {}

  public func write(_ text: String, to stream: OutputStream) {
    let descriptor = stream == .standardOutput ? STDOUT_FILENO : STDERR_FILENO
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        // A closed pipe leaves nobody to tell.
        return
      }
      bytes = bytes.dropFirst(count)
    }
  }

  public func isInteractive(_ stream: OutputStream) -> Bool {
    isatty(stream == .standardOutput ? STDOUT_FILENO : STDERR_FILENO) == 1
  }

  public var columns: Int? {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  public func readAnswer() -> String? {
    guard isatty(STDIN_FILENO) == 1 else { return nil }
    return readLine(strippingNewline: true)
  }
}
