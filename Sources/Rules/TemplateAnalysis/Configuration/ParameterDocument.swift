import YAMLDocuments

/// Parameter values that stand in a file of their own beside a template.
public struct ParameterDocument: Hashable, Sendable {
  /// The values; a parameter that keeps its deployed one is left out.
  public var values: [String: String]
  /// The template that the file names: relative to the file, or to the repository's root.
  public var template: (path: String, isFromRoot: Bool)? {
    templatePath.map { ($0, isFromRoot) }
  }
  /// The stack that the file names.
  public var stack: String?
  /// What it says beside values that decides what is deployed: the stack, the region, the template, a stack policy.
  public private(set) var others: [String: String] = [:]
  /// Whether it is SAM's configuration, which means the template beside it where it names none.
  public var isSAM = false
  private var templatePath: String?
  private var isFromRoot = false

  /// Whether a file of this name may hold parameter values.
  public static func isOfInterest(_ path: String) -> Bool {
    let name = path.lowercased().split(separator: "/").last.map(String.init) ?? ""
    return isSAMConfiguration(name) || [".json", ".yaml", ".yml"].contains(where: name.hasSuffix)
  }

  private static func isSAMConfiguration(_ name: String) -> Bool {
    ["samconfig.toml", "samconfig.yaml", "samconfig.yml"].contains(name)
  }

  /// Reads CloudFormation's array, CodePipeline's template configuration, the deployment file of CloudFormation's Git
  /// sync, or SAM's configuration.
  /// - Parameter environment: whose part of a SAM configuration counts, where it has one; else its `default`.
  /// - Returns: nil where the file is something else.
  public init?(_ bytes: [UInt8], path: String, environment: String) {
    values = [:]
    let name = path.lowercased().split(separator: "/").last.map(String.init) ?? ""
    if Self.isSAMConfiguration(name) {
      isSAM = true
      if name.hasSuffix(".toml") {
        readSAM(TOMLText(String(decoding: bytes, as: UTF8.self)).tables, environment)
      } else {
        guard let root = try? YAMLNode.parse(bytes) else { return nil }
        readSAM(Self.tables(root), environment)
      }
      return
    }
    // A bound, since every document of a change is asked.
    guard bytes.count < 1 << 20, let root = try? YAMLNode.parse(bytes) else { return nil }
    if let elements = root.sequence {
      // `aws cloudformation deploy` takes a list of `Key=Value`, too.
      let pairs = elements.compactMap { $0.scalarText.flatMap(Self.pair) }
      if !pairs.isEmpty, pairs.count == elements.count {
        for (name, value) in pairs { values[name] = value }
        return
      }
      guard !elements.isEmpty, elements.allSatisfy({ $0["ParameterKey"]?.text != nil }) else { return nil }
      for element in elements {
        if let key = element["ParameterKey"]?.text, let value = element["ParameterValue"] {
          values[key] = Self.text(value)
        }
      }
      return
    }
    guard root["Resources"] == nil, root.mapping != nil else { return nil }
    let isDeploymentFile = root["template-file-path"] != nil
    guard let section = root["Parameters"] ?? (isDeploymentFile ? root["parameters"] : nil),
      let members = section.mapping
    else {
      if isDeploymentFile {
        setDeployment(root)
        return
      }
      guard Self.isNamedForParameters(path), let members = root.mapping?.members, !members.isEmpty else {
        return nil
      }
      // A plain list of names and values, where the file's name says what they are.
      for member in members {
        guard Self.isName(member.name), let value = Self.text(member.value) else { return nil }
        values[member.name] = value
      }
      return
    }
    for member in members.members {
      // A map is a declaration of a template, and no value.
      guard let value = Self.text(member.value) else { return nil }
      values[member.name] = value
    }
    if let policy = root["StackPolicy"] { others["StackPolicy"] = Self.shape(policy) }
    if isDeploymentFile { setDeployment(root) } else if values.isEmpty { return nil }
  }

  private mutating func setDeployment(_ root: YAMLNode) {
    templatePath = root["template-file-path"]?.text
    others["template-file-path"] = templatePath
    isFromRoot = true
  }

