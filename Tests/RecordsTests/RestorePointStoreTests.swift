import Records
import SystemInterfaces
import TestSupport
import Testing

@Suite struct RestorePointStoreTests {
  private let folder = TemporaryFolder()
  private let files = LocalFileSystem()
  private let id = "20261124T002213Z-1a2b3c"

  private func store() -> RestorePointStore { RestorePointStore(records: folder("r"), files: files) }

  private func point() -> RestorePoint {
    var point = RestorePoint(
      id: id, environment: "prod", commit: "abc", createdAt: Timestamp(seconds: 1), region: "eu-central-1",
      account: "123456789012")
    point.stacks = [
      StackState(
        role: "api", name: "Shop-Api-prod", stackId: "arn:x", status: "CREATE_COMPLETE",
        lastUpdatedAt: Timestamp(seconds: 0), templateFile: "templates/api.yaml", templateSha256: "00")
    ]
    return point
  }

  @Test func `what is written is read back, readable by nobody else`() throws {
    let store = store()
    try store.write(point(), contents: ["templates/api.yaml": [1, 2]])
    try store.markLatest(id)
    #expect(try store.latestId() == id)
    #expect(try store.ids() == [id])
    let read = try store.read(id)
    #expect(read.stacks == point().stacks)
    #expect(try store.contents(of: "templates/api.yaml", in: id) == [1, 2])
    #expect(try files.status(of: store.folder(id))?.mode == 0o700)
    #expect(try files.status(of: "\(store.folder(id))/templates")?.mode == 0o700)
    #expect(try files.status(of: "\(store.folder(id))/templates/api.yaml")?.mode == 0o600)
  }

  @Test func `a complete restore point is never changed`() throws {
    try store().write(point(), contents: [:])
    #expect(throws: RecordError.self) { try store().write(point(), contents: ["x": [1]]) }
    #expect(try store().read(id).files.isEmpty)
  }

  @Test func `an altered, truncated or missing file is refused with its name`() throws {
    let store = store()
    try store.write(point(), contents: ["templates/api.yaml": [1, 2]])
    let path = "\(store.folder(id))/templates/api.yaml"
    try files.writeAtomically([1], to: path, mode: 0o600)
    let error = #expect(throws: RecordError.self) { try store.read(id) }
    #expect(error?.path == path)
    #expect(error?.reason.contains("altered or truncated") == true)
    try files.remove(path)
    #expect(throws: FileError.self) { try store.read(id) }
  }

  @Test func `another format version is refused with the reason`() throws {
    let store = store()
    try store.write(point(), contents: [:])
    let path = "\(store.folder(id))/restore-point.json"
    let text = try files.readText(path).replacing("\"formatVersion\": 1", with: "\"formatVersion\": 2")
    try files.writeAtomically(Array(text.utf8), to: path, mode: 0o600)
    let error = #expect(throws: RecordError.self) { try store.read(id) }
    #expect(error?.reason.hasPrefix("format version 2") == true)
  }

  @Test func `a run that was killed leaves nothing that counts`() throws {
    let store = store()
    try files.createFolder("\(store.root)/.\(id).partial/templates", mode: 0o700)
    #expect(try store.ids() == [])
    try store.write(point(), contents: ["a": [1]])
    #expect(try store.ids() == [id])
  }

  @Test(arguments: ["", "../x", ".hidden", "a/b"])
  func `an id that is none is refused`(id: String) {
    #expect(throws: RecordError.self) { try store().read(id) }
  }
}
