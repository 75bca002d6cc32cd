import DatabaseAccess
import DeploymentConfig
import DeploymentLedger
import DeploymentRecords
import Foundation
import GitHistory
import HurlFile
import JSONValues
import MigrationAnalysis
import Redaction
import Reporting
import SystemInterfaces
import TemplateAnalysis
import Testing
import YAMLDocuments

@testable import AWSClients
@testable import HealthWatch

/// Every parser over mutated texts: it answers or refuses, and neither traps nor runs on. Each input is written down before
/// it is parsed, so that one that ends the process is found; `ci/fuzz` gives the time and looks at it.
///
/// Without BACKSTOP_FUZZ_SECONDS each parser sees a few hundred inputs, the same in every run.
@Suite struct ParserFuzzTests {
  /// A parser, and real texts to begin with.
  struct Target: Sendable, CustomTestStringConvertible {
    var name: String
    var seeds: [String], binary: [[UInt8]] = []
    var parse: @Sendable ([UInt8]) throws -> Void
    var testDescription: String { name }
  }

  private static let fuzzedKey = StoreKey(String(repeating: "ab", count: 32))!
  private static let sealed = SealedFile(about: ["environment": "prod"], content: Array("content".utf8))
    .sealed(with: fuzzedKey, random: Randomness())

  static let targets: [Target] = [
    Target(
      name: "config",
      seeds: [
        "ENVIRONMENT=prod\nexport A=\"x${B:-$C}\"\nB='it''s' # c\nC=$'a\\n'\nD+=${A:+y}\\\n z\n",
        "A0=$A1$A1\r\nA1=~/x;B=1\n",
      ]
    ) { _ = try DeploymentConfig(parsing: $0, path: "c", environment: "prod", variables: [:]) },
    Target(
      name: "policy",
      seeds: [
        "order: [api]\nsmoke-test:\n  sql:\n    - {name: a, sql: SELECT 1, equals: 1}\nnotifications:\n  - {kind: slack, variable: A}\n",
        "diff-gate:\n  templates: ['infra/**']\n  rules:\n    - {paths: [a], message: b}\nwatch-30m: {for: 30m}\n",
      ]
    ) { _ = try Policy(parsing: $0, path: "p") },
    Target(
      name: "json",
      seeds: ["{\"a\": [1.5e-3, \"\\ud83d\\ude00\", null, true], \"b\": {\"\": \"\\u0000\"}}", "[[[[]]]]"]
    ) { _ = try JSONValue(parsing: $0) },
    Target(
      name: "yaml",
      seeds: ["a: &x [1, *x, !!str 2]\n? b\n: |-\n  text\n  more\n'c': {d: \"\\u0041\"}\n--- \nx: ~\n"]
    ) { _ = try YAMLNode.parse(String(decoding: $0, as: UTF8.self)) },
    Target(
      name: "template",
      seeds: [
        "Parameters: {P: {Type: String, Default: a}}\nConditions: {C: !Not [!Equals [!Ref P, b]]}\nResources:\n  A:\n    Type: AWS::S3::Bucket\n    Condition: C\n    Properties: {BucketName: !Sub '${P}-${AWS::Region}', Tags: !If [C, [{Key: a, Value: !GetAtt B.Arn}], !Ref AWS::NoValue]}\n  B: {Type: AWS::SNS::Topic}\n"
      ]
    ) { bytes in
      let template = try CloudFormationTemplate.ifTemplate(parsing: bytes, path: "t")
      _ = TemplateComparison.secretValues(of: template, [:])
    },
    Target(
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
      _ = ScriptTraits(text)
    },
    Target(
      name: "hurl",
      seeds: [
        "GET https://a.example/{{x}}\n[QueryStringParams]\na: b\nHTTP 200\n[Asserts]\njsonpath \"$.a[?(@.b==1)]\" count == 1\nbody contains `x`\n[Captures]\nt: header \"x\"\n"
      ]
    ) { _ = try HurlDocument(parsing: $0, file: "h") },
    Target(
      name: "jsonpath", seeds: ["$..a[?(@.b =~ /x/ && @.c > 1)]['d'][-1:2:3]", "$.store.book[*].author"]
    ) {
      _ = try JSONPath(String(decoding: $0, as: UTF8.self))
    },
    Target(name: "restore points", seeds: ["{\"points\": {\"a\": {\"b\": \"YQ==\"}}, \"latest\": \"a\"}"]) {
      _ = try RestorePointArchive(parsing: $0, path: "r")
    },
    Target(
      name: "AWS XML",
      seeds: [
        "<DescribeStacksResponse xmlns=\"x\"><DescribeStacksResult><Stacks><member><StackName>a&amp;b</StackName><Outputs/></member></Stacks><NextToken>t</NextToken></DescribeStacksResult></DescribeStacksResponse>",
        "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b \"c\">]><ErrorResponse><Error><Code>X</Code><Message><![CDATA[m]]>&#x41;</Message></Error></ErrorResponse>",
      ]
    ) { _ = try XMLReader.parse($0) },
    Target(
      name: "sealed files",
      seeds: [
        "BACKSTOP-SEALED 1\n{\"key\":\"a\",\"salt\":\"00\"}\n",
        "BACKSTOP-SEALED 9999999999999999999\n{}\n",
      ], binary: [sealed]
    ) { bytes in
      _ = try SealedFile(opening: bytes, with: fuzzedKey)
      // Only the whole file opens.
      #expect(bytes == sealed)
    },
    Target(
      name: "replay CSV",
      seeds: [
        "timestamp,series,kind,value,count\n2026-01-01T00:00:00Z,api,errors,1,10\n2026-01-01T00:01:00Z,api,latency,12.5,10\n",
        "\u{FEFF}timestamp,series,kind,value,count\r\n2026-01-01T00:00:00+02:00,\"a,\"\"b\",gauge,-1e3,0\r\n",
      ]
    ) { _ = try PointsFile.parse($0, path: "p") },
    Target(
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
        #expect(!text.contains("..") && !text.hasPrefix("/") && !text.contains("\n") && !text.hasPrefix("-"))
      }
      _ = try LedgerEntry(message: text)
    },
    Target(
      name: "database address",
      seeds: ["postgresql+x://u:p%40@[::1]:5432,h2:1/d?sslmode=require&options=-c%20a%3Db#f"]
    ) {
      _ = try DatabaseAddress(url: String(decoding: $0, as: UTF8.self), source: "s")
    },
    Target(
      name: "shown text",
      seeds: [
        "::a ##vso[x] \u{202E} e\u{301} [x](y) @a #1 `b` | \r\n",
        "password=abc; Bearer 0123456789abcdef https://hooks.slack.com/services/x",
      ]
    ) { bytes in
      let text = String(decoding: bytes, as: UTF8.self)
      _ = OutsideText.withoutLogCommands(OutsideText.markdown(text))
      let redacted = Redactor().redact(text)
      #expect(Redactor().redact(redacted) == redacted)
    },
  ]

  @Test(arguments: targets) func `answers or refuses`(_ target: Target) throws {
    let environment = ProcessInfo.processInfo.environment
    let seconds = environment["BACKSTOP_FUZZ_SECONDS"].flatMap { Double($0) }
    let folder = environment["BACKSTOP_FUZZ_FOLDER"]
    var random = FuzzRandom(state: seconds == nil ? 1 : UInt64.random(in: 0...(.max)))
    var inputs = target.seeds.map { Array($0.utf8) } + target.binary
    let end = ContinuousClock().now + .seconds(seconds ?? 0)
    var count = 0
    while seconds == nil ? count < 300 : ContinuousClock().now < end {
      count += 1
      let input = Mutation.mutated(inputs[Int(random.next() % UInt64(inputs.count))], others: inputs, &random)
      if let folder {
        try Data(input).write(
          to: URL(fileURLWithPath: "\(folder)/\(target.name.replacing(" ", with: "-")).last"))
      }
      do {
        try target.parse(input)
        // What parses is worth going on from.
        if inputs.count < 200, input.count < 4096 { inputs.append(input) }
      } catch {
        // To refuse is an answer.
        continue
      }
    }
    if folder != nil { print("\(target.name): \(count) inputs") }
  }
}

