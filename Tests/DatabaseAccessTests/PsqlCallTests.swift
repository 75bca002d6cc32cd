import DatabaseAccess
import Synchronization
import SystemInterfaces
import Testing

/// Answers as told, and keeps what it was asked.
final class ScriptedProcess: ProcessRunner {
  private let outcome: ProcessOutcome
  private let requests = Mutex<[ProcessRequest]>([])
  init(_ outcome: ProcessOutcome) { self.outcome = outcome }
  var asked: [ProcessRequest] { requests.withLock { $0 } }

  func run(_ request: ProcessRequest) async -> ProcessOutcome {
    requests.withLock { $0.append(request) }
    return outcome
  }
}

@Suite struct PsqlCallTests {
  func failure(_ outcome: ProcessOutcome) async throws -> PsqlError? {
    let psql = Psql(
      try DatabaseAddress(url: "postgres://u:secret-word@db/app", source: "DATABASE_URL"),
      environment: Environment(), processes: ScriptedProcess(outcome), redact: { $0 })
    return await #expect(throws: PsqlError.self) { _ = try await psql.query("SELECT 1") }
  }

  /// What the server is given, statement by statement, out of what psql reads.
  func rows(_ request: ProcessRequest) throws -> [String] {
    let line = String(decoding: request.input, as: UTF8.self)
    let start = try #require(line.firstRange(of: "'{")).upperBound
    let digits = line[start...].prefix { $0 != "}" }
    return digits.split(separator: ",").map { row in
      let pairs = Array(row.utf8)
      return String(
        decoding: stride(from: 0, to: pairs.count, by: 2).compactMap {
          UInt8(String(decoding: pairs[$0...$0 + 1], as: UTF8.self), radix: 16)
        }, as: UTF8.self)
    }
  }

  @Test func `neither SQL nor password stands on the command line, and psql reads digits alone`() async throws
  {
    let processes = ScriptedProcess(.ended(status: 0, output: Array("n\n1\n".utf8), errors: []))
    let psql = Psql(
      try DatabaseAddress(url: "postgres://u:secret-word@db/app", source: "DATABASE_URL"),
      environment: Environment(["PGPASSWORD": "another", "PATH": "/bin"]), processes: processes,
      redact: { $0 })
    #expect(try await psql.query("SELECT 1 AS n, ':x', '\\! id'").rows == [["1"]])
    let request = try #require(processes.asked.first)
    #expect(!request.arguments.joined(separator: " ").contains("secret-word"))
    #expect(!request.arguments.joined(separator: " ").contains("SELECT"))
    #expect(request.environment["PGPASSWORD"] == "secret-word")
    #expect(request.environment["PATH"] == "/bin")
    #expect(request.arguments.contains("--no-psqlrc"))
    let read = String(decoding: request.input, as: UTF8.self)
    #expect(read.filter { $0 == "\\" }.count == 1 && read.hasSuffix(" \\gexec\n"))
    #expect(!read.replacing("::pg_catalog.text[]", with: "").contains(":"))
    #expect(
      try rows(request) == [
        "BEGIN TRANSACTION READ ONLY", "SET LOCAL statement_timeout = 30000",
        "SET LOCAL standard_conforming_strings = on",
        "SELECT 1 AS n, ':x', '\\! id'\n--backstop 0", "ROLLBACK",
      ])
  }

  @Test func `psql gets an environment of its own`() async throws {
    let processes = ScriptedProcess(.ended(status: 0, output: Array("n\n1\n".utf8), errors: []))
    let variables = [
      "PATH": "/bin", "HOME": "/home/u", "AWS_SECRET_ACCESS_KEY": "a", "AWS_SESSION_TOKEN": "b",
      "GITHUB_TOKEN": "c", "CI_JOB_TOKEN": "d", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "e", "GIT_ASKPASS": "f",
      "PSQLRC": "/tmp/rc", "PSQL_EDITOR": "vi", "PAGER": "less", "SHELL": "/bin/sh", "LD_PRELOAD": "x.so",
      "PG_COLOR": "always", "PGOPTIONS": "-c standard_conforming_strings=off", "PGHOST": "h",
      "KRB5CCNAME": "/tmp/cc", "BACKSTOP_RECORDS": "r",
    ]
    let psql = Psql(nil, environment: Environment(variables), processes: processes, redact: { $0 })
    _ = try await psql.query("SELECT 1")
    let request = try #require(processes.asked.first)
    #expect(
      Set(request.environment.variables.keys) == [
        "PATH", "HOME", "PGHOST", "PGOPTIONS", "KRB5CCNAME", "PGCONNECT_TIMEOUT", "PGAPPNAME", "LC_ALL",
        "PGCLIENTENCODING",
      ])
    #expect(
      request.environment["PGOPTIONS"]
        == "-c standard_conforming_strings=off -c standard_conforming_strings=on")
  }

  @Test func `without psql it is said what to install`() async throws {
    let error = try await failure(.notFound)
    #expect(error?.kind == .missing)
    #expect(error?.advice.contains("apt-get install postgresql-client") == true)
  }

  @Test func `what goes wrong around psql has a kind each`() async throws {
    #expect(try await failure(.timedOut)?.kind == .timedOut)
    #expect(try await failure(.cancelled)?.kind == .cancelled)
    #expect(try await failure(.wroteTooMuch)?.message.contains("16 MiB") == true)
    #expect(try await failure(.notStarted("no memory"))?.message.contains("no memory") == true)
    let killed = try await failure(.ended(status: 137, output: [], errors: []))
    #expect(killed?.message.contains("psql ended with 137") == true)
  }

  @Test func `a server that speaks another language is understood by its codes`() async throws {
    let german = """
      psql:<stdin>:1: HINWEIS:  00000: nur so
      psql:<stdin>:1: FEHLER:  42P01: Relation »x« existiert nicht
      LINE 1: SELECT * FROM x
                            ^
      HINT:  Anlegen.
      LOCATION:  parserOpenTable, parse_relation.c:1449
      psql:<stdin>:1: STATEMENT:  SELECT * FROM x
      ERROR:  00000: nothing of the statement is a message
      --backstop 0
      """
    let error = try await failure(.ended(status: 3, output: [], errors: Array(german.utf8)))
    #expect(error?.sqlState == "42P01")
    #expect(
      error?.message
        == "the query:1: Relation »x« existiert nicht, at: SELECT * FROM x (Anlegen.) (42P01)")
  }
}
