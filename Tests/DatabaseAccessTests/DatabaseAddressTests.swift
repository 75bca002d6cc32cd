import DatabaseAccess
import Testing

@Suite struct DatabaseAddressTests {
  @Test(arguments: [
    (
      "postgresql://u:p@h:5433/d",
      ["PGUSER": "u", "PGPASSWORD": "p", "PGHOST": "h", "PGPORT": "5433", "PGDATABASE": "d"]
    ),
    ("postgres://h", ["PGHOST": "h"]),
    (
      "postgresql:///d?host=/var/run&sslmode=verify-full",
      ["PGHOST": "/var/run", "PGDATABASE": "d", "PGSSLMODE": "verify-full"]
    ),
    (
      "postgresql+asyncpg://u:p%40%2F@h/d?ssl=true",
      ["PGUSER": "u", "PGPASSWORD": "p@/", "PGHOST": "h", "PGDATABASE": "d", "PGSSLMODE": "require"]
    ),
    ("postgresql://u:a@b@h/d", ["PGUSER": "u", "PGPASSWORD": "a@b", "PGHOST": "h", "PGDATABASE": "d"]),
    (
      "postgresql://[2001:db8::1]:5432,h2:5433/d",
      ["PGHOST": "2001:db8::1,h2", "PGPORT": "5432,5433", "PGDATABASE": "d"]
    ),
    ("postgresql://h/d?schema=public&connection_limit=5", ["PGHOST": "h", "PGDATABASE": "d"]),
    ("postgresql://%2Frun%2Fdb/d", ["PGHOST": "/run/db", "PGDATABASE": "d"]),
  ]) func `a URL as libpq reads it`(url: String, variables: [String: String]) throws {
    #expect(try DatabaseAddress(url: url, source: "DATABASE_URL").variables == variables)
  }

  @Test(arguments: [
    ("mysql://u:p@h/d", "'mysql' is not PostgreSQL"), ("h:5432/d", "is no URL"),
    ("postgresql://u:p%4@h/d", "malformed % escape"), ("postgresql://u:p@h:http/d", "the port is no number"),
  ]) func `what cannot be read is not quoted`(url: String, reason: String) {
    let error = #expect(throws: PsqlError.self) { try DatabaseAddress(url: url, source: "DATABASE_URL") }
    #expect(error?.kind == .badAddress)
    #expect(error?.message.hasPrefix("DATABASE_URL") == true)
    #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    #expect(error?.message.contains("u:p") == false)
  }

  @Test func `messages show neither user nor password`() throws {
    let address = try DatabaseAddress(url: "postgresql://u:p@h:5433/d", source: "x")
    #expect(address.shown == "d on h:5433")
    #expect(address.password == "p")
  }

  @Test func `a secret of RDS, with what it leaves out taken from the database`() throws {
    let whole = try DatabaseAddress(
      secret: #"{"engine":"postgres","host":"h","port":5432,"username":"u","password":"p","dbname":"d"}"#,
      source: "secret s")
    #expect(
      whole.variables
        == ["PGHOST": "h", "PGPORT": "5432", "PGUSER": "u", "PGPASSWORD": "p", "PGDATABASE": "d"])
    let managed = try DatabaseAddress(
      secret: #"{"username":"u","password":"p"}"#, source: "secret s", host: "db", port: 5432, database: "d")
    #expect(managed.shown == "d on db:5432")
    let url = try DatabaseAddress(secret: #"{"url":"postgresql://u:p@h/d"}"#, source: "secret s")
    #expect(url.shown == "d on h")
  }

  @Test(arguments: [
    (#"{"username":"u","password":"hush-hush"}"#, "names no host"),
    (#"{"host":"h","password":"hush-hush"}"#, "has no username and password"),
    (#"{"engine":"mysql","host":"h","username":"u","password":"hush-hush"}"#, "is for mysql"),
    ("hush-hush", "is neither a JSON object nor a URL"),
  ]) func `a secret that does not do is not quoted`(secret: String, reason: String) {
    let error = #expect(throws: PsqlError.self) { try DatabaseAddress(secret: secret, source: "secret s") }
    #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    #expect(error?.message.contains("hush") == false)
    #expect(error?.advice.isEmpty == false)
  }
}
