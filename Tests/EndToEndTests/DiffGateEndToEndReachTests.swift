import Foundation
import JSONValues
import TestSupport
import Testing

/// What reaches a deployment from outside of templates and migrations, through the built `diff-gate`: values that a
/// pipeline hands on, libraries that make templates, what an engine fills in, values that are looked up.
@Suite(.blocking) struct DiffGateEndToEndReachTests {
  private static let config = "ENVIRONMENT=prod\nAWS_REGION=us-east-1\n"

  private func judge(_ base: [String: String], _ head: [String: String?]) throws -> (
    status: Int32, record: JSONValue, codes: Set<String>, text: String
  ) {
    let repository = try TestRepository(
      base: base.merging(["deployment-prod.config": Self.config]) { given, _ in given }, head: head)
    let step = BuiltStep("diff-gate", in: repository.path)
    let outcome = try step.run(["prod", "--format", "json"])
    let record = try JSONValue(parsing: outcome.output)
    return (
      outcome.status, record, Set((record["findings"]?.array ?? []).compactMap { $0["code"]?.string }),
      try step.run(["prod"]).output
    )
  }

  /// A file that changes, what it changes to, and whether that may reach a deployment.
  struct Edit: Sendable, CustomStringConvertible {
    var path: String, from: String, to: String, rule: String?
    var beside: [String: String] = [:]
    var description: String { "\(path): \(to)" }
  }

  private static let workflow = """
    name: Release
    on:
      workflow_call:
        inputs: {size: {description: how many, default: "1"}}
    env: {STAGE: live}
    jobs:
      test:
        runs-on: ubuntu-22.04
        env: {LEVEL: info}
        steps:
          - uses: actions/checkout@v3
          - run: npm test
      release:
        strategy:
          matrix:
            include:
              - {environment: prod, max_vcpus: 1000}
        steps:
          - uses: actions/checkout@v3
          - uses: aws-actions/configure-aws-credentials@v3
            with: {aws-region: eu-west-1}
          - name: Package
            run: make build
          - name: Out
            run: |
              sam package
              aws cloudformation deploy \\
                --stack-name shop \\
                --parameter-overrides \\
                  Size=5
          - uses: ./.github/actions/deploy-shop
            with:
              MAX: ${{ matrix.max_vcpus }}
    """

  private static func inWorkflow(_ from: String, _ to: String, _ rule: String?) -> Edit {
    Edit(
      path: ".github/workflows/release.yml", from: workflow,
      to: workflow.replacingOccurrences(of: from, with: to), rule: rule)
  }

  static let pipelines: [Edit] = [
    inWorkflow("max_vcpus: 1000", "max_vcpus: 1500", "pipeline"),
    inWorkflow("STAGE: live", "STAGE: canary", "pipeline"),
    inWorkflow("Size=5", "Size=6", "pipeline"),
    inWorkflow("aws-region: eu-west-1", "aws-region: eu-west-2", "pipeline"),
    inWorkflow("default: \"1\"", "default: \"2\"", "pipeline"),
    inWorkflow("MAX: ${{ matrix.max_vcpus }}", "MAX: 7", "pipeline"),
    inWorkflow("checkout@v3", "checkout@v4", nil),
    inWorkflow("configure-aws-credentials@v3", "configure-aws-credentials@v4", nil),
    inWorkflow("name: Release", "name: Releases", nil),
    inWorkflow("LEVEL: info", "LEVEL: debug", nil),
    inWorkflow("how many", "how many of them", nil),
    inWorkflow("run: make build", "run: make build QUIET=1", nil),
    Edit(
      path: ".github/actions/ship/action.yml",
      from:
        "inputs: {size: {default: 1}}\nruns: {using: composite, steps: [{run: ./deploy.sh, shell: bash}]}\n",
      to:
        "inputs: {size: {default: 2}}\nruns: {using: composite, steps: [{run: ./deploy.sh, shell: bash}]}\n",
      rule: "pipeline"),
    Edit(
      path: ".gitlab-ci.yml",
      from: "variables: {SIZE: 1}\nship:\n  script: [serverless deploy]\nunit:\n  script: [npm test]\n",
      to: "variables: {SIZE: 2}\nship:\n  script: [serverless deploy]\nunit:\n  script: [npm test]\n",
      rule: "pipeline"),
    Edit(
      path: ".gitlab-ci.yml",
      from: "ship:\n  script: [serverless deploy]\nunit:\n  script: [npm test]\n  variables: {A: 1}\n",
      to: "ship:\n  script: [serverless deploy]\nunit:\n  script: [npm test]\n  variables: {A: 2}\n",
      rule: nil),
    Edit(
      path: "ship.sh", from: "aws cloudformation deploy \\\n  --parameter-overrides \\\n  Size=1\n",
      to: "aws cloudformation deploy \\\n  --parameter-overrides \\\n  Size=2\n", rule: "pipeline"),
  ]

