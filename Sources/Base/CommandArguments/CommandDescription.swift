/// A program's name and what it says of itself; makes values of its command lines.
public struct CommandDescription: Sendable {
  /// As it is called.
  public let name: String
  /// One sentence.
  public let abstract: String
  /// What `--version` prints.
  public let version: String
  /// What stands for an option's value in help, by the option's name: `REV`, `FILE`; the name itself where nothing is here.
  public var metavariables: [String: String] = [:]
  /// Command lines to begin with, each with what it does.
  public var examples: [Topic.Entry] = []
  /// What the help says beside the options, in this order.
  public var topics: [Topic] = []
  /// How wide the help may be, in columns.
  public var width = 100

  /// A titled list at the end of the help.
  public struct Topic: Sendable {
    /// A term, and what it means.
    public typealias Entry = (term: String, meaning: String)
    /// The title.
    public let title: String
    /// The list.
    public let entries: [Entry]

    /// A list.
    public init(_ title: String, _ entries: [Entry]) {
      self.title = title
      self.entries = entries
    }
  }

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
      let given = try GivenArguments(words, reader.declarations, command)
      if let form = given.generated {
        return .print(form.text(of: HelpText(command, reader.declarations)))
      }
      if given.wantsHelp { return .print(HelpText(command, reader.declarations).text) }
      if given.wantsVersion { return .print(command.version + "\n") }
      return .run(try read(given))
    } catch {
      let help = HelpText(command, reader.declarations)
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
    return try read(GivenArguments(words, reader.declarations, nil))
  }

  private static func read(_ given: GivenArguments) throws(ArgumentError) -> Self {
    var reader = ArgumentReader(given)
    let value = try Self(&reader)
    try reader.checkAllUsed()
    return value
  }
}
