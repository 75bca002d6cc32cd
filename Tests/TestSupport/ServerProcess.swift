import Foundation
import JSONValues

/// A real server in a process of its own: it prints one line of JSON when it is ready and ends with its standard input.
public final class ServerProcess: Sendable {
  /// What the server printed.
  public let ready: JSONValue
  private let input: Pipe
  private let process: Process

  /// Starts `Tests/Servers/<name>` with Python.
  public convenience init(python name: String, arguments: [String] = []) throws {
    let script = Repository.root + "/Tests/Servers/\(name)"
    try self.init("/usr/bin/env", arguments: ["python3", script] + arguments)
  }

  /// Starts the executable at `path`.
  public init(_ path: String, arguments: [String]) throws {
    process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    input = Pipe()
    // The server ends when this end is closed: no other program that a test starts may hold it open meanwhile.
    for end in [input.fileHandleForReading, input.fileHandleForWriting] {
      _ = fcntl(end.fileDescriptor, F_SETFD, FD_CLOEXEC)
    }
    let output = Pipe()
    process.standardInput = input
    process.standardOutput = output
    try process.begin()
    var line: [UInt8] = []
    while let byte = try output.fileHandleForReading.read(upToCount: 1)?.first, byte != 0x0A {
      line.append(byte)
    }
    ready = try JSONValue(parsing: line)
  }

  /// The port that the server calls `name`.
  public func port(_ name: String) -> Int { ready["ports"]?[name]?.int ?? 0 }

  deinit {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }
}

/// This repository's own files.
public enum Repository {
  /// The folder that holds `Package.swift`.
  public static let root = String(
    #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/"))
}
