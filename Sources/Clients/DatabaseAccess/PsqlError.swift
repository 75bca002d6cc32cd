/// Why psql did not do what it was asked.
public struct PsqlError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds, told apart where one does something else about them.
  public enum Kind: String, Hashable, Sendable {
    /// The address cannot be read.
    case badAddress
    /// The SQL holds what is not run: psql's own commands, several statements in a probe.
    case badSQL
    /// There is no psql on this machine.
    case missing
    /// The database did not answer.
    case unreachable
    /// It answered, and refused the user, the password or the database.
    case refused
    /// The SQL ran into an error; all of it was undone where it ran in one transaction.
    case failed
    /// Another session held a lock for longer than the script may wait, or waited for the script in turn.
    case locked
    /// It took longer than allowed.
    case timedOut
    /// The run was interrupted.
    case cancelled
    /// Anything else that psql cannot do.
    case other
  }
  /// What kind it was.
  public var kind: Kind
  /// What was tried, on what, and what came back; redacted.
  public var message: String
  /// The line of the SQL, counted from 1, where the server or psql names it.
  public var line: Int?
  /// PostgreSQL's five-letter code, such as `42P01`.
  public var sqlState: String?
  /// What to do next.
  public var advice: String
  /// Whether the first statement failed, so that nothing was done before.
  public var isOfFirstStatement = false

  /// An error.
  public init(
    _ kind: Kind, _ message: String, line: Int? = nil, sqlState: String? = nil, advice: String = ""
  ) {
    self.kind = kind
    self.message = message
    self.line = line
    self.sqlState = sqlState
    self.advice = advice
  }

  public var description: String { message }
}
