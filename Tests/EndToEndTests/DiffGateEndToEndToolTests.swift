import Foundation
import JSONValues
import TestSupport
import Testing

/// What the built `diff-gate` says about migrations of each tool: one that loses data, one that adds and can be undone, and
/// code that nobody here can read.
@Suite(.blocking) struct DiffGateEndToEndToolTests {
  struct Case: Sendable, CustomStringConvertible {
    let tool: String, path: String
    /// Drops a table or a column, with a way back.
    let loses: String, code: String
    /// Adds something that the version before can live with, with a way back.
    let adds: String
    /// Does what is not read; nil where the tool has SQL alone.
    let open: String?
    /// The script that goes back, where it stands in another file.
    var back: (path: String, text: String)?
    var description: String { tool }
  }

  private static func js(_ up: String, _ down: String = "await q.dropTable('x');") -> String {
    """
    module.exports = {
      async up(queryInterface, Sequelize) {
        \(up)
      },
      async down(queryInterface, Sequelize) {
        \(down)
      },
    };
    """
  }
  private static func typeorm(_ up: String) -> String {
    """
    import { MigrationInterface, QueryRunner } from "typeorm";
    export class A1 implements MigrationInterface {
      public async up(queryRunner: QueryRunner): Promise<void> {
        \(up)
      }
      public async down(queryRunner: QueryRunner): Promise<void> {
        await queryRunner.query(`CREATE TABLE old (id int)`);
      }
    }
    """
  }
  private static func laravel(_ up: String) -> String {
    """
    <?php
    return new class extends Migration {
        public function up(): void
        {
            \(up)
        }
        public function down(): void
        {
            Schema::create('old', function (Blueprint $table) { $table->id(); });
        }
    };
    """
  }
  private static func ef(_ up: String) -> String {
    """
    public partial class A : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            \(up)
        }
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(name: "old", columns: table => new { Id = table.Column<int>(nullable: true) });
        }
    }
    """
  }
  private static func ecto(_ up: String) -> String {
    """
    defmodule Shop.Repo.Migrations.A do
      use Ecto.Migration

      def up do
        \(up)
      end

      def down do
        create table(:old) do
          add :name, :text
        end
      end
    end
    """
  }
  private static func goose(_ up: String) -> String {
    """
    package migrations

    func init() { goose.AddMigrationContext(up, down) }

    func up(ctx context.Context, tx *sql.Tx) error {
    	\(up)
    }

    func down(ctx context.Context, tx *sql.Tx) error {
    	_, err := tx.ExecContext(ctx, `CREATE TABLE old (id int)`)
    	return err
    }
    """
  }
  private static func mikro(_ up: String) -> String {
    """
    import { Migration } from '@mikro-orm/migrations';
    export class M1 extends Migration {
      async up(): Promise<void> {
        \(up)
      }
      async down(): Promise<void> {
        this.addSql('create table "old" ("id" int);');
      }
    }
    """
  }
  private static func phinx(_ up: String) -> String {
    """
    <?php
    final class A extends AbstractMigration {
        public function up(): void {
            \(up)
        }
        public function down(): void {
            $this->table('old')->create();
        }
    }
    """
  }
  private static func alembic(_ up: String) -> String {
    """
    from alembic import op
    import sqlalchemy as sa
    revision = 'a'
    down_revision = None

    def upgrade():
        \(up)

    def downgrade():
        op.create_table('old', sa.Column('id', sa.Integer()))
    """
  }
  private static func django(_ operation: String) -> String {
    """
    from django.db import migrations, models

    class Migration(migrations.Migration):
        dependencies = []
        operations = [
            \(operation),
        ]
    """
  }
  private static func rails(_ up: String) -> String {
    """
    class A < ActiveRecord::Migration[7.1]
      def up
        \(up)
      end

      def down
        create_table :old
      end
    end
    """
  }
  private static let drop = "DROP TABLE old;\n", add = "ALTER TABLE users ADD COLUMN note text;\n"
  private static let undrop = "CREATE TABLE old (id int);\n", unadd = "ALTER TABLE users DROP COLUMN note;\n"

