import SystemInterfaces

/// Runs SQL through psql, PostgreSQL's own client: it speaks every version's protocol, and TLS, Kerberos, service and
/// password files work as everywhere else.
///
/// SQL goes in by standard input and credentials by environment variables, so neither shows in the list of processes.
/// psql itself reads digits alone: the statements stand in hexadecimal, the server turns them back, and psql hands them
/// on as they are (`\gexec`). So nothing in them is a command, a variable or a file for psql, whatever its own lexer or
/// the server's settings would make of it.
/// Of the environment handed in, what names a database (`PG…`) counts only where no address is given.
public struct Psql: Sendable {
  /// What SQL may do.
  public enum Transaction: Hashable, Sendable {
    /// One statement that reads, in a transaction that is read-only.
    case readOnly
    /// A script, in one transaction: all of it or nothing.
    case single
    /// A script, in one transaction that is rolled back at its end, whatever came of it: it shows whether it could run.
    case trial
    /// A script with statements that no transaction allows, such as `CREATE INDEX CONCURRENTLY`: it stops at the first
    /// error, and what came before stays.
    case eachStatement
  }

  /// How long connecting may take.
  static let connectTimeout = 10
  /// How long psql may take to cancel what the server does for it, before it is ended by force.
  static let cancelTime: Duration = .seconds(3)

  private let address: DatabaseAddress?
  private let environment: Environment
  private let processes: any ProcessRunner
  private let redact: @Sendable (String) -> String

  /// A client of one database.
  /// - Parameters:
  ///   - address: nil for the one that libpq's own variables name.
  ///   - redact: takes secrets out of what psql says, before anyone sees it.
  public init(
    _ address: DatabaseAddress?, environment: Environment, processes: any ProcessRunner,
    redact: @escaping @Sendable (String) -> String
  ) {
    self.address = address
    self.environment = environment
    self.processes = processes
    self.redact = redact
  }

  /// Host, port and database, as messages name them.
  public var shown: String { address?.shown ?? "the database that PGHOST and PGDATABASE name" }

  /// The rows of one statement that reads.
  public func query(_ sql: String, timeout: Duration = .seconds(30)) async throws(PsqlError) -> ResultRows {
    let limits = SQLLimits(statement: timeout)
    return try await run([SQLPart("the query", sql)], .readOnly, name: "the query", limits).rows
  }

  /// Runs a script; what it prints is of no interest.
  /// - Parameter name: what messages call it, such as the file's path.
  /// - Returns: notices and warnings of the server, redacted.
  @discardableResult
  public func run(
    script sql: String, _ transaction: Transaction = .single, name: String, timeout: Duration = .seconds(600)
  ) async throws(PsqlError) -> [String] {
    try await run(scripts: [SQLPart(name, sql)], transaction, name: name, SQLLimits(statement: timeout))
  }

  /// Runs several scripts one after the other, in one transaction where that is asked for.
  /// - Parameter name: what messages call them all; an error of one names that one and its line.
  /// - Returns: notices and warnings of the server, redacted.
  @discardableResult
  public func run(
    scripts: [SQLPart], _ transaction: Transaction, name: String, _ limits: SQLLimits
  ) async throws(PsqlError) -> [String] {
    try await run(scripts, transaction, name: name, limits).notices
  }

  private func run(
    _ parts: [SQLPart], _ transaction: Transaction, name: String, _ limits: SQLLimits
  ) async throws(PsqlError) -> (rows: ResultRows, notices: [String]) {
    var places: [SQLPlace] = []
    var statements: [[UInt8]] = []
    for part in parts {
      let bytes = Array(part.sql.utf8)
      for statement in try check(part.sql, transaction, name: part.name) {
        places.append(SQLPlace(name: part.name, line: statement.line))
        statements.append(Array(bytes[statement.range]))
      }
    }
    var request = ProcessRequest(
      "psql", Psql.arguments, environment: variables(),
      input: PsqlScript(statements, transaction, limits).input,
      // The server's own limit ends a statement first, and says so.
      timeout: limits.total ?? limits.statement + .seconds(Psql.connectTimeout + 5),
      maximumOutput: 16 << 20)
    // psql tells the server to stop: without it the server would go on, and go on waiting for locks.
    request.grace = Psql.cancelTime
    let place = shown
    switch await processes.run(request) {
    case .notFound:
      throw PsqlError(
        .missing, "\(name): psql, PostgreSQL's client, is not on this machine",
        advice: "install it: apt-get install postgresql-client (Debian, Ubuntu), dnf install postgresql16 "
          + "(Amazon Linux, Fedora), brew install libpq (macOS)")
    case .notStarted(let reason):
      throw PsqlError(.other, "\(name): psql could not be started: \(reason)")
    case .timedOut:
      throw PsqlError(
        .timedOut, "\(name): \(place) gave no answer within \(request.timeout.inSeconds.rounded()) s",
        advice: "look for locks in pg_stat_activity and at the network path to the database")
    case .wroteTooMuch:
      throw PsqlError(
        .other, "\(name): the answer is larger than \(request.maximumOutput >> 20) MiB",
        advice: "ask for a count or an aggregate instead of the rows themselves")
    case .cancelled: throw PsqlError(.cancelled, "\(name): the run was interrupted")
    case .ended(0, let output, let errors):
      return (ResultRows(csv: output), PsqlMessages(errors).notices.map(redact))
    case .ended(let status, _, let errors):
      throw PsqlMessages(errors).error(
        status: status, name: name, place: place, transaction, places: places, redact)
    }
  }

