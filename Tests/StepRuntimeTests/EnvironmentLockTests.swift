import Glibc
import StepResults
import SystemInterfaces
import TestSupport
import Testing

@testable import StepRuntime

@Suite struct EnvironmentLockTests {
  private let folder = TemporaryFolder()
  private let now = Timestamp("2026-11-24T00:00:00Z")!

  init() throws { try LocalFileSystem().createFolder(folder("r"), mode: 0o700) }

  private func take(_ owner: String, after seconds: Int = 0) throws -> EnvironmentLock {
    try EnvironmentLock(
      records: folder("r"), files: LocalFileSystem(), owner: owner, now: now + .seconds(seconds)
    ) { path, _ in try? LocalFileSystem().rename(path, to: "\(path).damaged") }
  }

  @Test func `is free although a program that is being started still has its descriptor`() throws {
    var held: EnvironmentLock? = try take("first")
    let path = try #require(realpath(folder("r/environment.lock"), nil))
    defer { free(path) }
    let descriptors = try LocalFileSystem().names(in: "/proc/self/fd").compactMap { Int32($0) }
    let own = try #require(
      descriptors.first { descriptor in
        var target = [CChar](repeating: 0, count: 4096)
        return readlink("/proc/self/fd/\(descriptor)", &target, target.count - 1) > 0
          && strcmp(target, path) == 0
      })
    let copy = dup(own)
    defer { close(copy) }
    withExtendedLifetime(held) {}
    held = nil
    #expect(throws: Never.self) { _ = try take("second") }
  }

  @Test func `keeps a second run out, and is free when the first has ended`() throws {
    var held: EnvironmentLock? = try take("first")
    let failure = #expect(throws: StepFailure.self) { _ = try take("second", after: 90) }
    #expect(failure?.status == .busy)
    #expect(failure?.message.contains("first, for 90 seconds") == true)
    withExtendedLifetime(held) {}
    held = nil
    _ = try take("second")
  }

  @Test func `who comes next knows the ledger's locks of those before`() throws {
    var held: EnvironmentLock? = try take("first")
    #expect(held?.staleLocks == [])
    try held?.note("aa")
    held = nil
    held = try take("second")
    #expect(held?.staleLocks == ["aa"])
    // Killed before it took one of its own: the older one is still known.
    held = nil
    held = try take("third")
    #expect(held?.staleLocks == ["aa"])
    try held?.note("bb")
    held = nil
    #expect(try take("fourth").staleLocks == ["aa", "bb"])
  }

  @Test func `a file that holds something else is taken all the same`() throws {
    let files = LocalFileSystem()
    try files.createExclusively(Array("half a li".utf8), at: folder("r/environment.lock"), mode: 0o600)
    #expect(try take("next").staleLocks == [])
    #expect(try files.readText(folder("r/environment.lock")).hasPrefix("{\"owner\":\"next\""))
  }
}
