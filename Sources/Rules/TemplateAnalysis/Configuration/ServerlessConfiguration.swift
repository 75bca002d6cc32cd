import YAMLDocuments

/// A `serverless.yml`: its `resources` are CloudFormation; the rest is the framework's own.
public struct ServerlessConfiguration: Sendable {
  /// The resources that it writes out; a template without any where it has none.
  public let template: CloudFormationTemplate
  /// Whether parts of the resources stand in other files.
  public let includesFiles: Bool
  private let rest: [YAMLMapping.Member]

  /// Whether a file of this name is one.
  public static func isOfInterest(_ path: String) -> Bool {
    let name = path.lowercased().split(separator: "/").last.map(String.init) ?? ""
    return ["serverless.yml", "serverless.yaml", "serverless.json"].contains(name)
  }

  /// Reads one.
  public init(parsing bytes: [UInt8], path: String) throws(TemplateError) {
    let root: YAMLNode
    do throws(YAMLError) { root = try YAMLNode.parse(bytes) } catch {
      throw TemplateError(path: path, line: error.line, column: error.column, message: error.message)
    }
    guard let members = root.mapping?.members else {
      throw TemplateError(path: path, line: root.line, column: root.column, message: "expected a mapping")
    }
    rest = members.filter { $0.name != "resources" }
    let (sections, includes) = Self.sections(root["resources"])
    includesFiles = includes
    template = try CloudFormationTemplate(root: YAMLNode(.mapping(YAMLMapping(sections))), path: path)
  }

  /// Whether everything beside the resources is the same.
  public func hasSameRest(as other: ServerlessConfiguration) -> Bool {
    func plain(_ members: [YAMLMapping.Member]) -> YAMLNode { YAMLNode(.mapping(YAMLMapping(members))) }
    return plain(rest).json == plain(other.rest).json
  }

  /// The sections of one mapping, or of a list of them put together.
  private static func sections(_ node: YAMLNode?) -> ([YAMLMapping.Member], Bool) {
    guard let node, !node.isNull else { return ([], false) }
    let parts = node.sequence ?? [node]
    var order: [String] = []
    var merged: [String: YAMLMapping.Member] = [:]
    var includes = false
    for part in parts {
      guard let members = part.mapping?.members else {
        includes = true
        continue
      }
      for member in members {
        guard let inner = member.value.mapping else {
          includes = includes || member.value.text?.hasPrefix("${file(") == true
          continue
        }
        if var known = merged[member.name], let old = known.value.mapping {
          let names = Set(inner.members.map(\.name))
          known.value = YAMLNode(
            .mapping(YAMLMapping(old.members.filter { !names.contains($0.name) } + inner.members)),
            line: known.value.line, column: known.value.column)
          merged[member.name] = known
        } else {
          order.append(member.name)
          merged[member.name] = member
        }
      }
    }
    return (order.compactMap { merged[$0] }, includes)
  }
}