  /// Refuses what must not reach the server.
  /// - Returns: the statements.
  private func check(
    _ sql: String, _ transaction: Transaction, name: String
  ) throws(PsqlError) -> [SQLScan.Statement] {
    let found = SQLScan.scan(sql)
    func refusal(_ line: Int, _ what: String, _ advice: String = "") -> PsqlError {
      PsqlError(.badSQL, "\(name):\(line): \(what)", line: line, advice: advice)
    }
    if let line = found.commandLine {
      throw refusal(
        line, "a backslash outside quotes is a command for psql and is not run", "write plain SQL")
    }
    if sql.utf8.contains(0) { throw PsqlError(.badSQL, "\(name): holds a zero byte") }
    if let reach = found.reaches.first {
      throw refusal(reach.line, "\(reach.words); nothing was run", "run it by hand, after a look at it")
    }
    guard let first = found.statements.first else {
      throw PsqlError(.badSQL, "\(name): there is no statement")
    }
    if let copy = found.statements.first(where: { $0.copiesFromInput(sql) }) {
      throw refusal(copy.line, "COPY … FROM STDIN brings no rows here", "write INSERT")
    }
    switch transaction {
    case .eachStatement: break
    case .readOnly:
      guard found.statements.count == 1 else {
        throw refusal(found.statements[1].line, "a second statement; one that reads is expected")
      }
      if found.hasInnerSemicolon { throw refusal(first.line, "a semicolon inside a statement that reads") }
      guard ["SELECT", "WITH", "VALUES", "TABLE", "SHOW", "EXPLAIN", ""].contains(first.word) else {
        throw refusal(first.line, "\(first.word) is not a statement that reads", "begin with SELECT or WITH")
      }
    case .single, .trial:
      let ending: Set<String> = ["BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "PREPARE"]
      if let own = found.statements.first(where: { ending.contains($0.word) }) {
        throw refusal(
          own.line, "\(own.word) would end the one transaction in which the script runs",
          "leave transactions out of the script")
      }
    }
    return found.statements
  }

  private static let arguments = [
    "--no-psqlrc", "--quiet", "--csv", "--no-password", "--pset=null=\(ResultRows.null)",
    "--set=ON_ERROR_STOP=1", "--set=VERBOSITY=verbose", "--set=SHOW_CONTEXT=never",
    // Says which statement failed: all come from one line.
    "--set=ECHO=errors", "--file=-",
  ]

  /// What psql is given: where and how to connect, and nothing else of this process's environment; it needs no
  /// credentials of AWS, of the CI system or of git, nor anything that names programs to run.
  private func variables() -> Environment {
    var variables = environment.variables.filter { name, _ in
      // PG_COLOR is for a person's terminal.
      Psql.passed.contains(name) || name.hasPrefix("KRB5")
        || name.hasPrefix("PG") && !name.hasPrefix("PG_")
    }
    if let address {
      // A service would win over the address's own variables, and a leftover PGHOSTADDR over its host.
      for name in variables.keys where name.hasPrefix("PG") && !Psql.kept.contains(name) {
        variables[name] = nil
      }
      variables.merge(address.variables) { $1 }
    }
    variables["PGCONNECT_TIMEOUT"] = variables["PGCONNECT_TIMEOUT"] ?? String(Psql.connectTimeout)
    variables["PGAPPNAME"] = "backstop"
    // The client's own words are read, so they are English.
    variables["LC_ALL"] = "C"
    variables["PGCLIENTENCODING"] = "UTF8"
    // What SQL is judged by here must be what the server reads it by.
    if let options = variables["PGOPTIONS"], !options.isEmpty {
      variables["PGOPTIONS"] = options + " -c standard_conforming_strings=on"
    }
    return Environment(variables)
  }

  /// Beside libpq's own: where programs, libraries, files of the user and certificates are.
  private static let passed: Set<String> = [
    "PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "OPENSSL_CONF",
  ]

  /// What says how to connect, not where to.
  private static let kept: Set<String> = [
    "PGPASSFILE", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY", "PGSSLMODE", "PGSYSCONFDIR", "PGCONNECT_TIMEOUT",
    "PGLOCALEDIR",
  ]
}
