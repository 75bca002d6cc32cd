import CryptoDigests
import DeploymentConfig
import DeploymentRecords
import GitHistory
import StepResults
import SystemInterfaces

/// How a session finds and reads the files that it starts from.
extension StepSession {
  /// The root of the work tree: `--repo`, `GIT_WORK_TREE`, or the nearest folder upward that holds `.git` or is a bare
  /// repository.
  static func findRepository(_ common: CommonOptions, _ context: StepContext) throws -> String? {
    if let repo = common.repo {
      let path = context.absolute(repo)
      guard context.files.exists(path) else {
        throw StepFailure(
          .data, "--repo \(repo): there is no such folder", advice: "name the root of a git repository")
      }
      return path
    }
    if let tree = context.environment.nonEmpty("GIT_WORK_TREE") { return context.absolute(tree) }
    if let folder = context.environment.nonEmpty("GIT_DIR") {
      let path = context.absolute(folder)
      return path.hasSuffix("/.git") ? String(path.dropLast("/.git".count)) : path
    }
    var folder = context.workingDirectory
    while true {
      if context.files.exists(folder == "/" ? "/.git" : "\(folder)/.git") { return folder }
      if ["HEAD", "objects", "refs"].allSatisfy({ context.files.exists("\(folder)/\($0)") }) {
        return folder
      }
      guard folder != "/", let slash = folder.lastIndex(of: "/") else { return nil }
      folder = slash == folder.startIndex ? "/" : String(folder[..<slash])
    }
  }

  /// The variables with `GIT_DIR` and `GIT_WORK_TREE` absolute, and without them where `--repo` names the repository.
  static func gitVariables(_ common: CommonOptions, _ context: StepContext) -> Environment {
    var environment = context.environment
    for name in ["GIT_DIR", "GIT_WORK_TREE"] {
      environment.variables[name] =
        common.repo == nil ? environment.nonEmpty(name).map(context.absolute) : nil
    }
    return environment
  }

  /// `deployment-<environment>.config`, from the working tree or a revision.
  static func readConfig(
    _ common: CommonOptions, _ context: StepContext, root: String?, isNeeded: Bool
  ) throws -> (config: DeploymentConfig, inputs: [RecordInput]) {
    let name = "deployment-\(common.environment).config"
    let folder = common.configDir ?? "."
    let shown: String
    let bytes: [UInt8]
    if let revision = common.configRef {
      let inside = try pathInRepository(folder, name, context, root)
      shown = "\(revision):\(inside)"
      guard let found = try repository(context, root).contents(of: inside, at: revision) else {
        throw StepFailure(
          .data, "\(shown): there is no such file at that revision",
          advice: "check --config-ref and --config-dir; the file is named after the environment")
      }
      bytes = found
    } else {
      shown = folder == "." ? name : "\(folder)/\(name)"
      do throws(FileError) {
        bytes = try context.files.read(context.absolute(shown), context.reading(shown, in: root))
      } catch {
        if error.isNotFound, !isNeeded, common.configDir == nil {
          return (
            try DeploymentConfig(
              parsing: [], path: shown, environment: common.environment,
              variables: context.environment.variables, isAbsent: true), []
          )
        }
        throw StepFailure(
          .data, "cannot read \(shown): \(error.reason)",
          advice: error.isNotFound ? otherEnvironments(folder, context) : "check the file's permissions")
      }
    }
    let config = try DeploymentConfig(
      parsing: bytes, path: shown, environment: common.environment, variables: context.environment.variables)
    return (config, [RecordInput(path: shown, sha256: Digest.sha256Hex(bytes))])
  }

  /// Names the environments that the folder does have.
  private static func otherEnvironments(_ folder: String, _ context: StepContext) -> String {
    let names = (try? context.files.names(in: context.absolute(folder))) ?? []
    let environments = names.filter { $0.hasPrefix("deployment-") && $0.hasSuffix(".config") }
      .map { String($0.dropFirst("deployment-".count).dropLast(".config".count)) }
    if environments.isEmpty {
      return "run the step where the configuration stands, or say where with --config-dir"
    }
    return "environments with a configuration there: \(environments.joined(separator: ", "))"
  }

