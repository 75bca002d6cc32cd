import YAMLDocuments

/// A function call in a template, from its short tag or its long form.
struct Intrinsic {
  /// `Ref`, `Condition`, or a name that begins with `Fn::`.
  let name: String
  let argument: YAMLNode

  /// The call that `node` is, if it is one.
  /// - Parameter inCondition: whether `{Condition: name}` means a condition here rather than a member of that name.
  init?(_ node: YAMLNode, inCondition: Bool = false) {
    if let tag = node.tag, tag.hasPrefix("!"), tag.count > 1 {
      let short = tag.dropFirst()
      name = short == "Ref" || short == "Condition" ? String(short) : "Fn::" + short
      var argument = node
      argument.tag = nil
      self.argument = argument
      return
    }
    guard let mapping = node.mapping, mapping.count == 1, let member = mapping.members.first else {
      return nil
    }
    guard
      member.name == "Ref" || member.name.hasPrefix("Fn::") && !member.name.hasPrefix("Fn::ForEach::")
        || inCondition && member.name == "Condition"
    else { return nil }
    name = member.name
    argument = member.value
  }
}
