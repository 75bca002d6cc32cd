public import YAMLDocuments

/// Why a file is no CloudFormation template, and where.
public struct TemplateError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The template's path as it was handed in.
  public let path: String
  /// Counted from 1; 0 where the whole file is meant.
  public let line: Int
  /// Counted from 1; 0 where the whole file is meant.
  public let column: Int
  /// What was found and what was expected.
  public let message: String

  /// An error at a place.
  public init(path: String, line: Int, column: Int, message: String) {
    self.path = path
    self.line = line
    self.column = column
    self.message = message
  }

  public var description: String {
    line > 0 ? "\(path):\(line):\(column): \(message)" : "\(path): \(message)"
  }
}

/// A CloudFormation template as it was written, in JSON or YAML, with the line of everything in it.
public struct CloudFormationTemplate: Sendable {
  /// One member of a section.
  struct Member: Sendable {
    let name: String
    let line: Int
    let node: YAMLNode
  }

  /// Where it was read from; findings carry it.
  public let path: String
  /// The whole document.
  public let root: YAMLNode
  /// Names of the macros that the template as a whole is passed through, such as `AWS::Serverless-2016-10-31`.
  public let transforms: [String]
  /// The first name that stands twice in one mapping, where one does.
  private(set) var duplicate: TemplateError?
  let parameters: [TemplateParameter]
  let mappings: YAMLNode?
  let conditions: [Member]
  let resources: [Member]
  let outputs: [Member]

  /// Reads a template.
  /// - Throws: where the text is no YAML or JSON, exceeds the limits, or its sections are no mappings.
  public init(
    parsing bytes: some Collection<UInt8>, path: String, limits: YAMLLimits = YAMLLimits()
  ) throws(TemplateError) {
    let (root, duplicate) = try Self.document(bytes, path, limits)
    try self.init(root: root, path: path)
    self.duplicate = duplicate
  }

  /// The document and, where a name stands twice in it, where: CloudFormation takes the last, and so it is read here.
  private static func document(
    _ bytes: some Collection<UInt8>, _ path: String, _ limits: YAMLLimits
  ) throws(TemplateError) -> (root: YAMLNode, duplicate: TemplateError?) {
    func located(_ error: YAMLError) -> TemplateError {
      TemplateError(path: path, line: error.line, column: error.column, message: error.message)
    }
    let first: YAMLError
    do throws(YAMLError) { return (try YAMLNode.parse(bytes, limits: limits), nil) } catch {
      guard error.isDuplicateName else { throw located(error) }
      first = error
    }
    var limits = limits
    limits.lastNameCounts = true
    do throws(YAMLError) { return (try YAMLNode.parse(bytes, limits: limits), located(first)) } catch {
      throw located(error)
    }
  }

  /// Reads a file that may be a template; nil where it is another document.
  /// - Throws: where the text is no YAML or JSON, or looks like a template and is none.
  public static func ifTemplate(
    parsing bytes: some Collection<UInt8>, path: String
  ) throws(TemplateError) -> CloudFormationTemplate? {
    let (root, duplicate) = try document(bytes, path, YAMLLimits())
    guard isTemplate(root) else { return nil }
    var template = try CloudFormationTemplate(root: root, path: path)
    template.duplicate = duplicate
    return template
  }

  /// Reads a template.
  public init(parsing text: String, path: String) throws(TemplateError) {
    try self.init(parsing: Array(text.utf8), path: path)
  }

  /// A template from a document that was parsed before.
  public init(root: YAMLNode, path: String) throws(TemplateError) {
    guard root.mapping != nil || root.isNull else {
      throw TemplateError(
        path: path, line: root.line, column: root.column, message: "a template is a mapping of sections")
    }
    self.path = path
    self.root = root
    transforms = Self.transformNames(root["Transform"])
    parameters = try Self.section("Parameters", root, path).map(TemplateParameter.init)
    mappings = root["Mappings"]
    conditions = try Self.section("Conditions", root, path)
    resources = try Self.section("Resources", root, path)
    outputs = try Self.section("Outputs", root, path)
  }

  /// Whether a document looks like a template: resources with types, or the format's version.
  public static func isTemplate(_ root: YAMLNode) -> Bool {
    if root["AWSTemplateFormatVersion"] != nil { return root.mapping != nil }
    guard let resources = root["Resources"]?.mapping else { return false }
    return resources.members.contains { member in
      member.name.hasPrefix("Fn::") || member.value["Type"]?.text?.contains("::") == true
    }
  }

  /// The logical ids in their order, as written: loops and macros are not expanded.
  public var logicalIds: [String] { resources.map(\.name) }

  /// The names of the parameters that it declares.
  public var parameterNames: [String] { parameters.map(\.name) }
  /// The types of its resources by logical id.
  public var resourceTypes: [String: String] {
    Dictionary(resources.map { ($0.name, $0.node["Type"]?.text ?? "") }, uniquingKeysWith: { $1 })
  }
  /// The names of its parameters that have a default.
  public var defaultedParameterNames: [String] { parameters.filter { $0.defaultValue != nil }.map(\.name) }

  private static func section(
    _ name: String, _ root: YAMLNode, _ path: String
  ) throws(TemplateError) -> [Member] {
    guard let section = root[name], !section.isNull else { return [] }
    guard let mapping = section.mapping else {
      throw TemplateError(
        path: path, line: section.line, column: section.column, message: "\(name) has to be a mapping")
    }
    return mapping.members.map { Member(name: $0.name, line: $0.line, node: $0.value) }
  }

  /// The names of a macro, or of several in their order.
  static func transformNames(_ node: YAMLNode?) -> [String] {
    guard let node else { return [] }
    if let elements = node.sequence { return elements.flatMap { transformNames($0) } }
    if let name = node.text { return [name] }
    return node["Name"]?.text.map { [$0] } ?? []
  }
}

/// A parameter's declaration.
struct TemplateParameter: Sendable {
  let name: String
  let line: Int
  /// `String`, `Number`, `CommaDelimitedList`, `AWS::SSM::Parameter::Value<String>`, …
  let type: String
  let defaultValue: String?
  let isSecret: Bool

  init(_ member: CloudFormationTemplate.Member) {
    name = member.name
    line = member.line
    type = member.node["Type"]?.text ?? "String"
    // A null or an empty plain scalar is an empty default.
    defaultValue = member.node["Default"].map { $0.scalarText ?? "" }
    isSecret = member.node["NoEcho"]?.scalarText == "true"
  }

  /// Whether the value names a Systems Manager parameter whose value CloudFormation looks up.
  var isLookedUp: Bool { type.hasPrefix("AWS::SSM::Parameter::Value<") }

  /// Whether the value is a list, written with commas.
  var isList: Bool {
    type == "CommaDelimitedList" || type.hasPrefix("List<") || type.contains("Value<List<")
      || type == "AWS::SSM::Parameter::Value<CommaDelimitedList>"
  }
}
