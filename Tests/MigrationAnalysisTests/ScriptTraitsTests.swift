import MigrationAnalysis
import Testing

@Suite struct `How a script can be run` {
  @Test(arguments: [
    "ALTER TABLE a DROP COLUMN b;", "DROP INDEX i; CREATE INDEX j ON a (b);", "REINDEX TABLE a;",
    "INSERT INTO a VALUES ('VACUUM; CREATE DATABASE x');", "-- VACUUM;\nSELECT 1",
    "ALTER DATABASE shop SET work_mem = '1MB'",
    "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN VACUUM; COMMIT; END $$;",
  ]) func `one transaction takes it`(_ sql: String) {
    let traits = ScriptTraits(sql)
    #expect(traits.outsideTransactions == [])
    #expect(!traits.hasTransactions && !traits.isEmpty && traits.metaCommands == [])
  }

  @Test(arguments: [
    ("SELECT 1;\nDROP INDEX CONCURRENTLY i;", "DROP INDEX CONCURRENTLY i (line 2)"),
    ("create unique index concurrently i on a (b)", "create unique index concurrently (line 1)"),
    ("VACUUM a", "VACUUM a (line 1)"),
    ("reindex index concurrently i", "reindex index concurrently i (line 1)"),
    ("DROP DATABASE shop", "DROP DATABASE shop (line 1)"),
    ("ALTER SYSTEM SET x = 1", "ALTER SYSTEM SET x (line 1)"),
    ("ALTER TABLE a DETACH PARTITION p CONCURRENTLY", "ALTER TABLE a DETACH (line 1)"),
  ]) func `PostgreSQL refuses it inside one`(_ sql: String, _ statement: String) {
    #expect(ScriptTraits(sql).outsideTransactions == [statement])
  }

  @Test(arguments: ["BEGIN; DROP TABLE a; COMMIT;", "start transaction; drop table a; end;"])
  func `it has transactions of its own`(_ sql: String) {
    #expect(ScriptTraits(sql).hasTransactions)
  }

  @Test func `psql's own commands are named, and nothing is nothing`() {
    #expect(ScriptTraits("SELECT 1;\n\\i other.sql\n").metaCommands == ["\\i other.sql (line 2)"])
    #expect(ScriptTraits("-- nothing\n/* at all */;").isEmpty)
  }
}
