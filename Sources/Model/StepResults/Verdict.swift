/// What a step says in the end.
public enum Verdict: String, Codable, Hashable, Sendable {
  /// The step ran, and the answer is yes.
  case go
  /// The step ran, and the answer is no.
  case stop
  /// The step ran, and the evidence does not suffice to say.
  case inconclusive
}

/// The five steps, by the names of their executables.
public enum Step: String, Codable, Hashable, Sendable, CaseIterable {
  /// Records what is good before a deployment, and proves that it can be put back.
  case preflightSnapshot = "preflight-snapshot"
  /// Judges before a merge whether a change can be undone.
  case diffGate = "diff-gate"
  /// Checks right after a deployment whether it works.
  case smokeTest = "smoke-test"
  /// Watches for thirty minutes whether the numbers stay.
  case watch30m = "watch-30m"
  /// Puts the recorded state back.
  case autoRevert = "auto-revert"
}

/// The exit codes of every step, named in one place.
public enum ExitStatus: Int32, Hashable, Sendable, CaseIterable {
  /// The answer is yes.
  case go = 0
  /// The answer is no.
  case stop = 1
  /// The evidence does not suffice.
  case inconclusive = 3
  /// The command line is wrong.
  case usage = 64
  /// A file that was named or is needed is missing or malformed.
  case data = 65
  /// AWS's control plane, a git remote or the local network could not be reached, after retries.
  case unavailable = 69
  /// A defect of ours.
  case software = 70
  /// Another run holds the lock of this environment.
  case busy = 75
  /// Credentials, a confirmation or a safety rule forbid it.
  case refused = 77
  /// SIGINT.
  case interrupted = 130
  /// SIGTERM.
  case terminated = 143

  /// The code of a verdict; `inconclusive` is mapped where a caller wants two answers.
  public init(_ verdict: Verdict, inconclusiveAs mapped: Verdict? = nil) {
    switch verdict {
    case .go: self = .go
    case .stop: self = .stop
    case .inconclusive:
      switch mapped {
      case .go: self = .go
      case .stop: self = .stop
      case .inconclusive, nil: self = .inconclusive
      }
    }
  }
}

/// A failure that ends a step, with the exit code that says of which kind.
///
/// The message says what was tried, on what and what came back; the advice says what to do next.
public struct StepFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// Which exit code the process ends with.
  public let status: ExitStatus
  /// What was tried, on what, what came back.
  public let message: String
  /// What to do next; empty where there is nothing to say.
  public let advice: String

  /// A failure; `advice` may be left out.
  public init(_ status: ExitStatus, _ message: String, advice: String = "") {
    self.status = status
    self.message = message
    self.advice = advice
  }

  /// The message, and the advice on a line of its own.
  public var description: String { advice.isEmpty ? message : "\(message)\n  \(advice)" }
}
