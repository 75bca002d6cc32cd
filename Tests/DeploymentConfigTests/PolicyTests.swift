import DeploymentConfig
import Foundation
import JSONValues
import TestSupport
import Testing

@Suite struct PolicyTests {
  private func read(_ text: String) throws -> Policy {
    try Policy(parsing: Array(text.utf8), path: "backstop.yml")
  }

  @Test func `an empty file is the defaults`() throws {
    var expected = Policy()
    expected.path = "backstop.yml"
    #expect(try read("# nothing\n") == expected)
    #expect(
      expected.isProduction("prod") && expected.isProduction("eu-live") && !expected.isProduction("staging"))
  }

  @Test func `every part is read`() throws {
    let policy = try read(
      """
      version: 1
      non-production: [dev, perf]
      order: [Api, database]
      options: { records: /var/records }
      preflight-snapshot: { database-snapshot: always, allow-drift: false }
      diff-gate:
        templates: ["infra/*.yaml"]
        ignore: vendor/**
        severities: { ban-drop-column: warning }
        stateful-types: [Custom::Store]
        replacement-table: ci/types.txt
        rules: [{ code: no-friday, path: "*.yaml", contains: friday, message: no, severity: notice }]
      smoke-test: { files: a.hurl, deadline: 3m, concurrency: 4, flaky: fail, allow-writes: true, latency-factor: 2.5 }
      watch-30m: { for: 10m, every: 30s, settle: 1m, judge: mann-whitney, error-rate: 0.05, logs: false,
        warm-up: 0s, latency-ceiling: 5s, lost-traffic: stop, log-patterns: PAYMENT,
        mann-whitney: { tolerance: 0.1, direction: increase, nan-strategy: replace, effect-size-measure: cles } }
      auto-revert: { deadline: 1h, maximum-per-day: 1, maximum-age: 2h, kill-switch: STOP, branch: false,
        schema: { lock-timeout: 500ms, tries: 2, history: none, undo: { alembic: [alembic, downgrade, "{to}"] } } }
      notifications:
        - { kind: slack, url-from: SLACK_URL, environments: [prod], after: 10m }
        - { kind: slack, token-from: SLACK_TOKEN, channel: C0OPS }
        - kind: smtp
          url-from: MAIL
          from: ops@example.com
          to: [a@example.com]
          tls: optional
          text: "{issue}"
      """)
    #expect(policy.nonProduction == ["dev", "perf"] && policy.order == ["api", "database"])
    #expect(policy.isProduction("staging"), "a list of one's own replaces the built-in one")
    #expect(policy.options == ["records": "/var/records"])
    #expect(policy.snapshot.databaseSnapshot == .always && !policy.snapshot.allowsDrift)
    #expect(policy.gate.ignore == ["vendor/**"] && policy.gate.rules.first?.code == "no-friday")
    #expect(policy.smoke.files == ["a.hurl"] && policy.smoke.deadline == .seconds(180))
    #expect(
      policy.watch.length == .seconds(600) && policy.watch.judge == .mannWhitney && !policy.watch.readsLogs)
    #expect(policy.watch.warmUp == .zero && policy.watch.latencyCeiling == .seconds(5))
    #expect(policy.watch.lostTraffic == .stop && policy.watch.logPatterns == ["PAYMENT"])
    #expect(policy.watch.mannWhitney.tolerance == 0.1 && policy.watch.mannWhitney.direction == .increase)
    #expect(policy.watch.mannWhitney.missingData == .replace && policy.watch.mannWhitney.measure == .cles)
    #expect(policy.revert.killSwitch == "STOP" && !policy.revert.makesBranch)
    let schema = policy.revert.schema
    #expect(schema.lockTimeout == .milliseconds(500) && schema.statementTimeout == .seconds(300))
    #expect(schema.tries == 2 && schema.history == .none)
    #expect(schema.undo["alembic"]?.words == ["alembic", "downgrade", "{to}"])
    let told = policy.notifications
    #expect(told.map(\.name) == ["SLACK_URL", "Slack C0OPS", "a@example.com"])
    #expect(told[0].variable == "SLACK_URL" && told[0].after == .seconds(600) && told[1].after == .zero)
    #expect(told[2].tls == .optional && told[2].text?.filled(["issue": "500"]) == "500")
  }

  @Test(
    arguments: [
      ("smoke-test:\n  dedline: 1m", 2, "unknown key 'smoke-test.dedline'"),
      ("colour: red", 1, "unknown key 'colour'"),
      ("watch-30m:\n  every: soon", 2, "watch-30m.every: expected a duration"),
      ("smoke-test:\n  concurrency: 0", 2, "a whole number from 1 to 512"), ("version: 2", 1, "expected 1"),
      ("smoke-test: [a]", 1, "expected a mapping"),
      ("smoke-test:\n  flaky: maybe", 2, "one of fail, warn, pass"),
      ("- a", 1, "expected a mapping"), ("a: [", 1, "expected"),
      ("diff-gate:\n  rules:\n    - cod: x", 3, "unknown key"),
      ("diff-gate:\n  severities:\n    truncate: fatal", 3, "diff-gate.severities.truncate: expected error"),
      ("diff-gate:\n  rules: [{ severity: off }]", 2, "severity: expected error, warning, notice"),
      ("diff-gate: { postgresql-version: new }", 1, "a whole number from 8 to 99"),
      ("notifications: [{kind: slack}]", 1, "url-from"),
      ("notifications:\n  - {kind: slack, token-from: T}", 2, "channel"),
      ("notifications:\n  - kind: smtp\n    url-from: M\n    from: a@b.c", 2, "url-from, from and to"),
      ("notifications:\n  - kind: smtp\n    to: 'a@b.c, d@e.f'", 3, "an address such as"),
      ("notifications:\n  - kind: smtp\n    from: Ops <a@b.c>", 3, "an address such as"),
      ("notifications:\n  - text: '{issue} {colour}'", 2, "not {colour}"),
      ("accounts:\n  - stacks: api\n    assume-role: deploy", 3, "a role's ARN such as"),
      ("accounts:\n  - assume-role: 'arn:aws:iam::1:role/x'", 2, "a role's ARN such as"),
      ("accounts:\n  - stacks: api", 2, "needs assume-role or region"),
      ("accounts:\n  - {region: x, external-id: y}", 2, "needs assume-role beside"),
      (
        "accounts:\n  - {assume-role: 'arn:aws:iam::222222222222:role/x', session-name: a b}", 2,
        "2 to 64 letters"
      ),
      ("auto-revert:\n  evidence: some", 2, "one of advised, required"),
      ("auto-revert:\n  schema:\n    undo: { rails: rake db:rollback }", 3, "a list of the program"),
      ("auto-revert:\n  schema:\n    lock-timeout: 0", 3, "no time at all is no limit"),
      ("smoke-test:\n  sql:\n    - name: a\n      sql: SELECT 1", 3, "'a' expects nothing"),
      ("smoke-test:\n  sql:\n    - { sql: SELECT 1, equals: 1 }", 3, "smoke-test.sql[0]: name is missing"),
      (
        "smoke-test:\n  sql:\n    - { name: a, sql: x, before: 95 }", 3,
        "expected same or a share such as 95%"
      ),
      ("smoke-test:\n  executions:\n    - { name: a, status: DONE }", 3, "expected SUCCEEDED, FAILED"),
      ("smoke-test:\n  executions:\n    - name: a\n      output: x", 4, "a mapping from JSONPath to value"),
    ])
  func `mistakes are named with their line`(text: String, line: Int, message: String) {
    let error = #expect(throws: ConfigError.self) { try read(text) }
    #expect(error?.line == line || line == 1 && error?.line == 2, "\(error?.description ?? "")")
    #expect(error?.message.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test func `probes, executions and documents of smoke-test`() throws {
    let smoke = try read(
      """
      smoke-test:
        openapi: api.yaml
        sql:
          - name: owners
            sql: SELECT count(*) FROM t
            equals: 0
            at-most: 5
            before: 99.5%
            critical: true
            timeout: 5s
          - { name: same, sql: TABLE t, before: same }
        executions:
          - name: run
            state-machine: Flow
            input: { id: 7, tags: [a] }
            status: FAILED
            output: { $.a: yes }
            timeout: 2m
      """
    ).smoke
    #expect(smoke.openAPI == ["api.yaml"])
    var owners = SQLProbePolicy(name: "owners", sql: "SELECT count(*) FROM t")
    (owners.equals, owners.atMost, owners.before) = ("0", 5, .atLeast(percent: 99.5))
    (owners.isCritical, owners.timeout, owners.line) = (true, .seconds(5), 4)
    #expect(smoke.sql.first == owners)
    #expect(smoke.sql.last?.before == .same)
    let execution = try #require(smoke.executions.first)
    #expect(execution.input == ["id": 7, "tags": ["a"]])
    #expect(execution.output.map(\.path) == ["$.a"] && execution.output.map(\.value) == [true])
    #expect(execution.status == "FAILED" && execution.timeout == .seconds(120) && execution.line == 13)
  }

  @Test func `the first entry of accounts that covers a stack holds`() throws {
    let policy = try read(
      """
      accounts:
        - stacks: [Api, workflow]
          environments: [prod]
          assume-role: arn:aws:iam::222222222222:role/backstop
          external-id: shop-7
          session-name: pipeline
        - { stacks: database, region: eu-west-1 }
        - { environments: staging, assume-role: 'arn:aws:iam::333333333333:role/x/y' }
      """)
    let api = try #require(policy.account(of: "api", in: "prod"))
    #expect(api.role == "arn:aws:iam::222222222222:role/backstop" && api.region == nil && api.line == 2)
    #expect(api.externalId == "shop-7" && api.sessionName == "pipeline")
    #expect(policy.account(of: "workflow", in: "prod") == api)
    #expect(policy.account(of: "database", in: "staging")?.region == "eu-west-1")
    #expect(policy.account(of: "api", in: "staging")?.role == "arn:aws:iam::333333333333:role/x/y")
    #expect(policy.account(of: "monitoring", in: "prod") == nil)
  }

  @Test func `roles that the order does not name come before the last`() {
    let policy = Policy()
    #expect(
      policy.sorted(["database", "cache", "api", "monitoring"]) == ["monitoring", "api", "cache", "database"])
    #expect(policy.sorted(["cache"]) == ["cache"])
  }

  @Test(
    arguments: [("90s", 90_000), ("1h30m", 5_400_000), ("500ms", 500), ("2d", 172_800_000), ("45", 45_000)]
      as [(String, Int64)])
  func `durations are read and written`(text: String, milliseconds: Int64) {
    #expect(Duration(text: text) == .milliseconds(milliseconds))
    #expect(Duration(text: Duration.milliseconds(milliseconds).text) == .milliseconds(milliseconds))
  }

  @Test(arguments: ["", "m", "1x", "-1s", "1 m", "s1", "1e99h"])
  func `other text is no duration`(text: String) { #expect(Duration(text: text) == nil) }

  @Test func `series of other places are read`() throws {
    let watch = try read(
      """
      watch-30m:
        alarms: [Shop-5xx, Shop-Slow]
        series:
          - name: checkout
            kind: errors
            value: { namespace: Shop, metric: Failed, dimensions: { Service: checkout } }
            requests: { expression: "a + b", with: { a: { namespace: Shop, metric: Orders }, b: { namespace: Shop, metric: Offers, statistic: Average } } }
          - { name: web, kind: latency, unit: s, value: { prometheus: "http://p:9090", query: "up", token-from: TOKEN }, stack: api }
          - { name: backlog, kind: gauge, value: { url: "https://shop/status", path: /queue/open } }
      """
    ).watch
    #expect(watch.alarms == ["Shop-5xx", "Shop-Slow"])
    #expect(watch.series.map(\.name) == ["checkout", "web", "backlog"])
    #expect(
      watch.series[0].value
        == .metric(namespace: "Shop", name: "Failed", dimensions: ["Service": "checkout"], statistic: "Sum"))
    guard case .expression("a + b", let operands) = watch.series[0].requests else {
      Issue.record("\(watch.series[0])")
      return
    }
    #expect(
      operands["b"] == .metric(namespace: "Shop", name: "Offers", dimensions: [:], statistic: "Average"))
    #expect(watch.series[1].unit == .s && watch.series[1].stack == "api")
    #expect(
      watch.series[1].value == .prometheus(address: "http://p:9090", query: "up", tokenVariable: "TOKEN"))
    #expect(
      watch.series[2].value
        == .document(address: "https://shop/status", pointer: "/queue/open", tokenVariable: nil))
  }

  @Test(arguments: [
    ("- { name: a, kind: gauge }", "value"), ("- { name: a, value: { url: \"http://a\" } }", "kind"),
    ("- { name: a, kind: errors, value: { namespace: N, metric: M } }", "requests"),
    ("- { name: a, kind: gauge, value: { url: \"ftp://a\" } }", "https://"),
    ("- { name: a, kind: gauge, value: { url: \"http://a\", path: x } }", "pointer"),
    ("- { name: a, kind: gauge, value: { prometheus: \"http://a\" } }", "query"),
    ("- { name: a, kind: gauge, value: { metric: M } }", "namespace"),
    (
      "- { name: a, kind: gauge, value: { expression: x, with: { X: { namespace: N, metric: M } } } }",
      "small letter"
    ),
    ("- { name: \"probe:a\", kind: gauge, value: { url: \"http://a\" } }", "probe:"),
    ("- { name: a, kind: gauge, value: { url: \"http://a\", jq: x } }", "unknown key"),
  ])
  func `a series that is not whole is an error with its line`(entry: String, named: String) {
    let error = #expect(throws: ConfigError.self) { try read("watch-30m:\n  series:\n    \(entry)\n") }
    #expect(error?.line == 3, "\(error?.message ?? "")")
    #expect(error?.message.contains(named) == true, "\(error?.message ?? "")")
  }

  /// The names that the reader knows are those of the published schema, part by part.
  @Test func `the published schema and the reader agree on every key`() throws {
    let schema = try JSONValue(
      parsing: String(contentsOfFile: Repository.root + "/ci/schemas/policy.schema.json", encoding: .utf8))
    let entry = #expect(throws: ConfigError.self) { try read("accounts:\n  - no-such-key: 1") }
    let entryKeys = entry?.message.components(separatedBy: "expected one of ").last?.components(
      separatedBy: ", ")
    #expect(
      entryKeys?.sorted()
        == schema["properties"]?["accounts"]?["items"]?["properties"]?.object?.names.sorted())
    let parts = ["", "preflight-snapshot", "diff-gate", "smoke-test", "watch-30m", "auto-revert"]
    for part in parts {
      let published = part.isEmpty ? schema["properties"] : schema["properties"]?[part]?["properties"]
      let text = part.isEmpty ? "no-such-key: 1" : "\(part):\n  no-such-key: 1"
      let error = #expect(throws: ConfigError.self) { try read(text) }
      let known = error?.message.components(separatedBy: "expected one of ").last?.components(
        separatedBy: ", ")
      #expect(known?.sorted() == published?.object?.names.sorted(), "\(part)")
    }
  }
}
