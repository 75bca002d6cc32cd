import CloudFormationModel
import DeploymentConfig
import StepResults
import StepRuntime
import SystemInterfaces
import TemplateAnalysis

/// Finds the templates among the changed files and lets `TemplateComparison` judge them.
struct TemplateJudge {
  let change: Change
  let config: DeploymentConfig
  let policy: GatePolicy
  /// Values of both sides, from the configuration and parameter files.
  let values: ParameterValues
  /// Whether every file is a template because it was named as one.
  let areNamed: Bool
  /// Every template that differs, and what was found about it.
  var judged: [JudgedTemplate] = []
  /// Findings about files that are no readable templates.
  var unreadable: [Finding] = []
  var manifests: [String: AssemblyManifest?] = [:]
  private let facts: RecordedStacks
  private let replacements: ReplacementTable
  var parameterFiles: ParameterFiles
  var repositoryTemplates: RepositoryTemplates
  var changedParameters: [ParameterFiles.Changed] = []
  /// The newer versions of all that is judged.
  private var newer: [CloudFormationTemplate] = []
  /// What became of the files that were looked at, beside those that are judged as templates.
  private(set) var dispositions: [FileDisposition] = []
  /// The files that declare moves and imports, and what they declare together.
  var declarations: [(path: String, moves: DeclaredMoves)] = []
  var moves = DeclaredMoves()
  /// Resources that move between stacks without such a file.
  var undeclared: [Finding] = []
  /// Names of parameters whose values come from configuration keys that are called alike, by template.
  private var assumed: [Finding] = []

  /// A template on both sides; nil where that side has none.
  struct Versions {
    let file: ChangedFile
    var old: NestedTemplate?
    var new: NestedTemplate?
  }

  init(
    change: Change, config: DeploymentConfig, policy: GatePolicy, values: ParameterValues, areNamed: Bool,
    environments: Set<String> = [], facts: RecordedStacks = RecordedStacks(),
    replacements: ReplacementTable = .builtIn
  ) {
    self.change = change
    self.config = config
    self.policy = policy
    self.values = values
    self.areNamed = areNamed
    self.facts = facts
    self.replacements = replacements
    parameterFiles = ParameterFiles(
      change: change, environment: config.environment, environments: environments)
    repositoryTemplates = RepositoryTemplates(change: change)
  }

  mutating func judgeAll() throws {
    var files = try candidates()
    if !areNamed { files += try withOtherValues(files) }
    var versions: [Versions] = []
    for file in files { versions += try parse(file) }
    newer = versions.compactMap { $0.new?.template }
    // Templates of nested stacks are judged with what the outer one hands down, wherever an outer one is found.
    var before = NestedTemplateFinder(read: change.readOld)
    var after = NestedTemplateFinder(read: change.readNew)
    for index in versions.indices {
      if let old = versions[index].old { versions[index].old = try before.tree(old.template) }
      if let new = versions[index].new { versions[index].new = try after.tree(new.template) }
    }
    var isInner = versions.map { version in
      version.new != nil
        ? after.found.contains(version.file.path)
        : before.found.contains(version.file.oldPath ?? version.file.path)
    }
    for index in versions.indices where !isInner[index] && !areNamed && versions[index].old != nil {
      for outer in try unchangedOuters(of: versions[index].file)
      where !versions.contains(where: { $0.file.path == outer.file.path }) {
        var outer = outer
        outer.old = try outer.old.map { try before.tree($0.template) }
        outer.new = try outer.new.map { try after.tree($0.template) }
        guard after.found.contains(versions[index].file.path) else { continue }
        isInner[index] = true
        versions.append(outer)
        isInner.append(false)
      }
    }
    for (version, isInner) in zip(versions, isInner) where !isInner { try judge(version) }
    judgeMoves()
  }

  /// All findings, those about files that cannot be read first.
  var findings: [Finding] { unreadable + judged.flatMap(\.change.findings) + undeclared + assumed }

  private var assumedFingerprints: Set<String> = []

  /// Fingerprints of findings that leave open whether something with data stays.
  var openFingerprints: Set<String> {
    var found = assumedFingerprints
    for template in judged {
      let stateful = Set(
        template.change.resources.filter { $0.stateful && $0.action == .mayReplace }.map(\.logicalId))
      for finding in template.change.findings
      where finding.code == "resource-may-be-replaced"
        && stateful.contains(where: { finding.message.hasPrefix("\($0) (") })
      {
        found.insert(finding.fingerprint)
      }
    }
    return found
  }

  /// Takes over what CloudFormation itself said, by the position of the template.
  mutating func adopt(_ answers: [Int: [ResourceImpact]]) {
    for (position, changes) in answers { judged[position].adopt(changes) }
  }

