import Foundation

/// One at a time: Foundation learns of a program's end by a socket that it opens for it, and a program that is started by another
/// thread at that moment would inherit the socket and hold the end back for as long as it runs itself.
private let starting = NSLock()

extension Process {
  /// Starts the program, beside no other's start.
  public func begin() throws { try starting.withLock { try run() } }
}