  private static func pathInRepository(
    _ folder: String, _ name: String, _ context: StepContext, _ root: String?
  ) throws -> String {
    guard let root else { throw noRepository(context) }
    let absolute = context.absolute(folder)
    let real = (try? context.files.realPath(absolute)) ?? absolute
    let realRoot = (try? context.files.realPath(root)) ?? root
    if real == realRoot { return name }
    guard real.hasPrefix(realRoot + "/") else {
      throw StepFailure(
        .usage, "--config-dir \(folder) is outside the repository \(root), so it has no revisions")
    }
    return "\(real.dropFirst(realRoot.count + 1))/\(name)"
  }

  static func noRepository(_ context: StepContext) -> StepFailure {
    StepFailure(
      .data, "there is no git repository at or above \(context.workingDirectory)",
      advice: "run the step inside the repository, or name it with --repo")
  }

  static func repository(_ context: StepContext, _ root: String?) throws -> GitRepository {
    guard let root else { throw noRepository(context) }
    return try context.openRepository(root, context.environment)
  }

  /// `backstop.yml`: the file of `--policy`, or the one at the repository's root where there is one; of the commit that
  /// `source` names, where it stands in the repository. One outside is the operator's and counts as it is.
  static func readPolicy(
    _ common: CommonOptions, _ context: StepContext, root: String?, _ source: () throws -> PolicySource
  ) throws -> (policy: Policy, input: RecordInput)? {
    if root != nil, let inside = try policyPath(common, context, root: root),
      case .commit(let commit) = try source()
    {
      guard let commit, let bytes = try repository(context, root).contents(of: inside, at: commit.hex) else {
        return nil
      }
      let shown = "\(commit.short):\(inside)"
      return (
        try Policy(parsing: bytes, path: shown), RecordInput(path: shown, sha256: Digest.sha256Hex(bytes))
      )
    }
    let path: String
    if let named = common.policy {
      path = named
    } else {
      guard context.files.exists("\(root ?? context.workingDirectory)/\(policyName)") else { return nil }
      path = root.map { "\($0)/\(policyName)" } ?? policyName
    }
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try context.files.read(context.absolute(path), context.reading(path, in: root))
    } catch {
      throw StepFailure(.data, "cannot read the policy \(path): \(error.reason)", advice: "check --policy")
    }
    return (try Policy(parsing: bytes, path: path), RecordInput(path: path, sha256: Digest.sha256Hex(bytes)))
  }

  private static let policyName = "backstop.yml"

  /// The policy's path in the repository; nil where it stands outside.
  static func policyPath(_ common: CommonOptions, _ context: StepContext, root: String?) throws -> String? {
    guard let named = common.policy else { return policyName }
    guard let root else { return nil }
    let path = context.absolute(named)
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    let name = path.split(separator: "/").last.map(String.init) ?? ""
    // The folder's links are followed, not the file's own: where it leads to is what must not count.
    let real = ((try? context.files.realPath(folder)) ?? folder) + "/\(name)"
    let realRoot = (try? context.files.realPath(root)) ?? root
    return real.hasPrefix(realRoot + "/") ? String(real.dropFirst(realRoot.count + 1)) : nil
  }

  /// The repository of this run.
  public func repository() throws -> GitRepository {
    try StepSession.repository(context, repositoryRoot)
  }

  /// The full id of the commit that is deployed or about to be: `--commit`, else `HEAD`; nil outside a repository.
  public func commitId() throws -> String? {
    if let named = common.commit {
      guard repositoryRoot != nil else { return named }
      return try repository().resolve(named).hex
    }
    guard repositoryRoot != nil else { return nil }
    return try repository().headCommit()?.hex
  }
}