  // MARK: - What is a template

  private mutating func candidates() throws -> [ChangedFile] {
    let patterns = policy.templates.map(PathPattern.init)
    func isWanted(_ file: ChangedFile) -> Bool {
      if areNamed { return true }
      guard patterns.isEmpty else { return patterns.contains { $0.matches(file.path) } }
      return looksLikeTemplate(file) && !isOfTests(file.path) && !(file.oldPath.map(isOfTests) ?? false)
    }
    var files = change.files.filter {
      !$0.isLink && (areNamed || $0.old != $0.new || $0.oldPath != nil) && isWanted($0)
    }
    for file in change.files where file.name == "manifest.json" {
      files += try withOtherParameters(file).filter { other in !files.contains { $0.path == other.path } }
    }
    return files
  }

  /// What tests compare with, or try out, nobody deploys; their snapshots of a CDK application are its templates.
  private func isOfTests(_ path: String) -> Bool {
    guard !JestSnapshot.isOfInterest(path), case .harmless("test", _) = NamedShapes.shape(of: path) else {
      return false
    }
    return true
  }

  private func looksLikeTemplate(_ file: ChangedFile) -> Bool {
    guard TemplateText.isOfInterest(file.path) || file.oldPath.map(TemplateText.isOfInterest) == true else {
      return false
    }
    if ServerlessConfiguration.isOfInterest(file.path) { return true }
    return [file.old, file.new].contains { $0.map(TemplateText.mentionsResources) ?? false }
  }

  /// Templates of an assembly that stay as they are while its manifest gives them other parameters.
  private func withOtherParameters(_ manifest: ChangedFile) throws -> [ChangedFile] {
    guard let old = manifest.old.flatMap(AssemblyManifest.init),
      let new = manifest.new.flatMap(AssemblyManifest.init)
    else { return [] }
    let folder = RelativePath.folder(of: manifest.path)
    return try new.stacks.compactMap { stack in
      guard let before = old.stacks.first(where: { $0.name == stack.name }),
        before.parameters != stack.parameters,
        let path = RelativePath.join(folder, stack.file), let bytes = try change.readNew(path),
        try change.readOld(path) == bytes
      else { return nil }
      return ChangedFile(path: path, old: bytes, new: bytes)
    }
  }

  /// Both versions of a template, or a finding where one cannot be read.
  private mutating func parse(_ file: ChangedFile) throws -> [Versions] {
    if !areNamed, JestSnapshot.isOfInterest(file.path) { return try parseSnapshot(file) }
    if !areNamed, ServerlessConfiguration.isOfInterest(file.path) { return try parseServerless(file) }
    return try parseTemplate(file).map { [$0] } ?? []
  }

  private mutating func parseTemplate(_ file: ChangedFile) throws -> Versions? {
    // Where nobody said that these files are templates, other documents that mention resources are none of ours.
    let isSure = areNamed || !policy.templates.isEmpty
    func template(_ bytes: [UInt8]?, _ path: String) throws(TemplateError) -> NestedTemplate? {
      guard let bytes, areNamed || TemplateText.mentionsResources(bytes) else { return nil }
      let template =
        isSure
        ? try CloudFormationTemplate(parsing: bytes, path: path)
        : try CloudFormationTemplate.ifTemplate(parsing: bytes, path: path)
      return template.map { NestedTemplate($0) }
    }
    func finding(
      _ code: String, _ severity: Severity, _ error: TemplateError, _ what: String, _ subject: String
    ) throws {
      // A file that the command line names is data, and no change of anybody's.
      if areNamed {
        throw StepFailure(.data, error.description, advice: "name a CloudFormation template in JSON or YAML")
      }
      note(file.path, .judged, "template", "it cannot be read, which is a finding")
      unreadable.append(
        Finding(
          code, severity, "\(what): \(error.message)", path: error.path,
          line: error.line > 0 ? error.line : nil,
          subject: subject))
    }
    var versions = Versions(file: file)
    do throws(TemplateError) { versions.new = try template(file.new, file.path) } catch {
      try finding("template-unreadable", .error, error, "this template cannot be read", "syntax")
      return nil
    }
    do throws(TemplateError) { versions.old = try template(file.old, file.oldPath ?? file.path) } catch {
      // What is deployed cannot be read, so everything is open; the version that was there is not this change's fault.
      try finding(
        "template-before-unreadable", .warning, error,
        "the version before cannot be read, so what changes is not known",
        "before")
      return nil
    }
    if versions.old != nil, versions.new == nil, file.new != nil {
      try finding(
        "template-unreadable", .error,
        TemplateError(path: file.path, line: 1, column: 1, message: "it has no section of resources"),
        "this file was a template and is none now", "syntax")
      return nil
    }
    guard versions.old != nil || versions.new != nil else { return nil }
    if areNamed || !policy.templates.isEmpty || TemplateText.isOfInterest(file.path) {
      note(file.path, .judged, "template", "its resources were compared")
    } else {
      note(
        file.path, .notJudged, "template",
        "it was called \(file.oldPath ?? file.path), and whether the deployment still reads it is not known",
        remedy:
          "give it a name that ends in .yaml, .yml, .json or .template, or name it under diff-gate.ignore")
    }
    return versions
  }

