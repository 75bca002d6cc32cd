import Foundation
import JSONValues
import TestSupport
import Testing

/// The built `diff-gate` over migrations of the tools that people use, and over migrations that were there before.
@Suite(.blocking) struct DiffGateEndToEndMigrationTests {
  private func repository(_ base: [String: String]) throws -> TestRepository {
    let repository = try TestRepository()
    try repository.write("ENVIRONMENT=prod\n", to: "deployment-prod.config")
    try repository.write(".backstop/\n", to: ".gitignore")
    for (path, text) in base { try repository.write(text, to: path) }
    try repository.commit("First", at: 1)
    return repository
  }

  private func judge(_ repository: TestRepository, _ head: [String: String]) throws -> (
    status: Int, codes: Set<String>
  ) {
    for (path, text) in head { try repository.write(text, to: path) }
    try repository.commit("Second", at: 2)
    let outcome = try BuiltStep("diff-gate", in: repository.path).run(["prod", "--format", "json"])
    let record = try JSONValue(parsing: outcome.output)
    return (Int(outcome.status), Set((record["findings"]?.array ?? []).compactMap { $0["code"]?.string }))
  }

  static let destructive: [(path: String, text: String, code: String)] = [
    (
      "drizzle/0001_b.sql",
      "ALTER TABLE a ADD COLUMN b int;\n--> statement-breakpoint\nDROP TABLE \"old\";\n", "ban-drop-table"
    ),
    (
      "db/x/1-a.js",
      "module.exports = {\n  up: async (queryInterface) => {\n    await queryInterface.dropTable('a');\n  },\n  down: async (queryInterface) => {\n    await queryInterface.createTable('a', {});\n  }\n};\n",
      "ban-drop-table"
    ),
    (
      "src/1-A.ts",
      "export class A1 implements MigrationInterface {\n  public async up(queryRunner: QueryRunner): Promise<void> {\n    await queryRunner.query(`DROP TABLE \"a\"`);\n  }\n  public async down(queryRunner: QueryRunner): Promise<void> {\n    await queryRunner.query(`CREATE TABLE \"a\" (i int)`);\n  }\n}\n",
      "ban-drop-table"
    ),
    (
      "database/migrations/2026_a.php",
      "<?php\nreturn new class extends Migration {\n  public function up(): void\n  {\n    Schema::table('a', function (Blueprint $table) {\n      $table->dropColumn('b');\n    });\n  }\n  public function down(): void\n  {\n    Schema::table('a', fn ($t) => $t->string('b'));\n  }\n};\n",
      "ban-drop-column"
    ),
    (
      "Migrations/1_A.cs",
      "public partial class A : Migration {\n  protected override void Up(MigrationBuilder migrationBuilder)\n  {\n    migrationBuilder.DropTable(name: \"a\");\n  }\n  protected override void Down(MigrationBuilder migrationBuilder)\n  {\n    migrationBuilder.CreateTable(name: \"a\");\n  }\n}\n",
      "ban-drop-table"
    ),
    (
      "priv/repo/migrations/1_a.exs",
      "defmodule A do\n  use Ecto.Migration\n  def up do\n    alter table(:a) do\n      remove :b\n    end\n  end\n  def down do\n    alter table(:a) do\n      add :b, :string\n    end\n  end\nend\n",
      "ban-drop-column"
    ),
    (
      "migrations/1_a.go",
      "package m\nfunc init() {\n  goose.AddMigrationContext(upA, downA)\n}\nfunc upA(ctx context.Context, tx *sql.Tx) error {\n  _, err := tx.ExecContext(ctx, `DROP TABLE a`)\n  return err\n}\nfunc downA(ctx context.Context, tx *sql.Tx) error {\n  _, err := tx.ExecContext(ctx, `CREATE TABLE a (i int)`)\n  return err\n}\n",
      "ban-drop-table"
    ),
    (
      "db/migrations/1.php",
      "<?php\nclass A extends AbstractMigration {\n  public function up() {\n    $this->table('a')->drop()->save();\n  }\n  public function down() {\n    $this->table('a')->create();\n  }\n}\n",
      "ban-drop-table"
    ),
    (
      "migrations/M1.ts",
      "export class M1 extends Migration {\n  async up(): Promise<void> {\n    this.addSql('alter table a drop column b;');\n  }\n  async down(): Promise<void> {\n    this.addSql('alter table a add column b int;');\n  }\n}\n",
      "ban-drop-column"
    ),
    (
      "db/migrate/1_a.rb",
      "class A < ActiveRecord::Migration[7.1]\n  def change\n    remove_timestamps :users\n  end\nend\n",
      "ban-drop-column"
    ),
    (
      "versions/a.py",
      "from alembic import op\ndown_revision = 'z'\ndef upgrade():\n    op.alter_column('a', 'b', nullable=False)\n\ndef downgrade():\n    op.alter_column('a', 'b', nullable=True)\n",
      "required-existing-column"
    ),
  ]

