import Foundation
import JSONValues
import TestSupport
import Testing

/// Kinds of change that lose, lock out or break something, in the forms that people write them in, through the built
/// `diff-gate`; and those that look alike and do no harm.
@Suite(.blocking) struct DiffGateEndToEndKindsTests {
  private func judge(_ base: [String: String], _ head: [String: String?]) throws -> (
    status: Int32, codes: Set<String>, text: String
  ) {
    let config = ["deployment-prod.config": "ENVIRONMENT=prod\nAWS_REGION=us-east-1\n"]
    let repository = try TestRepository(base: base.merging(config) { given, _ in given }, head: head)
    let step = BuiltStep("diff-gate", in: repository.path)
    let outcome = try step.run(["prod", "--format", "json"])
    let record = try JSONValue(parsing: outcome.output)
    return (
      outcome.status, Set((record["findings"]?.array ?? []).compactMap { $0["code"]?.string }),
      try step.run(["prod"]).output
    )
  }

  // MARK: - SQL

  struct Script: Sendable, CustomStringConvertible {
    var sql: String, back = "SELECT 1;\n", status: Int32, code = ""
    var folder = "migrations"
    var before = "CREATE TABLE users (id int PRIMARY KEY, name varchar(50), n int);\n"
    var description: String { sql }
  }

  static let scripts: [Script] = [
    Script(
      sql: "ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT * FROM people;",
      back: "DROP VIEW users; ALTER TABLE people RENAME TO users;", status: 0),
    Script(
      sql: "ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT n, name, id FROM people;",
      back: "DROP VIEW users; ALTER TABLE people RENAME TO users;", status: 0),
    Script(
      sql: "ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT id, name FROM people;",
      back: "DROP VIEW users; ALTER TABLE people RENAME TO users;", status: 1, code: "renaming-table"),
    Script(
      sql: "ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT * FROM people WHERE n > 0;",
      back: "DROP VIEW users; ALTER TABLE people RENAME TO users;", status: 1, code: "renaming-table"),
    Script(
      sql:
        "ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT DISTINCT id, name, n FROM people;",
      back: "DROP VIEW users; ALTER TABLE people RENAME TO users;", status: 1, code: "renaming-table"),
    Script(
      sql: "ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT id, name FROM people;",
      back: "DROP VIEW users; ALTER TABLE people RENAME TO users;", status: 3, code: "renaming-table",
      before: "SELECT 1;\n"),
    Script(sql: "DROP ROLE app;", status: 1, code: "ban-drop-role"),
    Script(sql: "ALTER ROLE app NOLOGIN;", status: 1, code: "ban-drop-role"),
    Script(sql: "ALTER ROLE app WITH PASSWORD 'new';", status: 1, code: "ban-drop-role"),
    Script(sql: "ALTER ROLE app SET work_mem = '64MB';", status: 0),
    Script(sql: "CREATE ROLE reader NOLOGIN;", status: 0),
    Script(sql: "ALTER SEQUENCE s RESTART;", status: 3, code: "restart-sequence"),
    Script(sql: "ALTER SEQUENCE s INCREMENT BY 2;", status: 0),
    Script(
      sql: "CREATE RULE r AS ON DELETE TO users DO INSTEAD NOTHING;", back: "DROP RULE r ON users;",
      status: 1,
      code: "rule-instead"),
    Script(
      sql: "CREATE RULE r AS ON DELETE TO users DO ALSO NOTHING;", back: "DROP RULE r ON users;", status: 0),
    Script(
      sql: "CREATE POLICY p ON users AS RESTRICTIVE USING (n = 1);", back: "DROP POLICY p ON users;",
      status: 1,
      code: "restrictive-policy"),
    Script(sql: "CREATE POLICY p ON users USING (n = 1);", back: "DROP POLICY p ON users;", status: 0),
    Script(
      sql: "ALTER TABLE users DETACH PARTITION old CONCURRENTLY;", status: 1, code: "detached-partition"),
    // MySQL and MariaDB.
    Script(sql: "/*M!100100 DROP TABLE `users` */;", status: 1, code: "ban-drop-table"),
    Script(sql: "ALTER TABLE `users` ENGINE = MEMORY;", status: 1, code: "set-unlogged"),
    Script(sql: "ALTER TABLE `users` ENGINE=InnoDB;", status: 0),
    Script(
      sql: "ALTER TABLE `users` CONVERT TO CHARACTER SET latin1;", status: 3, code: "changing-column-type"),
    Script(sql: "ALTER TABLE `users` CONVERT TO CHARACTER SET utf8mb4;", status: 0),
    Script(sql: "ALTER TABLE `users` DROP PRIMARY KEY;", status: 1, code: "rollback-script-incomplete"),
    Script(
      sql: "ALTER TABLE `users` DROP PRIMARY KEY;", back: "ALTER TABLE `users` ADD PRIMARY KEY (`id`);",
      status: 0),
    Script(
      sql: "RENAME TABLE `users` TO `people`; CREATE VIEW `users` AS SELECT * FROM `people`;",
      back: "DROP VIEW `users`; RENAME TABLE `people` TO `users`;", status: 0),
    Script(
      sql: "RENAME TABLE `users` TO `people`; CREATE VIEW `users` AS SELECT `id` FROM `people`;",
      back: "DROP VIEW `users`; RENAME TABLE `people` TO `users`;", status: 3, code: "renaming-table"),
    // SQL Server.
    Script(sql: "ALTER TABLE [dbo].[users] DROP COLUMN [name]\nGO\n", status: 1, code: "ban-drop-column"),
    Script(
      sql: "EXEC sp_rename 'dbo.users.name', 'title', 'COLUMN';\nGO\n", status: 1, code: "renaming-column",
      folder: "mssql/migrations"),
    Script(
      sql: "ALTER TABLE [dbo].[users] ADD [note] nvarchar(50) NULL\nGO\n",
      back: "ALTER TABLE [dbo].[users] DROP COLUMN [note]\nGO\n", status: 0),
    Script(
      sql: "ALTER TABLE [users] ALTER COLUMN [name] int\nGO\n",
      back: "ALTER TABLE [users] ALTER COLUMN [name] varchar(50)\nGO\n", status: 3,
      code: "changing-column-type",
      folder: "mssql/migrations"),
  ]

