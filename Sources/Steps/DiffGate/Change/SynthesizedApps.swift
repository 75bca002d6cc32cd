import DeploymentConfig
import DeploymentRecords
import JSONValues
import StepResults
import StepRuntime
import SystemInterfaces
import TemplateAnalysis

/// Applications of the CDK whose templates are not in git: what `cdk synth` left in the work tree is compared with what
/// the newest restore point says is deployed. Where either is missing, a change of such an application is said to be
/// unjudged, for its stacks may change all the same.
struct SynthesizedApps {
  let session: StepSession
  /// Whether the work tree is at the revision that is judged.
  let isCurrent: Bool
  /// What became of the applications' files.
  private(set) var dispositions: [FileDisposition] = []
  private static let codeExtensions: Set<String> = [
    "ts", "js", "mts", "mjs", "cjs", "py", "java", "kt", "cs", "fs", "go",
  ]

  init(session: StepSession, isCurrent: Bool) {
    self.session = session
    self.isCurrent = isCurrent
  }

  /// Folders of applications that were synthesized at both ends.
  private var synthesized: Set<String> = []

  /// Adds the templates that the policy's command makes of both versions of its applications.
  mutating func synthesize(
    _ change: inout Change, _ wanted: [GatePolicy.Synthesis], _ synthesis: Synthesis,
    _ workplace: Synthesis.Workplace
  ) async throws {
    guard !wanted.isEmpty else {
      throw StepFailure(
        .data, "--synth names a sandbox, and the base's policy no application: diff-gate.synth is not there",
        advice:
          "add diff-gate: {synth: [{app: FOLDER, command: npx cdk synth --quiet --output \"$BACKSTOP_OUTPUT\"}]} to the "
          + "policy in a change before")
    }
    for app in wanted {
      let folder = app.app == "." ? "" : app.app
      guard change.paths.contains(where: { folder.isEmpty || $0.hasPrefix(folder + "/") }) else { continue }
      let output = try await synthesis.output(of: app, in: workplace)
      let shown = RelativePath.join(folder, "cdk.out") ?? "cdk.out"
      let comparison = FileComparison(session: session)
      for file in try comparison.assemblies(old: output.old, new: output.new) {
        var file = file
        let root = file.new == nil ? output.old ?? output.new : output.new
        file.oldPath = file.oldPath.map { shown + $0.dropFirst((output.old ?? "").count) }
        file.path = shown + file.path.dropFirst(root.count)
        if file.oldPath == file.path { file.oldPath = nil }
        if file.old != file.new { change.changedCount += 1 }
        change.files.append(file)
      }
      let (readOld, readNew, files) = (change.readOld, change.readNew, session.context.files)
      func read(_ path: String, _ root: String?) throws -> [UInt8]? {
        guard let root, !path.contains("..") else { return nil }
        let place = root + path.dropFirst(shown.count)
        return files.exists(place) ? try files.read(place) : nil
      }
      change.readOld = { try $0.hasPrefix(shown + "/") ? read($0, output.old) : readOld($0) }
      change.readNew = { try $0.hasPrefix(shown + "/") ? read($0, output.new) : readNew($0) }
      synthesized.insert(folder)
      place(change, App(folder: folder, output: "cdk.out", isTouched: true), isJudged: true)
    }
  }

  /// Adds the templates of such applications to the change, and says what could not be compared.
  mutating func extend(_ change: inout Change) throws -> [Finding] {
    var findings: [Finding] = []
    for app in try apps(change) where !synthesized.contains(app.folder) {
      let before = findings.count
      defer { place(change, app, isJudged: findings.count == before) }
      let output = RelativePath.join(app.folder, app.output) ?? app.output
      guard isCurrent, let bytes = try workFile("\(output)/manifest.json"),
        let manifest = AssemblyManifest(bytes)
      else {
        if app.isTouched {
          findings.append(
            unjudged(
              app,
              "its templates are not in git: synthesize both versions (cdk synth --output DIR) and compare them with "
                + "--old DIR --new DIR"))
        }
        continue
      }
      findings += try add(manifest, in: output, app, &change)
    }
    return findings
  }

  /// Whether a file takes part in what an application's stacks become.
  private static func isSource(_ path: String) -> Bool {
    if case .harmless(let rule, _) = NamedShapes.shape(of: path), rule == "test" || rule == "documentation" {
      return false
    }
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let suffix = name.lastIndex(of: ".").map { String(name[name.index(after: $0)...]) }
    let sources: Set<String> = [
      "cdk.json", "cdk.context.json", "package.json", "package-lock.json", "yarn.lock", "pnpm-lock.yaml",
      "requirements.txt", "pyproject.toml", "poetry.lock", "go.mod", "pom.xml", "build.gradle",
    ]
    return suffix.map(codeExtensions.contains) == true || sources.contains(name) || isSetting(path, suffix)
  }

  /// Applications read what they are to make, such as sizes of environments, from documents in a folder of their own.
  private static func isSetting(_ path: String, _ suffix: String?) -> Bool {
    guard let suffix, ["json", "yaml", "yml", "toml"].contains(suffix), !TemplateInputs.isOfTools(path) else {
      return false
    }
    let folders: Set<String> = [
      "config", "configs", "configuration", "settings", "parameters", "environments", "envs",
    ]
    return path.lowercased().split(separator: "/").dropLast().contains { folders.contains(String($0)) }
  }