  static let cases: [Case] = [
    Case(
      tool: "typeorm", path: "src/migrations/1-a.ts", loses: typeorm("await queryRunner.dropTable('old');"),
      code: "ban-drop-table",
      adds: typeorm("await queryRunner.query(`ALTER TABLE users ADD note text`);"),
      open: typeorm("await repair(queryRunner);")),
    Case(
      tool: "sequelize", path: "migrations/1-a.js", loses: js("await queryInterface.dropTable('old');"),
      code: "ban-drop-table",
      adds: js("await queryInterface.addColumn('users', 'note', { type: Sequelize.TEXT });"),
      open: js("await fix(queryInterface);")),
    Case(
      tool: "knex", path: "db/migrations/1_a.js",
      loses:
        "exports.up = (knex) => knex.schema.dropTable('old');\nexports.down = (knex) => knex.schema.createTable('old', (t) => { t.increments(); });\n",
      code: "ban-drop-table",
      adds:
        "exports.up = (knex) => knex.schema.table('users', (t) => { t.text('note'); });\nexports.down = (knex) => knex.schema.table('users', (t) => { t.dropColumn('note'); });\n",
      open:
        "exports.up = async (knex) => { await fix(knex); };\nexports.down = async (knex) => { await knex.schema.dropTable('x'); };\n"
    ),
    Case(
      tool: "mikro-orm", path: "migrations/M1.ts", loses: mikro("this.addSql('drop table \"old\";');"),
      code: "ban-drop-table",
      adds: mikro("this.addSql('alter table \"users\" add column \"note\" text;');"),
      open: mikro("await this.repair();")),
    Case(
      tool: "laravel", path: "database/migrations/2026_01_01_000000_a.php",
      loses: laravel("Schema::dropIfExists('old');"), code: "ban-drop-table",
      adds: laravel(
        "Schema::table('users', function (Blueprint $table) { $table->text('note')->nullable(); });"),
      open: laravel("User::all()->each(fn ($user) => $user->repair());")),
    Case(
      tool: "phinx", path: "db/migrations/20260101000000_a.php",
      loses: phinx("$this->table('old')->drop()->save();"),
      code: "ban-drop-table",
      adds: phinx("$this->table('users')->addColumn('note', 'text', ['null' => true])->save();"),
      open: phinx("$this->repair();")),
    Case(
      tool: "ef-core", path: "src/Migrations/20260101000000_A.cs",
      loses: ef("migrationBuilder.DropTable(name: \"old\");"), code: "ban-drop-table",
      adds: ef("migrationBuilder.AddColumn<string>(name: \"Note\", table: \"Users\", nullable: true);"),
      open: ef("Repair(migrationBuilder);")),
    Case(
      tool: "ecto", path: "priv/repo/migrations/20260101000000_a.exs", loses: ecto("drop table(:old)"),
      code: "ban-drop-table", adds: ecto("alter table(:users) do\n      add :note, :text\n    end"),
      open: ecto("Shop.Repair.run()")),
    Case(
      tool: "goose-go", path: "migrations/00001_a.go",
      loses: goose("_, err := tx.ExecContext(ctx, `DROP TABLE old`)\n\treturn err"), code: "ban-drop-table",
      adds: goose("_, err := tx.ExecContext(ctx, `ALTER TABLE users ADD COLUMN note text`)\n\treturn err"),
      open: goose("return repair(ctx, tx)")),
    Case(
      tool: "alembic", path: "alembic/versions/a.py", loses: alembic("op.drop_table('old')"),
      code: "ban-drop-table",
      adds: alembic("op.add_column('users', sa.Column('note', sa.Text()))"),
      open: alembic("repair(op.get_bind())")),
    Case(
      tool: "django", path: "shop/migrations/0002_a.py", loses: django("migrations.DeleteModel(name='Old')"),
      code: "ban-drop-table",
      adds: django("migrations.AddField(model_name='user', name='note', field=models.TextField(null=True))"),
      open: django("migrations.RunPython(repair, migrations.RunPython.noop)")),
    Case(
      tool: "rails", path: "db/migrate/20260101000000_a.rb", loses: rails("drop_table :old"),
      code: "ban-drop-table",
      adds: rails("add_column :users, :note, :text"), open: rails("User.find_each(&:repair!)")),
    Case(
      tool: "dbmate", path: "db/migrations/1_a.sql",
      loses: "-- migrate:up\n\(drop)-- migrate:down\n\(undrop)",
      code: "ban-drop-table", adds: "-- migrate:up\n\(add)-- migrate:down\n\(unadd)", open: nil),
    Case(
      tool: "goose", path: "db/migrations/1_a.sql", loses: "-- +goose Up\n\(drop)-- +goose Down\n\(undrop)",
      code: "ban-drop-table", adds: "-- +goose Up\n\(add)-- +goose Down\n\(unadd)", open: nil),
    Case(
      tool: "liquibase", path: "db/changelog/1.sql",
      loses: "--liquibase formatted sql\n--changeset a:1\n\(drop)--rollback \(undrop)",
      code: "ban-drop-table",
      adds: "--liquibase formatted sql\n--changeset a:1\n\(add)--rollback \(unadd)", open: nil),
    Case(
      tool: "flyway", path: "sql/V2__a.sql", loses: drop, code: "ban-drop-table", adds: add, open: nil,
      back: ("sql/U2__a.sql", unadd)),
    Case(
      tool: "golang-migrate", path: "db/1_a.up.sql", loses: drop, code: "ban-drop-table", adds: add,
      open: nil,
      back: ("db/1_a.down.sql", unadd)),
    Case(
      tool: "sqitch", path: "sqitch/deploy/a.sql", loses: drop, code: "ban-drop-table", adds: add, open: nil,
      back: ("sqitch/revert/a.sql", unadd)),
    Case(
      tool: "diesel", path: "migrations/2026-01-01-000000_a/up.sql", loses: drop, code: "ban-drop-table",
      adds: add,
      open: nil, back: ("migrations/2026-01-01-000000_a/down.sql", unadd)),
    Case(
      tool: "prisma", path: "prisma/migrations/1_a/migration.sql", loses: drop, code: "ban-drop-table",
      adds: add,
      open: nil, back: ("prisma/migrations/1_a/down.sql", unadd)),
    Case(
      tool: "drizzle", path: "drizzle/0001_a.sql",
      loses: "DROP TABLE \"old\";--> statement-breakpoint\nSELECT 1;\n",
      code: "ban-drop-table", adds: add, open: nil, back: ("drizzle/rollback-0001_a.sql", unadd)),
  ]

