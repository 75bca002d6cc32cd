/// What can be made of a command line.
public protocol ReadableArguments {
  /// Declares the arguments and takes their values, one after the other.
  ///
  /// Called twice: first with nothing given, to learn what there is, then with what the command line says.
  /// - Throws: `ArgumentError` where values do not go together.
  init(_ arguments: inout ArgumentReader) throws(ArgumentError)
}

/// A type that a word of the command line can be read as.
public protocol ArgumentValue {
  /// nil where the word is no such value.
  init?(argument: String)
  /// All words there are, for those that have few; else empty.
  static var allowedArguments: [String] { get }
  /// How such a value is written, in words with examples; empty where the option's help says so.
  static var form: String { get }
}

extension ArgumentValue {
  /// Too many to name.
  public static var allowedArguments: [String] { [] }
  /// Said by the help.
  public static var form: String { "" }
}

extension ArgumentValue where Self: RawRepresentable & CaseIterable, RawValue == String {
  public init?(argument: String) { self.init(rawValue: argument) }
  /// The raw values.
  public static var allowedArguments: [String] { allCases.map(\.rawValue) }
}

extension String: ArgumentValue {
  public init?(argument: String) { self = argument }
}

extension Int: ArgumentValue {
  public init?(argument: String) { self.init(argument) }
  /// Digits.
  public static var form: String { "a whole number" }
}

/// A command line that cannot be obeyed.
public struct ArgumentError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong, and what would be right.
  public let description: String

  /// An error.
  public init(_ description: String) { self.description = description }
}

/// Declares options, flags and arguments by taking their values.
public struct ArgumentReader {
  /// One thing that the command line may hold.
  struct Declaration {
    enum Kind { case flag, option, optionList, argument, argumentList }
    let kind: Kind
    let name: String
    let valueName: String
    let help: String
    let section: Section

    /// What stands for its value in help.
    func metavariable(_ command: CommandDescription?) -> String {
      if let known = command?.metavariables[name], valueName == name { return known }
      // What shows the value's own form stays as it is written.
      return valueName.contains { ":=/|".contains($0) } ? valueName : valueName.uppercased()
    }
  }

  /// Under which heading the help has what follows.
  public enum Section: Sendable, Hashable, CaseIterable {
    /// The program's own.
    case own
    /// What it changes, and what confirms or widens that.
    case changes
    /// Where reports go.
    case reports
    /// What several programs share.
    case shared

    /// The heading.
    var title: String {
      switch self {
      case .own: "OPTIONS"
      case .changes: "WHAT IT CHANGES"
      case .reports: "REPORTS"
      case .shared: "OPTIONS OF EVERY STEP"
      }
    }
  }

  /// Under which heading the help has what is declared from now on.
  public var section = Section.own

  private(set) var declarations: [Declaration] = []
  /// nil while it is only declared what there is.
  private let given: GivenArguments?
  private var usedArguments = 0

  init(_ given: GivenArguments?) { self.given = given }

  /// Whether `--name` is there.
  public mutating func flag(_ name: String, _ help: String) -> Bool {
    declare(.flag, name, "", help)
    return given?.values[name] != nil
  }

  /// The value of `--name`, of the last one where there are several.
  public mutating func option<Value: ArgumentValue>(
    _ name: String, value: String = "", _ help: String
  ) throws(ArgumentError) -> Value? {
    declare(.option, name, value, help)
    guard let word = given?.values[name]?.last else { return nil }
    if let read = Value(argument: word) { return read }
    let allowed = Value.allowedArguments
    throw ArgumentError(
      "--\(name) does not take '\(word)'"
        + (!allowed.isEmpty
          ? "; it takes \(ArgumentReader.enumeration(allowed))"
          : Value.form.isEmpty ? ": \(help)" : "; it takes \(Value.form)"))
  }

  /// The values of all `--name`.
  public mutating func options(_ name: String, value: String = "", _ help: String) -> [String] {
    declare(.option, name, value, help)
    return given?.values[name] ?? []
  }

  /// The words after `--name` up to the next option.
  public mutating func optionList(_ name: String, value: String = "", _ help: String) -> [String] {
    declare(.optionList, name, value, help)
    return given?.values[name] ?? []
  }

  /// The next word that belongs to no option.
  /// - Parameters:
  ///   - isNeeded: whether it must be there; where it need not and is not, it is empty.
  ///   - problem: what is wrong with a word; nil where nothing is.
  public mutating func argument(
    _ name: String, _ help: String, isNeeded: Bool = true, problem: (String) -> String? = { _ in nil }
  ) throws(ArgumentError) -> String {
    declare(.argument, name, "", help)
    guard let given else { return "" }
    guard usedArguments < given.arguments.count else {
      if !isNeeded { return "" }
      throw ArgumentError("\(name.uppercased()) is missing: \(help)")
    }
    let word = given.arguments[usedArguments]
    if let problem = problem(word) { throw ArgumentError(problem) }
    usedArguments += 1
    return word
  }

  /// All further words that belong to no option.
  public mutating func argumentList(_ name: String, _ help: String) -> [String] {
    declare(.argumentList, name, "", help)
    guard let given else { return [] }
    defer { usedArguments = given.arguments.count }
    return Array(given.arguments[usedArguments...])
  }

  func checkAllUsed() throws(ArgumentError) {
    guard let given, usedArguments < given.arguments.count else { return }
    throw ArgumentError("nothing is expected at '\(given.arguments[usedArguments])'")
  }

  private mutating func declare(_ kind: Declaration.Kind, _ name: String, _ value: String, _ help: String) {
    if given != nil { return }
    declarations.append(
      Declaration(
        kind: kind, name: name, valueName: value.isEmpty ? name : value, help: help, section: section))
  }

  private static func enumeration(_ words: [String]) -> String {
    words.count < 2 ? words.joined() : words.dropLast().joined(separator: ", ") + " or " + words.last!
  }
}
