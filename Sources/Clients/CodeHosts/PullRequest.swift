import JSONValues

/// A pull request as it is to be.
public struct PullRequestDraft: Hashable, Sendable {
  /// The branch with the commits, and the one that they are to go into.
  public var branch: String, base: String
  /// One line, and Markdown.
  public var title: String, text: String

  /// A draft.
  public init(branch: String, base: String, title: String, text: String) {
    self.branch = branch
    self.base = base
    self.title = title
    self.text = text
  }
}

/// A pull request that is open on a host.
public struct PullRequest: Hashable, Sendable {
  /// Its number, as the host counts.
  public var number: Int
  /// Its page.
  public var url: String
  /// Its text as it stands there.
  public var title: String, text: String
  /// The branches; a list may hold others than were asked for.
  var branch: String, base: String
  /// Members that an update has to repeat, as some hosts take what is left out for taken away.
  var repeated = JSONObject()
}

/// What came of the wish for a pull request.
public struct OpenedPullRequest: Hashable, Sendable {
  /// What was done.
  public enum Change: String, Hashable, Sendable { case opened, updated, unchanged }
  /// What was done.
  public var change: Change
  /// As it stands there now.
  public var request: PullRequest
}

/// Why a host's API did not do what it was asked for.
public struct CodeHostError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What kind of failure it is: it decides the exit code.
  public enum Kind: String, Hashable, Sendable {
    /// There is nothing to log in with, or it is not taken, or it may not do this.
    case unauthorized
    /// The host has had enough of this login for now.
    case rateLimited
    /// No answer, or one that says that the host is out of order.
    case unreachable
    /// It does not know the repository, or does not show it.
    case notFound
    /// It does not take the request, for a reason of its own.
    case refused
  }
  /// What kind of failure it is.
  public var kind: Kind
  /// What was tried, on what, what came back.
  public var message: String
  /// What to do next.
  public var advice: String

  public var description: String { advice.isEmpty ? message : "\(message); \(advice)" }
}