  private func judge(_ files: [String: String]) throws -> (status: Int32, record: JSONValue) {
    let repository = try TestRepository()
    try repository.write(".backstop/\n", to: ".gitignore")
    try repository.commit("First", at: 1)
    for (path, text) in files { try repository.write(text, to: path) }
    try repository.commit("Second", at: 2)
    let outcome = try BuiltStep("diff-gate", in: repository.path).run(["prod", "--format", "json"])
    return (outcome.status, try JSONValue(parsing: outcome.output))
  }

  private func codes(_ record: JSONValue) -> Set<String> {
    Set((record["findings"]?.array ?? []).compactMap { $0["code"]?.string })
  }

  @Test(arguments: cases) func `what loses data stops, by every tool`(_ test: Case) throws {
    var files = [test.path: test.loses]
    if let back = test.back { files[back.path] = Self.undrop }
    let (status, record) = try judge(files)
    #expect(status == 1, "\(test.tool)")
    #expect(codes(record).contains(test.code), "\(test.tool): \(codes(record))")
    #expect(record["migrations"]?.array?.first?["tool"]?.string == test.tool, "\(test.tool)")
  }

  @Test(arguments: cases) func `what adds and can be undone goes, by every tool`(_ test: Case) throws {
    var files = [test.path: test.adds]
    if let back = test.back { files[back.path] = back.text }
    let (status, record) = try judge(files)
    #expect(status == 0, "\(test.tool): \(record["findings"]?.serialized() ?? "")")
  }

