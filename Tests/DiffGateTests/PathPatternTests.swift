import DeploymentConfig
import Testing

@testable import DiffGate

@Suite struct `Path patterns` {
  @Test(arguments: [
    ("*.sql", "a/b/c.sql", true), ("*.sql", "a.sql.txt", false), ("infra/*.yaml", "infra/a.yaml", true),
    ("infra/*.yaml", "infra/x/a.yaml", false), ("infra/**/*.yaml", "infra/a.yaml", true),
    ("infra/**/*.yaml", "infra/x/y/a.yaml", true), ("/README.md", "README.md", true),
    ("/README.md", "x/README.md", false),
    ("docs/", "docs/a/b", true), ("docs/", "x/docs/a", true), ("**", "anything/at/all", true),
    ("a?c", "abc", true),
    ("a?c", "ac", false), ("vendor/**", "vendor/a/b", true), ("[x]", "[x]", true), ("", "a", false),
  ])
  func `match as in gitignore`(_ pattern: String, _ path: String, _ expected: Bool) {
    #expect(PathPattern(pattern).matches(path) == expected)
  }

  @Test func `a hostile pattern costs no more than its length times the path's`() {
    let pattern = PathPattern(String(repeating: "*a", count: 200) + "b")
    #expect(!pattern.matches(String(repeating: "a", count: 5000)))
  }
}

@Suite struct `Code owners` {
  @Test func `the last rule that matches counts`() {
    let owners = CodeOwners(
      """
      # everybody
      *  @everybody
      backstop-*.yml @dba ops@example.com # who may
      /docs/ 
      """)
    #expect(owners.owners(of: "a/b.swift") == ["@everybody"])
    #expect(owners.owners(of: "backstop-acknowledgements.yml") == ["@dba", "ops@example.com"])
    #expect(owners.owners(of: "docs/a.md") == [])
  }
}
