/// A program's name and what it says of itself; makes values of its command lines.
public struct CommandDescription: Sendable {
  /// As it is called.
  public let name: String
  /// One sentence.
  public let abstract: String
  /// What `--version` prints.
  public let version: String

  /// A description.
  public init(name: String, abstract: String, version: String) {
    self.name = name
    self.abstract = abstract
    self.version = version
  }
}

/// What a command line asks for.
public enum CommandLineAnswer<Value> {
  /// To run so.
  case run(Value)
  /// To print this, which ends in a line break, and to do nothing else.
  case print(String)
  /// Nothing that can be done; what is wrong and how it is right, ending in a line break.
  case refuse(String)
}

extension ReadableArguments {
  /// What `words`, without the program's name, ask for.
  public static func answer(
    to words: [String], of command: CommandDescription
  ) -> CommandLineAnswer<Self> {
    var reader = ArgumentReader(nil)
    do throws(ArgumentError) {
      _ = try Self(&reader)
      let given = try GivenArguments(words, reader.declarations)
      if given.wantsHelp { return .print(HelpText(command, reader.declarations).text) }
      if given.wantsVersion { return .print(command.version + "\n") }
      return .run(try read(given))
    } catch {
      let help = HelpText(command, reader.declarations)
      // Who calls it with nothing wants to know what there is.
      if words.isEmpty { return .refuse("\(command.name): \(error)\n\n\(help.text)") }
      return .refuse(
        """
        \(command.name): \(error)
        Usage: \(help.usage)
        See '\(command.name) --help' for the options.

        """)
    }
  }

  /// The names of all options and flags that are declared.
  public static func declaredOptions() throws(ArgumentError) -> Set<String> {
    var reader = ArgumentReader(nil)
    _ = try Self(&reader)
    return Set(
      reader.declarations.filter { $0.kind != .argument && $0.kind != .argumentList }.map(\.name))
  }

  /// The value of `words`, without the program's name.
  public static func parse(_ words: [String]) throws(ArgumentError) -> Self {
    var reader = ArgumentReader(nil)
    _ = try Self(&reader)
    return try read(GivenArguments(words, reader.declarations))
  }

  private static func read(_ given: GivenArguments) throws(ArgumentError) -> Self {
    var reader = ArgumentReader(given)
    let value = try Self(&reader)
    try reader.checkAllUsed()
    return value
  }
}
