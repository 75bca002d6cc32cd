import DeploymentConfig
import Redaction
import StepResults
import StepRuntime
import TemplateAnalysis

/// Judges the changed `deployment-<environment>.config` files.
struct ConfigurationJudge {
  let change: Change
  let session: StepSession
  let policy: Policy
  private(set) var entries: [ConfigurationEntry] = []
  private(set) var findings: [Finding] = []
  /// What became of the files.
  private(set) var dispositions: [FileDisposition] = []

  init(change: Change, session: StepSession, policy: Policy) {
    self.change = change
    self.session = session
    self.policy = policy
  }

  static func isOfInterest(_ path: String) -> Bool { environment(of: path) != nil }

  /// The environment in `deployment-<environment>.config`.
  static func environment(of path: String) -> String? {
    guard let name = path.split(separator: "/").last, name.hasPrefix("deployment-"),
      name.hasSuffix(".config"),
      name.count > "deployment-.config".count
    else { return nil }
    return String(name.dropFirst("deployment-".count).dropLast(".config".count))
  }

  /// Files of an environment whose keys differ.
  func paths(of environment: String) -> [String] {
    Set(entries.map(\.path)).filter { ConfigurationJudge.environment(of: $0) == environment }.sorted()
  }

  mutating func judgeAll() throws {
    var production: [(ConfigurationVersions, [ConfigurationDifference])] = []
    for file in change.files {
      guard let environment = ConfigurationJudge.environment(of: file.path), !file.isLink else { continue }
      dispositions.append(
        FileDisposition(
          path: file.path, disposition: .judged, rule: "configuration", why: "its keys were compared"))
      guard let versions = versions(file.path, environment, old: file.old, new: file.new) else { continue }
      let differences = ConfigurationComparison.differences(versions, isSecret: Redactor.isSecretName)
      for difference in differences { note(difference) }
      if policy.isProduction(environment) { production.append((versions, differences)) }
    }
    for (versions, differences) in production { try compareWithStaging(versions, differences) }
    // That a key differs needs no word where something worse is said of it.
    let plain: Set<String> = ["config-key-changed", "config-key-added"]
    let told = Set(findings.filter { !plain.contains($0.code) }.map { "\($0.path ?? "") \($0.line ?? 0)" })
    findings.removeAll { plain.contains($0.code) && told.contains("\($0.path ?? "") \($0.line ?? 0)") }
  }

  private mutating func versions(
    _ path: String, _ environment: String, old: [UInt8]?, new: [UInt8]?
  ) -> ConfigurationVersions? {
    func values(_ bytes: [UInt8]) throws(ConfigError) -> DeploymentConfig {
      let config = try DeploymentConfig(parsing: bytes, path: path, environment: environment, variables: [:])
      for entry in config.entries { session.redactor.learn(entry.value, named: entry.name) }
      return config
    }
    let after: DeploymentConfig?
    do throws(ConfigError) {
      after = try new.map { bytes throws(ConfigError) in try values(bytes) }
    } catch {
      findings.append(
        Finding(
          "config-unreadable", .error, error.message, path: path, line: error.line > 0 ? error.line : nil,
          subject: "syntax"))
      return nil
    }
    let before: DeploymentConfig?
    do throws(ConfigError) {
      before = try old.map { bytes throws(ConfigError) in try values(bytes) }
    } catch {
      // The change repairs it: all its keys are new then.
      before = nil
    }
    func dictionary(_ config: DeploymentConfig?) -> [String: String]? {
      config.map { Dictionary($0.entries.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }) }
    }
    let lines = Dictionary((after?.entries ?? []).map { ($0.name, $0.line) }, uniquingKeysWith: { $1 })
    return ConfigurationVersions(
      environment: environment, path: path, old: dictionary(before), new: dictionary(after), lines: lines)
  }

  private mutating func note(_ difference: ConfigurationDifference) {
    entries.append(
      ConfigurationEntry(path: difference.path, name: difference.name, change: difference.kind.rawValue))
    func add(_ code: String, _ severity: Severity, _ message: String) {
      findings.append(
        Finding(
          code, severity, message, path: difference.path, line: difference.line, subject: difference.name))
    }
    if difference.showsSecret {
      add(
        "config-secret-committed", .error,
        "\(difference.name) holds a secret in clear: history keeps it, so it has to be changed at its source")
    }
    switch difference.kind {
    case .removed:
      add("config-key-removed", .warning, "\(difference.name) is gone: the version before may need it")
    case .changed where difference.isTarget:
      add(
        "config-target-changed", .warning,
        "\(difference.name) changes: the deployment, and a rollback of it, go somewhere else")
    case .changed: add("config-key-changed", .notice, "\(difference.name) changes")
    case .added: add("config-key-added", .notice, "\(difference.name) is new")
    }
  }

  /// A production change that staging has not had, and keys that only one of them has.
  private mutating func compareWithStaging(
    _ production: ConfigurationVersions, _ differences: [ConfigurationDifference]
  ) throws {
    let folder = production.path.split(separator: "/").dropLast().map { "\($0)/" }.joined()
    for name in ["staging", "stage"] where policy.nonProduction.contains(name) {
      let path = "\(folder)deployment-\(name).config"
      guard let new = try change.readNew(path) else { continue }
      let old = try change.readOld(path)
      guard let staging = versions(path, name, old: old, new: new) else { return }
      let notHad = ConfigurationComparison.notHad(production: differences, staging: staging)
      for difference in notHad {
        findings.append(
          Finding(
            "config-not-in-staging", .warning,
            "\(difference.name) is \(difference.kind.rawValue) for \(production.environment), and \(name) has not had that",
            path: difference.path, line: difference.line, subject: difference.name))
      }
      let told = Set(notHad.map(\.name))
      let missing = ConfigurationComparison.missing(production, staging).filter { !told.contains($0.name) }
      if !missing.isEmpty {
        let words = missing.map { "\($0.name) (only \($0.onlyIn))" }
        findings.append(
          Finding(
            "config-environments-differ", .notice,
            "\(production.environment) and \(name) have different keys: \(words.joined(separator: ", "))",
            path: production.path, subject: "\(production.environment) \(name)"))
      }
      return
    }
  }
}