  /// The dispositions of the changed files that belong to an application.
  private mutating func place(_ change: Change, _ app: App, isJudged: Bool) {
    guard app.isTouched else { return }
    for path in change.paths
    where Self.isSource(path) && (app.folder.isEmpty || path.hasPrefix(app.folder + "/")) {
      dispositions.append(
        isJudged
          ? FileDisposition(
            path: path, disposition: .judged, rule: "cdk-app",
            why: "the templates that its application was synthesized to were compared")
          : FileDisposition(
            path: path, disposition: .notJudged, rule: "cdk-app",
            why: "it belongs to a CDK application whose templates are not at hand",
            remedy: "synthesize both versions and compare them with --old DIR --new DIR"))
    }
  }

  // MARK: - Which applications

  private struct App: Hashable {
    /// The folder of its `cdk.json`, and its output folder as seen from there.
    let folder: String, output: String
    /// Whether the change alters code of it.
    let isTouched: Bool
  }

  /// The applications around the changed code, and one at the top; those whose output git tracks are templates like others.
  private func apps(_ change: Change) throws -> [App] {
    var folders: [String: Bool] = ["": false]
    for path in change.paths {
      guard Self.isSource(path) else { continue }
      var folder = RelativePath.folder(of: path)
      while true {
        folders[folder] = true
        if folder.isEmpty { break }
        folder = RelativePath.folder(of: folder)
      }
    }
    return try folders.sorted { $0.key < $1.key }.compactMap { folder, isTouched in
      guard let bytes = try change.readNew(folder.isEmpty ? "cdk.json" : "\(folder)/cdk.json") else {
        return nil
      }
      let output = (try? JSONValue(parsing: bytes))?["output"]?.string ?? "cdk.out"
      let place = RelativePath.join(folder, output) ?? output
      guard try change.readNew("\(place)/manifest.json") == nil else { return nil }
      return App(folder: folder, output: output, isTouched: isTouched)
    }
  }

  private func unjudged(_ app: App, _ why: String) -> Finding {
    let place = app.folder.isEmpty ? "cdk.json" : "\(app.folder)/cdk.json"
    return Finding(
      "cdk-app-unjudged", .warning, "the stacks of this CDK application were not judged: \(why)", path: place,
      subject: "app")
  }

  // MARK: - What is deployed and what would be

  private func add(
    _ manifest: AssemblyManifest, in output: String, _ app: App, _ change: inout Change
  ) throws -> [Finding] {
    guard let id = try session.restorePoints.latestId() else {
      guard app.isTouched else { return [] }
      return [
        unjudged(
          app,
          "\(output) is there, but no restore point says what is deployed: run preflight-snapshot before, or compare "
            + "with the version before by --old DIR --new \(output)")
      ]
    }
    // One that cannot be read is said elsewhere to be so.
    guard let point = try? session.restorePoints.read(id) else { return [] }
    var before: [String: [UInt8]] = [:]
    var missing: [String] = []
    for stack in manifest.stacks {
      guard let path = RelativePath.join(output, stack.file), let new = try workFile(path) else { continue }
      guard let state = point.stacks.first(where: { $0.name == stack.name && $0.parentId == nil }) else {
        missing.append(stack.name)
        continue
      }
      let old = try session.restorePoints.contents(of: state.templateFile, in: id)
      before[path] = old
      try addNested(of: state, old, output, point, &before)
      change.files.append(ChangedFile(path: path, old: old, new: new))
      if old != new { change.changedCount += 1 }
    }
    overlay(&change, output, before)
    guard !missing.isEmpty, app.isTouched else { return [] }
    return [
      unjudged(
        app,
        "the newest restore point does not hold \(missing.sorted().joined(separator: ", ")): new stacks, or stacks "
          + "that the configuration does not name")
    ]
  }

  /// Recorded templates of nested stacks, under the paths that the outer template notes for them.
  private func addNested(
    of state: StackState, _ template: [UInt8], _ output: String, _ point: RestorePoint,
    _ before: inout [String: [UInt8]]
  ) throws {
    guard TemplateText.mentionsNestedStacks(template),
      let outer = try? CloudFormationTemplate(parsing: template, path: state.templateFile)
    else { return }
    for nested in outer.nestedStacks {
      guard let asset = nested.assetPath, let path = RelativePath.join(output, asset), before[path] == nil,
        let resource = state.resources.first(where: { $0.logicalId == nested.logicalId }),
        let inner = point.stacks.first(where: { $0.stackId == resource.physicalId })
      else { continue }
      let bytes = try session.restorePoints.contents(of: inner.templateFile, in: point.id)
      before[path] = bytes
      try addNested(of: inner, bytes, output, point, &before)
    }
  }

  /// Reads below the output folder come from the work tree and the restore point instead of from git.
  private func overlay(_ change: inout Change, _ output: String, _ before: [String: [UInt8]]) {
    let (readOld, readNew) = (change.readOld, change.readNew)
    let app = self
    change.readOld = { path in try path.hasPrefix(output + "/") ? before[path] : readOld(path) }
    change.readNew = { path in try path.hasPrefix(output + "/") ? app.workFile(path) : readNew(path) }
  }

  /// A file of the work tree; nil where there is none, or a link leads out of the tree.
  private func workFile(_ path: String) throws -> [UInt8]? {
    guard let root = session.repositoryRoot else { return nil }
    let files = session.context.files
    do throws(FileError) {
      let real = try files.realPath("\(root)/\(path)")
      guard real.hasPrefix(try files.realPath(root) + "/"), let status = try files.status(of: real),
        status.kind == .file, status.size < 32 << 20
      else { return nil }
      return try files.read(real)
    } catch {
      if error.isNotFound { return nil }
      throw error
    }
  }
}