  @Test(arguments: cases.filter { $0.open != nil })
  func `code that is not read is said to be, by every tool`(_ test: Case) throws {
    let (status, record) = try judge([test.path: test.open ?? ""])
    #expect(status == 3, "\(test.tool): \(record["findings"]?.serialized() ?? "")")
    #expect(codes(record).contains("migration-code-open"), "\(test.tool): \(codes(record))")
  }

  // MARK: - What a migration was called, and what stood there before

  private func change(_ base: [String: String], _ head: [String: String?]) throws -> (Int32, JSONValue) {
    let repository = try TestRepository(base: base, head: head)
    let outcome = try BuiltStep("diff-gate", in: repository.path).run(["prod", "--format", "json"])
    return (outcome.status, try JSONValue(parsing: outcome.output))
  }

  @Test func `a migration that its tool knows by its name is another one under another name`() throws {
    let text = Self.js("await queryInterface.addColumn('users', 'note', { type: Sequelize.TEXT });")
    let (status, record) = try change(
      ["migrations/1-a-b.js": text], ["migrations/1-a-b.js": nil, "migrations/1-a_b.js": text])
    #expect(status == 3)
    #expect(codes(record).contains("migration-renamed"))
    // Rails knows its number alone.
    let rails = Self.rails("add_column :users, :note, :text")
    let (other, _) = try change(
      ["db/migrate/20260101000000_a.rb": rails],
      ["db/migrate/20260101000000_a.rb": nil, "db/migrate/20260101000000_b.rb": rails])
    #expect(other == 0)
  }

  static let alterations: [(old: String, new: String, status: Int32)] = [
    ("models.CharField(max_length=50)", "models.CharField(max_length=50, help_text='x', blank=True)", 0),
    ("models.CharField(max_length=50)", "models.CharField(max_length=100, verbose_name='x')", 0),
    ("models.CharField(max_length=50)", "models.TextField()", 0),
    ("models.IntegerField()", "models.BigIntegerField()", 0),
    ("models.IntegerField(null=True)", "models.IntegerField()", 1),
    ("models.CharField(max_length=50)", "models.CharField(max_length=20)", 1),
    ("models.SlugField()", "models.SlugField(unique=True)", 1),
    (
      "models.DecimalField(max_digits=6, decimal_places=2)",
      "models.DecimalField(max_digits=6, decimal_places=3)", 1
    ),
    ("models.IntegerField()", "models.CharField(max_length=9)", 3),
    ("fields.ColorField()", "fields.ColorField(max=3)", 3),
    ("models.ForeignKey('a.B', models.CASCADE)", "models.ForeignKey('a.B', on_delete=models.PROTECT)", 0),
    ("models.ForeignKey('a.B', models.CASCADE)", "models.ForeignKey('a.C', models.CASCADE)", 3),
  ]

  @Test(arguments: alterations)
  func `the migrations before say what Django's AlterField does`(old: String, new: String, status: Int32)
    throws
  {
    let first = Self.django(
      "migrations.CreateModel(name='Item', fields=[('id', models.AutoField(primary_key=True)), ('size', \(old))])"
    )
    let alter = Self.django("migrations.AlterField(model_name='item', name='size', field=\(new))")
    let (found, record) = try change(
      ["shop/migrations/0001_a.py": first], ["shop/migrations/0002_b.py": alter])
    #expect(found == status, "\(old) to \(new): \(record["findings"]?.serialized() ?? "")")
    // Without them it is open.
    #expect(try change([:], ["shop/migrations/0002_b.py": alter]).0 == 3)
  }

  static let schema = """
    ActiveRecord::Schema[7.1].define(version: 2026_01_01) do
      create_table "users", force: :cascade do |t|
        t.string "name", limit: 50, null: false
        t.integer "age"
        t.index ["name"], name: "by_name"
      end
      create_table "old" do |t|
        t.text "note"
      end
    end
    """