  private static func isNamedForParameters(_ path: String) -> Bool {
    path.lowercased().split(separator: "/").suffix(2).contains { part in
      part.split(whereSeparator: { !$0.isLetter }).contains {
        ["params", "param", "parameters", "parameter"].contains($0)
      }
    }
  }

  private static func isName(_ text: some StringProtocol) -> Bool {
    !text.isEmpty && text.count <= 255 && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
  }

  private static func pair(_ text: String) -> (String, String)? {
    guard let mark = text.firstIndex(of: "="), isName(text[..<mark]) else { return nil }
    return (String(text[..<mark]), String(text[text.index(after: mark)...]))
  }

  /// All that a node holds, to tell two of them apart.
  private static func shape(_ node: YAMLNode) -> String {
    if let elements = node.sequence { return "[\(elements.map(shape).joined(separator: "\u{1}"))]" }
    if let members = node.mapping?.members {
      return "{\(members.map { "\($0.name)\u{2}\(shape($0.value))" }.sorted().joined(separator: "\u{1}"))}"
    }
    return node.scalarText ?? ""
  }

  private static func text(_ node: YAMLNode) -> String? {
    if let text = node.scalarText { return text }
    if node.isNull { return "" }
    guard let elements = node.sequence else { return nil }
    let texts = elements.compactMap(\.scalarText)
    return texts.count == elements.count ? texts.joined(separator: ",") : nil
  }

  // MARK: - SAM

  private mutating func readSAM(_ tables: [String: [String: [String]]], _ environment: String) {
    let environments = Set(tables.keys.compactMap { $0.split(separator: ".").first.map(String.init) })
    let chosen = environments.contains(environment) ? environment : "default"
    var merged: [String: [String]] = [:]
    for command in ["global", "build", "deploy"] {
      merged.merge(tables["\(chosen).\(command).parameters"] ?? [:]) { $1 }
    }
    stack = merged["stack_name"]?.first
    for name in ["stack_name", "region", "template_file", "template", "role_arn", "profile"] {
      others[name] = merged[name]?.first
    }
    templatePath = (merged["template_file"] ?? merged["template"])?.first
    for text in merged["parameter_overrides"] ?? [] {
      for word in Self.words(text) {
        // `ParameterKey=K,ParameterValue=V`, or plainly `K=V`.
        let plain =
          word.hasPrefix("ParameterKey=")
          ? String(word.dropFirst("ParameterKey=".count)).replacing(",ParameterValue=", with: "=") : word
        guard let mark = plain.firstIndex(of: "=") else { continue }
        values[String(plain[..<mark])] = String(plain[plain.index(after: mark)...])
      }
    }
  }

  /// Parts a command line at blanks outside of quotes.
  private static func words(_ text: String) -> [String] {
    var words: [String] = []
    var current = ""
    var quote: Character?
    for character in text {
      if let open = quote {
        if character == open { quote = nil } else { current.append(character) }
      } else if character == "\"" || character == "'" {
        quote = character
      } else if character.isWhitespace {
        if !current.isEmpty { words.append(current) }
        current = ""
      } else {
        current.append(character)
      }
    }
    if !current.isEmpty { words.append(current) }
    return words
  }

  private static func tables(_ root: YAMLNode) -> [String: [String: [String]]] {
    var found: [String: [String: [String]]] = [:]
    for environment in root.mapping?.members ?? [] {
      for command in environment.value.mapping?.members ?? [] {
        for member in command.value["parameters"]?.mapping?.members ?? [] {
          var texts = [text(member.value)].compactMap { $0 }
          if let elements = member.value.sequence { texts = elements.compactMap(\.scalarText) }
          if let pairs = member.value.mapping {
            texts = pairs.members.compactMap { pair in text(pair.value).map { "\(pair.name)='\($0)'" } }
          }
          found["\(environment.name).\(command.name).parameters", default: [:]][member.name] = texts
        }
      }
    }
    return found
  }

  public static func == (one: ParameterDocument, other: ParameterDocument) -> Bool {
    one.values == other.values && one.templatePath == other.templatePath && one.others == other.others
  }
  public func hash(into hasher: inout Hasher) { hasher.combine(values) }
}
