import CIEnvironment
import GitHistory
import StepResults
import StepRuntime

/// Finds out what to compare, and reads it out of git.
struct ChangeReader {
  let repository: GitRepository
  let place: RepositoryPlace

  /// The two commits and why they were taken; the base is nil for a first commit.
  struct Range {
    var base: ObjectId?
    var head: ObjectId
    var because: String
    /// The newest commit of the branch that the change goes into: what the gate obeys stands there.
    var tip: ObjectId?
    /// Why the tip is not known, and the base stands for it; nil where it is.
    var tipUnknown: String?
  }

  // MARK: - Base and head

  func range(base named: String?, head namedHead: String?) throws -> Range {
    let ci = CIChange(place.context.environment, provider: place.ci.provider)
    let head: ObjectId
    if let namedHead {
      head = try repository.resolve(namedHead)
    } else if let current = try repository.headCommit() {
      head = current
    } else {
      throw StepFailure(
        .data, "the repository has no commit yet, so there is nothing to compare",
        advice: "commit first, or compare two files with --old and --new")
    }
    if let named {
      let base = try repository.resolve(named)
      return Range(
        base: try repository.mergeBase(base, head) ?? base, head: head, because: "--base \(named)", tip: base)
    }
    if namedHead == nil, ci.isMergeRef, ci.runCommit.map({ $0 == head.hex }) ?? true,
      let base = try repository.mergeRefBase()
    {
      return Range(
        base: base, head: head, because: "HEAD is the merge that the CI made: its first parent",
        tip: try newest(of: ci, orAt: base))
    }
    // A commit that a forced push has put aside is no base; one that a shallow clone lacks is named with the depth.
    if let commit = ci.baseCommit, knows(commit) || ci.targetBranch == nil && repository.isShallow {
      let base = try repository.resolve(commit)
      let tip = held(ci.targetBranch)
      return Range(
        base: try repository.mergeBase(base, head) ?? base, head: head, because: ci.source ?? "the CI",
        tip: tip ?? base,
        tipUnknown: tip == nil
          ? ci.targetBranch.map { "this clone does not hold \($0); fetch it: \(fetchCommand($0))" } : nil)
    }
    if let branch = ci.targetBranch {
      let tip = try resolve(branch: branch, from: ci.source ?? "the CI")
      let base = try repository.mergeBase(tip, head) ?? tip
      // A branch that is merged already is judged as the default branch is.
      if base != head {
        return Range(
          base: base, head: head, because: "\(ci.source ?? "the CI"): merge base with \(branch)", tip: tip)
      }
    }
    return try defaultRange(head)
  }

  private func knows(_ commit: String) -> Bool { ObjectId(hex: commit).map { repository.has($0) } ?? false }

  /// The newest commit of `branch` that this clone holds.
  private func held(_ branch: String?) -> ObjectId? {
    guard let branch else { return nil }
    for remote in repository.remoteNames {
      if let id = repository.reference("refs/remotes/\(remote)/\(branch)") { return id }
    }
    return repository.reference("refs/heads/\(branch)")
  }

  /// The target branch as this clone holds it, where that is newer than the parent of the CI's merge.
  private func newest(of ci: CIChange, orAt parent: ObjectId) throws -> ObjectId {
    guard let tip = held(ci.targetBranch), tip != parent else { return parent }
    do throws(GitError) {
      return try repository.mergeBase(tip, parent) == parent ? tip : parent
    } catch {
      // A shallow clone does not reach their base; the merge's own parent is the newest that is known then.
      if error.kind == .beyondShallow { return parent }
      throw error
    }
  }

  private func fetchCommand(_ branch: String) -> String {
    "git fetch origin \(branch):refs/remotes/origin/\(branch)"
  }

  private func resolve(branch: String, from source: String) throws -> ObjectId {
    if let id = held(branch) { return id }
    throw StepFailure(
      .unavailable, "\(source) names the branch \(branch), which this clone does not hold",
      advice:
        "fetch it: \(fetchCommand(branch)), or check out with fetch-depth: 0"
    )
  }

