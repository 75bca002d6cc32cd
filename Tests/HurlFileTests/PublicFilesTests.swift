import HurlFile
import Testing

@Suite(.enabled(if: PublicCases.arePresent))
struct `Public Hurl files` {
  /// Files that use a construct that is not supported, and which.
  static let unsupported = ["hello_gb2312_failed.hurl": "xpath"]

  @Test(arguments: ["tests_ok", "tests_failed"])
  func `files that run are read`(group: String) throws {
    var read = 0, refused: [String] = []
    for name in try PublicCases.hurlFiles(group) {
      let bytes = try PublicCases.bytes("smoke/hurl/\(group)/\(name)")
      do {
        _ = try HurlDocument(parsing: bytes, file: name)
        #expect(Self.unsupported[name] == nil, "\(name) was expected to be unsupported")
        read += 1
      } catch {
        #expect(error.isUnsupported, "\(error)")
        #expect(error.message.contains(Self.unsupported[name] ?? "nothing unsupported"), "\(error)")
        refused.append("\(error)")
      }
    }
    print(
      "\(group): \(read) read, \(refused.count) use an unsupported construct\n  \(refused.joined(separator: "\n  "))"
    )
  }

  @Test func `files that Hurl refuses are refused`() throws {
    var refused = 0
    for name in try PublicCases.hurlFiles("tests_error_parser") {
      // This one is right; it is run beside others that are not.
      if name == "parallel_parsing_error_d.hurl" { continue }
      let bytes = try PublicCases.bytes("smoke/hurl/tests_error_parser/\(name)")
      let error = #expect(throws: HurlSyntaxError.self, "\(name)") {
        try HurlDocument(parsing: bytes, file: name)
      }
      if let error {
        refused += 1
        print("  \(error)")
      }
    }
    print("tests_error_parser: \(refused) refused")
  }
}
