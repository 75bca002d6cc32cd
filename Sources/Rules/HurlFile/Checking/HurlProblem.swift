/// A mistake in a file that can be told before anything is sent.
public struct HurlProblem: Hashable, Sendable {
  /// Where in the file.
  public let position: HurlPosition
  /// What is wrong.
  public let message: String
}

/// What is known before the first request of a file.
public struct HurlForeknowledge: Sendable {
  /// The variables that are set from outside.
  public var variables: HurlVariables
  /// Names of variables that other files set before, whose values are not known yet.
  public var comingNames: Set<String>
  /// Whether a variable that nothing sets is a mistake.
  public var requiresVariables: Bool
  /// Why a file that a body, a comparison or a form names cannot be read; nil where it can.
  public var whyUnreadable: @Sendable (String) -> String?
  /// Why a file that an option names cannot be read; nil where it can.
  public var whyOptionUnreadable: @Sendable (String) -> String?

  /// Knowledge of variables and files.
  public init(
    variables: HurlVariables, comingNames: Set<String> = [], requiresVariables: Bool = true,
    whyUnreadable: @escaping @Sendable (String) -> String? = { _ in nil },
    whyOptionUnreadable: @escaping @Sendable (String) -> String? = { _ in nil }
  ) {
    self.variables = variables
    self.comingNames = comingNames
    self.requiresVariables = requiresVariables
    self.whyUnreadable = whyUnreadable
    self.whyOptionUnreadable = whyOptionUnreadable
  }
}

extension HurlDocument {
  /// The mistakes that can be told before anything is sent: paths, patterns and expressions that are none, files that
  /// are not there, variables that nothing sets, options that cannot be had. In the order of the file.
  public func problems(_ known: HurlForeknowledge) -> [HurlProblem] {
    var check = HurlProblemSearch(known, setHere: setNames)
    for entry in entries { check.look(at: entry) }
    return check.problems.sorted { $0.position < $1.position }
  }

  /// The names of the variables that the file sets, as far as they are written out.
  public var setNames: Set<String> {
    var names: Set<String> = []
    for entry in entries {
      for option in entry.options { if case .variable(let name, _) = option.value { names.insert(name) } }
      for capture in entry.response?.captures ?? [] { names.insert(capture.name.source) }
    }
    return names
  }
}

extension HurlEntry {
  /// Whether the file says outright that this entry is passed over.
  public var isAlwaysSkipped: Bool {
    options.last { $0.name == .skip }?.value == .bool(true)
  }

  /// Whether an assertion looks at the status.
  public var judgesStatus: Bool { response?.asserts.contains { $0.query.kind == .status } ?? false }

  /// Whether any answer at all would pass: the file names no status and nothing else that must hold.
  public var expectsNothing: Bool {
    guard let response else { return true }
    return response.status == nil && response.version == nil && response.headers.isEmpty
      && response.captures.isEmpty && response.asserts.isEmpty && response.body == nil
  }
}