  /// The merge base with the default branch; on that branch itself, what was pushed, or the commit before.
  private func defaultRange(_ head: ObjectId) throws -> Range {
    if let branch = repository.defaultBranch() {
      let tip = try repository.resolve(branch)
      if tip != head, let base = try repository.mergeBase(tip, head), base != head {
        return Range(base: base, head: head, because: "merge base of HEAD and \(branch)", tip: tip)
      }
    }
    guard let parent = try repository.commit(head).parents.first else {
      return Range(base: nil, head: head, because: "HEAD is the first commit")
    }
    let push = GitHubPush(place)
    if let push, push.after == head.hex, knows(push.before), let before = ObjectId(hex: push.before) {
      return Range(
        base: before, head: head, because: "the commit before the push, by GITHUB_EVENT_PATH", tip: before)
    }
    let depth = push.map { $0.after == head.hex ? $0.commits + 1 : 2 } ?? 2
    guard repository.has(parent), depth == 2 || !repository.isShallow else {
      throw StepFailure(
        .unavailable,
        depth == 2
          ? "this clone ends at HEAD (\(head.short)); its parent \(parent.short) is not here"
          : "this push brought \(depth - 1) commits, and this clone does not hold the one before them",
        advice: "check out with fetch-depth: \(depth) or more (git fetch --depth=\(depth)), or name --base")
    }
    return Range(base: parent, head: head, because: "HEAD and the commit before", tip: parent)
  }

  // MARK: - Contents

  /// Names what a partial clone lacks, and the one command that fetches all of it.
  private func fetched<Value>(_ range: Range, _ what: String, _ read: () throws -> Value) throws -> Value {
    do {
      return try read()
    } catch let error as GitError where error.kind == .notFetched {
      let command = ["git diff", range.base?.hex, range.head.hex].compactMap { $0 }.joined(separator: " ")
      throw StepFailure(
        .unavailable, "cannot \(what): \(error.message)",
        advice:
          "run `\(command) > /dev/null` once, which fetches what the comparison needs, or check out without a "
          + "filter")
    }
  }

  /// The change between two commits; only files that may be judged are read.
  func change(_ range: Range, isOfInterest: (String) -> Bool) throws -> Change {
    let repository = repository
    let baseTree = try range.base.map { try repository.commit($0).tree }
    let headTree = try repository.commit(range.head).tree
    let tipTree = try range.tip.map { try repository.commit($0).tree }
    let changes = try fetched(range, "compare the two trees") {
      try repository.changes(from: baseTree, to: headTree)
    }
    var files: [ChangedFile] = []
    for change in changes {
      guard isOfInterest(change.path) || change.oldPath.map(isOfInterest) ?? false else { continue }
      func content(_ entry: TreeEntry?) throws -> [UInt8]? {
        guard let entry, entry.kind == .file || entry.kind == .executable else { return nil }
        return try fetched(range, "read \(change.path)") { try repository.blob(entry.id) }
      }
      files.append(
        ChangedFile(
          path: change.path, oldPath: change.oldPath, old: try content(change.old),
          new: try content(change.new),
          isLink: change.new.map { $0.kind == .symlink || $0.kind == .submodule } ?? false))
    }
    func kind(_ entry: TreeEntry?) -> ChangedPath.Kind? {
      entry.map { $0.kind == .submodule ? .submodule : $0.kind == .symlink ? .link : .file }
    }
    let all = changes.map { change in
      ChangedPath(
        path: change.path, oldPath: change.oldPath, old: kind(change.old), new: kind(change.new),
        isMoved: change.old != nil && change.old?.id == change.new?.id && change.oldPath != nil)
    }
    let (before, after) = (TreeListing(repository, baseTree), TreeListing(repository, headTree))
    let tip = tipTree == baseTree ? before : TreeListing(repository, tipTree)
    func read(_ path: String, _ tree: TreeListing) throws -> [UInt8]? {
      guard let entry = try tree.entry(at: path) else { return nil }
      guard entry.kind == .file || entry.kind == .executable else { return nil }
      return try repository.blob(entry.id)
    }
    let commits = try range.base.map { try repository.commits(from: $0, to: range.head, limit: 1000) } ?? []
    return Change(
      base: range.base?.hex ?? "", head: range.head.hex, because: range.because, changedCount: changes.count,
      all: all, files: files, readOld: { try read($0, before) }, readNew: { try read($0, after) },
      readTip: { try read($0, tip) }, listNew: { try after.paths(below: $0) },
      listFolder: { try after.files(in: $0) },
      heads: Set([range.head.hex] + (try repository.commit(range.head).parents.dropFirst().map(\.hex))),
      messages: commits.map { ($0.id.short, $0.message) })
  }
}