  mutating func note(
    _ path: String, _ disposition: FileDisposition.Kind, _ rule: String, _ why: String, remedy: String? = nil
  ) {
    dispositions.append(
      FileDisposition(path: path, disposition: disposition, rule: rule, why: why, remedy: remedy))
  }

  /// Templates in the folders above a file that may nest it, and that the change does not touch.
  private func unchangedOuters(of file: ChangedFile) throws -> [Versions] {
    var found: [Versions] = []
    var folder = RelativePath.folder(of: file.path)
    for _ in 0..<6 {
      for path in try change.listFolder(folder).filter(TemplateText.isOfInterest).prefix(200)
      where path != file.path {
        guard let new = try change.readNew(path), TemplateText.mentionsNestedStacks(new),
          TemplateText.mentions(file.name, in: new), let old = try change.readOld(path), old == new
        else { continue }
        do throws(TemplateError) {
          let template = NestedTemplate(try CloudFormationTemplate(parsing: new, path: path))
          found.append(
            Versions(file: ChangedFile(path: path, old: old, new: new), old: template, new: template))
        } catch { continue }
      }
      if folder.isEmpty { break }
      folder = RelativePath.folder(of: folder)
    }
    return found
  }

  // MARK: - One template

  private mutating func judge(_ versions: Versions) throws {
    let file = versions.file
    let manifest = try self.manifest(of: file.path, change.readNew)
    let oldManifest = try self.manifest(of: file.oldPath ?? file.path, change.readOld, isOld: true)
    let stack = StackNames.stack(of: file.path, manifest: manifest, config: config)
    var context = ComparisonContext(
      pseudoParameters: pseudoParameters(stack),
      missingParameters: areNamed && manifest == nil ? .defaults : .previousValues,
      statefulTypes: policy.allStatefulTypes)
    context.oldNested = versions.old?.children ?? [:]
    context.newNested = versions.new?.children ?? [:]
    context.importers = facts.importers
    context.importedLogicalIds = Set(
      (versions.new?.template.resourceTypes ?? [:]).filter { id, type in
        guard let declared = moves.imports[id] else { return false }
        return declared.map { $0 == type } ?? true
      }.keys)
    context.renames = renames(in: stack?.name)
    context.replacements = replacements
    let deployed = stack.flatMap { facts.parameters[$0.name] } ?? [:]
    let declared = Set((versions.new ?? versions.old)?.template.parameterNames ?? [])
    let beside =
      areNamed
      ? ParameterFiles.Values()
      : try parameterFiles.values(of: file.path, declares: declared, changed: changedParameters)
    let oldOwn = beside.old.merging(oldManifest?.parameters(of: file.oldName) ?? [:]) { $1 }
    let newOwn = beside.new.merging(manifest?.parameters(of: file.name) ?? [:]) { $1 }
    let oldValues = values.old(oldOwn, deployed: deployed)
    let newValues = values.new(newOwn)
    func compare() -> TemplateChange {
      TemplateComparison.compare(
        old: versions.old?.template, new: versions.new?.template, oldParameters: oldValues,
        newParameters: newValues, context: context)
    }
    var result = compare()
    if areNamed, manifest == nil { assumeDefaults(versions, oldValues, newValues, context, result) }
    if result.outputs.contains(where: { $0.export != nil && $0.action != .added }) {
      // Only then is it worth reading the templates beside this one.
      context.otherTemplates = try neighbours(of: file)
      context.importers.merge(
        try importersInServerless(of: result.outputs.compactMap(\.export), but: file.path)
      ) { $0 + $1 }
      if !context.otherTemplates.isEmpty || context.importers != facts.importers { result = compare() }
    }
    // What stays as it is, values included, is no line of a report; what is looked up at deployment may not stay.
    if file.old == file.new, !result.resources.contains(where: { $0.action != .none }), result.outputs.isEmpty
    {
      result.findings.removeAll { $0.code != "lookup-open" }
      if result.findings.isEmpty || !areNamed { return }
    }
    declareRenames(context.renames, &result, file.path)
    let place = JudgedTemplate(
      entry: TemplateEntry(path: file.path, stack: stack?.name, resources: []), change: result,
      parameters: newValues,
      declared: versions.new?.template.parameterNames ?? [],
      nests: versions.new?.template.nestedStacks.isEmpty == false)
    report(place)
    if result.resources.contains(where: { $0.action != .none }) {
      assume(
        declared.filter { newOwn[$0] == nil && values.givenNew[$0] == nil && values.new[$0] != nil },
        file.path)
    }
  }

