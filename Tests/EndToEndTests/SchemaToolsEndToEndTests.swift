import Foundation
import TestSupport
import Testing

/// What runs migrations here.
private enum SchemaTools {
  static let python = Repository.root + "/.build/venv/bin/python"
  static let areInstalled = ["alembic", "yoyo", "django-admin"].allSatisfy {
    FileManager.default.isExecutableFile(atPath: Repository.root + "/.build/venv/bin/\($0)")
  }
}

/// Tools that make their history themselves, and go on from what the built `auto-revert` leaves.
@Suite(
  .enabled(
    if: LocalAWS.isInstalled && PostgreSQLServer.isInstalled && SchemaTools.areInstalled,
    "ci/install was not run"), .blocking)
struct SchemaToolsEndToEndTests {
  let world: SchemaWorld

  init() throws { world = try SchemaWorld() }

  /// Runs a tool in the repository.
  private func tool(_ arguments: String...) throws {
    let made = try runProgram(SchemaTools.python, arguments, in: world.git.path, variables: world.variables)
    guard made.status == 0 else {
      throw AutoRevertWorld.Unexpected(description: "\(arguments): \(made.text)\(made.error)")
    }
  }

  private func revert(_ commit: String) throws {
    let outcome = try world.revert(commit)
    #expect([0, 3].contains(outcome.status), "\(outcome.output)\(outcome.error)")
    #expect(try world.columns == "id", "\(outcome.output)")
  }

  private static let alembic = [
    "alembic.ini": "[alembic]\nscript_location = alembic\n",
    "alembic/env.py": """
    import os
    from alembic import context
    from sqlalchemy import create_engine
    with create_engine(os.environ["DATABASE_URL"].replace("postgresql:", "postgresql+psycopg2:")).connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    """,
    "alembic/versions/aa_jobs.py": """
    from alembic import op
    revision = "aa"
    down_revision = None
    def upgrade():
        op.execute("CREATE TABLE jobs (id int)")
    def downgrade():
        op.execute("DROP TABLE jobs")
    """,
  ]
  private static let notes = [
    "alembic/versions/bb_notes.py": """
    import sqlalchemy as sa
    from alembic import op
    revision: str = "bb"
    down_revision: str = "aa"
    def upgrade():
        op.add_column("jobs", sa.Column("notes", sa.Text()))
    def downgrade():
        op.drop_column("jobs", "notes")
    """
  ]

  @Test(arguments: [true, false]) func `Alembic goes on from where it was put back to`(byScript: Bool)
    async throws
  {
    if !byScript {
      try world.policy(
        "auto-revert: { schema: { undo: { alembic: [\(SchemaTools.python), -m, alembic, downgrade, \"{to}\"] } } }"
      )
    }
    let script = byScript ? ["alembic/versions/bb_notes.rollback.sql": SchemaEndToEndTests.down] : [:]
    let second = try await world.deploy(Self.alembic, Self.notes.merging(script) { $1 }) {
      try tool("-m", "alembic", "upgrade", "head")
    }
    #expect(try world.columns == "id notes")
    try revert(second)
    #expect(try world.sql("SELECT version_num FROM alembic_version;") == "aa")
    try tool("-m", "alembic", "upgrade", "head")
    #expect(try world.columns == "id notes")
  }

  @Test(arguments: [true, false]) func `Django goes on from where it was put back to`(byScript: Bool)
    async throws
  {
    if !byScript {
      try world.policy(
        "auto-revert: { schema: { undo: { django: [\(SchemaTools.python), manage.py, migrate, \"{app}\", \"{to}\"] } } }"
      )
    }
    let manage = """
      import os, sys
      import django
      from django.conf import settings
      from django.core.management import execute_from_command_line
      settings.configure(
          INSTALLED_APPS=["shop"], DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
          DATABASES={"default": {
              "ENGINE": "django.db.backends.postgresql", "NAME": os.environ["PGDATABASE"], "USER": os.environ["PGUSER"],
              "PASSWORD": os.environ["PGPASSWORD"], "HOST": os.environ["PGHOST"], "PORT": os.environ["PGPORT"]}})
      execute_from_command_line(sys.argv)
      """
    func migration(_ dependencies: String, _ operations: String) -> String {
      """
      from django.db import migrations
      class Migration(migrations.Migration):
          dependencies = [\(dependencies)]
          operations = [\(operations)]
      """
    }
    let script = byScript ? ["shop/migrations/0002_notes.down.sql": SchemaEndToEndTests.down] : [:]
    let second = try await world.deploy(
      [
        "manage.py": manage, "shop/__init__.py": "", "shop/migrations/__init__.py": "",
        "shop/migrations/0001_jobs.py": migration(
          "", #"migrations.RunSQL("CREATE TABLE jobs (id int)", "DROP TABLE jobs")"#),
      ],
      [
        "shop/migrations/0002_notes.py": migration(
          #"("shop", "0001_jobs")"#,
          #"migrations.RunSQL("ALTER TABLE jobs ADD COLUMN notes text", "ALTER TABLE jobs DROP COLUMN notes")"#
        )
      ].merging(script) { $1 }
    ) {
      try tool("manage.py", "migrate")
    }
    #expect(try world.columns == "id notes")
    try revert(second)
    #expect(
      try world.sql("SELECT string_agg(name, ' ') FROM django_migrations WHERE app = 'shop';") == "0001_jobs")
    try tool("manage.py", "migrate")
    #expect(try world.columns == "id notes")
  }

  @Test func `yoyo goes on from where it was put back to`() async throws {
    let second = try await world.deploy(
      [
        "migrations/0001_jobs.sql": "CREATE TABLE jobs (id int);",
        "migrations/0001_jobs.rollback.sql": "DROP TABLE jobs;",
      ],
      [
        "migrations/0002_notes.sql": SchemaEndToEndTests.up,
        "migrations/0002_notes.rollback.sql": SchemaEndToEndTests.down,
      ]
    ) {
      try tool("-m", "yoyo", "apply", "--batch", "--no-config-file", "--database", world.url, "migrations")
    }
    #expect(try world.columns == "id notes")
    try revert(second)
    #expect(try world.sql("SELECT migration_id FROM _yoyo_migration;") == "0001_jobs")
    #expect(
      try world.sql(
        "SELECT operation FROM _yoyo_log WHERE migration_id = '0002_notes' ORDER BY created_at_utc;")
        == "apply\nrollback")
    try tool("-m", "yoyo", "apply", "--batch", "--no-config-file", "--database", world.url, "migrations")
    #expect(try world.columns == "id notes")
  }
}
