/// The time limit and the memory of a function, as `timeout=30,memory=512`.
public struct FunctionSetting: Hashable, Sendable {
  /// Seconds, 1 to 900.
  public var timeout: Int?
  /// Megabytes, 128 to 10,240.
  public var memory: Int?

  /// A setting; what is nil is left as it is.
  public init(timeout: Int? = nil, memory: Int? = nil) {
    self.timeout = timeout
    self.memory = memory
  }

  /// Reads `timeout=30,memory=512`; nil for anything else, and for values that Lambda does not take.
  public init?(_ text: String) {
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
      guard pair.count == 2, let value = Int(pair[1]) else { return nil }
      switch pair[0] {
      case "timeout" where (1...900).contains(value) && timeout == nil: timeout = value
      case "memory" where (128...10_240).contains(value) && memory == nil: memory = value
      default: return nil
      }
    }
  }

  /// As `init` reads it.
  public var text: String {
    [timeout.map { "timeout=\($0)" }, memory.map { "memory=\($0)" }].compactMap(\.self).joined(separator: ",")
  }

  /// Those values of `whole` that this setting has too.
  public func part(of whole: FunctionSetting) -> FunctionSetting {
    FunctionSetting(
      timeout: timeout == nil ? nil : whole.timeout, memory: memory == nil ? nil : whole.memory)
  }
}

/// A quick setting as the command line names it: `FUNCTION:timeout=30,memory=512`.
public struct ReliefRequest: Hashable, Sendable {
  /// The function's name, or its logical id in a template.
  public var function: String
  /// What it gets.
  public var setting: FunctionSetting

  /// Reads the option's value; nil where it is none. Names hold colons, as ARNs do, but no sign of a second setting.
  public init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"), colon != text.startIndex, !text[..<colon].contains("="),
      let setting = FunctionSetting(String(text[text.index(after: colon)...]))
    else { return nil }
    function = String(text[..<colon])
    self.setting = setting
  }
}
