import DatabaseAccess
import Testing

@Suite struct SQLScanTests {
  func words(_ sql: String) -> [String] { SQLScan.scan(sql).statements.map(\.word) }

  @Test func `semicolons inside strings, names, comments and bodies end nothing`() {
    #expect(words("SELECT ';', \"a;b\", $$;$$, $x$ $$;$$ ; $x$ /* ; /* ; */ ; */ -- ;\n") == ["SELECT"])
    #expect(words("SELECT E'\\';' ; UPDATE t SET a = 'it''s;'") == ["SELECT", "UPDATE"])
    #expect(words("DO $$ BEGIN COMMIT; END $$; ; ;") == ["DO"])
    #expect(words("SELECT $1; (SELECT 1)") == ["SELECT", ""])
  }

  @Test func `statements know their lines`() {
    let found = SQLScan.scan("-- c\nSELECT\n1;\n\n/* x\ny */ Insert into t values ('\n'); delete from t")
    #expect(found.statements.map(\.line) == [2, 6, 7])
    #expect(found.statements.map(\.word) == ["SELECT", "INSERT", "DELETE"])
  }

  @Test func `a backslash outside quotes is found`() {
    #expect(SQLScan.scan("SELECT 1;\n\\copy t from 'x'").commandLine == 2)
    #expect(SQLScan.scan("SELECT '\\', E'\\\\', $$\\$$, \"\\\" -- \\\n").commandLine == nil)
    // A name that ends in e is no escape string.
    #expect(SQLScan.scan("SELECT date'2026-01-01\\' \\! id").commandLine == 1)
  }

  @Test func `what never ends is no error here`() {
    #expect(words("SELECT 'open") == ["SELECT"])
    #expect(words("SELECT $$open; x") == ["SELECT"])
    #expect(words("/* open; x") == [])
    #expect(words("") == [])
  }
}
