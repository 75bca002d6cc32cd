import StepResults
import SystemInterfaces

/// A deployment that a restore point holds.
public struct RecordedDeployment: Hashable, Sendable {
  /// The restore point's id; ids sort by time.
  public var id: String
  /// Of which application; nil in older restore points, which are told by their stacks.
  public var application: String?
  /// The commit whose deployment it holds, where somebody said so.
  public var commit: String?
  /// When it was made, and of what.
  public var createdAt: Timestamp, deployment: Deployment
  /// Whether two versions shared traffic then: a state in between, which nobody goes back to unless it is named.
  public var isInBetween = false

  /// A recorded deployment.
  public init(
    id: String, application: String?, commit: String?, createdAt: Timestamp, deployment: Deployment
  ) {
    (self.id, self.application, self.commit) = (id, application, commit)
    (self.createdAt, self.deployment) = (createdAt, deployment)
  }
}

/// All that is known of the deployments of one application: what the steps said of each, and what was recorded of it.
///
/// The rules are pure functions of it. A record of another application, or one that does not say about which deployment it
/// is, takes no part in any of them.
public struct DeploymentHistory: Sendable {
  /// The application.
  public let application: String
  /// What names its deployment, oldest first.
  public let evidence: [Evidence]
  /// The restore points that hold it, oldest first.
  public let points: [RecordedDeployment]
  /// Versions of each stack that were live and that nothing undid, oldest first.
  private let versions: [String: [StackVersion]]
  /// What was put back is what its restore point holds: the recorded version of each that a rollback left.
  private let recordedAs: [StackVersion: StackVersion]

  /// What `evidence` and `points` say of `application`.
  public init(application: String, evidence: [Evidence], points: [RecordedDeployment]) {
    self.application = application
    self.evidence = evidence.filter { $0.application == application && $0.deployment != nil }
      .sorted { $0.finishedAt < $1.finishedAt }
    self.points = points.filter { $0.application == nil || $0.application == application }
      .sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
    var versions: [String: Set<StackVersion>] = [:]
    let deployments =
      self.evidence.flatMap { [$0.deployment, $0.undone].compactMap { $0 } } + self.points.map(\.deployment)
    for version in deployments.flatMap(\.stacks) where !version.isRolledBack {
      versions[version.stack, default: []].insert(version)
    }
    self.versions = versions.mapValues { $0.sorted { $0.updatedAt < $1.updatedAt } }
    var recordedAs: [StackVersion: StackVersion] = [:]
    for evidence in self.evidence {
      guard case .reverted(let reverted) = evidence.statement, let after = evidence.deployment,
        let point = self.points.first(where: { $0.id == reverted.restorePoint })
      else { continue }
      let untouched = reverted.isPartial ? Set(reverted.undone?.stacks ?? after.stacks) : []
      for version in after.stacks where !untouched.contains(version) {
        guard let recorded = point.deployment.stacks.first(where: { $0.stack == version.stack }),
          recorded != version
        else { continue }
        recordedAs[version] = recorded
      }
    }
    self.recordedAs = recordedAs
  }

  // MARK: - What a stop speaks about

  /// The stops that speak about a deployment and that no later go about it has taken back: it is not good.
  ///
  /// A stop speaks about another deployment than the one that was checked where that still holds a version which came with
  /// it: what `--only` left out, what a later deployment did not touch, what a failed update went back to.
  public func standingStops(about deployment: Deployment) -> [Evidence] {
    let content = self.content(of: deployment)
    return evidence.filter { stop in
      guard stop.isStop, let stopped = stop.deployment else { return false }
      let isAbout =
        self.content(of: stopped) == content || !suspects(of: stop, stopped).isDisjoint(with: content)
      return isAbout && !isCleared(stop, for: deployment)
    }
  }

  /// Whether later checks that cover the stop's passed, of the same deployment or of `deployment`: the fault lay elsewhere,
  /// or is mended. What a partial rollback finds healthy says nothing of what it left out.
  private func isCleared(_ stop: Evidence, for deployment: Deployment) -> Bool {
    guard let failing = stop.checks else { return false }
    return evidence.contains { later in
      guard later.isGo, later.finishedAt > stop.finishedAt, let checks = later.checks, !later.isPartial else {
        return false
      }
      let passed = later.deployment.map(content)
      guard passed == content(of: deployment) || passed == stop.deployment.map(content) else { return false }
      return checks.cover(failing)
    }
  }

