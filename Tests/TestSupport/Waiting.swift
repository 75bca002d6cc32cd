import Foundation

/// What a test waited for, and in vain.
public struct WaitedInVain: Error, CustomStringConvertible {
  /// What did not come to pass, and for how long.
  public let description: String

  init(_ what: String, _ seconds: Double) { description = "\(what): not within \(Int(seconds)) s" }
}

private let pause: Duration = .milliseconds(20)

/// Blocks the thread and asks again and again until the condition holds; for suites that are `.blocking`.
/// - Parameter what: what is waited for, for the error.
/// - Throws: `WaitedInVain`, and what the condition throws.
public func waitUntil(_ what: String, seconds: Double = 60, _ condition: () throws -> Bool) throws {
  let deadline = ContinuousClock().now + .seconds(seconds)
  while try !condition() {
    guard ContinuousClock().now < deadline else { throw WaitedInVain(what, seconds) }
    Thread.sleep(forTimeInterval: pause / .seconds(1))
  }
}

/// Asks again and again until the condition holds.
/// - Parameter what: what is waited for, for the error.
/// - Throws: `WaitedInVain`, and what the condition throws.
public func waitUntil(_ what: String, seconds: Double = 60, _ condition: () async throws -> Bool) async throws
{
  let deadline = ContinuousClock().now + .seconds(seconds)
  while try await !condition() {
    guard ContinuousClock().now < deadline else { throw WaitedInVain(what, seconds) }
    try await Task.sleep(for: pause)
  }
}