  @Test(arguments: scripts) func `statements that change who reads and writes what`(_ test: Script) throws {
    let found = try judge(
      ["\(test.folder)/1.sql": test.before],
      ["\(test.folder)/2.sql": test.sql, "\(test.folder)/rollback-2.sql": test.back])
    // What a script to SQL Server leaves out is told beside what it does.
    #expect(found.status == test.status, "\(test.sql): \(found.codes)")
    if !test.code.isEmpty { #expect(found.codes.contains(test.code), "\(test.sql): \(found.codes)") }
  }

  @Test(arguments: [
    ("\u{FEFF}DROP TABLE old;\n", Int32(0)), ("DROP TABLE \"old\";\n", 0), ("DROP TABLE \"Old\";\n", 1),
    ("DROP TABLE older;\n", 1),
  ])
  func `what formatters and editors do to an old migration is no statement`(_ text: String, _ status: Int32)
    throws
  {
    let base = [
      "migrations/1.sql": "DROP TABLE old;\n", "migrations/rollback-1.sql": "CREATE TABLE old(id int);\n",
    ]
    #expect(try judge(base, ["migrations/1.sql": text]).status == status)
  }

  @Test func `files beside migrations say whether their tool begins a transaction`() throws {
    let index = "CREATE INDEX CONCURRENTLY i ON users (name);\n", back = "DROP INDEX i;\n"
    let diesel = [
      "migrations/2026-01-01-000000_a/up.sql": index, "migrations/2026-01-01-000000_a/down.sql": back,
    ]
    #expect(try judge([:], diesel).status == 1)
    let metadata = ["migrations/2026-01-01-000000_a/metadata.toml": "run_in_transaction = false\n"]
    #expect(try judge([:], diesel.merging(metadata) { $1 }).status == 0)
    let atlas = ["migrations/atlas.sum": "h1:a=\n", "migrations/rollback-2.sql": back]
    #expect(try judge(atlas, ["migrations/2.sql": index]).status == 1)
    #expect(try judge(atlas, ["migrations/2.sql": "-- atlas:txmode none\n\n" + index]).status == 0)
  }

  @Test func `rollback scripts run in the order in which people count`() throws {
    let files = [
      "migrations/2.sql": "CREATE TABLE a (id int);", "migrations/rollback-2.sql": "DROP TABLE a;",
      "migrations/10.sql": "ALTER TABLE a ADD COLUMN b int;",
      "migrations/rollback-10.sql": "ALTER TABLE a DROP COLUMN b;",
    ]
    let text = try judge([:], files).text
    let (first, second) = (
      text.firstRange(of: "1  run the rollback script  migrations/rollback-10.sql"),
      text.firstRange(of: "2  run the rollback script  migrations/rollback-2.sql")
    )
    #expect(first != nil && second != nil, "\(text)")
  }

  static let backs: [(back: String, status: Int32)] = [
    ("COPY users FROM STDIN;\n1\ta\n\\.\nDROP TABLE a;", 1),
    ("DELETE FROM users WHERE name = :'who'; DROP TABLE a;", 1),
    ("DELETE FROM users WHERE id = :id; DROP TABLE a;", 1), ("SELECT '{1,2,3}'::int[]; DROP TABLE a;", 0),
    ("SELECT ('{1,2,3}'::int[])[1:2]; DROP TABLE a;", 0),
    ("SELECT ':name', $$:name$$ -- :name\n; DROP TABLE a;", 0),
  ]

  @Test(arguments: backs) func `a way back that only psql can run is none`(_ back: String, _ status: Int32)
    throws
  {
    let found = try judge(
      [:], ["migrations/2.sql": "CREATE TABLE a (id int);", "migrations/rollback-2.sql": back])
    #expect(found.status == status, "\(back): \(found.codes)")
    #expect(found.codes.contains("rollback-script-unreadable") == (status == 1), "\(back)")
  }

  // MARK: - Code

  /// The operations that strong_migrations calls dangerous, and what each is called here.
  static let strongMigrations: [(call: String, code: String)] = [
    ("remove_column :users, :name, :text", "ban-drop-column"),
    ("remove_columns :users, :name, :age", "ban-drop-column"),
    ("remove_timestamps :users", "ban-drop-column"),
    ("remove_reference :users, :city", "ban-drop-column"),
    ("remove_belongs_to :users, :city", "ban-drop-column"),
    ("change_column :users, :name, :integer", "changing-column-type"),
    ("rename_column :users, :name, :title", "renaming-column"),
    ("rename_table :users, :people", "renaming-table"),
    ("rename_schema 'a', 'b'", "renaming-object"),
    ("create_table :users, force: true do |t|\n      t.text :name\n    end", "ban-drop-table"),
    ("add_column :users, :number, :bigserial", "adding-numbered-field"),
    ("add_column :users, :number, :primary_key", "adding-numbered-field"),
    (
      "add_column :users, :sum, :virtual, type: :integer, as: 'a + b', stored: true",
      "adding-field-with-default"
    ),
    ("add_column :users, :key, :uuid, default: -> { 'gen_random_uuid()' }", "adding-field-with-default"),
    ("add_check_constraint :users, 'age > 0', name: 'c'", "narrower-check"),
    ("change_column_null :users, :name, false", "required-existing-column"),
    ("change_column_null :users, :name, false, 'x'", "required-existing-column"),
    ("change_column_default :users, :name, from: 'x', to: nil", "dropped-default"),
    ("execute 'DELETE FROM users'", "delete-without-where"),
    ("User.update_all name: 'x'", "update-without-where"),
    ("add_index :users, :name", "require-concurrent-index-creation"),
    ("remove_index :users, :name", "require-concurrent-index-deletion"),
    ("add_index :users, :name, unique: true, algorithm: :concurrently", "new-unique"),
    ("add_reference :users, :city", "require-concurrent-index-creation"),
    ("add_foreign_key :users, :orders", "adding-foreign-key-constraint"),
    ("add_unique_constraint :users, :name", "new-unique"),
    ("add_exclusion_constraint :users, 'name WITH =', using: :gist", "new-unique"),
  ]

  @Test(arguments: strongMigrations) func `what strong_migrations calls dangerous is told`(
    _ call: String, _ code: String
  )
    throws
  {
    let found = try judge([:], ["db/migrate/20260101000000_a.rb": Self.rails(call)])
    #expect(found.codes.contains(code), "\(call): \(found.codes)")
  }

  @Test func `a plain column rewrites nothing`() throws {
    let found = try judge(
      [:],
      [
        "db/migrate/20260101000000_a.rb": Self.rails(
          "add_column :users, :primary_key_note, :string, default: 'x'")
      ])
    #expect(found.status == 0, "\(found.codes)")
    #expect(found.codes.isEmpty, "\(found.codes)")
  }

  private static func knex(_ up: String) -> String {
    "exports.up = (knex) => \(up);\nexports.down = (knex) => knex.schema.createTable('x', (t) => { t.increments(); });\n"
  }
  private static func laravel(_ up: String) -> String {
    "<?php\nreturn new class extends Migration {\n  public function up(): void\n  {\n    \(up)\n  }\n"
      + "  public function down(): void\n  {\n    Schema::create('x', function (Blueprint $t) { $t->id(); });\n  }\n};\n"
  }
  private static func rails(_ up: String) -> String {
    "class A < ActiveRecord::Migration[7.1]\n  def up\n    \(up)\n  end\n\n  def down\n    create_table :x\n  end\nend\n"
  }
  private static func efCore(_ up: String) -> String {
    "public partial class A : Migration\n{\n  protected override void Up(MigrationBuilder migrationBuilder)\n  {\n    \(up)\n"
      + "  }\n  protected override void Down(MigrationBuilder migrationBuilder)\n  {\n"
      + "    migrationBuilder.CreateTable(name: \"x\", columns: table => new { Id = table.Column<int>(nullable: true) });\n  }\n}\n"
  }
  private static let phinx =
    "<?php\nfinal class A extends AbstractMigration {\n  public function up(): void {\n    $this->table('u')->truncate();\n  }\n"
    + "  public function down(): void {\n    $this->table('x')->create();\n  }\n}\n"

  static let code: [(path: String, text: String, status: Int32, code: String)] = [
    ("db/migrations/1_a.js", knex("knex.schema.table('u', (t) => t.dropTimestamps())"), 1, "ban-drop-column"),
    (
      "db/migrations/1_a.js", knex("knex.schema.alterTable('u', (t) => { t.integer('x').alter(); })"), 3,
      "changing-column-type"
    ),
    (
      "db/migrations/1_a.js", knex("knex.schema.alterTable('u', (t) => { t.dropNullable('x'); })"), 1,
      "required-existing-column"
    ),
    ("db/migrations/1_a.js", knex("knex.schema.dropSchemaIfExists('old')"), 1, "ban-drop-schema"),
    ("db/migrations/1_a.js", knex("knex.schema.dropView('v')"), 1, "ban-drop-view"),
    ("database/migrations/2026_a.php", laravel("Schema::dropAllTables();"), 1, "ban-drop-table"),
    (
      "database/migrations/2026_a.php", laravel("Schema::table('a', function ($t) { $t->string('x'); });"), 1,
      "adding-required-field"
    ),
    (
      "database/migrations/2026_a.php", laravel("Schema::table('a', fn ($t) => $t->morphs('x'));"), 1,
      "adding-required-field"
    ),
    (
      "database/migrations/2026_a.php",
      laravel("Schema::table('a', function ($t) {\n      $t->string('x')\n        ->nullable();\n    });"), 0,
      ""
    ),
    ("db/migrate/20260101000000_a.rb", rails("disable_extension \"hstore\""), 1, "drop-cascade"),
    (
      "src/Migrations/1_A.cs", efCore("migrationBuilder.Sql(@\"ALTER TABLE [u]\nDROP COLUMN [x]\");"), 1,
      "ban-drop-column"
    ),
    ("db/migrations/1_a.php", phinx, 1, "truncate"),
  ]

  @Test(arguments: code) func `calls of migration tools in the forms that people write`(
    _ path: String, _ text: String, _ status: Int32, _ code: String
  ) throws {
    let found = try judge([:], [path: text])
    #expect(found.status == status, "\(text): \(found.codes)")
    if !code.isEmpty { #expect(found.codes.contains(code), "\(text): \(found.codes)") }
  }

  @Test func `rows that a condition names are lost all the same`() throws {
    let found = try judge(
      [:], ["database/migrations/2026_a.php": Self.laravel("DB::table('u')->where('a', 1)->delete();")])
    #expect(found.text.contains("the rows deleted from u"), "\(found.text)")
    let typeorm = """
      import { MigrationInterface, QueryRunner } from "typeorm";
      export class A1 implements MigrationInterface {
        public async up(queryRunner: QueryRunner): Promise<void> {
          await queryRunner.query(`DELETE FROM users WHERE id = $1`, [3]);
        }
        public async down(queryRunner: QueryRunner): Promise<void> {
          await queryRunner.query(`CREATE TABLE x (id int)`);
        }
      }
      """
    #expect(try judge([:], ["src/migrations/1-a.ts": typeorm]).text.contains("the rows deleted from users"))
  }
}