  /// The versions that came with a stopped deployment: those that no deployment had which was recorded before as good, or
  /// whose checks passed.
  private func suspects(of stop: Evidence, _ stopped: Deployment) -> Set<StackVersion> {
    let content = content(of: stopped)
    let recorded = points.filter { $0.createdAt < stop.finishedAt }.map(\.deployment)
    let passed = evidence.filter { $0.isGo && $0.finishedAt < stop.finishedAt }.compactMap(\.deployment)
    // What was recorded of this very content was no proof that it is good.
    let known = (recorded + passed).map(self.content).filter { $0 != content }
    return content.subtracting(known.reduce(into: Set()) { $0.formUnion($1) })
  }

  /// Whether a restore point holds what is live, by what is on record: it, or what was put back from it.
  public func holds(_ point: RecordedDeployment, _ live: Deployment) -> Bool {
    content(of: point.deployment) == content(of: live)
  }

  /// The versions whose content a deployment holds: an update that was undone left the one before it, and a rollback what
  /// was recorded.
  private func content(of deployment: Deployment) -> Set<StackVersion> {
    Set(
      deployment.stacks.map { version in
        var version = version
        // Each step leads to an earlier version.
        while true {
          let earlier =
            recordedAs[version]
            ?? (version.isRolledBack
              ? versions[version.stack]?.last { $0.updatedAt < version.updatedAt } : nil)
          guard let earlier, earlier.updatedAt < version.updatedAt else { return version }
          version = earlier
        }
      })
  }

  // MARK: - Rules

  /// Whether a restore point is good: whole, with a stack of each name, and no stop stands about what it recorded.
  public func isGood(_ point: RecordedDeployment, holding names: some Sequence<String>) -> Bool {
    (point.application == nil || point.application == application) && point.deployment.holds(names)
      && standingStops(about: point.deployment).isEmpty
  }

  /// What settled a stop: a rollback of all stacks that was found healthy, a later go of the same checks about the same
  /// deployment, or a later go about another one; nil while it stands open.
  public func answer(to stop: Evidence) -> Evidence? {
    guard let stopped = stop.deployment else { return nil }
    return evidence.first { later in
      guard later.finishedAt > stop.finishedAt, later.isGo, !later.isPartial else { return false }
      if case .reverted(let reverted) = later.statement, reverted.changed {
        return reverted.undone == stopped || later.deployment != stopped
      }
      if later.deployment == stopped {
        guard let checks = later.checks, let failing = stop.checks else { return false }
        return checks.cover(failing)
      }
      // A go about other stacks altogether says nothing of these.
      guard let other = later.deployment,
        !Set(other.stacks.map(\.name)).isDisjoint(with: stopped.stacks.map(\.name))
      else { return false }
      return suspects(of: stop, stopped).isDisjoint(with: content(of: other))
    }
  }

  /// The stops that let a program roll a deployment back: those that stand about exactly this one, or about the one of which
  /// a rollback with `--only` left it.
  public func reasons(against deployment: Deployment) -> [Evidence] {
    let partial = evidence.filter { $0.isPartial && $0.deployment == deployment }
    return standingStops(about: deployment).filter { stop in
      if stop.deployment == deployment { return true }
      return partial.contains { rollback in
        guard rollback.undone == stop.deployment else { return false }
        // Where what had failed passed afterwards, nothing speaks against the rest.
        guard rollback.isGo, let passed = rollback.checks, let failing = stop.checks else { return true }
        return !passed.cover(failing)
      }
    }
  }

  /// The commit of a deployment, by what was put back, what was checked and what was recorded, in this order; nil where
  /// nobody said which it is.
  public func commit(of deployment: Deployment) -> String? {
    let about = evidence.filter { $0.deployment == deployment && $0.commit != nil }
    func newest(_ steps: Step...) -> String? { about.last { steps.contains($0.step) }?.commit }
    return restoredCommit(of: deployment) ?? newest(.smokeTest, .watch30m) ?? newest(.preflightSnapshot)
      ?? points.last { $0.deployment == deployment && $0.commit != nil }?.commit
  }

  /// The commit that a rollback put back, where it left this deployment.
  public func restoredCommit(of deployment: Deployment) -> String? {
    evidence.last { $0.deployment == deployment && $0.step == .autoRevert && $0.commit != nil }?.commit
  }

  /// What was said of a deployment, oldest first.
  public func said(of deployment: Deployment) -> [Evidence] {
    evidence.filter { $0.deployment == deployment }
  }
}

extension Evidence {
  /// Whether it speaks about a part of the stacks alone.
  var isPartial: Bool { if case .reverted(let reverted) = statement { reverted.isPartial } else { false } }
  /// The deployment that a rollback undid.
  var undone: Deployment? { if case .reverted(let reverted) = statement { reverted.undone } else { nil } }
}
