import AWSClients
import CommandArguments
import DatabaseAccess
import DeploymentConfig
import DeploymentRecords
import GitHistory
import HTTPTransport
import JSONValues
import StepResults
import SystemInterfaces

/// The one place where an error is given its exit code.
extension StepFailure {
  /// Any error as a failure that says what to do.
  public init(describing error: any Error) {
    switch error {
    case let error as StepFailure: self = error
    case let error as ConfigError: self.init(.data, error.description)
    case let error as RecordError: self.init(.data, error.description)
    case let error as FileError where error.isDistrust:
      self.init(.refused, error.description, advice: "remove it, or name another place with --records")
    case let error as FileError where error.isOfAnotherType && error.operation == "write":
      self.init(.refused, error.description)
    case let error as FileError:
      // A full disk or a folder without permission is no defect of ours, and nothing that a file's content explains.
      let isMissing = error.isNotFound && error.operation == "read"
      self.init(
        isMissing ? .data : .unavailable, error.description,
        advice: isMissing ? "" : "make room or set the permissions, and run the step again")
    case let error as GitError:
      self.init(StepFailure.exitCode(of: error.kind), error.message, advice: error.advice)
    case let error as AWSError:
      self.init(StepFailure.status(of: error), error.description, advice: error.advice)
    case let error as PsqlError:
      self.init(StepFailure.exitCode(of: error.kind), error.message, advice: error.advice)
    case let error as CredentialsError: self.init(.refused, error.description, advice: error.advice)
    case let error as RoleError: self.init(.refused, error.description, advice: error.advice)
    case let error as TransferError: self.init(.unavailable, error.description)
    case let error as JSONSyntaxError: self.init(.data, error.description)
    case let error as ArgumentError: self.init(.usage, error.description)
    case is CancellationError: self.init(.interrupted, "interrupted")
    default:
      self.init(
        .software, "unexpected: \(error)",
        advice: "this is a defect of backstop: please report it with the command line and this message")
    }
  }

  /// What a failure of psql means for the step; an error in the SQL that it ran is for the step itself to judge.
  private static func exitCode(of kind: PsqlError.Kind) -> ExitStatus {
    switch kind {
    case .badAddress, .badSQL, .failed: .data
    case .missing, .unreachable, .timedOut, .locked, .other: .unavailable
    case .refused: .refused
    case .cancelled: .interrupted
    }
  }

  /// What a git failure means for the step: history that is not here can be fetched (69), a repository that git does
  /// not trust is a safety rule (77), a name that is not there is wrong input (65).
  private static func exitCode(of kind: GitError.Kind) -> ExitStatus {
    switch kind {
    case .beyondShallow, .notFetched, .missingObject, .files, .unreachable: .unavailable
    case .ownedByAnotherUser, .noIdentity, .unauthorized, .untrustedRemote, .rejected: .refused
    case .noRepository, .unsupportedRepository, .unknownRevision, .ambiguousRevision, .damaged,
      .unknownRemote:
      .data
    case .referenceExists, .notFastForward: .busy
    case .other: .software
    }
  }

  /// Exit 77 where credentials are what is wrong; an answer that forbids the call is no lack of AWS.
  private static func status(of error: AWSError) -> ExitStatus {
    switch error.kind {
    case .credentialsMissing, .credentialsExpired, .credentialsInvalid, .accessDenied: .refused
    case .conflict: .busy
    case .quotaExceeded: .stop
    case .notFound: .data
    case .throttled, .transient, .unreachable, .replyLost, .badAnswer, .noUpdates, .other: .unavailable
    }
  }
}
