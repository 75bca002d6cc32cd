import Foundation
import SystemInterfaces
import TestSupport
import Testing

@testable import GitHistory

/// Git's commit-graph says of every commit what its object says.
@Suite struct CommitGraphTests {
  private let repository: TestRepository

  init() throws {
    repository = try TestRepository()
    for number in 1...12 {
      try repository.commit("Commit \(number)", at: number * 7)
      if number % 4 == 0 {
        try repository.git("branch", "side\(number)", "HEAD~2")
        try repository.git("checkout", "-q", "side\(number)")
        try repository.commit("Side \(number)", at: number * 7 + 1)
        try repository.git("checkout", "-q", "main")
      }
    }
    try repository.git("merge", "-q", "-s", "ours", "-m", "Octopus", "side4", "side8", "side12")
  }

  private func commits() throws -> [(id: ObjectId, seconds: Int64, parents: [ObjectId])] {
    try repository.git("log", "--all", "--format=%H %ct %P").split(separator: "\n").map { line in
      let words = line.split(separator: " ")
      return (
        try #require(ObjectId(hex: String(words[0]))), try #require(Int64(words[1])),
        try words.dropFirst(2).map { try #require(ObjectId(hex: String($0))) }
      )
    }
  }

  @Test(arguments: [[String](), ["--split=no-merge"]])
  func `parents, more than two included, and times are the objects'`(options: [String]) throws {
    try repository.git("commit-graph", "write", "--reachable")
    if !options.isEmpty {
      try FileManager.default.removeItem(atPath: "\(repository.path)/.git/objects/info/commit-graph")
      for count in 1...2 {
        try repository.commit("Later \(count)", at: 200 + count)
        _ = try runProgram(
          "git", ["commit-graph", "write", "--reachable"] + options, in: repository.path,
          variables: TestRepository.variables)
      }
    }
    let graph = try #require(CommitGraph(commonFolder: "\(repository.path)/.git"))
    for commit in try commits() {
      let entry = try #require(graph.entry(commit.id))
      #expect(entry.parents == commit.parents && entry.seconds == commit.seconds)
      for parent in commit.parents { #expect(entry.generation > graph.entry(parent)?.generation ?? .max) }
    }
    #expect(graph.entry(try #require(ObjectId(hex: String(repeating: "1", count: 40)))) == nil)
  }

  @Test func `history is the same with it and without`() throws {
    func answers() throws -> [Bool?] {
      let git = try GitRepository(at: repository.path, environment: Environment())
      let ids = try commits().map(\.id)
      return try ids.flatMap { one in try ids.map { try git.isInHistory(one, of: $0) } }
    }
    let without = try answers()
    #expect(without.contains(true) && without.contains(false))
    try repository.git("commit-graph", "write", "--reachable")
    #expect(try answers() == without)
  }

  @Test
  func `a file that is cut off or of another kind counts as absent, and so does one that git would not use`()
    throws
  {
    let folder = "\(repository.path)/.git"
    #expect(CommitGraph(commonFolder: folder) == nil)
    try repository.git("commit-graph", "write", "--reachable")
    let path = "\(folder)/objects/info/commit-graph"
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    try FileManager.default.removeItem(atPath: path)
    for count in [0, 3, 40, 200, bytes.count - 30] {
      try bytes.prefix(count).write(to: URL(fileURLWithPath: path))
      #expect(CommitGraph(commonFolder: folder) == nil, "\(count) bytes")
    }
    try bytes.write(to: URL(fileURLWithPath: path))
    #expect(CommitGraph(commonFolder: folder) != nil)
    try repository.git("replace", "HEAD", "HEAD~1")
    #expect(CommitGraph(commonFolder: folder) == nil)
  }
}
