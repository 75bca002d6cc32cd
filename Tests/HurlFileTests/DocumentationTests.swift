import Foundation
import HurlFile
import TestSupport
import Testing

/// What `Sources/Rules/HurlFile/HurlFile.docc/HurlFiles.md` says is read, is read, and no more is read than it says.
@Suite struct `The page on Hurl files` {
  private let page: String

  init() throws {
    page = try String(
      contentsOfFile: Repository.root + "/Sources/Rules/HurlFile/HurlFile.docc/HurlFiles.md", encoding: .utf8)
  }

  /// The names between backquotes in the paragraph that begins with `heading`.
  private func names(_ heading: String) throws -> [String] {
    let start = try #require(page.range(of: "\n\(heading)")).upperBound
    let end = page.range(of: "\n\n", range: start..<page.endIndex)?.lowerBound ?? page.endIndex
    let parts = page[start..<end].split(separator: "`", omittingEmptySubsequences: false)
    return stride(from: 1, to: parts.count, by: 2).map { String(parts[$0]) }.filter { $0 != "not" }
  }

  private func isRead(_ lines: String) -> Bool {
    do {
      _ = try HurlDocument(parsing: "GET http://a/\n\(lines)\n", file: "page")
      return true
    } catch { return false }
  }
  private static let arguments = ["", " \"x\"", " 1", " \"a\" \"b\"", " \"Subject\"", " /x/"]

  @Test func `every query`() throws {
    let names = try names("Queries:")
    #expect(names.count == 18)
    for name in names {
      #expect(Self.arguments.contains { isRead("HTTP 200\n[Asserts]\n\(name)\($0) exists") }, "\(name)")
    }
  }

  @Test func `every predicate`() throws {
    let names = try names("Predicates,")
    #expect(names.count == 26)
    for name in names {
      #expect(Self.arguments.contains { isRead("HTTP 200\n[Asserts]\nbody not \(name)\($0)") }, "\(name)")
    }
  }

  @Test func `every filter`() throws {
    let names = try names("Filters:")
    #expect(names.count == 32)
    for name in names {
      #expect(Self.arguments.contains { isRead("HTTP 200\n[Asserts]\nbody \(name)\($0) exists") }, "\(name)")
    }
  }

  @Test func `every option, and those that only are read`() throws {
    let refused = ["netrc", "netrc-optional", "http3"]
    let paragraph = try names("Options:")
    let named = paragraph.filter { HurlOptionName(rawValue: $0) != nil }
    #expect(Set(named + refused) == Set(HurlOptionName.allCases.map(\.rawValue)))
    for name in Set(named + refused) {
      let values = ["true", "1", "x", "a=1", "brief"]
      #expect(values.contains { isRead("[Options]\n\(name): \($0)") }, "\(name)")
    }
  }

  @Test func `the example`() throws {
    let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
    let example = lines.drop { !$0.hasPrefix("    ") }.prefix { $0.isEmpty || $0.hasPrefix("    ") }
    let text = example.map { $0.dropFirst(4) }.joined(separator: "\n")
    let document = try HurlDocument(parsing: text, file: "example")
    #expect(document.entries.map(\.method) == ["POST", "GET"])
    #expect(document.entries[0].annotations.map(\.name) == ["critical"])
  }
}
