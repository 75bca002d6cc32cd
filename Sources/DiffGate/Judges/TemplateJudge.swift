import ChangeAnalysis
import DeploymentConfig
import Glibc
import Records
import StepCommand

/// Finds the templates among the changed files and lets `TemplateComparison` judge them.
struct TemplateJudge {
  let change: Change
  let config: DeploymentConfig
  let policy: GatePolicy
  /// Values of both sides, from the configuration and parameter files.
  let values: ParameterValues
  /// Whether every file is a template because it was named as one.
  let areNamed: Bool
  private(set) var entries: [TemplateEntry] = []
  private(set) var findings: [Finding] = []
  /// By template path, what was found; for the outline and a change set's second opinion.
  private(set) var comparisons: [(entry: TemplateEntry, change: TemplateChange)] = []
  private var manifests: [String: AssemblyManifest] = [:]

  init(change: Change, config: DeploymentConfig, policy: GatePolicy, values: ParameterValues, areNamed: Bool)
  {
    self.change = change
    self.config = config
    self.policy = policy
    self.values = values
    self.areNamed = areNamed
  }

  /// Whether a file takes part by its name alone.
  static func isOfInterest(_ path: String) -> Bool {
    let lower = path.lowercased()
    return [".yaml", ".yml", ".json", ".template"].contains { lower.hasSuffix($0) }
  }

  mutating func judgeAll() throws {
    let patterns = policy.templates.map(PathPattern.init)
    for file in change.files where !file.isLink && file.old != file.new {
      if !areNamed, !patterns.isEmpty, !patterns.contains(where: { $0.matches(file.path) }) { continue }
      guard areNamed || patterns.isEmpty == false || looksLikeTemplate(file) else { continue }
      try judge(file)
    }
  }

  /// Takes over what CloudFormation itself said.
  mutating func adopt(_ answers: [String: TemplateEntry]) {
    entries = entries.map { answers[$0.path] ?? $0 }
    comparisons = comparisons.map { (answers[$0.entry.path] ?? $0.entry, $0.change) }
  }

  // MARK: - One template

  private mutating func judge(_ file: ChangedFile) throws {
    let isNew = file.old.map { !TemplateJudge.mentionsResources($0) } ?? true
    let isGone = file.new.map { !TemplateJudge.mentionsResources($0) } ?? true
    let old: CloudFormationTemplate?
    let new: CloudFormationTemplate?
    do throws(TemplateError) {
      old =
        isNew && !areNamed
        ? nil
        : try file.old.map { bytes throws(TemplateError) in try parse(bytes, file.oldPath ?? file.path) }
    } catch {
      // What is deployed cannot be read, so everything is open; the version that was there is not this change's fault.
      findings.append(
        Finding(
          "template-before-unreadable", areNamed ? .error : .warning,
          "the version before cannot be read, so what changes is not known: \(error.message)",
          path: error.path,
          line: error.line > 0 ? error.line : nil, subject: "before"))
      return
    }
    do throws(TemplateError) {
      new =
        isGone && !areNamed
        ? nil : try file.new.map { bytes throws(TemplateError) in try parse(bytes, file.path) }
    } catch {
      findings.append(
        Finding(
          "template-unreadable", .error, "this template cannot be read: \(error.message)", path: file.path,
          line: error.line > 0 ? error.line : nil, subject: "syntax"))
      return
    }
    guard old != nil || new != nil else { return }
    let manifest = try self.manifest(of: file.path)
    let stack = StackNames.stack(of: file.path, manifest: manifest, config: config)
    var context = ComparisonContext(
      pseudoParameters: pseudoParameters(stack), missingParameters: areNamed ? .defaults : .previousValues,
      statefulTypes: StatefulTypes(adding: Set(policy.statefulTypes)))
    func compare() -> TemplateChange {
      TemplateComparison.compare(
        old: old, new: new,
        oldParameters: values.old.merging(manifest?.parameters(of: file.name) ?? [:]) { $1 },
        newParameters: values.new.merging(manifest?.parameters(of: file.name) ?? [:]) { $1 }, context: context
      )
    }
    var result = compare()
    if result.outputs.contains(where: { $0.export != nil && $0.action != .added }) {
      // Only then is it worth reading the templates beside this one.
      context.otherTemplates = try neighbours(of: file)
      if !context.otherTemplates.isEmpty { result = compare() }
    }
    let entry = TemplateEntry(
      path: file.path, stack: stack?.name,
      resources: result.resources.filter { $0.action != .none }.map {
        TemplateEntry.Resource(
          logicalId: $0.logicalId, type: $0.type, action: $0.action.rawValue, properties: $0.properties,
          stateful: $0.stateful, reasons: $0.reasons)
      })
    entries.append(entry)
    findings += result.findings
    comparisons.append((entry, result))
  }

