import SystemInterfaces
import TestSupport
import Testing

@Suite struct LocalFileSystemTests {
  let files = LocalFileSystem()
  let folder = TemporaryFolder()

  @Test func `what is written atomically is read back, with its mode and no leftovers`() throws {
    try files.writeAtomically([1, 2, 3], to: folder("a"), mode: 0o600)
    try files.writeAtomically([4], to: folder("a"), mode: 0o600)
    #expect(try files.read(folder("a")) == [4])
    #expect(try files.status(of: folder("a"))?.mode == 0o600)
    #expect(try files.names(in: folder.path) == ["a"])
  }

  @Test func `an exclusive file is never replaced`() throws {
    try files.createExclusively([1], at: folder("a"), mode: 0o600)
    let error = #expect(throws: FileError.self) {
      try files.createExclusively([2], at: folder("a"), mode: 0o600)
    }
    #expect(error?.alreadyExists == true)
    #expect(try files.read(folder("a")) == [1])
  }

  @Test func `appending creates and extends`() throws {
    try files.append([1], to: folder("j"), mode: 0o600)
    try files.append([2], to: folder("j"), mode: 0o600)
    #expect(try files.read(folder("j")) == [1, 2])
  }

  @Test func `folders are made with their parents and removed with their contents`() throws {
    try files.createFolder(folder("x/y/z"), mode: 0o700)
    try files.createFolder(folder("x/y/z"), mode: 0o700)
    try files.writeAtomically([], to: folder("x/y/f"), mode: 0o644)
    #expect(try files.status(of: folder("x/y/z"))?.kind == .folder)
    try files.remove(folder("x"))
    #expect(try files.status(of: folder("x")) == nil)
    try files.remove(folder("x"))
  }

  @Test func `errors name the operation, the path and the system's words`() {
    let error = #expect(throws: FileError.self) { try files.read(folder("none")) }
    #expect(error?.isNotFound == true)
    #expect(error?.description == "cannot read \(folder("none")): No such file or directory")
    let folderError = #expect(throws: FileError.self) { try files.read(folder.path) }
    #expect(folderError?.description.hasSuffix("Is a directory") == true)
  }

  @Test func `a folder in place of a file cannot be replaced, and the temporary file goes`() throws {
    try files.createFolder(folder("d/inner"), mode: 0o700)
    #expect(throws: FileError.self) { try files.writeAtomically([1], to: folder("d"), mode: 0o600) }
    #expect(try files.names(in: folder.path) == ["d"])
  }

  @Test func `a full disk is an error with its name`() throws {
    let error = #expect(throws: FileError.self) { try files.append([1], to: "/dev/full", mode: 0o600) }
    #expect(error?.description == "cannot write /dev/full: No space left on device")
  }
}
