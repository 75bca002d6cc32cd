import Foundation

/// A program run to its end.
public struct ProgramResult: Sendable {
  /// The exit code.
  public let status: Int32
  /// Standard output's bytes.
  public let output: [UInt8]
  /// Standard error.
  public let error: String
  /// Standard output as text.
  public var text: String { String(decoding: output, as: UTF8.self) }
  /// Standard output's lines, without empty ones.
  public var lines: [String] { text.split(separator: "\n").map(String.init) }
}

/// Runs `program` (found on PATH) to its end.
///
/// - Parameter variables: variables on top of this process's own.
public func runProgram(
  _ program: String, _ arguments: [String], in folder: String = "/", variables: [String: String] = [:],
  input: String? = nil
) throws -> ProgramResult {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = [program] + arguments
  process.currentDirectoryURL = URL(fileURLWithPath: folder)
  process.environment = ProcessInfo.processInfo.environment.merging(variables) { $1 }
  let (output, error, stdin) = (Pipe(), Pipe(), Pipe())
  process.standardOutput = output
  process.standardError = error
  process.standardInput = stdin
  try process.begin()
  if let input { stdin.fileHandleForWriting.write(Data(input.utf8)) }
  try stdin.fileHandleForWriting.close()
  // Standard error is read beside standard output, so that neither pipe can fill up and block the program.
  let errorText = LockedText()
  let reader = Thread {
    errorText.set(String(decoding: error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self))
  }
  reader.start()
  let bytes = output.fileHandleForReading.readDataToEndOfFile()
  let errorMessage = errorText.wait()
  process.waitUntilExit()
  return ProgramResult(status: process.terminationStatus, output: [UInt8](bytes), error: errorMessage)
}

private final class LockedText: @unchecked Sendable {
  private let condition = NSCondition()
  private var text: String?

  func set(_ value: String) {
    condition.withLock {
      text = value
      condition.signal()
    }
  }

  func wait() -> String {
    condition.withLock {
      while text == nil { condition.wait() }
      return text ?? ""
    }
  }
}

/// A repository made by the real git in a folder of its own.
public final class TestRepository: Sendable {
  private let folder: TemporaryFolder
  /// The work tree's root.
  public let path: String
  /// What keeps git from reading this machine's own configuration, and dates from the clock.
  public static let variables = [
    "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com", "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com", "GIT_AUTHOR_DATE": "1750000000 +0000",
    "GIT_COMMITTER_DATE": "1750000000 +0000", "LC_ALL": "C",
  ]

  /// An empty repository with the branch `main`.
  public init(options: [String] = []) throws {
    folder = TemporaryFolder()
    path = folder("repository")
    try TestRepository.git(["init", "-q", "-b", "main"] + options + [path])
  }

  /// A clone of `other`.
  public init(cloning other: TestRepository, options: [String]) throws {
    folder = TemporaryFolder()
    path = folder("repository")
    try TestRepository.git(["clone", "-q"] + options + ["file://\(other.path)", path])
  }

  @discardableResult
  private static func git(_ arguments: [String]) throws -> ProgramResult {
    let result = try runProgram("git", arguments, variables: variables)
    precondition(result.status == 0, "git \(arguments): \(result.error)")
    return result
  }

  /// Runs git in the work tree; a failure is the caller's to look at.
  public func tryGit(
    _ arguments: String..., variables: [String: String] = [:], input: String? = nil
  ) throws -> ProgramResult {
    try runProgram(
      "git", arguments, in: path, variables: TestRepository.variables.merging(variables) { $1 }, input: input)
  }

  /// Runs git in the work tree and returns its output without the last newline; stops the test where git fails.
  @discardableResult
  public func git(
    _ arguments: String..., variables: [String: String] = [:], input: String? = nil
  ) throws -> String {
    let result = try runProgram(
      "git", arguments, in: path, variables: TestRepository.variables.merging(variables) { $1 }, input: input)
    guard result.status == 0 else { throw GitFailed(arguments: arguments, error: result.error) }
    return result.text.hasSuffix("\n") ? String(result.text.dropLast()) : result.text
  }

  /// git failed where the test needed it to work.
  public struct GitFailed: Error {
    /// What it was called with.
    public let arguments: [String]
    /// What it said.
    public let error: String
  }

  /// Writes a file of the work tree.
  public func write(_ text: String, to name: String) throws {
    let url = URL(fileURLWithPath: "\(path)/\(name)")
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  /// Commits all of the work tree, `seconds` after the repository's first second, and returns the commit's id.
  @discardableResult
  public func commit(_ message: String, at seconds: Int = 0) throws -> String {
    let date = "\(1_750_000_000 + seconds) +0000"
    try git("add", "-A")
    try git(
      "commit", "-q", "--allow-empty", "-m", message,
      variables: ["GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date])
    return try git("rev-parse", "HEAD")
  }
}

/// Numbers that are the same on every run (SplitMix64).
public struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  /// A sequence of its own for each seed.
  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
