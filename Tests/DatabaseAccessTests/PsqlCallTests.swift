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

  @Test func `neither SQL nor password stands on the command line`() async throws {
    let processes = ScriptedProcess(.ended(status: 0, output: Array("n\n1\n".utf8), errors: []))
    let psql = Psql(
      try DatabaseAddress(url: "postgres://u:secret-word@db/app", source: "DATABASE_URL"),
      environment: Environment(["PGPASSWORD": "another", "PATH": "/bin"]), processes: processes,
      redact: { $0 })
    #expect(try await psql.query("SELECT 1 AS n").rows == [["1"]])
    let request = try #require(processes.asked.first)
    #expect(!request.arguments.joined(separator: " ").contains("secret-word"))
    #expect(!request.arguments.joined(separator: " ").contains("SELECT"))
    #expect(request.environment["PGPASSWORD"] == "secret-word")
    #expect(request.environment["PATH"] == "/bin")
    #expect(request.arguments.contains("--no-psqlrc"))
    #expect(request.arguments.contains("--command=BEGIN TRANSACTION READ ONLY"))
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
      """
    let error = try await failure(.ended(status: 3, output: [], errors: Array(german.utf8)))
    #expect(error?.sqlState == "42P01")
    #expect(
      error?.message
        == "the query:1: Relation »x« existiert nicht, at: SELECT * FROM x (Anlegen.) (42P01)")
  }
}
