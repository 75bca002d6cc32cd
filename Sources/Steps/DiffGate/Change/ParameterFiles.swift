import TemplateAnalysis

/// Files beside templates that hold parameter values, on both sides of a change.
struct ParameterFiles {
  let change: Change
  let environment: String
  /// Names that environments bear, to tell whose a file is.
  let environments: Set<String>
  private var documents: [String: ParameterDocument?] = [:]
  private static let readLimit = 400

  /// The values of one template on both sides, and the files that they stand in.
  struct Values {
    var old: [String: String] = [:], new: [String: String] = [:]
    var sources: Set<String> = []
  }

  init(change: Change, environment: String, environments: Set<String>) {
    self.change = change
    self.environment = environment
    self.environments = environments.union([
      "dev", "development", "test", "qa", "staging", "stage", "sandbox", "prod", "production", "live",
      "preprod",
      "uat", "demo", environment,
    ])
  }

  // MARK: - Files that change

  /// A changed file of parameter values.
  struct Changed {
    var file: ChangedFile
    var old: ParameterDocument?, new: ParameterDocument?
    /// The environment whose values they are, where that is another one.
    var otherEnvironment: String?
  }

  func changed() -> [Changed] {
    change.files.compactMap { file in
      guard !file.isLink, ParameterDocument.isOfInterest(file.path) else { return nil }
      let old = file.old.flatMap {
        ParameterDocument($0, path: file.oldPath ?? file.path, environment: environment)
      }
      let new = file.new.flatMap { ParameterDocument($0, path: file.path, environment: environment) }
      guard old != nil || new != nil else { return nil }
      return Changed(file: file, old: old, new: new, otherEnvironment: otherEnvironment(file.path))
    }
  }

  /// The environment that a path names, where it is not this one.
  private func otherEnvironment(_ path: String) -> String? {
    let words = path.split(separator: "/").suffix(2).flatMap { StackNames.words(String($0)) }
    let named = words.filter(environments.contains)
    let own = environment == "production" ? ["prod"] : environment == "prod" ? ["production"] : []
    guard !named.isEmpty, !named.contains(environment.lowercased()), !named.contains(where: own.contains)
    else {
      return nil
    }
    return named.last
  }

  /// The paths of the templates that a changed file gives values to.
  func templates(of changed: Changed, among candidates: () throws -> [RepositoryTemplates.Entry]) throws
    -> [String]
  {
    let documents = [changed.new, changed.old].compactMap { $0 }
    var found: [String] = []
    for document in documents {
      for place in places(document, changed.file.path) where !found.contains(place) {
        guard let bytes = try change.readNew(place) ?? change.readOld(place),
          TemplateText.mentionsResources(bytes)
        else { continue }
        found.append(place)
        break
      }
    }
    if !found.isEmpty || documents.contains(where: { $0.template != nil || $0.isSAM }) { return found }
    let names = Set(documents.flatMap(\.values.keys))
    guard !names.isEmpty else { return [] }
    return try candidates().filter { names.isSubset(of: $0.parameters) }.map(\.path)
  }

  /// Where the template that a document names, or means, may stand.
  private func places(_ document: ParameterDocument, _ path: String) -> [String] {
    let folder = RelativePath.folder(of: path)
    if let (template, isFromRoot) = document.template {
      return [RelativePath.join(isFromRoot ? "" : folder, template)].compactMap { $0 }
    }
    guard document.isSAM else { return [] }
    return ["template.yaml", "template.yml", "template.json"].compactMap { RelativePath.join(folder, $0) }
  }

  // MARK: - Values of a template

  /// The values that files near a template give it; none where several files could be meant.
  mutating func values(of template: String, declares parameters: Set<String>, changed: [Changed]) throws
    -> Values
  {
    var result = Values()
    guard !parameters.isEmpty else { return result }
    let fit = changed.filter { item in
      guard item.otherEnvironment == nil, let document = item.new ?? item.old else { return false }
      return belongs(document, item.file.path, to: template, parameters)
    }
    if !fit.isEmpty {
      for item in fit {
        result.old.merge(item.old?.values ?? [:]) { $1 }
        result.new.merge(item.new?.values ?? [:]) { $1 }
        result.sources.insert(item.file.path)
      }
      return result
    }
    // Files that stay as they are tell both sides the same.
    var near: [(path: String, document: ParameterDocument)] = []
    for path in try neighbours(of: template) where otherEnvironment(path) == nil {
      guard let document = try document(at: path), belongs(document, path, to: template, parameters) else {
        continue
      }
      near.append((path, document))
    }
    let own = near.filter { item in
      item.path.split(separator: "/").suffix(2).flatMap { StackNames.words(String($0)) }.contains(environment)
    }
    let chosen = own.isEmpty ? near : own
    guard chosen.count == 1 else { return result }
    result.old = chosen[0].document.values
    result.new = chosen[0].document.values
    result.sources = [chosen[0].path]
    return result
  }

  private func belongs(
    _ document: ParameterDocument, _ path: String, to template: String, _ parameters: Set<String>
  ) -> Bool {
    if document.template != nil || document.isSAM { return places(document, path).contains(template) }
    return !document.values.isEmpty && parameters.isSuperset(of: document.values.keys)
  }

  private mutating func document(at path: String) throws -> ParameterDocument? {
    if let known = documents[path] { return known }
    guard documents.count < Self.readLimit, let bytes = try change.readNew(path) else { return nil }
    let read = ParameterDocument(bytes, path: path, environment: environment)
    documents[path] = .some(read)
    return read
  }

  /// Files beside a template, and in folders for parameters beside it or at the top.
  private func neighbours(of template: String) throws -> [String] {
    let folder = RelativePath.folder(of: template)
    var folders = [folder]
    for base in Set([folder, RelativePath.folder(of: folder), ""]) {
      for name in ["params", "parameters", "config", "configs", "cfn-params", "env", "environments"] {
        if let place = RelativePath.join(base, name) { folders.append(place) }
      }
    }
    var found: [String] = []
    for folder in folders {
      for path in try change.listFolder(folder)
      where path != template && ParameterDocument.isOfInterest(path) && !found.contains(path) {
        found.append(path)
      }
    }
    return Array(found.prefix(Self.readLimit))
  }
}

/// The templates of a repository as the change leaves it, read once where somebody asks.
struct RepositoryTemplates {
  /// One of them.
  struct Entry {
    var path: String
    var parameters: Set<String>
    var template: CloudFormationTemplate
  }
  private let change: Change
  private var known: [Entry]?
  private static let readLimit = 600

  init(change: Change) { self.change = change }

  /// All that can be read, up to a bound.
  mutating func all() throws -> [Entry] {
    if let known { return known }
    var found: [Entry] = []
    for path in try change.listNew("").filter(TemplateText.isOfInterest).prefix(Self.readLimit) {
      guard let bytes = try change.readNew(path), TemplateText.mentionsResources(bytes) else { continue }
      // One that cannot be read is its own change's concern.
      do throws(TemplateError) {
        let template = try CloudFormationTemplate(parsing: bytes, path: path)
        found.append(Entry(path: path, parameters: Set(template.parameterNames), template: template))
      } catch { continue }
    }
    known = found
    return found
  }
}
