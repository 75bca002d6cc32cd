import YAMLDocuments

/// A template together with those of the stacks that it nests, as far as they were found.
public struct NestedTemplate: Sendable {
  /// The template itself.
  public var template: CloudFormationTemplate
  /// Templates of its nested stacks by the logical id of the stack resource.
  public var children: [String: NestedTemplate]

  /// A template without or with nested ones.
  public init(_ template: CloudFormationTemplate, children: [String: NestedTemplate] = [:]) {
    self.template = template
    self.children = children
  }
}

/// What an update does inside a nested stack.
public struct NestedChange: Hashable, Sendable {
  /// The logical id of the stack resource in the template that nests it.
  public var logicalId: String
  /// The nested template's path.
  public var path: String
  /// What happens inside; the findings carry the nested template's path.
  public var change: TemplateChange
}

/// A resource that is a stack of its own, as a template writes it.
public struct NestedStackResource: Hashable, Sendable {
  /// The logical id.
  public var logicalId: String
  /// The literal end of where its template is said to be: a path, or what follows the last part of an address that only
  /// a deployment knows; nil where it ends in such a part.
  public var location: String?
  /// Whether `location` is the whole of it rather than an end.
  public var isWhole: Bool
  /// The file that a tool noted beside it (`aws:asset:path`), relative to the template.
  public var assetPath: String?
}

extension CloudFormationTemplate {
  /// The nested stacks that the template names, loops not expanded.
  public var nestedStacks: [NestedStackResource] {
    resources.compactMap { member -> NestedStackResource? in
      let key: String
      switch member.node["Type"]?.text {
      case "AWS::CloudFormation::Stack": key = "TemplateURL"
      case "AWS::Serverless::Application": key = "Location"
      default: return nil
      }
      let end = member.node["Properties"]?[key].map { Self.literalEnd($0) } ?? (text: "", isWhole: false)
      return NestedStackResource(
        logicalId: member.name, location: end.text.isEmpty ? nil : end.text, isWhole: end.isWhole,
        assetPath: member.node["Metadata"]?["aws:asset:path"]?.text)
    }
  }

  /// What stands after everything that is not written out.
  private static func literalEnd(_ node: YAMLNode) -> (text: String, isWhole: Bool) {
    guard let call = Intrinsic(node) else { return (node.text ?? "", node.text != nil) }
    switch call.name {
    case "Fn::Sub":
      let text = call.argument.text ?? call.argument[0]?.text ?? ""
      guard let brace = text.lastIndex(of: "}") else { return (text, true) }
      return (String(text[text.index(after: brace)...]), false)
    case "Fn::Join":
      let delimiter = call.argument[0]?.text ?? ""
      let parts = call.argument[1]?.sequence ?? []
      let literal = parts.reversed().prefix { Intrinsic($0) == nil && $0.text != nil }
      let text = literal.reversed().compactMap(\.text).joined(separator: delimiter)
      return (literal.count < parts.count ? delimiter + text : text, literal.count == parts.count)
    default: return ("", false)
    }
  }
}