  private func parse(_ bytes: [UInt8], _ path: String) throws(TemplateError) -> CloudFormationTemplate {
    try CloudFormationTemplate(parsing: bytes, path: path)
  }

  private func pseudoParameters(_ stack: ConfiguredStack?) -> [String: String] {
    var known: [String: String] = [:]
    if let region = config.region { known["AWS::Region"] = region }
    if let name = stack?.name { known["AWS::StackName"] = name }
    let parts = config.stateMachineARN?.split(separator: ":", omittingEmptySubsequences: false) ?? []
    if parts.count > 4, parts[4].count == 12 {
      known["AWS::AccountId"] = String(parts[4])
      known["AWS::Partition"] = String(parts[1])
    }
    return known
  }

  /// The other templates of the same folder, as the change leaves them.
  private func neighbours(of file: ChangedFile) throws -> [CloudFormationTemplate] {
    let folder = file.path.split(separator: "/").dropLast().joined(separator: "/")
    guard !folder.isEmpty else { return [] }
    var found: [CloudFormationTemplate] = []
    for path in try change.listNew(folder).filter({ $0 != file.path && TemplateJudge.isOfInterest($0) })
      .prefix(200)
    {
      guard let bytes = try change.readNew(path), TemplateJudge.mentionsResources(bytes) else { continue }
      // One that cannot be read is its own change's concern.
      do throws(TemplateError) { found.append(try parse(bytes, path)) } catch { continue }
    }
    return found
  }

  // MARK: - What is a template

  private func looksLikeTemplate(_ file: ChangedFile) -> Bool {
    guard TemplateJudge.isOfInterest(file.path) else { return false }
    return [file.old, file.new].contains { $0.map(TemplateJudge.mentionsResources) ?? false }
  }

  /// A cheap look before anything is parsed: the words that every template has.
  static func mentionsResources(_ bytes: [UInt8]) -> Bool {
    contains("AWSTemplateFormatVersion", in: bytes)
      || contains("Resources", in: bytes) && (contains("AWS::", in: bytes) || contains("Custom::", in: bytes))
  }

  private static func contains(_ word: StaticString, in bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { haystack in
      guard let base = haystack.baseAddress else { return false }
      let count = word.utf8CodeUnitCount
      var position = 0
      while position + count <= haystack.count {
        let rest = haystack.count - count + 1 - position
        guard let found = memchr(base + position, Int32(word.utf8Start.pointee), rest) else { return false }
        position = UnsafeRawPointer(found) - base
        if memcmp(found, word.utf8Start, count) == 0 { return true }
        position += 1
      }
      return false
    }
  }

  private mutating func manifest(of path: String) throws -> AssemblyManifest? {
    let folder = path.split(separator: "/").dropLast().joined(separator: "/")
    let manifestPath = folder.isEmpty ? "manifest.json" : "\(folder)/manifest.json"
    if let known = manifests[manifestPath] { return known }
    guard path.hasSuffix(".template.json"), let bytes = try change.readNew(manifestPath),
      let manifest = AssemblyManifest(bytes)
    else { return nil }
    manifests[manifestPath] = manifest
    return manifest
  }
}
