import Foundation
import JSONValues
import TestSupport
import Testing

enum Browser {
  static let isInstalled = ["/usr/bin/chromium", "/usr/local/bin/chromium"].contains {
    FileManager.default.isExecutableFile(atPath: $0)
  }
}

/// The steps' pages, looked at in headless Chromium: on a phone and on a screen, in light and dark.
@Suite(.blocking, .enabled(if: Browser.isInstalled, "ci/install installs Chromium"))
struct PageInBrowserTests {
  private let folder = TemporaryFolder()

  private func look(_ path: String, _ width: Int, _ scheme: String) throws -> JSONValue {
    let result = try runProgram(
      "python3", [Repository.root + "/Tests/Servers/look.py", path, "\(width)", scheme])
    #expect(result.status == 0, "\(result.error)")
    return try JSONValue(parsing: result.output)
  }

  /// Measures the page at `path` as a person would see it.
  private func expectReadable(_ path: String, marks: Int = 0) throws {
    for scheme in ["light", "dark"] {
      for width in [390, 1200] {
        let seen = try look(path, width, scheme)
        let place = "\(path) at \(width) px, \(scheme)"
        #expect(seen["scrollWidth"]?.int == seen["width"]?.int, "\(place) is wider than its window: \(seen)")
        #expect(seen["off"]?.array?.isEmpty == true, "\(place): text off the edge: \(seen)")
        #expect(
          (seen["contrast"]?.double ?? 0) >= 4.5, "\(place): '\(seen["poorest"]?.string ?? "")' \(seen)")
        #expect((seen["marks"]?.int ?? 0) >= marks && seen["unseen"]?.int == 0, "\(place): \(seen)")
        #expect(seen["heads"]?.bool == true && seen["lang"]?.string == "en", "\(place): \(seen)")
      }
    }
  }

  @Test func `a watch's page with its charts`() throws {
    var lines = ["timestamp,series,kind,value,count"]
    for minute in 0..<120 {
      let (hour, rest) = (10 + minute / 60, minute % 60)
      lines.append(
        "2026-01-01T\(hour):\(rest < 10 ? "0" : "")\(rest):00Z,api,errors,\(minute >= 60 ? 50 : 1),100")
      lines.append(
        "2026-01-01T\(hour):\(rest < 10 ? "0" : "")\(rest):00Z,api,latency,\(minute >= 60 ? 19_876 : 10_432),100"
      )
    }
    try lines.joined(separator: "\n").write(toFile: folder("points.csv"), atomically: true, encoding: .utf8)
    let result = try BuiltStep("watch-30m", in: folder.path).run([
      "prod", "--replay", "points.csv", "--deployed-at", "2026-01-01T11:00:00Z", "--html", "watch.html",
    ])
    #expect(result.status == 1, "\(result.error)")
    try expectReadable(folder("watch.html"), marks: 100)
  }

  @Test func `a gate's page with findings and long names`() throws {
    let repository = try TestRepository()
    try repository.write(
      "Resources: {Orders: {Type: 'AWS::DynamoDB::Table', Properties: {TableName: orders, KeySchema: [{AttributeName: a, KeyType: HASH}]}}}\n",
      to: "template.yaml")
    try repository.write("SELECT 1;\n", to: "migrations/v1.sql")
    try repository.commit("First", at: 1)
    try repository.write(
      "Resources: {Orders: {Type: 'AWS::DynamoDB::Table', Properties: {TableName: \(String(repeating: "orders-of-the-shop-", count: 6)), KeySchema: [{AttributeName: b, KeyType: HASH}]}}}\n",
      to: "template.yaml")
    try repository.write(
      "DROP TABLE orders;\n",
      to: "migrations/\(String(repeating: "a_long_name_of_a_migration", count: 4)).sql")
    try repository.commit("Change", at: 2)
    let result = try BuiltStep("diff-gate", in: repository.path).run([
      "prod", "--base", "HEAD~1", "--html", "gate.html",
    ])
    #expect(result.status == 1, "\(result.output)\(result.error)")
    try expectReadable(repository.path + "/gate.html")
  }

  @Test func `a revert's page`() throws {
    let repository = try TestRepository()
    try repository.write("one\n", to: "a.txt")
    try repository.commit("First", at: 1)
    try repository.write("two\n", to: "a.txt")
    try repository.commit(
      "A change with a subject that is rather long, so that it wants more than one line on a phone", at: 2)
    let result = try BuiltStep("auto-revert", in: repository.path).run([
      "prod", "--git-only", "--revert", "HEAD", "--dry-run", "--html", "revert.html",
    ])
    #expect(result.status == 0, "\(result.output)\(result.error)")
    try expectReadable(repository.path + "/revert.html")
  }

  @Test func `a smoke test's page with its waterfall`() throws {
    let server = try ServerProcess(python: "hurl_server.py")
    let port = server.port("http")
    try
      "GET http://127.0.0.1:\(port)/hello\nHTTP 200\n\nGET http://127.0.0.1:\(port)/\(String(repeating: "not-there-", count: 12))\nHTTP 200\n"
      .write(toFile: folder("smoke.hurl"), atomically: true, encoding: .utf8)
    let result = try BuiltStep("smoke-test", in: folder.path).run([
      "prod", "--smoke", "smoke.hurl", "--html", "smoke.html",
    ])
    #expect(result.status == 1, "\(result.output)\(result.error)")
    try expectReadable(folder("smoke.html"), marks: 2)
  }
}
