import CLibGit2

/// Why something could not be read from, or written to, a git repository.
public struct GitError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What kind of failure it is: it decides the exit code and the advice.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// There is no repository at or above the folder.
    case noRepository
    /// Another user owns the folder and no `safe.directory` names it.
    case ownedByAnotherUser
    /// The repository uses a format or an extension that cannot be read here (SHA-256, reftable).
    case unsupportedRepository
    /// No object or reference has that name.
    case unknownRevision
    /// An abbreviated id fits several objects.
    case ambiguousRevision
    /// History names the object, but this clone does not have it: shallow.
    case beyondShallow
    /// History names the object, but this clone did not fetch it: partial.
    case notFetched
    /// History names the object, and this clone, which should be whole, does not have it.
    case missingObject
    /// The object database is damaged.
    case damaged
    /// Neither the configuration nor the environment say who commits.
    case noIdentity
    /// A reference is there already, or was moved by somebody else meanwhile.
    case referenceExists
    /// A file or folder of the repository cannot be read or written.
    case files
    /// There is no remote of that name, or no repository at its address.
    case unknownRemote
    /// The remote could not be reached, or broke off.
    case unreachable
    /// The remote does not know the login, or the login may not do this.
    case unauthorized
    /// The remote's certificate or host key is not one that is trusted.
    case untrustedRemote
    /// The remote has what is not here: somebody else pushed first.
    case notFastForward
    /// The remote did not take a reference, for a reason of its own.
    case rejected
    /// Anything else that libgit2 reported.
    case other
  }

  /// What kind of failure it is.
  public let kind: Kind
  /// The call that failed, as its C name.
  public let call: String
  /// libgit2's code; 0 where the failure is not libgit2's.
  public let code: Int32
  /// What was tried, on what, and libgit2's own words.
  public let message: String
  /// What to do next; empty where nothing is known to help.
  public let advice: String
  /// The object that is not there, where the failure is about one.
  public let object: ObjectId?

  /// An error of `kind`; `call` names what failed.
  public init(
    _ kind: Kind, call: String, code: Int32 = 0, _ message: String, advice: String = "",
    object: ObjectId? = nil
  ) {
    self.kind = kind
    self.call = call
    self.code = code
    self.message = message
    self.advice = advice
    self.object = object
  }

  public var description: String { advice.isEmpty ? message : "\(message); \(advice)" }

  /// libgit2's last words; kept per thread, so read before anything can suspend.
  static func lastMessage() -> String {
    guard let error = git_error_last(), let text = error.pointee.message else { return "" }
    return String(cString: text)
  }

  /// Throws unless `code` is zero or more.
  ///
  /// - Parameter what: what was tried, on what: "read the tree of HEAD".
  static func check(
    _ code: Int32, _ call: StaticString, _ what: @autoclosure () -> String, missing: Kind = .other,
    advice: @autoclosure () -> String = ""
  ) throws(GitError) {
    guard code < 0 else { return }
    let words = lastMessage()
    let kind: Kind =
      switch code {
      case GIT_EOWNER.rawValue: .ownedByAnotherUser
      case GIT_EAMBIGUOUS.rawValue: .ambiguousRevision
      case GIT_EEXISTS.rawValue, GIT_EMODIFIED.rawValue, GIT_ELOCKED.rawValue: .referenceExists
      case GIT_ENOTFOUND.rawValue: missing
      default: .other
      }
    throw GitError(
      kind, call: "\(call)", code: code,
      "cannot \(what()): \(words.isEmpty ? "\(call) failed with code \(code)" : words)", advice: advice())
  }
}
