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

  @Test(arguments: [
    // A carriage return ends a comment, too.
    ("SELECT 1 --\r\\! touch marker", true), ("SELECT 1 -- c \\! touch marker", false),
    // A string that goes on in the next line goes on as it began.
    ("SELECT E'a'\n'b\\' \\! id '", false), ("SELECT 'a'\n'b\\' \\! id '", true),
    ("SELECT E'a' -- c\n  'b\\' \\! id '", false), ("SELECT E'a' 'b\\' \\! id '", true),
    ("SELECT $a$ $b$ \\! id $a$", false), ("SELECT a$b$ \\! id $b$", true),
    ("SELECT 1e'\\' \\! id'", true), ("SELECT 1e1'\\' \\! id'", true),
    ("SELECT /* /* */ \\! id */ 1", false), ("SELECT /* */ \\! id */ 1", true),
    ("SELECT U&'\\0041' || '\\' \\! id", true), ("SELECT \"a\\\" \\! id", true),
    ("SELECT N'\\' \\! id", true), ("SELECT $1$a$ \\! id $a$", false),
    ("SELECT $1a$b$ \\! id", true), ("SELECT $1a $b$ \\! id", false), ("SELECT 1ab$b$ \\! id", true),
    ("SELECT 1_a$b$ \\! id", true), ("SELECT 1e-$b$ \\! id", false), ("SELECT 1.5a$b$ \\! id", true),
  ]) func `where psql would see a command of its own`(_ sql: String, _ isCommand: Bool) {
    #expect((SQLScan.scan(sql).commandLine != nil) == isCommand, "\(sql)")
  }

  @Test(arguments: [
    "COPY t TO PROGRAM 'sh'", "copy (select 1) to program 'sh'", "COPY t FROM '/etc/passwd'",
    "SELECT lo_import('/etc/passwd')", "SELECT pg_read_file ('x')", "SELECT pg_catalog.\"pg_read_file\"('x')",
    "SELECT pg_read_file/**/('x')", "SELECT * FROM dblink('host=h', 'SELECT 1') AS t(a int)",
    "SELECT U&\"pg\\005fread_file\"('x')", "CREATE EXTENSION IF NOT EXISTS plpython3u",
    "CREATE EXTENSION dblink",
    "CREATE LANGUAGE plperlu", "DO LANGUAGE plpython3u $$ x $$",
    "CREATE FUNCTION f() RETURNS int AS 'x' LANGUAGE C",
    "LOAD 'x.so'", "ALTER SYSTEM SET work_mem = '1MB'", "SET session_preload_libraries = 'x'",
    "GRANT pg_execute_server_program TO app", "SELECT query_to_xml('DROP TABLE t', true, true, '')",
    "DO $$ BEGIN EXECUTE 'DROP ' || 'TABLE t'; END $$",
    "DO $$ BEGIN EXECUTE format('DROP TABLE %I', t); END $$",
    "DO 'BEGIN PERFORM lo_import(''/x''); END'", "DO E'BEGIN PERFORM lo\\x5fimport(1); END'",
    "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $f$ BEGIN EXECUTE $q$COPY t TO PROGRAM 'sh'$q$; END $f$",
    "CREATE SERVER s FOREIGN DATA WRAPPER w", "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p",
    "IMPORT FOREIGN SCHEMA s FROM SERVER x INTO y", "SELECT aws_lambda.invoke('f', '{}')",
    // In blocks, statements stand behind words.
    "DO $$ BEGIN COPY a TO PROGRAM 'id'; END $$",
    "DO $$ BEGIN IF x THEN COPY a FROM '/etc/passwd'; END IF; END $$",
    "DO $$ BEGIN LOOP ALTER SYSTEM SET a = 1; END LOOP; END $$", "DO $$ BEGIN LOAD 'x'; END $$",
    "DO $$ BEGIN IF a THEN NULL; ELSE CREATE EXTENSION dblink; END IF; END $$",
    "CREATE FUNCTION f(a int DEFAULT CASE WHEN true THEN 1 ELSE 2 END) RETURNS void LANGUAGE plpgsql AS $f$ BEGIN COPY (SELECT 1) TO PROGRAM 'id'; END $f$",
    "DO $a$ BEGIN IF x THEN CREATE FUNCTION f(a int DEFAULT CASE WHEN b THEN 1 END) RETURNS void LANGUAGE sql AS $b$ SELECT lo_import('x') $b$; END IF; END $a$",
    "CREATE FUNCTION f() RETURNS int LANGUAGE E'\\x43' AS 'libc', 'system'",
    "CREATE OPERATOR + (FUNCTION = lo_export, LEFTARG = oid, RIGHTARG = text)",
    "CREATE OR REPLACE AGGREGATE x(text) (SFUNC = pg_catalog.lo_import, STYPE = oid)",
    "SELECT 1e--", "SELECT 1E'\\'", "SELECT $11e'\\'", "SELECT 1a$b$", "SELECT 1.5E+ '",
    // Who may do what.
    "ALTER ROLE app SUPERUSER", "CREATE USER x LOGIN CREATEDB CREATEROLE INHERIT NOREPLICATION SUPERUSER",
    "UPDATE pg_authid SET rolpassword = ''", "WITH a AS (UPDATE pg_catalog.pg_proc SET prosrc = '') SELECT 1",
    "INSERT INTO pg_catalog.pg_language VALUES (1)",
    // How the rest is read.
    "SET client_encoding = 'SJIS'", "SET LOCAL client_encoding TO BIG5", "SET NAMES 'SJIS'", "RESET ALL",
    "SELECT set_config('client_' || 'encoding', 'SJIS', false)", "SET \"client_encoding\" = 'UTF8'",
    "SELECT set_config(E'client\\x5fencoding', 'SJIS', false)", "SET standard_conforming_strings = off",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET client_encoding = 'SJIS' AS 'SELECT 1'",
  ]) func `what reaches outside the database is found`(_ sql: String) {
    #expect(SQLScan.scan(sql).reaches.count == 1, "\(SQLScan.scan(sql).reaches)")
  }

  @Test(arguments: [
    "SELECT program, http_get FROM t", "COPY t TO STDOUT", "INSERT INTO notes VALUES ('pg_read_file(x)')",
    "INSERT INTO notes VALUES ($$ EXECUTE this $$)", "CREATE EXTENSION IF NOT EXISTS pgcrypto WITH SCHEMA x",
    "CREATE EXTENSION \"uuid-ossp\"", "DO $$ BEGIN EXECUTE 'DROP TABLE t'; END $$",
    "CREATE TRIGGER t AFTER INSERT ON a EXECUTE FUNCTION f()", "GRANT EXECUTE ON FUNCTION f TO app",
    "REVOKE pg_read_server_files FROM app", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "DO LANGUAGE plpgsql $$ BEGIN PERFORM 1; END $$", "PREPARE p AS SELECT 1; EXECUTE p;",
    "ALTER TABLE jobs ADD COLUMN archive_commands text", "SELECT 'a' AS \"pg_read_file\"",
    "SELECT count(*) FROM pg_proc WHERE proname = 'lo_import'", "SET client_encoding = 'UTF8'",
    "SET standard_conforming_strings = on", "SELECT pg_catalog.set_config('search_path', '', false)",
    "SELECT 1e-5, 1e+2, 2E3 - 1, 0x1F, 1_000, $1, 1.", "SET NAMES 'utf-8'", "RESET statement_timeout",
    "CREATE TABLE superuser (names text, all_of int)",
    "DO $$ BEGIN IF EXISTS (SELECT FROM a) THEN UPDATE a SET b = substring('x' FROM 'y'); END IF; END $$",
    "SELECT a IS DISTINCT FROM 'x', extract(epoch FROM now()) FROM program", "ALTER ROLE app NOSUPERUSER",
  ]) func `what stays inside it is not`(_ sql: String) {
    #expect(SQLScan.scan(sql).reaches == [], "\(sql)")
  }

  @Test func `bodies in the standard's style and rules hold semicolons`() {
    let body =
      "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; END; SELECT 1"
    #expect(words(body) == ["CREATE", "SELECT"])
    #expect(
      words("CREATE RULE r AS ON DELETE TO t DO ALSO (SELECT 1; SELECT 2); SELECT 3") == ["CREATE", "SELECT"])
    #expect(SQLScan.scan("SELECT (1; DROP TABLE t)").hasInnerSemicolon)
  }
}