  /// Two files are compared by their defaults where no values are handed in. What holds data and would go with other
  /// values is not judged by that.
  private mutating func assumeDefaults(
    _ versions: Versions, _ old: [String: String], _ new: [String: String], _ context: ComparisonContext,
    _ assumed: TemplateChange
  ) {
    let names = (versions.old?.template.defaultedParameterNames ?? []).filter { old[$0] == nil }
    guard !names.isEmpty, let before = versions.old, let after = versions.new else { return }
    var context = context
    context.missingParameters = .previousValues
    let open = TemplateComparison.compare(
      old: before.template, new: after.template, oldParameters: old, newParameters: new, context: context)
    let affected = open.resources.filter { resource in
      let known = assumed[resource.logicalId]?.action ?? .none
      return resource.stateful && resource.action == .mayReplace && [.none, .update, .create].contains(known)
    }
    guard !affected.isEmpty else { return }
    let list = names.sorted().joined(separator: ", ")
    let finding = Finding(
      "values-assumed", .warning,
      "no values are given for \(list), and their defaults are assumed: with others "
        + "\(affected.map { "\($0.logicalId) (\($0.type))" }.joined(separator: ", ")) may be replaced or removed. Hand "
        + "--old-parameters and --new-parameters in", path: versions.file.path, subject: "defaults \(list)")
    self.assumed.append(finding)
    assumedFingerprints.insert(finding.fingerprint)
  }

  /// That a parameter has the value of a configuration key of its name is likely, and no more.
  private mutating func assume(_ names: Set<String>, _ path: String) {
    guard !names.isEmpty else { return }
    let list = names.sorted().joined(separator: ", ")
    assumed.append(
      Finding(
        "values-assumed", .notice,
        "the values of \(list) are assumed to be those of the configuration's keys of these names: hand parameters in to "
          + "be sure", path: path, subject: list))
  }

  private mutating func report(_ template: JudgedTemplate) {
    var template = template
    template.entry.resources = TemplateEntry.resources(of: template.change)
    // A nested stack that stays as it is would be a line that says nothing.
    if template.entry.nestedIn == nil || !template.entry.resources.isEmpty
      || !template.change.findings.isEmpty
    {
      judged.append(template)
    }
    for nested in template.change.nested {
      let place = template.entry.nestedIn.map { "\($0)/\(nested.logicalId)" } ?? nested.logicalId
      report(
        JudgedTemplate(
          entry: TemplateEntry(
            path: nested.path, stack: template.entry.stack, nestedIn: place, resources: []),
          change: nested.change, parameters: [:], declared: [], nests: false))
    }
  }

  private func pseudoParameters(_ stack: ConfiguredStack?) -> [String: String] {
    var known: [String: String] = [:]
    if let region = config.region { known["AWS::Region"] = region }
    if let name = stack?.name { known["AWS::StackName"] = name }
    if let machine = config.stateMachineARN.flatMap({ AmazonResourceName($0) }), machine.account.count == 12 {
      known["AWS::AccountId"] = machine.account
      known["AWS::Partition"] = machine.partition
    }
    return known
  }

  /// The other templates of the repository, as the change leaves them.
  private mutating func neighbours(of file: ChangedFile) throws -> [CloudFormationTemplate] {
    let named = areNamed ? newer.filter { $0.path != file.path } : []
    let others = try repositoryTemplates.all().filter { other in
      other.path != file.path && other.path != file.oldPath && !named.contains { $0.path == other.path }
    }
    return named + others.map(\.template)
  }

  private mutating func manifest(
    of path: String, _ read: (String) throws -> [UInt8]?, isOld: Bool = false
  ) throws -> AssemblyManifest? {
    guard path.hasSuffix(".template.json") else { return nil }
    let folder = RelativePath.folder(of: path)
    let place = (isOld ? "old " : "") + folder
    if let known = manifests[place] { return known }
    let manifest = try RelativePath.join(folder, "manifest.json").flatMap { try read($0) }.flatMap(
      AssemblyManifest.init)
    manifests[place] = .some(manifest)
    return manifest
  }
}
