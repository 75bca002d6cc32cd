import TemplateAnalysis

/// Finds the templates of nested stacks on one side of a change: beside the outer template, elsewhere in the
/// repository by the end of their address, or in an assembly of the CDK by asset.
struct NestedTemplateFinder {
  /// The bytes of a file on this side; nil where there is none.
  let read: (String) throws -> [UInt8]?
  /// The paths of all that were found.
  private(set) var found: Set<String> = []
  private var assets: [String: [String: String]] = [:]
  /// How many templates may still be read: a template that nests thousands is no reason to read for minutes.
  private var budget = 500
  private static let maximumNesting = 8

  init(read: @escaping (String) throws -> [UInt8]?) { self.read = read }

  /// The template with those of its nested stacks, and of theirs.
  mutating func tree(_ template: CloudFormationTemplate) throws -> NestedTemplate {
    try tree(template, within: [template.path])
  }

  private mutating func tree(_ template: CloudFormationTemplate, within outer: [String]) throws
    -> NestedTemplate
  {
    var tree = NestedTemplate(template)
    guard outer.count <= Self.maximumNesting else { return tree }
    for stack in template.nestedStacks {
      for path in try candidates(stack, of: template.path) where !outer.contains(path) {
        guard budget > 0, let inner = try self.template(at: path) else { continue }
        budget -= 1
        found.insert(path)
        tree.children[stack.logicalId] = try self.tree(inner, within: outer + [path])
        break
      }
    }
    return tree
  }

  /// One that cannot be read is judged by itself where the change touches it.
  private func template(at path: String) throws -> CloudFormationTemplate? {
    guard let bytes = try read(path), TemplateText.mentionsResources(bytes) else { return nil }
    do throws(TemplateError) { return try CloudFormationTemplate(parsing: bytes, path: path) } catch {
      return nil
    }
  }

  /// Where the template may be, the likeliest first.
  private mutating func candidates(_ stack: NestedStackResource, of path: String) throws -> [String] {
    let folder = RelativePath.folder(of: path)
    if let asset = stack.assetPath { return [RelativePath.join(folder, asset)].compactMap { $0 } }
    guard var location = stack.location else { return [] }
    if let query = location.firstIndex(where: { $0 == "?" || $0 == "#" }) {
      location = String(location[..<query])
    }
    let isAddress = location.contains("://")
    if let scheme = location.firstRange(of: "://") { location = String(location[scheme.upperBound...]) }
    if stack.isWhole, !isAddress { return [RelativePath.join(folder, location)].compactMap { $0 } }
    var steps = location.split(separator: "/").map(String.init)
    if let name = steps.last, let path = try asset(name, in: folder) { return [path] }
    if steps.count > 8 { steps.removeFirst(steps.count - 8) }
    // The longest end that is a file's path says most.
    var places: [String] = []
    var ancestors = [folder]
    while let last = ancestors.last, !last.isEmpty, last != "..", ancestors.count < 6 {
      ancestors.append(RelativePath.folder(of: last))
    }
    for start in steps.indices {
      let end = steps[start...].joined(separator: "/")
      for ancestor in ancestors {
        if let place = RelativePath.join(ancestor, end), !places.contains(place) { places.append(place) }
      }
    }
    return places
  }

  /// An asset of the CDK is uploaded under its digest.
  private mutating func asset(_ name: String, in folder: String) throws -> String? {
    let digest = String(name.prefix { $0 != "." })
    guard digest.count == 64, digest.allSatisfy(\.isHexDigit) else { return nil }
    if assets[folder] == nil {
      var known: [String: String] = [:]
      if let path = RelativePath.join(folder, "manifest.json"), let bytes = try read(path),
        let manifest = AssemblyManifest(bytes)
      {
        for list in manifest.assetLists.prefix(200) {
          guard let path = RelativePath.join(folder, list), let bytes = try read(path) else { continue }
          known.merge(AssemblyManifest.assets(bytes)) { $1 }
        }
      }
      assets[folder] = known
    }
    return assets[folder]?[digest].flatMap { RelativePath.join(folder, $0) }
  }
}
