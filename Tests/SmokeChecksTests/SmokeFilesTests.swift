import SystemInterfaces
import TestSupport
import Testing

@testable import SmokeChecks

@Suite struct SmokeFilesTests {
  @Test(arguments: [
    ("smoke/a.hurl", "smoke/*.hurl", true), ("smoke/sub/a.hurl", "smoke/*.hurl", false),
    ("smoke/sub/a.hurl", "smoke/**/*.hurl", true), ("smoke/a.hurl", "smoke/**/*.hurl", true),
    ("a.hurl", "**/*.hurl", true), ("smoke/a.hurl", "smoke/?.hurl", true),
    ("smoke/ab.hurl", "smoke/?.hurl", false),
    ("smoke/a.txt", "smoke/*.hurl", false), ("x/y/z", "**", true),
  ])
  func `match as people know them`(path: String, pattern: String, expected: Bool) {
    #expect(SmokeFiles.matches(Substring(path), Substring(pattern)) == expected)
  }

  @Test func `a folder is all its files, sorted, each file once`() throws {
    let folder = TemporaryFolder()
    let files = LocalFileSystem()
    for name in ["s/b.hurl", "s/a.hurl", "s/c.txt", "s/sub/d.hurl", "s/.hidden.hurl"] {
      try files.createFolder(folder(String(name[..<name.lastIndex(of: "/")!])), mode: 0o755)
      try files.createExclusively([], at: folder(name), mode: 0o644)
    }
    let found = try SmokeFiles.expand(
      ["s", "s/a.hurl"], relativeTo: folder.path, files, isPattern: false)
    #expect(found == ["s/a.hurl", "s/b.hurl", "s/sub/d.hurl"])
    let matching = try SmokeFiles.expand(
      ["s/*.hurl"], relativeTo: folder.path, files, isPattern: true)
    #expect(matching == [folder("s/a.hurl"), folder("s/b.hurl")])
    for (name, isPattern, message) in [
      ("s/*.hrul", true, "no file is named like s/*.hrul"), ("none/*.hurl", true, "no file is named like"),
      ("none.hurl", false, "cannot read none.hurl: there is no such file"),
      ("empty", false, "the folder empty holds no .hurl file"),
    ] {
      try files.createFolder(folder("empty"), mode: 0o755)
      let error = #expect(throws: CheckSourceError.self) {
        try SmokeFiles.expand([name], relativeTo: folder.path, files, isPattern: isPattern)
      }
      #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
      #expect(error?.advice.isEmpty == false)
    }
  }
}
