import DeploymentRecords
import Synchronization
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

  private func rewriteManifest(_ change: (String) -> String) throws -> RestorePointStore {
    let store = store()
    try store.write(point(), contents: [:])
    let path = "\(store.folder(id))/restore-point.json"
    try files.writeAtomically(Array(change(try files.readText(path)).utf8), to: path, mode: 0o600)
    return store
  }

  @Test(arguments: [
    ("3", "format version 3"), ("0", "format version 0"), ("\"x\"", "formatVersion: missing"),
  ])
  func `a format version that is not known is refused with the reason`(version: String, reason: String) throws
  {
    let store = try rewriteManifest {
      $0.replacing("\"formatVersion\": 2", with: "\"formatVersion\": \(version)")
    }
    let error = #expect(throws: RecordError.self) { try store.read(id) }
    #expect(error?.reason.hasPrefix(reason) == true)
  }

  @Test func `a manifest of the first format, which has no digest, is refused`() throws {
    let store = try rewriteManifest { text in
      // The first format had no digest of its own.
      text.split(separator: "\n").filter { !$0.hasPrefix("  \"sha256\"") }.joined(separator: "\n")
        .replacing("\"formatVersion\": 2", with: "\"formatVersion\": 1")
        .replacing(",\n}", with: "\n}")
    }
    let error = #expect(throws: RecordError.self) { try store.read(id) }
    #expect(error?.reason.hasPrefix("format version 1 has no digest of itself") == true)
  }

  @Test func `what names the newest and cannot be used leaves the newest there is, and is told`() throws {
    let told = Mutex<[String]>([])
    let store = RestorePointStore(records: folder("r"), files: files) { path, why in
      told.withLock { $0.append("\(path.split(separator: "/").last ?? ""): \(why)") }
    }
    try store.write(point(), contents: ["a": [1]])
    try files.createFolder("\(store.root)/20990101T000000Z-cut", mode: 0o700)
    for content in ["", "../x", ".", "\u{0}\u{FFFD}"] {
      try files.writeAtomically(Array(content.utf8), to: "\(store.root)/latest", mode: 0o600)
      #expect(try store.latestId() == id)
    }
    try files.remove("\(store.root)/latest")
    try files.createFolder("\(store.root)/latest", mode: 0o700)
    #expect(try store.latestId() == id)
    #expect(Set(told.withLock { $0 }).count == 4)
    #expect(told.withLock { $0 }.contains("20990101T000000Z-cut: it holds no restore-point.json"))
    try files.remove(store.root)
    try files.writeAtomically([1], to: store.root, mode: 0o600)
    #expect(try store.ids() == [])
  }

  @Test func `a manifest whose layout alone changed is the same, one with another value is not`() throws {
    let loose = try rewriteManifest { $0.replacing("  ", with: "\t") }
    #expect(try loose.read(id).stacks == point().stacks)
    try files.remove(loose.folder(id))
    let altered = try rewriteManifest { $0.replacing("eu-central-1", with: "eu-central-2") }
    let error = #expect(throws: RecordError.self) { try altered.read(id) }
    #expect(error?.reason == "was altered since it was written")
    try files.remove(altered.folder(id))
    let cut = try rewriteManifest { String($0.dropLast(20)) }
    #expect(throws: RecordError.self) { try cut.read(id) }
    try files.remove(cut.folder(id))
    let bare = try rewriteManifest { text in
      text.split(separator: "\n").filter { !$0.hasPrefix("  \"sha256\"") }.joined(separator: "\n")
        .replacing(",\n}", with: "\n}")
    }
    #expect(throws: RecordError.self) { try bare.read(id) }
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

  @Test(arguments: [(98.9, false), (100.0, true), (100.4, true), (101.0, true), (99.999, false)])
  func `what happened in its own second counts as later`(seconds: Double, isLater: Bool) {
    let point = RestorePoint(
      id: "a", environment: "prod", commit: nil, createdAt: Timestamp(seconds: 100.7), region: "us-east-1",
      account: nil)
    #expect(point.precedes(Timestamp(seconds: seconds)) == isLater)
  }
}
