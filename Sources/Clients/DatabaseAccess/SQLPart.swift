/// SQL, and what messages call it.
public struct SQLPart: Hashable, Sendable {
  /// Such as the file's path.
  public var name: String
  /// One or more statements.
  public var sql: String

  /// A script and its name.
  public init(_ name: String, _ sql: String) {
    self.name = name
    self.sql = sql
  }
}

/// How long SQL may take.
public struct SQLLimits: Hashable, Sendable {
  /// How long one statement may wait for a lock, during which everyone after it waits as well; nil leaves the server's own
  /// limit.
  public var lock: Duration?
  /// How long one statement may run.
  public var statement: Duration
  /// How long all of it may take, connecting included; nil gives one statement's time and what connecting takes.
  public var total: Duration?

  /// Limits.
  public init(lock: Duration? = nil, statement: Duration, total: Duration? = nil) {
    self.lock = lock
    self.statement = statement
    self.total = total
  }
}

/// Where a statement stands.
struct SQLPlace: Hashable {
  var name: String, line: Int
}