/// SplitMix64.
struct FuzzRandom: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// Small changes of bytes.
enum Mutation {
  static let tokens = [
    "${", "}", "$$", "'", "\"", "\\", "--", "/*", "*/", "\r", "\n", "\0", "\u{FEFF}", "\u{202E}", "&a", "*a",
    "!Ref ",
    "Fn::If", "[", "]", "{", "}", ":", "- ", "? ", "| ", "%", "=", "9999999999999999999", "-1", "1e999",
    "$..", "?(@",
    "\u{301}", "::", "##[", "é", ";", "E'", "$a$", "BEGIN ", "END ", "<<", "~",
  ].map { Array($0.utf8) }

  static func mutated(_ input: [UInt8], others: [[UInt8]], _ random: inout FuzzRandom) -> [UInt8] {
    var bytes = input
    for _ in 0...Int(random.next() % 4) {
      let place = bytes.isEmpty ? 0 : Int(random.next() % UInt64(bytes.count))
      let end = min(bytes.count, place + 1 + Int(random.next() % 16))
      switch random.next() % 7 {
      case 0: bytes.insert(contentsOf: tokens[Int(random.next() % UInt64(tokens.count))], at: place)
      case 1: if !bytes.isEmpty { bytes[place] = UInt8(truncatingIfNeeded: random.next()) }
      case 2: bytes.removeSubrange(place..<end)
      case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
      case 4:
        // Many times: depth and length are what parsers forget.
        let piece = Array(bytes[place..<end])
        for _ in 0..<Int(random.next() % 64) { bytes.insert(contentsOf: piece, at: place) }
      case 5:
        let other = others[Int(random.next() % UInt64(others.count))]
        if !other.isEmpty {
          let from = Int(random.next() % UInt64(other.count))
          bytes.replaceSubrange(place..<bytes.count, with: other[from...])
        }
      default: bytes = Array(bytes.prefix(place))
      }
      if bytes.count > 1 << 14 { bytes = Array(bytes.prefix(1 << 14)) }
    }
    return bytes
  }
}
