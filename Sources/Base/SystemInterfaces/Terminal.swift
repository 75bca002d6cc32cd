import Glibc
import Synchronization

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
  /// Why something that was written to standard output did not arrive; nil where all did.
  var lostOutput: FileError? { get }
}

extension Terminal {
  /// All arrived.
  public var lostOutput: FileError? { nil }
}

/// The streams of this process.
public struct ProcessTerminal: Terminal {
  /// What the last failed write to standard output left.
  private final class Loss: Sendable { let error = Mutex<FileError?>(nil) }
  private let loss = Loss()

  /// The streams of this process.
  public init() {}

  public var lostOutput: FileError? { loss.error.withLock { $0 } }

  /// Opens standard streams that were closed before this process began, so that no file or connection takes their place:
  /// what is written to them would end up in it.
  public static func secureStreams() {
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO]
    where fcntl(descriptor, F_GETFD) == -1 && errno == EBADF {
      // For reading alone: writing fails, and is told.
      _ = open("/dev/null", O_RDONLY)
    }
  }

  public func write(_ text: String, to stream: OutputStream) {
    let descriptor = stream == .standardOutput ? STDOUT_FILENO : STDERR_FILENO
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        // A closed pipe on standard error leaves nobody to tell.
        if stream == .standardOutput {
          let error = FileError(operation: "write", path: "standard output", code: errno)
          loss.error.withLock { $0 = error }
        }
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
