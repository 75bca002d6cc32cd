import DeploymentRecords
import SystemInterfaces
import TestSupport
import Testing

@Suite struct RestorePointArchiveTests {
  private let folder = TemporaryFolder()
  private let files = LocalFileSystem()

  private var archive: RestorePointArchive {
    RestorePointArchive(
      points: [
        "b": ["restore-point.json": Array("{}".utf8), "templates/api.yaml": Array("x: 1\n".utf8)],
        "a": ["restore-point.json": [], "state-machines/1.json": [0, 0x0A, 255]],
      ], latest: "b")
  }

  private func reason(_ bytes: [UInt8]) -> String {
    let error = #expect(throws: RecordError.self) { try RestorePointArchive(parsing: bytes, path: "here") }
    #expect(error?.path == "here")
    return error?.reason ?? ""
  }

  @Test func `reads back as it was written`() throws {
    #expect(try RestorePointArchive(parsing: archive.bytes, path: "p") == archive)
    let empty = RestorePointArchive(points: [:], latest: nil)
    #expect(try RestorePointArchive(parsing: empty.bytes, path: "p") == empty)
  }

  @Test func `what is cut off, altered, too long or newer is refused with the reason`() {
    let bytes = archive.bytes
    #expect(reason(Array(bytes.dropLast())).contains("is cut off"))
    #expect(reason(Array(bytes.prefix(40))).contains("is cut off"))
    #expect(reason(bytes + [1]).contains("holds more"))
    var altered = bytes
    altered[bytes.count - 2] ^= 1
    #expect(reason(altered) == "b/templates/api.yaml was altered since it was written")
    #expect(reason(Array("BACKSTOP-RESTORE-POINTS 9\n".utf8)).contains("format version 9"))
    #expect(reason(Array("something else".utf8)).contains("no archive"))
  }

  @Test(arguments: ["../x", "/etc/passwd", "a/../../x", "", "a//b", ".hidden/x", "a/."])
  func `no path leads out of the folder`(path: String) {
    let archive = RestorePointArchive(points: ["a": [path: [1]]], latest: nil)
    #expect(reason(archive.bytes).contains("list of files is damaged"))
    let id = RestorePointArchive(points: [path: ["x": [1]]], latest: nil)
    #expect(reason(id.bytes).contains("list of files is damaged"))
  }

  // MARK: - From one machine to another

  private func store(_ name: String) -> RestorePointStore {
    RestorePointStore(records: folder(name), files: files)
  }

  private func written() throws -> [String: [UInt8]] {
    let point = RestorePoint(
      id: "20261126T010000Z-abcdef", environment: "prod", commit: nil, createdAt: Timestamp(seconds: 1),
      region: "r", account: nil)
    try store("here").write(point, contents: ["templates/api.yaml": Array("x: 1\n".utf8)])
    return try store("here").allFiles(of: point.id)
  }

  @Test func `a restore point made on one machine is read on another`() throws {
    let all = try written()
    try store("there").adopt("20261126T010000Z-abcdef", all, environment: "prod")
    let id = try #require(try store("there").ids().first)
    #expect(try store("there").read(id) == store("here").read(id))
    #expect(try files.status(of: store("there").folder(id))?.mode == 0o700)
    #expect(try files.status(of: "\(store("there").folder(id))/restore-point.json")?.mode == 0o600)
    // Once more is no error; another one of that id is.
    try store("there").adopt(id, all, environment: "prod")
    var other = all
    other["restore-point.json"]?.append(0x20)
    #expect(throws: RecordError.self) { try store("there").adopt(id, other, environment: "prod") }
  }

  @Test func `one that is altered or of another environment leaves nothing behind`() throws {
    let all = try written()
    let id = "20261126T010000Z-abcdef"
    var altered = all
    altered["templates/api.yaml"] = Array("x: 2\n".utf8)
    let error = #expect(throws: RecordError.self) {
      try store("there").adopt(id, altered, environment: "prod")
    }
    #expect(error?.reason == "was altered or truncated since it was written")
    let foreign = #expect(throws: RecordError.self) {
      try store("there").adopt(id, all, environment: "staging")
    }
    #expect(foreign?.reason == "is a restore point of prod, not of staging")
    var incomplete = all
    incomplete["templates/api.yaml"] = nil
    #expect(throws: FileError.self) { try store("there").adopt(id, incomplete, environment: "prod") }
    #expect(try files.names(in: folder("there/restore-points")).isEmpty)
  }
}
