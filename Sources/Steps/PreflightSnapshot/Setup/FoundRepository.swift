import GitHistory
import StepRuntime
import SystemInterfaces

/// What `--init` finds in a repository: how it is deployed, what there is to check, and which CI system runs for it.
struct FoundRepository {
  /// The folder that it stands in.
  let root: String
  /// Files and folders, relative to it; folders end in a slash. What tools make is left out.
  private(set) var paths: [String] = []
  /// The branch that deployments come from.
  private(set) var branch = "main"
  /// The address of the remote `origin`; nil where there is none.
  private(set) var remote: String?

  /// Folders that hold what others wrote or tools made.
  private static let skipped: Set<String> = [
    ".git", ".build", ".backstop", "node_modules", "cdk.out", ".aws-sam", ".serverless", "vendor", "target",
    "dist", ".venv",
    "venv",
  ]
  private static let limit = 20_000, depth = 6

  init(_ session: StepSession) throws {
    root = session.repositoryRoot ?? session.context.workingDirectory
    try walk("", level: 0, session.context.files)
    guard session.repositoryRoot != nil else { return }
    let repository = try session.repository()
    branch = repository.defaultBranch() ?? repository.headBranch() ?? branch
    remote = (try? repository.remoteAddress("origin"))?.fetch
  }

  private mutating func walk(_ folder: String, level: Int, _ files: any FileSystem) throws {
    for name in try files.names(in: folder.isEmpty ? root : "\(root)/\(folder)")
    where paths.count < Self.limit {
      let path = folder.isEmpty ? name : "\(folder)/\(name)"
      switch try files.status(of: "\(root)/\(path)")?.kind {
      case .folder where !Self.skipped.contains(name):
        paths.append(path + "/")
        if level < Self.depth { try walk(path, level: level + 1, files) }
      case .file: paths.append(path)
      default: continue
      }
    }
  }

  /// Whether something stands at `path`; a folder's ends in a slash.
  func has(_ path: String) -> Bool { paths.contains(path) }

  /// How it is deployed today, by the tool whose file stands in the root.
  var deployment: (command: String, by: String)? {
    for (file, command) in [
      ("cdk.json", "npx cdk deploy --all --require-approval never"),
      ("samconfig.toml", "sam deploy --no-confirm-changeset --no-fail-on-empty-changeset"),
      ("serverless.yml", "npx serverless deploy"), ("serverless.ts", "npx serverless deploy"),
      ("copilot/", "copilot deploy"),
    ] where has(file) { return (command, file) }
    return nil
  }

  /// Patterns of the Hurl files, one a folder.
  var hurlFiles: [String] {
    var patterns: [String] = []
    for path in paths where path.hasSuffix(".hurl") {
      let folder = path.split(separator: "/").dropLast().joined(separator: "/")
      let pattern = folder.isEmpty ? "*.hurl" : "\(folder)/*.hurl"
      if !patterns.contains(pattern) { patterns.append(pattern) }
    }
    return patterns
  }

  /// Documents of OpenAPI, by their usual names.
  var openAPI: [String] {
    paths.filter { path in
      let name = path.split(separator: "/").last.map { $0.lowercased() } ?? ""
      return ["openapi", "swagger"].contains { name.hasPrefix($0) }
        && [".yaml", ".yml", ".json"].contains { name.hasSuffix($0) }
    }
  }

  /// Folders with migrations.
  var migrations: [String] {
    var folders: [String] = []
    for path in paths where !path.hasSuffix("/") && CommitRange.isMigration(path) {
      let folder = path.split(separator: "/").dropLast().joined(separator: "/")
      if !folders.contains(folder) { folders.append(folder) }
    }
    return folders
  }

  /// Whether git leaves the records out.
  func ignoresRecords(_ files: any FileSystem) -> Bool {
    guard has(".gitignore"), let text = try? files.readText("\(root)/.gitignore") else { return false }
    return text.split(whereSeparator: \.isNewline).contains {
      [".backstop", ".backstop/", "/.backstop", "/.backstop/"].contains($0)
    }
  }
}
