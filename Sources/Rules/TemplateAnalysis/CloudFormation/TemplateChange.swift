public import StepResults

/// What an update does to one resource.
public enum ResourceAction: String, Codable, Hashable, Sendable, CaseIterable {
  /// Made new.
  case create
  /// Changed in place.
  case update
  /// Made new under the same logical id; `ResourceImpact.oldResource` says what becomes of the old one.
  case replace
  /// Whether it is replaced or removed depends on the service or on values that are not known here.
  case mayReplace
  /// Removed with what it holds.
  case delete
  /// Leaves the stack but stays in the account.
  case orphan
  /// Removed after a last snapshot.
  case snapshotThenDelete
  /// An existing resource joins the stack.
  case `import`
  /// It is the one that stood elsewhere before, with all that it holds: a stack refactor moves it.
  case move
  /// Left as it is.
  case none
}

/// What becomes of the resource that a replacement puts aside.
public enum ReplacedResourceFate: String, Codable, Hashable, Sendable {
  /// Deleted, with what it holds.
  case deleted
  /// Kept in the account, outside the stack.
  case retained
  /// Deleted after a last snapshot.
  case snapshot
}

/// One logical id of a template and what the update does to it.
public struct ResourceImpact: Hashable, Sendable {
  /// The logical id.
  public var logicalId: String
  /// The type in the new template, or in the old one where the resource goes.
  public var type: String
  /// What happens.
  public var action: ResourceAction
  /// Paths of changed properties, such as `Tags/0/Value`, sorted; attributes of the resource as `Metadata`.
  public var properties: [String]
  /// Whether it holds data that cannot be made again from the template.
  public var stateful: Bool
  /// Why, one sentence each.
  public var reasons: [String]
  /// What becomes of the old resource where it is, or may be, replaced or removed.
  public var oldResource: ReplacedResourceFate?
  /// Where the resource stands: in the new template, or in the old one where it goes. Counted from 1.
  public var line: Int?
  /// The physical name where the templates decide it, to find the resource in an account.
  public var name: String?
  /// What is lost although the resource stays: what expires, backups, objects overwritten later.
  public var losses: [String] = []
  /// How it comes before users; nil where that says nothing, as of what stays.
  public var delivery: ResourceDelivery?

  /// A change.
  public init(
    logicalId: String, type: String, action: ResourceAction, properties: [String] = [],
    stateful: Bool = false,
    reasons: [String] = [], oldResource: ReplacedResourceFate? = nil, line: Int? = nil, name: String? = nil
  ) {
    self.logicalId = logicalId
    self.type = type
    self.action = action
    self.properties = properties
    self.stateful = stateful
    self.reasons = reasons
    self.oldResource = oldResource
    self.line = line
    self.name = name
  }
}

/// What happens to one output, and whom it may hurt.
public struct OutputChange: Hashable, Sendable {
  /// What happens to the output.
  public enum Action: String, Codable, Hashable, Sendable { case added, removed, changed, mayChange }
  /// The output's logical name.
  public var name: String
  /// What happens.
  public var action: Action
  /// The export's name in the old template, where it is known.
  public var export: String?
  /// Paths of the templates known to import it.
  public var importers: [String]
  /// Paths of templates that import a name which is not known, and may be this one.
  public var possibleImporters: [String] = []
}

/// Everything that differs between two versions of a template.
public struct TemplateChange: Hashable, Sendable {
  /// One entry for each logical id of either version, in the new template's order, then what goes; unchanged ones have
  /// the action `none`.
  public var resources: [ResourceImpact]
  /// Outputs that differ.
  public var outputs: [OutputChange]
  /// What happens inside nested stacks whose templates were given.
  public var nested: [NestedChange] = []
  /// What a reviewer has to know; `Finding.path` is the template's path.
  public var findings: [Finding]

  /// The entry of a logical id.
  public subscript(_ logicalId: String) -> ResourceImpact? { resources.first { $0.logicalId == logicalId } }
}
