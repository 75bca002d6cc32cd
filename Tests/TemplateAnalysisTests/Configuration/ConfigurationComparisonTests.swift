import TemplateAnalysis
import Testing

@Suite struct `Configuration before and after` {
  private func versions(_ environment: String, _ old: [String: String]?, _ new: [String: String]?)
    -> ConfigurationVersions
  {
    ConfigurationVersions(
      environment: environment, path: "deployment-\(environment).config", old: old, new: new, lines: ["B": 2])
  }
  private func differences(_ old: [String: String], _ new: [String: String]) -> [ConfigurationDifference] {
    ConfigurationComparison.differences(versions("prod", old, new)) {
      $0.contains("KEY") || $0.contains("PASSWORD")
    }
  }

  @Test func `keys added, removed and changed, by name and with their line`() {
    let found = differences(["A": "1", "B": "1", "C": "1"], ["B": "2", "C": "1", "D": "1"])
    #expect(found.map { "\($0.name) \($0.kind.rawValue)" } == ["A removed", "B changed", "D added"])
    #expect(found.map(\.line) == [nil, 2, nil])
  }

  @Test(arguments: [
    ("API_KEY", "AbCdEf0123456789", true), ("API_KEY", "", false), ("KEY_ARN", "arn:aws:kms:x", false),
    ("API_KEY", "{{resolve:secretsmanager:x}}", false), ("DATABASE_URL", "postgres://app:hunter2@db/x", true),
    ("DATABASE_URL", "postgres://app@db/x", false), ("API_KEY", "changeme", false),
    ("REGION", "us-east-1", false),
    ("DB_PASSWORD", "x", true),
  ])
  func `secrets in clear`(_ name: String, _ value: String, _ expected: Bool) {
    #expect(differences([:], [name: value]).first?.showsSecret ?? false == expected)
  }

  @Test func `an old secret is no news`() {
    #expect(differences(["API_KEY": "abc"], ["API_KEY": "abc"]).isEmpty)
  }

  @Test func `where a deployment goes`() {
    let found = differences(["API_STACK": "a", "LOG_LEVEL": "x"], ["API_STACK": "b", "LOG_LEVEL": "y"])
    #expect(found.filter(\.isTarget).map(\.name) == ["API_STACK"])
  }

  @Test func `a production change that staging has not had`() {
    let production = differences(["A": "1", "B": "1", "C": "1"], ["A": "2", "B": "2", "D": "1"])
    let staging = versions("staging", ["A": "1", "B": "1", "C": "1"], ["A": "1", "B": "9", "C": "1"])
    let found = ConfigurationComparison.notHad(production: production, staging: staging)
    #expect(found.map(\.name) == ["A", "C", "D"])
  }

  @Test func `keys that only one environment has`() {
    let found = ConfigurationComparison.missing(
      versions("prod", nil, ["A": "1", "B": "1"]), versions("staging", nil, ["B": "1", "C": "1"]))
    #expect(found.map { "\($0.name) \($0.onlyIn)" } == ["A prod", "C staging"])
  }
}

@Suite struct `Names that hold a secret's word` {
  @Test(arguments: [
    ("TOKEN_TTL", "3600", false), ("MAX_TOKENS", "4096", false), ("KEY_ROTATION_ENABLED", "true", false),
    ("TOKEN_ENDPOINT", "https://a.example/token", false), ("API_KEY", "AbCdEf0123456789", true),
    ("DB_PASSWORD", "12345", true), ("AUTH_TOKEN", "x9", true),
  ])
  func `only values that may be secrets are said to be`(_ name: String, _ value: String, _ shows: Bool) {
    let versions = ConfigurationVersions(
      environment: "prod", path: "p", old: [:], new: [name: value], lines: [name: 1])
    #expect(ConfigurationComparison.differences(versions) { _ in true }.first?.showsSecret == shows)
  }
}