  @Test(arguments: [
    (":name, :string, limit: 100", Int32(0)), (":name, :text", 0), (":name, :string, limit: 20", 1),
    (":age, :bigint", 0),
    (":age, :date", 3), (":gone, :text", 3),
  ])
  func `schema.rb says what change_column does`(_ arguments: String, _ status: Int32) throws {
    let (found, record) = try change(
      ["db/schema.rb": Self.schema], ["db/migrate/2_a.rb": Self.rails("change_column :users, \(arguments)")])
    #expect(found == status, "\(arguments): \(record["findings"]?.serialized() ?? "")")
  }

  @Test(arguments: [
    ("    t.integer \"age\"\n", "", Int32(1), "ban-drop-column"),
    ("t.string \"name\", limit: 50", "t.string \"name\", limit: 20", 1, "changing-column-type"),
    ("t.string \"name\", limit: 50", "t.string \"name\", limit: 90", 0, ""),
    ("t.integer \"age\"", "t.integer \"age\", null: false", 1, "required-existing-column"),
    ("t.integer \"age\"", "t.integer \"age\"\n        t.text \"extra\"", 0, ""),
    (
      "t.integer \"age\"", "t.integer \"age\"\n        t.text \"extra\", null: false", 1,
      "adding-required-field"
    ),
    ("t.integer \"age\"", "t.integer \"age\", default: 3", 3, "file-not-judged"),
    ("name: \"by_name\"", "name: \"by_name\", unique: true", 3, "file-not-judged"),
    ("2026_01_01", "2026_02_02", 0, ""),
    ("t.integer \"age\"", "t.integer \"age\", :null => false", 1, "required-existing-column"),
  ])
  func `two versions of schema.rb are compared as schemas`(
    _ old: String, _ new: String, _ status: Int32, _ code: String
  ) throws {
    let (found, record) = try change(
      ["db/schema.rb": Self.schema], ["db/schema.rb": Self.schema.replacing(old, with: new)])
    #expect(found == status, "\(new): \(record["findings"]?.serialized() ?? "")")
    if !code.isEmpty { #expect(codes(record).contains(code), "\(new)") }
  }

  @Test func `a headline does not say that no schema changes where a dump gets a column`() throws {
    let table = "CREATE TABLE t (\n  id int NOT NULL\n);\n"
    let repository = try TestRepository(
      base: ["db/schema.sql": table, "src/a.ts": "1\n"],
      head: [
        "db/schema.sql": table.replacing("NOT NULL", with: "NOT NULL,\n  note text"), "src/a.ts": "2\n",
      ])
    let outcome = try BuiltStep("diff-gate", in: repository.path).run(["prod"])
    #expect(outcome.status == 0, "\(outcome.output)")
    #expect(
      outcome.output.contains(
        "deploying the version before undoes this change; what else changes needs no rollback"),
      "\(outcome.output)")
  }

  @Test func `what else differs in a dump in SQL is not passed`() throws {
    let table =
      "CREATE TABLE t (\n  id int NOT NULL,\n  name varchar(50) DEFAULT 'x',\n  PRIMARY KEY (id)\n);\n"
    func status(_ new: String) throws -> Int32 {
      try change(["db/schema.sql": table], ["db/schema.sql": new]).0
    }
    #expect(try status(table.replacing("'x'", with: "'y'")) == 3)
    #expect(try status(table.replacing("(id)\n", with: "(id, name)\n")) == 3)
    #expect(try status(table + "CREATE INDEX i ON t (name);\nCOMMENT ON TABLE t IS 'x';\n") == 0)
    #expect(try status(table + "CREATE UNIQUE INDEX i ON t (name);\n") == 3)
    #expect(try status(table + "CREATE TABLE u (id int NOT NULL, CHECK (id > 0));\n") == 0)
    let clicks = "CREATE TABLE c (id UInt32, at DateTime) ENGINE = MergeTree ORDER BY (id, at);\n"
    let (found, _) = try change(
      ["db/clickhouse/schema.sql": clicks],
      ["db/clickhouse/schema.sql": clicks.replacing("(id, at)", with: "(at, id)")])
    #expect(found == 3)
  }
}
