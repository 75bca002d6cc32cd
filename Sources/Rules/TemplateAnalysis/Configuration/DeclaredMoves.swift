import JSONValues

/// What a file declares about resources that no template can say: which of them a stack refactor moves or renames with what
/// they hold, and which existing ones are imported.
public struct DeclaredMoves: Hashable, Sendable {
  /// A resource of a stack.
  public struct Place: Hashable, Sendable, CustomStringConvertible {
    /// As it is called in the account.
    public var stack: String
    /// In the stack's template.
    public var logicalId: String
    public var description: String { "\(stack).\(logicalId)" }

    /// A place.
    public init(stack: String, logicalId: String) {
      self.stack = stack
      self.logicalId = logicalId
    }
  }
  /// One resource that is somewhere else afterwards.
  public struct Move: Hashable, Sendable {
    /// Where it is before and after.
    public var source: Place, destination: Place
  }

  /// In the file's order.
  public private(set) var moves: [Move] = []
  /// Logical ids that are imported, with their types where the file tells them.
  public private(set) var imports: [String: String?] = [:]

  /// Whether a file of this name may be one: they are JSON under many names.
  public static func isOfInterest(_ path: String) -> Bool {
    let lower = path.lowercased()
    guard lower.hasSuffix(".json") || lower.hasSuffix(".txt") else { return false }
    let name = lower.split(separator: "/").last ?? ""
    return lower.hasSuffix(".json") || ["import", "refactor", "mapping"].contains(where: name.contains)
  }

  /// Reads the overrides of `cdk refactor`, the mappings of `aws cloudformation create-stack-refactor`, the list of
  /// `--resources-to-import`, or the mapping of `cdk import`; nil where it is none of these.
  public init?(parsing bytes: [UInt8], name: String) {
    guard bytes.count < 8 << 20, let root = try? JSONValue(parsing: bytes) else { return nil }
    if let environments = root["environments"]?.array {
      for environment in environments {
        for member in environment["resources"]?.object?.members ?? [] {
          guard let source = Self.place(member.name), let target = member.value.string.flatMap(Self.place)
          else {
            return nil
          }
          moves.append(Move(source: source, destination: target))
        }
      }
    } else if let list = (root["ResourceMappings"] ?? root).array {
      for element in list {
        if let source = Self.place(element["Source"]), let target = Self.place(element["Destination"]) {
          moves.append(Move(source: source, destination: target))
        } else if let id = element["LogicalResourceId"]?.string, element["ResourceIdentifier"]?.object != nil
        {
          imports[id] = .some(element["ResourceType"]?.string)
        } else {
          return nil
        }
      }
    } else if let object = root.object, name.lowercased().contains("import") {
      for member in object.members {
        let values = member.value.object?.members ?? []
        guard !values.isEmpty, values.allSatisfy({ $0.value.string != nil }) else { return nil }
        imports[member.name] = .some(nil)
      }
    }
    if moves.isEmpty, imports.isEmpty { return nil }
  }

  /// What several files declare together.
  public init(_ all: [DeclaredMoves] = []) {
    moves = all.flatMap(\.moves)
    for one in all { imports.merge(one.imports) { $1 } }
  }

  /// `Stack.LogicalId`; the CDK writes paths with slashes behind the stack's name, too.
  private static func place(_ text: String) -> Place? {
    guard let dot = text.firstIndex(where: { $0 == "." || $0 == "/" }) else { return nil }
    let id = text[text.index(after: dot)...]
    guard !id.isEmpty, dot > text.startIndex else { return nil }
    return Place(stack: String(text[..<dot]), logicalId: String(id))
  }

  private static func place(_ value: JSONValue?) -> Place? {
    guard let stack = value?["StackName"]?.string, let id = value?["LogicalResourceId"]?.string else {
      return nil
    }
    // The API takes a stack's ARN as well.
    let name =
      stack.contains(":stack/")
      ? stack.split(separator: "/").dropFirst().first.map(String.init) ?? stack : stack
    return Place(stack: name, logicalId: id)
  }
}
