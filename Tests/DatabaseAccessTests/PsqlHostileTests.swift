import DatabaseAccess
import Foundation
import SQLText
import SystemInterfaces
import TestSupport
import Testing

/// SQL of strangers against a real psql and a real server.
@Suite(.enabled(if: PostgreSQLServer.isInstalled)) struct PsqlHostileTests {
  let server: PostgreSQLServer
  let folder = TemporaryFolder()

  init() throws { server = try PostgreSQLServer.shared() }

  /// psql as `Psql` runs it, in a folder of its own, so that a marker is found.
  func psql(_ url: String? = nil, _ more: [String: String] = [:]) throws -> Psql {
    Psql(
      try DatabaseAddress(url: url ?? server.url, source: "DATABASE_URL"),
      environment: Environment(["PATH": "/usr/bin:/bin", "HOME": folder.path].merging(more) { $1 }),
      processes: LocalProcessRunner(), redact: { $0 })
  }

  func marker() -> String { "\(folder.path)/marker" }

  @Test func `a lexer that disagreed would still run nothing`() async throws {
    let off = server.url + "?options=-c%20standard_conforming_strings%3Doff"
    let sql = "SELECT '\\' || ' \\! touch \(marker()) #' AS text"
    let rows = try await psql(off).query(sql).rows
    #expect(rows == [["\\ \\! touch \(marker()) #"]])
    let leftover = try await psql(nil, ["PGOPTIONS": "-c standard_conforming_strings=off"]).query(sql).rows
    #expect(leftover == rows)
    #expect(!FileManager.default.fileExists(atPath: marker()))
  }

  @Test func `client variables are text, and a program's output is none`() async throws {
    let rows = try await psql().query(
      "SELECT ':HOME', (ARRAY[1,2,3])[2:3], '`touch \(marker())`', $$:'HOME'$$"
    ).rows
    #expect(rows == [[":HOME", "{2,3}", "`touch \(marker())`", ":'HOME'"]])
    let error = await #expect(throws: PsqlError.self) { _ = try await psql().query("SELECT :'HOME'") }
    #expect(error?.sqlState == "42601", "\(String(describing: error))")
    #expect(!FileManager.default.fileExists(atPath: marker()))
  }

  @Test func `a start-up file is not read`() async throws {
    try "\\! touch \(marker())\n".write(toFile: folder(".psqlrc"), atomically: true, encoding: .utf8)
    _ = try await psql(nil, ["PSQLRC": folder(".psqlrc")]).query("SELECT 1")
    #expect(!FileManager.default.fileExists(atPath: marker()))
  }

  @Test(arguments: [
    "SELECT 1 --\r\\! touch MARKER\n", "SELECT 1 \\; \\! touch MARKER", "\\! touch MARKER\nSELECT 1",
    "SELECT E'\\'' \\! touch MARKER", "SELECT 1 \\g |touch MARKER", "\\copy t from program 'touch MARKER'",
    "SELECT 1 /* /* */ \\! touch MARKER */ */", "SELECT $a$ $a$ \\! touch MARKER",
    "SELECT pg_read_file('PG_VERSION')", "SELECT lo_import('/etc/hostname')", "SELECT 1; SELECT 2",
    "SELECT (1; DROP TABLE x)", "SELECT set_config('standard_conforming_strings', 'off', false)",
    "COPY (SELECT 1) TO PROGRAM 'touch MARKER'",
    "SELECT '\\'' ; COPY (SELECT 1) TO PROGRAM 'touch MARKER' --'",
  ]) func `is refused`(_ sql: String) async throws {
    let sql = sql.replacing("MARKER", with: marker())
    let query = await #expect(throws: PsqlError.self) { _ = try await psql().query(sql) }
    // The server refuses what is no SQL once the comments and strings are read as they are.
    #expect(query?.kind == .badSQL || query?.sqlState == "42601", "\(String(describing: query))")
    #expect(!FileManager.default.fileExists(atPath: marker()))
  }

  @Test func `a script's own settings and isolation work, and its strings stay as they are`() async throws {
    let table = "t_\(UUID().uuidString.prefix(8).lowercased())"
    try await psql().run(
      script: """
        SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;
        CREATE TABLE \(table) (isolation text, path text);
        CREATE FUNCTION \(table)_f() RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT 'a'; SELECT 'b;c'; END;
        INSERT INTO \(table) VALUES (current_setting('transaction_isolation'), 'C:\\dir' -- the end
        );
        """, name: "s")
    #expect(
      try await psql().query("SELECT *, \(table)_f() FROM \(table)").rows
        == [["serializable", "C:\\dir", "b;c"]])
  }

  // MARK: - Differential

  /// Small texts that make lexers disagree.
  static let pieces = [
    "'", "''", "\"", "\\", "$$", "$a$", "$1", "--", "/*", "*/", "\r", "\n", ";", " ", "E'", "e'", "U&'", "n'",
    "x'",
    "1e", "1", "a", "$", "a$b$", "(", ")", "\t", "::", "'\n'", "'\r'", "E'\\'", "'--\n'", "é", "BEGIN",
    "\u{b}",
    "SELECT", "+", "@", "\\'", "E'a'\n'\\'",
  ]

  /// Whether a string goes on in another line: psql reads line by line and takes it for two, the server for one.
  func hasContinuedString(_ text: String) -> Bool {
    var lexer = PostgresLexer(Array(text.utf8))
    while let token = lexer.next() { if token.isContinued { return true } }
    return false
  }

  /// psql is given each text as a file of its own. Wherever it runs a command of its own, the scan must have seen a
  /// backslash; the variable's value cannot be printed otherwise.
  @Test func `wherever psql sees a command, the scan does`() async throws {
    var random = SeededRandom.chosen(20_261_130)
    var texts: [String] = []
    for _ in 0..<400 {
      let count = Int.random(in: 1...9, using: &random)
      let text = (0..<count).map { _ in Self.pieces.randomElement(using: &random) ?? "" }.joined()
      let tail = (0..<Int.random(in: 0...4, using: &random))
        .map { _ in Self.pieces.randomElement(using: &random) ?? "" }.joined()
      texts.append("SELECT \(text) \\echo :MARK\n\(tail)")
    }
    var arguments = ["--no-psqlrc", "--quiet", "--set=MARK=RAN_IT", server.url]
    for (number, text) in texts.enumerated() {
      try "\\echo ==\(number)\n".write(toFile: folder("\(number).head"), atomically: true, encoding: .utf8)
      try Data(text.utf8).write(to: URL(fileURLWithPath: folder("\(number).sql")))
      arguments += ["-f", folder("\(number).head"), "-f", folder("\(number).sql")]
    }
    let outcome = await LocalProcessRunner().run(
      ProcessRequest("psql", arguments, environment: Environment(["PATH": "/usr/bin:/bin"])))
    guard case .ended(_, let output, _) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    let parts = String(decoding: output, as: UTF8.self).split(separator: "==").map(String.init)
    var ran: Set<Int> = []
    for part in parts where part.contains("RAN_IT") {
      if let number = Int(part.prefix { $0.isNumber }) { ran.insert(number) }
    }
    // Some must run, or the test would see nothing; some must not.
    #expect(ran.count > 50 && ran.count < texts.count - 50, "\(ran.count)")
    for number in texts.indices {
      let isSeen = SQLScan.scan(texts[number]).commandLine != nil
      // The one place where the two differ is why psql is given digits instead.
      if ran.contains(number), !hasContinuedString(texts[number]) {
        #expect(isSeen, "\(texts[number].debugDescription)")
      }
    }
  }

  /// The server parts one text by itself; the same text goes through the scan, statement by statement. Both write down
  /// what ran.
  @Test func `the scan parts statements as the server does`() async throws {
    var random = SeededRandom.chosen(7)
    let table = "log_\(UUID().uuidString.prefix(8).lowercased())"
    try await psql().run(script: "CREATE TABLE \(table) (n serial, v text)", name: "setup")
    let literals = [
      "'a;b'", "E'\\';--'", "$$;'$$", "$x$ $$ ; $x$", "'a'\n'b;'", "E'a'\n'\\';'", "U&'d\\0061;'", "'\\'",
      "'--'",
      "'/*'", "N'x;'", "E'\\\\'", "'a' -- ;'\n'b'", "'c' /* ; ' */", "'d' -- '\r", "'é;'", "('x' || $a$;$a$)",
    ]
    let gaps = [" ", "\n", "\r", " -- ;\n", "/* ; /* ' */ ; */", " --'\r", ""]
    var compared = 0
    for _ in 0..<40 {
      let text = (0..<Int.random(in: 1...5, using: &random)).map { _ -> String in
        let gap = gaps.randomElement(using: &random) ?? ""
        return
          "\(gap)INSERT INTO \(table)\(gap) (v) VALUES (\(literals.randomElement(using: &random) ?? ""))\(gap)"
      }.joined(separator: ";")
      let whole = await LocalProcessRunner().run(
        ProcessRequest(
          "psql", ["--no-psqlrc", "--quiet", "-c", text, server.url],
          environment: Environment(["PATH": "/usr/bin:/bin"])))
      guard case .ended(0, _, _) = whole else { continue }
      compared += 1
      let written = "SELECT string_agg(v, '|' ORDER BY n) FROM \(table)"
      let expected = try await psql().query(written).rows
      try await psql().run(script: "TRUNCATE \(table); " + text, name: "s")
      #expect(try await psql().query(written).rows == expected, "\(text.debugDescription)")
      try await psql().run(script: "TRUNCATE \(table)", name: "s")
    }
    #expect(compared > 20, "\(compared)")
  }
}

/// The same numbers for the same seed (SplitMix64).
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  /// That seed, or with BACKSTOP_FUZZ_SEED another one, to look for longer than a run of all tests has time for.
  static func chosen(_ seed: UInt64) -> SeededRandom {
    let other = ProcessInfo.processInfo.environment["BACKSTOP_FUZZ_SEED"].flatMap { UInt64($0) }
    return SeededRandom(seed: seed &+ (other ?? 0))
  }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
