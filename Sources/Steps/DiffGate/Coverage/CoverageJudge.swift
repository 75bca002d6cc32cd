import DeploymentConfig
import StepResults

/// Gives every changed file its disposition, and says which of them were not judged although they may change the
/// deployment.
struct CoverageJudge {
  let change: Change
  let policy: GatePolicy
  /// Files that a judge has taken, and by which rule.
  private var taken: [String: FileDisposition] = [:]
  private(set) var files: [FileDisposition] = []
  private(set) var findings: [Finding] = []
  private var generated: TemplateInputs
  /// A change of more files is classified by names alone.
  private static let contentLimit = 3000
  private static let sizeLimit = 1 << 20

  init(change: Change, policy: GatePolicy) {
    self.change = change
    self.policy = policy
    generated = TemplateInputs(change: change)
  }

  /// Takes what a judge says about a file; what was not judged counts more than what was, in a file of two parts.
  mutating func take(_ file: FileDisposition) {
    if let known = taken[file.path], known.disposition == .notJudged || file.disposition == .harmless {
      return
    }
    taken[file.path] = file
  }

  /// Goes over all files.
  mutating func judgeAll() throws {
    let ignored = policy.ignore.map(PathPattern.init)
    var budget = Self.contentLimit
    for path in change.all where !(path.old == nil && path.new == nil) {
      var file = try disposition(of: path, ignored, &budget)
      file.path = path.path
      file.oldPath = path.oldPath
      files.append(file)
    }
    // Templates that a judge took in although they stay as they are, for their parameters differ.
    let known = Set(change.all.map(\.path))
    files += taken.values.filter { !known.contains($0.path) }.sorted { $0.path < $1.path }
    report()
  }

  private mutating func disposition(
    of file: ChangedPath, _ ignored: [PathPattern], _ budget: inout Int
  ) throws -> FileDisposition {
    if file.new != .submodule, file.old != .submodule, let known = taken[file.path] { return known }
    func made(_ shape: FileShape) -> FileDisposition {
      switch shape {
      case .harmless(let rule, let why):
        FileDisposition(path: file.path, disposition: .harmless, rule: rule, why: why)
      case .unjudged(let rule, let why, let remedy):
        FileDisposition(path: file.path, disposition: .notJudged, rule: rule, why: why, remedy: remedy)
      }
    }
    if ignored.contains(where: { $0.matches(file.path) }),
      file.oldPath.map({ old in ignored.contains { $0.matches(old) } }) ?? true
    {
      return made(.harmless(rule: "ignored", why: "the policy's diff-gate.ignore names it"))
    }
    if file.new == .submodule || file.old == .submodule {
      return made(
        .unjudged(
          rule: "submodule", why: "a submodule moves: what it holds stands in another repository",
          remedy: "run the gate in that repository between the two commits, or name it under diff-gate.ignore"
        ))
    }
    let shape = try self.shape(file.path, file, &budget)
    guard let old = file.oldPath, case .harmless = shape else { return made(linked(shape, file)) }
    // What was of the deployment is so under another name, too: whether anything still reads it is open.
    guard case .unjudged(let rule, _, _) = try self.shape(old, file, &budget) else {
      return made(linked(shape, file))
    }
    return made(
      .unjudged(
        rule: rule, why: "it was called \(old), and whether the deployment still reads it is not known",
        remedy: "judge what the deployment reads now, or name it under diff-gate.ignore"))
  }

  /// A link that stands where a file of the deployment may.
  private func linked(_ shape: FileShape, _ file: ChangedPath) -> FileShape {
    guard file.new == .link || file.old == .link else { return shape }
    if case .harmless(let rule, _) = shape, ["test", "documentation", "own-file"].contains(rule) {
      return shape
    }
    return .unjudged(
      rule: "link", why: "a symbolic link: what it leads to was not judged",
      remedy: "put the file itself in its place, or name it under diff-gate.ignore")
  }

  private mutating func shape(_ path: String, _ file: ChangedPath, _ budget: inout Int) throws -> FileShape {
    if let named = NamedShapes.shape(of: path) { return named }
    guard file.new != .link, file.old != .link, budget > 0 else {
      return ContentShapes.shape(of: content(path, nil, nil))
    }
    budget -= 1
    // A file that is called otherwise now is read where it stands, and looked at under the name asked about.
    let new = file.new == nil ? nil : try change.readNew(file.path)
    let old = file.old == nil ? nil : try change.readOld(file.oldPath ?? file.path)
    let content = content(path, old, new)
    let shape = ContentShapes.shape(of: content)
    guard case .harmless(let rule, _) = shape, rule == "application" else { return shape }
    return try generated.shape(of: path, content.text) ?? shape
  }

  private func content(_ path: String, _ old: [UInt8]?, _ new: [UInt8]?) -> ContentShapes.Content {
    func text(_ bytes: [UInt8]?) -> String? {
      bytes.map { String(decoding: $0.prefix(Self.sizeLimit), as: UTF8.self) }
    }
    return ContentShapes.Content(
      path: path, old: text(old), new: text(new),
      isLeftOut: (!policy.templates.isEmpty, !policy.migrations.isEmpty))
  }

  // MARK: - Findings

  /// One finding a file, or one for many of a kind.
  private mutating func report() {
    var groups: [(key: String, files: [FileDisposition])] = []
    for file in files where file.disposition == .notJudged && file.rule != "cdk-app" {
      let key = file.rule + "\u{0}" + file.why
      if let index = groups.firstIndex(where: { $0.key == key }) {
        groups[index].files.append(file)
      } else {
        groups.append((key, [file]))
      }
    }
    for (_, members) in groups {
      if members.count <= 3 {
        for file in members { report([file]) }
      } else {
        report(members)
      }
    }
  }

  private mutating func report(_ members: [FileDisposition]) {
    guard let first = members.first else { return }
    let code = ["submodule", "link"].contains(first.rule) ? "link-not-followed" : "file-not-judged"
    let others =
      members.count == 1
      ? "" : " (\(members.count) files: \(members.map(\.path).joined(separator: ", ")))"
    findings.append(
      Finding(
        code, .warning, "not judged: \(first.why)\(others). To have it judged: \(first.remedy ?? "").",
        path: first.path,
        subject: members.count == 1
          ? first.rule : "\(first.rule) \(members.map(\.path).joined(separator: " "))"))
  }
}
