import HurlFile
import Testing

@Suite(.enabled(if: PublicCases.arePresent))
struct `Public Hurl files` {
  @Test(arguments: ["tests_ok", "tests_failed"])
  func `files that run are read`(group: String) throws {
    var read = 0
    for name in try PublicCases.hurlFiles(group) {
      let bytes = try PublicCases.bytes("smoke/hurl/\(group)/\(name)")
      #expect(throws: Never.self) { try HurlDocument(parsing: bytes, file: name) }
      read += 1
    }
    #expect(read > 20)
    print("\(group): \(read) read")
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