  @Test(arguments: destructive) func `what a tool's migration destroys or breaks stops`(
    _ path: String, _ text: String, _ code: String
  ) throws {
    let (status, codes) = try judge(try repository(["a": "a"]), [path: text])
    #expect(status == 1)
    #expect(codes.contains(code), "\(codes)")
    // Each of them has its way back.
    if !path.hasPrefix("drizzle") { #expect(!codes.contains("migration-without-rollback"), "\(codes)") }
  }

  @Test func `old migrations that a formatter touches are compared by statement`() throws {
    let base = [
      "migrations/v1.sql": "DROP TABLE users;\n",
      "migrations/rollback-v1.sql": "CREATE TABLE users (i int);\n",
    ]
    let formatted = try judge(
      try repository(base), ["migrations/v1.sql": "-- a comment\ndrop table\n  users ;\n"])
    #expect(formatted.status == 0)
    #expect(formatted.codes == ["migration-edited"])
    let more = try judge(
      try repository(base), ["migrations/v1.sql": "DROP TABLE users;\nDROP TABLE other;\n"])
    #expect(more.status == 1)
    #expect(more.codes.isSuperset(of: ["migration-edited", "ban-drop-table"]))
  }

  @Test(arguments: [
    ("varchar(200)", 0), ("text", 0), ("varchar(20)", 1), ("int", 1),
  ]) func `the schema that earlier migrations have left decides whether a type widens`(
    _ type: String, _ status: Int
  ) throws {
    let repository = try repository([
      "migrations/v1.sql": "CREATE TABLE users (id int, name varchar(50));\n",
      "migrations/rollback-v1.sql": "DROP TABLE users;\n",
    ])
    let result = try judge(
      repository,
      [
        "migrations/v2.sql": "ALTER TABLE users ALTER COLUMN name TYPE \(type);\n",
        "migrations/rollback-v2.sql": "ALTER TABLE users ALTER COLUMN name TYPE varchar(50);\n",
      ])
    #expect(result.status == status, "\(result.codes)")
  }

  @Test func `a dump of a schema: its two versions are compared, unless a migration explains it`() throws {
    let dump = "CREATE TABLE a (i int, n text);\nCREATE TABLE b (i int);\n"
    let (status, codes) = try judge(
      try repository(["db/structure.sql": dump]), ["db/structure.sql": "CREATE TABLE a (i int);\n"])
    #expect(status == 1)
    #expect(codes == ["ban-drop-table", "ban-drop-column"])
    let same = try judge(
      try repository(["db/structure.sql": dump]), ["db/structure.sql": "-- dumped\n" + dump])
    #expect(same.status == 0)
  }

  @Test(arguments: [
    ("1_a.up.sql", "CREATE INDEX CONCURRENTLY i ON t (a);\nCREATE INDEX CONCURRENTLY j ON t (b);\n", true),
    ("1_a.up.sql", "CREATE INDEX CONCURRENTLY i ON t (a);\n", false),
    (
      "1.sql",
      "-- +goose Up\nCREATE INDEX CONCURRENTLY i ON t (a);\n-- +goose Down\nDROP INDEX CONCURRENTLY i;\n",
      true
    ),
    (
      "1.sql",
      "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY i ON t (a);\n-- +goose Down\nDROP INDEX i;\n",
      false
    ),
    ("V1__a.sql", "CREATE INDEX CONCURRENTLY i ON t (a);\nALTER TABLE t ADD COLUMN c int;\n", true),
    ("V1__a.sql", "CREATE INDEX CONCURRENTLY i ON t (a);\n", false),
  ]) func `CONCURRENTLY where the tool opens a transaction is a sure failure`(
    _ name: String, _ text: String, _ fails: Bool
  ) throws {
    let (_, codes) = try judge(try repository(["a": "a"]), ["migrations/\(name)": text])
    #expect(codes.contains("ban-concurrent-index-creation-in-transaction") == fails, "\(codes)")
  }
}
