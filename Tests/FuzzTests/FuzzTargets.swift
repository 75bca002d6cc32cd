import CryptoDigests
import DatabaseAccess
import DeploymentConfig
import DeploymentLedger
import DeploymentRecords
import GitHistory
import JSONValues
import MigrationAnalysis
import Redaction
import Reporting
import SQLText
import SmokeChecks
import SystemInterfaces
import TemplateAnalysis
import YAMLDocuments

@testable import AWSClients
@testable import HealthWatch
@testable import HurlFile

/// A parser, and real texts to begin with.
struct FuzzTarget: Sendable {
  var name: String
  var seeds: [String], binary: [[UInt8]] = []
  /// Reads the bytes. To refuse is an answer, a ``BrokenPromise`` is a defect.
  var parse: @Sendable ([UInt8]) throws -> Void
  /// What stands in names of files.
  var fileName: String { name.replacing(" ", with: "-") }
  /// The texts to begin with, as bytes.
  var inputs: [[UInt8]] { seeds.map { Array($0.utf8) } + binary }

  private static let fuzzedKey = StoreKey(String(repeating: "ab", count: 32))!
  /// `content`, sealed once with that key, so that every process that searches begins with the same file.
  private static let sealed = Base64.decode(Array(sealedText.utf8)) ?? []
  private static let sealedText =
    "QkFDS1NUT1AtU0VBTEVEIDEKeyJlbnZpcm9ubWVudCI6InByb2QiLCJrZXkiOiI1MDQ2ZGE2NjA0NmRhMGYwIiwic2"
    + "FsdCI6IjFmODM2Y2U2NmYwNjUzNGNlMzk4Y2U2MDkyNDFhOWFkODI0YTc2ZDMxOTMwODBiZjA5MDYyZmRmZDljMTA3"
    + "YzgifQq7vJYwSTv1ScVHf5a4RJ/C/LwCBuHlEA=="

  static let all: [FuzzTarget] = texts + files + outside