  static let libraries: [Edit] = [
    Edit(
      path: "infra/package.json", from: #"{"dependencies": {"aws-cdk-lib": "2.237.1"}}"#,
      to: #"{"dependencies": {"aws-cdk-lib": "2.241.0"}}"#, rule: "template-library"),
    Edit(
      path: "package.json",
      from: #"{"dependencies": {"@aws-solutions-constructs/aws-wafwebacl-apigateway": "2.1"}}"#,
      to: #"{"dependencies": {"@aws-solutions-constructs/aws-wafwebacl-apigateway": "2.2"}}"#,
      rule: "template-library"),
    Edit(
      path: "package.json", from: #"{"devDependencies": {"serverless-plugin-warmup": "8.1.0"}}"#,
      to: #"{"devDependencies": {"serverless-plugin-warmup": "8.2.0"}}"#, rule: "template-library"),
    Edit(
      path: "yarn.lock", from: "constructs@^10:\n  version 10.3.0\nconstructs@10.3:\n  x\n",
      to: "constructs@^10:\n  version 10.4.0\nconstructs@10.4:\n  x\n", rule: "template-library"),
    Edit(
      path: "requirements.txt", from: "aws-cdk-lib==2.1\n", to: "aws-cdk-lib==2.2\n", rule: "template-library"
    ),
    Edit(
      path: "requirements.txt", from: "troposphere==4.1\n", to: "troposphere==4.2\n", rule: "template-library"
    ),
    Edit(
      path: "go.mod", from: "require github.com/aws/aws-cdk-go/awscdk/v2 v2.100.0\n",
      to: "require github.com/aws/aws-cdk-go/awscdk/v2 v2.110.0\n", rule: "template-library"),
    Edit(
      path: "pom.xml", from: "<groupId>software.amazon.awscdk</groupId><version>1</version>\n",
      to: "<groupId>software.amazon.awscdk</groupId><version>2</version>\n", rule: "template-library"),
    Edit(
      path: "package.json", from: #"{"dependencies": {"serverless-http": "3.1.0", "a": "^1"}}"#,
      to: #"{"dependencies": {"serverless-http": "3.2.0", "a": "^1"}}"#, rule: nil),
    Edit(
      path: "package.json",
      from: "{\"devDependencies\": {\n\"aws-cdk-lib\": \"2.1\",\n\"jest\": \"29.1.0\"}}",
      to: "{\"devDependencies\": {\n\"aws-cdk-lib\": \"2.1\",\n\"jest\": \"29.2.0\"}}", rule: nil),
    Edit(path: "requirements.txt", from: "flask==1.1\n", to: "flask==2.0\n", rule: nil),
  ]

  private static let filled = [
    "apps/main-cf.yml.j2": "Resources: {T: {Type: AWS::SNS::Topic}}\n{% if a %}{% endif %}\n"
  ]

  static let generated: [Edit] = [
    Edit(
      path: "job_spec/RUN.yml", from: "memory: 7500\n", to: "memory: 31500\n", rule: "generated-template",
      beside: filled),
    Edit(
      path: "apps/render.py", from: "import jinja2\nfor t in glob('*.j2'): pass\n",
      to: "import jinja2\nfor t in glob('**/*.j2'): pass\n", rule: "generated-template", beside: filled),
    Edit(path: "job_spec/RUN.yml", from: "memory: 7500\n", to: "memory: 31500\n", rule: nil),
    Edit(
      path: "src/app.py", from: "import flask\n", to: "import flask, json\n", rule: nil, beside: filled),
    Edit(
      path: ".github/dependabot.yml", from: "version: 2\n", to: "version: 2\nupdates: []\n", rule: nil,
      beside: filled),
  ]

  private static let serverless = [
    "serverless.yml":
      "service: a\nuseDotenv: true\nprovider: {name: aws}\ncustom:\n  own: ${file(config/${sls:stage}.yml)}\n"
      + "  limits: ${file(./limits.json):size}\n"
  ]

  static let inputs: [Edit] = [
    Edit(
      path: "config/live.yml", from: "table: a\n", to: "table: b\n", rule: "serverless", beside: serverless),
    Edit(
      path: "limits.json", from: "{\"size\": 1}", to: "{\"size\": 2}", rule: "serverless", beside: serverless),
    Edit(path: ".env.live", from: "TABLE=a\n", to: "TABLE=b\n", rule: "serverless", beside: serverless),
    Edit(path: "src/words.json", from: "{\"a\": 1}", to: "{\"a\": 2}", rule: nil, beside: serverless),
    Edit(
      path: "infra/config/live.json", from: "{\"size\": 1}", to: "{\"size\": 2}", rule: "cdk-app",
      beside: ["infra/cdk.json": "{\"app\": \"node app.js\"}"]),
    Edit(
      path: "app/tsconfig.json", from: "{\"strict\": true}", to: "{\"strict\": false}", rule: nil,
      beside: ["app/cdk.json": "{\"app\": \"node app.js\"}"]),
  ]

  @Test(arguments: pipelines + libraries + generated + inputs)
  func `what may reach a deployment is not passed, and what cannot is`(_ edit: Edit) throws {
    let (status, record, _, text) = try judge(
      edit.beside.merging([edit.path: edit.from]) { $1 }, [edit.path: edit.to])
    let file = record["files"]?.array?.first { $0["path"]?.string == edit.path }
    guard let rule = edit.rule else {
      #expect(status == 0, "\(text)")
      #expect(file?["disposition"]?.string == "harmless")
      return
    }
    #expect(status == 3, "\(text)")
    #expect(file?["disposition"]?.string == "notJudged")
    #expect(file?["rule"]?.string == rule)
    #expect(file?["remedy"]?.string?.isEmpty == false)
  }

  // MARK: - Migrations

  struct Migration: Sendable, CustomStringConvertible {
    var path: String, from: String?, to: String, status: Int32, code: String
    var description: String { to }
  }

  private static func alembic(_ up: String, _ down: String) -> String {
    "from alembic import op\nimport sqlalchemy as sa\nrevision = \"2\"\ndown_revision = \"1\"\n\n\ndef upgrade():\n\(up)\n\n\ndef downgrade():\n\(down)\n"
  }

  static let migrations: [Migration] = [
    // Filled by the script and required afterwards: the version before does not give it.
    Migration(
      path: "migrations/2.up.sql", from: nil,
      to: "ALTER TABLE orders ADD COLUMN kind text;\nUPDATE orders SET kind = 'a' WHERE kind IS NULL;\n"
        + "ALTER TABLE orders ALTER COLUMN kind SET NOT NULL;\n", status: 1, code: "adding-required-field"),
    Migration(
      path: "migrations/2.up.sql", from: nil,
      to: "ALTER TABLE orders ADD COLUMN kind text DEFAULT 'a';\n"
        + "ALTER TABLE orders ALTER COLUMN kind SET NOT NULL;\n", status: 0, code: "adding-not-nullable-field"
    ),
    Migration(
      path: "migrations/2.up.sql", from: nil,
      to:
        "ALTER TABLE orders ADD COLUMN kind text DEFAULT 'a';\nALTER TABLE orders ALTER COLUMN kind SET NOT NULL;\n"
        + "ALTER TABLE orders ALTER COLUMN kind DROP DEFAULT;\n", status: 1, code: "dropped-default"),
    Migration(
      path: "migrations/2.up.sql", from: nil,
      to: "ALTER TABLE `orders` ADD COLUMN `kind` int NULL;\nUPDATE `orders` SET `kind` = 1;\n"
        + "ALTER TABLE `orders` MODIFY `kind` int NOT NULL;\n", status: 1, code: "adding-required-field"),
    // Rows that go are told, and somebody's to decide.
    Migration(
      path: "migrations/2.up.sql", from: nil, to: "DELETE FROM sessions WHERE seen < now();\n", status: 0,
      code: "delete-rows"),
    Migration(
      path: "migrations/2.up.sql", from: nil, to: "DELETE FROM `sessions` WHERE `seen` < 5;\n", status: 0,
      code: "delete-rows"),
    // Nothing brings back what a narrower type does not hold.
    Migration(
      path: "migrations/2.up.sql", from: nil, to: "ALTER TABLE orders ALTER COLUMN id TYPE smallint;\n",
      status: 1,
      code: "changing-column-type"),
    // Formatters lay code out anew, and put other quotes on.
    Migration(
      path: "alembic/versions/2_x.py",
      from: alembic("    op.drop_column('a', 'b')", "    op.add_column('a', sa.Column('b', sa.Text()))"),
      to: alembic(
        "    op.drop_column(\n        \"a\",\n        \"b\",\n    )",
        "    op.add_column(\n        \"a\", sa.Column(\"b\", sa.Text())\n    )"), status: 0,
      code: "migration-edited"),
    Migration(
      path: "alembic/versions/2_x.py",
      from: alembic("    op.drop_column('a', 'b')", "    op.add_column('a', sa.Column('b', sa.Text()))"),
      to: alembic(
        "    op.drop_column('a', 'b')\n    op.drop_column('a', 'c')",
        "    op.add_column('a', sa.Column('b', sa.Text()))"), status: 1, code: "ban-drop-column"),
    Migration(
      path: "alembic/versions/2_x.py",
      from: alembic(
        "    op.drop_column('a', 'b')\n    op.add_column('a', sa.Column('d', sa.Text()))",
        "    op.drop_column('a', 'd')"),
      to: alembic(
        "    op.drop_column('a', 'b')\n    op.add_column('a', sa.Column('e', sa.Text()))",
        "    op.drop_column('a', 'e')"), status: 0, code: "migration-edited"),
  ]

  @Test(arguments: migrations)
  func `a new column that must be given, rows that go, and code that is laid out anew`(_ item: Migration)
    throws
  {
    var base = ["README.md": "a", "migrations/1.up.sql": "CREATE TABLE orders (id int);\n"]
    base[item.path] = item.from
    var head: [String: String?] = [item.path: item.to]
    if item.path.hasSuffix(".up.sql") {
      head["migrations/2.down.sql"] =
        item.code == "delete-rows"
        ? "SELECT 1;\n"
        : item.code == "changing-column-type"
          ? "ALTER TABLE orders ALTER COLUMN id TYPE int;\n" : "ALTER TABLE orders DROP COLUMN kind;\n"
    }
    let (status, record, codes, text) = try judge(base, head)
    #expect(status == item.status, "\(text)")
    #expect(codes.contains(item.code), "\(codes)")
    if item.code == "changing-column-type" { #expect(!text.contains("can be undone"), "\(text)") }
    if item.code == "delete-rows" {
      let finding = record["findings"]?.array?.first { $0["code"]?.string == item.code }
      #expect(finding?["severity"]?.string == "warning")
      #expect(text.contains("does not bring back all of the data"))
      #expect(!text.contains("can be undone"))
    }
  }

  // MARK: - Values that are looked up, and macros

  private func compare(_ old: String, _ new: String) throws -> (
    status: Int32, record: JSONValue, text: String
  ) {
    let folder = TemporaryFolder()
    for (name, text) in [("old.yaml", old), ("new.yaml", new)] {
      try text.write(toFile: folder(name), atomically: true, encoding: .utf8)
    }
    let step = BuiltStep("diff-gate", in: folder.path)
    let outcome = try step.run(["prod", "--old", "old.yaml", "--new", "new.yaml", "--format", "json"])
    return (
      outcome.status, try JSONValue(parsing: outcome.output),
      try step.run(["prod", "--old", "old.yaml", "--new", "new.yaml"]).output
    )
  }

  private static func looksUp(_ resource: String) -> String {
    "Parameters: {Name: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /shop/name}}\nResources: {R: \(resource)}\n"
  }

  @Test(
    arguments: [
      (
        "{Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !Ref Name}}", 0,
        "values that CloudFormation looks up"
      ),
      ("{Type: AWS::SNS::Topic, Properties: {TopicName: !Ref Name}}", 0, "may be replaced"),
      (
        "{Type: AWS::DynamoDB::Table, Properties: {TableName: !Ref Name}}", 3,
        "perhaps not all of the data comes back"
      ),
    ] as [(String, Int32, String)])
  func `equal templates may differ by what is looked up at deployment`(
    _ resource: String, _ status: Int32, _ words: String
  ) throws {
    let template = Self.looksUp(resource)
    let (code, record, text) = try compare(template, template)
    #expect(code == status, "\(text)")
    #expect(record["findings"]?.array?.contains { $0["code"]?.string == "lookup-open" } == true)
    #expect(text.contains(words), "\(text)")
    #expect(text.contains("R takes the value"))
  }

  @Test func `what a macro within a resource makes of it is not known`() throws {
    func template(_ properties: String) -> String {
      "Resources: {T: {Type: AWS::SNS::Topic, Properties: {\(properties)}}}\n"
    }
    let plain = template("DisplayName: a")
    let own = template("DisplayName: b, Fn::Transform: {Name: AddTags, Parameters: {A: b}}")
    for (old, new, status) in [(plain, own, 3), (own, plain, 3), (own, own, 0)] as [(String, String, Int32)] {
      let (code, record, text) = try compare(old, new)
      #expect(code == status, "\(text)")
      let codes = (record["findings"]?.array ?? []).compactMap { $0["code"]?.string }
      #expect(codes.contains("transform-open") == (status == 3))
    }
  }
}