  /// What people and programs write in a format of its own.
  private static let texts: [FuzzTarget] = [
    FuzzTarget(
      name: "config",
      seeds: [
        "ENVIRONMENT=prod\nexport A=\"x${B:-$C}\"\nB='it''s' # c\nC=$'a\\n'\nD+=${A:+y}\\\n z\n",
        "A0=$A1$A1\r\nA1=~/x;B=1\n",
      ]
    ) { _ = try DeploymentConfig(parsing: $0, path: "c", environment: "prod", variables: [:]) },
    FuzzTarget(
      name: "policy",
      seeds: [
        "order: [api]\nsmoke-test:\n  sql:\n    - {name: a, sql: SELECT 1, equals: 1}\nnotifications:\n  - {kind: slack, variable: A}\n",
        "diff-gate:\n  templates: ['infra/**']\n  rules:\n    - {paths: [a], message: b}\nwatch-30m: {for: 30m}\n",
      ]
    ) { _ = try Policy(parsing: $0, path: "p") },
    FuzzTarget(
      name: "json",
      seeds: ["{\"a\": [1.5e-3, \"\\ud83d\\ude00\", null, true], \"b\": {\"\": \"\\u0000\"}}", "[[[[]]]]"]
    ) { _ = try JSONValue(parsing: $0) },
    FuzzTarget(
      name: "yaml",
      seeds: ["a: &x [1, *x, !!str 2]\n? b\n: |-\n  text\n  more\n'c': {d: \"\\u0041\"}\n--- \nx: ~\n"]
    ) { _ = try YAMLNode.parse(String(decoding: $0, as: UTF8.self)) },
    FuzzTarget(
      name: "template",
      seeds: [
        "Parameters: {P: {Type: String, Default: a}}\nConditions: {C: !Not [!Equals [!Ref P, b]]}\nResources:\n  A:\n    Type: AWS::S3::Bucket\n    Condition: C\n    Properties: {BucketName: !Sub '${P}-${AWS::Region}', Tags: !If [C, [{Key: a, Value: !GetAtt B.Arn}], !Ref AWS::NoValue]}\n  B: {Type: AWS::SNS::Topic}\n",
        "Resources: {T: {Type: AWS::DynamoDB::Table, Properties: {TableName: a}}}\n=====\n{\"Mappings\": {\"M\": {\"a\": {\"b\": \"c\"}}}, \"Resources\": {\"T\": {\"Type\": \"AWS::DynamoDB::Table\", \"DeletionPolicy\": \"Retain\", \"Properties\": {\"TableName\": {\"Fn::Join\": [\"-\", [{\"Fn::FindInMap\": [\"M\", \"a\", \"b\"]}, {\"Fn::Select\": [1, {\"Fn::Split\": [\",\", \"x,y\"]}]}]]}}}}, \"Outputs\": {\"O\": {\"Value\": {\"Fn::GetAtt\": [\"T\", \"Arn\"]}, \"Export\": {\"Name\": \"e\"}}}}",
        "Transform: AWS::LanguageExtensions\nResources:\n  Fn::ForEach::Each:\n    - X\n    - [a, b]\n    - T${X}: {Type: AWS::SNS::Topic, Properties: {TopicName: !Base64 ${X}}}\nRules: {R: {Assertions: [{Assert: !Contains [[a], b]}]}}\n",
      ]
    ) { bytes in
      // Two templates, parted by a line of its own, or one and its removal.
      let halves = String(decoding: bytes, as: UTF8.self).split(separator: "\n=====\n", maxSplits: 1)
      let templates = try halves.map {
        try CloudFormationTemplate.ifTemplate(parsing: Array($0.utf8), path: "t")
      }
      guard let first = templates.first else { return }
      _ = TemplateComparison.compare(old: first, new: templates.count > 1 ? templates[1] : nil)
    },
    FuzzTarget(
      name: "sql",
      seeds: [
        "ALTER TABLE a ADD COLUMN b int NOT NULL DEFAULT 1; -- c\nDO $$ BEGIN EXECUTE 'DROP TABLE x'; END $$;\nSELECT E'\\'', U&'\\0041', $1;\n",
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $f$ BEGIN DELETE FROM a RETURNING 1 INTO x; END $f$; SELECT f();\n\\i x\nCOPY a FROM STDIN;\n1\n\\.\n",
        "CREATE TABLE `a` (b INT AUTO_INCREMENT) ENGINE=InnoDB; /*!40101 SET x */ # c\n",
      ]
    ) { bytes in
      _ = SQLAnalysis.analyze(bytes)
      let text = String(decoding: bytes, as: UTF8.self)
      _ = SQLScan.scan(text)
      _ = ReachScan.find(in: bytes)
      var lexer = PostgresLexer(bytes)
      var end = 0
      while let token = lexer.next() {
        guard token.range.lowerBound >= end, token.range.upperBound > token.range.lowerBound else {
          throw BrokenPromise(what: "a token begins before the one before it ends")
        }
        end = token.range.upperBound
      }
      _ = ScriptTraits(text)
    },
    FuzzTarget(
      name: "migrations in code",
      seeds: [
        "revision = 'a'\ndown_revision = \"b\"\ndef upgrade():\n    op.add_column('t', sa.Column('c', sa.String(5), nullable=False))\n    op.execute(\"DROP TABLE x\")\ndef downgrade():\n    pass\n",
        "class M < ActiveRecord::Migration[7.0]\n  def change\n    remove_column :a, :b, :string\n    execute <<~SQL\n      DELETE FROM a\n    SQL\n  end\nend\n",
        "exports.up = async (knex) => { await knex.schema.alterTable('a', (t) => { t.dropColumn(`b${x}`); }); };\nexports.down = () => {};\n",
        "class Migration(migrations.Migration):\n    operations = [migrations.RemoveField('a', 'b'), migrations.RunSQL('x', reverse_sql=\"y\")]\n",
        "--liquibase formatted sql\n--changeset a:1\nDROP TABLE x;\n--rollback CREATE TABLE x (a int);\n",
        "<?php class A extends Migration { public function up() { Schema::table('a', function ($t) { $t->dropColumn('b'); }); } public function down() {} }\n",
        "create_table \"users\", force: :cascade do |t|\n  t.string \"a\", limit: 5, null: false\nend\n",
      ]
    ) { bytes in
      let text = String(decoding: bytes, as: UTF8.self)
      for tool in MigrationTool.allCases { _ = CodeMigration(text, tool: tool) }
      _ = AlembicRevision(text)
      var fields = DjangoFields()
      fields.apply(text)
      _ = SchemaDumps.compareRuby(old: text, new: nil)
      _ = SchemaDumps.compare(old: text, new: "", dialect: nil, path: "schema.sql")
    },
    FuzzTarget(
      name: "patterns",
      seeds: [
        "^(?<a>[^\\d-z]+?|\\p{L}{2,3})\\b(?=x)\\1$", "[[:alpha:]&&[^a]](?i:x)\\x{41}", "a{,3}(?!b)\\u0041*+",
      ]
    ) { bytes in
      let text = String(decoding: bytes, as: UTF8.self)
      _ = try? ECMAPattern.translated(text)
      _ = try? IRegexpPattern.translated(text)
      _ = try RegularExpression(text)
    },
    FuzzTarget(
      name: "hurl",
      seeds: [
        "GET https://a.example/{{x}}\n[QueryStringParams]\na: b\nHTTP 200\n[Asserts]\njsonpath \"$.a[?(@.b==1)]\" count == 1\nbody contains `x`\n[Captures]\nt: header \"x\"\n"
      ]
    ) { _ = try HurlDocument(parsing: $0, file: "h") },
    FuzzTarget(
      name: "jsonpath", seeds: ["$..a[?(@.b =~ /x/ && @.c > 1)]['d'][-1:2:3]", "$.store.book[*].author"]
    ) {
      _ = try JSONPath(String(decoding: $0, as: UTF8.self))
    },
  ]

  /// What a project keeps beside its templates, and what the steps keep themselves.
  private static let files: [FuzzTarget] = [
    FuzzTarget(
      name: "parameter files",
      seeds: [
        "[{\"ParameterKey\": \"A\", \"ParameterValue\": \"b\"}]",
        "version = 0.1\n[prod.deploy.parameters]\nstack_name = \"a\"\nparameter_overrides = \"A=\\\"b c\\\" D=e\"\nx = ['''y''', 1_0]\n",
        "exports[`stack 1`] = `\nObject {\n  \"Resources\": Object {\n    \"A\": Object {\"Type\": \"AWS::SNS::Topic\"},\n  },\n}\n`;\n",
        "service: a\nprovider: {name: aws, stage: '${opt:stage, \"dev\"}', environment: {A: b}}\nfunctions: {f: {handler: a.b, events: [{http: GET /}]}}\nresources: {Resources: {T: {Type: AWS::SNS::Topic}}}\n",
        "exports[`a 1`] = `\nObject {\n  \"Resources\": Object {\n\": x {\n  },\n}\n`;\n",
        "[{\"Source\": {\"StackName\": \"a\", \"LogicalResourceId\": \"b\"}, \"Destination\": {\"StackName\": \"c\", \"LogicalResourceId\": \"d\"}}]",
      ]
    ) { bytes in
      for name in ["parameters.json", "samconfig.toml", "a.prod.yaml"] {
        _ = ParameterDocument(bytes, path: name, environment: "prod")
      }
      _ = DeclaredMoves(parsing: bytes, name: "refactor.json")
      _ = try? JestSnapshot.templates(bytes, path: "a.snap")
      _ = try ServerlessConfiguration(parsing: bytes, path: "serverless.yml")
    },
    FuzzTarget(
      name: "openapi",
      seeds: [
        "openapi: 3.1.0\ninfo: {title: a, version: '1'}\npaths:\n  /a/{id}:\n    get:\n      parameters: [{name: id, in: path, required: true, schema: {type: integer, minimum: 1}, example: 1}]\n      responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}}\ncomponents: {schemas: {A: {type: object, properties: {b: {$ref: '#/components/schemas/A'}}, allOf: [{required: [b]}]}}}\n",
        "{\"swagger\": \"2.0\", \"info\": {\"title\": \"a\", \"version\": \"1\"}, \"basePath\": \"/v1\", \"paths\": {\"/a\": {\"get\": {\"responses\": {\"default\": {\"description\": \"x\"}}}}}}",
      ]
    ) { _ = try OpenAPIDocument(parsing: $0, file: "o") },
    FuzzTarget(name: "restore points", seeds: ["{\"points\": {\"a\": {\"b\": \"YQ==\"}}, \"latest\": \"a\"}"])
    {
      _ = try RestorePointArchive(parsing: $0, path: "r")
    },
    FuzzTarget(
      name: "AWS XML",
      seeds: [
        "<DescribeStacksResponse xmlns=\"x\"><DescribeStacksResult><Stacks><member><StackName>a&amp;b</StackName><Outputs/></member></Stacks><NextToken>t</NextToken></DescribeStacksResult></DescribeStacksResponse>",
        "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b \"c\">]><ErrorResponse><Error><Code>X</Code><Message><![CDATA[m]]>&#x41;</Message></Error></ErrorResponse>",
      ]
    ) { _ = try XMLReader.parse($0) },
    FuzzTarget(
      name: "sealed files",
      seeds: [
        "BACKSTOP-SEALED 1\n{\"key\":\"a\",\"salt\":\"00\"}\n",
        "BACKSTOP-SEALED 9999999999999999999\n{}\n",
      ], binary: [sealed]
    ) { bytes in
      _ = try SealedFile(opening: bytes, with: fuzzedKey)
      // Only the whole file opens.
      guard bytes == sealed else { throw BrokenPromise(what: "a changed file opens") }
    },
    FuzzTarget(
      name: "replay CSV",
      seeds: [
        "timestamp,series,kind,value,count\n2026-01-01T00:00:00Z,api,errors,1,10\n2026-01-01T00:01:00Z,api,latency,12.5,10\n",
        "\u{FEFF}timestamp,series,kind,value,count\r\n2026-01-01T00:00:00+02:00,\"a,\"\"b\",gauge,-1e3,0\r\n",
      ]
    ) { _ = try PointsFile.parse($0, path: "p") },
    FuzzTarget(
      name: "git names",
      seeds: [
        "refs/heads/a@{1}..b/.lock~^:?*[", "feature/über-\u{301}x", "@shop/prod",
        "smoke-test: go 1a2b3c\n\n{\"formatVersion\": 1, \"kind\": \"record\", \"step\": \"smoke-test\", \"environment\": \"prod\", \"run\": \"r\", \"tool\": \"0.1.0\", \"verdict\": \"go\", \"startedAt\": \"2026-01-01T00:00:00Z\", \"finishedAt\": \"2026-01-01T00:00:00Z\"}\n",
      ]
    ) { bytes in
      let text = String(decoding: bytes, as: UTF8.self)
      _ = ObjectId(hex: text)
      if GitRepository.isBranchName(text) {
        // What git takes as a branch leads out of no folder and ends no line.
        guard !text.contains("..") && !text.hasPrefix("/") && !text.contains("\n") && !text.hasPrefix("-")
        else {
          throw BrokenPromise(what: "a branch leads elsewhere")
        }
      }
      _ = try LedgerEntry(message: text)
    },
  ]

  /// What comes from outside and is passed on.
  private static let outside: [FuzzTarget] = [
    FuzzTarget(
      name: "database address",
      seeds: ["postgresql+x://u:p%40@[::1]:5432,h2:1/d?sslmode=require&options=-c%20a%3Db#f"]
    ) {
      _ = try DatabaseAddress(url: String(decoding: $0, as: UTF8.self), source: "s")
    },
    FuzzTarget(
      name: "shown text",
      seeds: [
        "::a ##vso[x] \u{202E} e\u{301} [x](y) @a #1 `b` | \r\n",
        "https://a@b,https://c:d@e",
        "password=abc; Bearer 0123456789abcdef https://hooks.slack.com/services/x",
      ]
    ) { bytes in
      let text = String(decoding: bytes, as: UTF8.self)
      _ = OutsideText.withoutLogCommands(OutsideText.markdown(text))
      let redacted = Redactor().redact(text)
      guard Redactor().redact(redacted) == redacted else {
        throw BrokenPromise(what: "what was redacted is redacted again")
      }
    },
  ]
}

/// What a parser says of an input that it must not say of any.
struct BrokenPromise: Error {
  var what: String
}
