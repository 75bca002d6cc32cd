import CommandArguments
import Testing

private enum Colour: String, ArgumentValue, CaseIterable { case red, green }

private struct Sample: ReadableArguments, Equatable {
  let place: String
  let files: [String]
  let smoke: [String]
  let merge: [String]
  let limit: Int?
  let colour: Colour?
  let dryRun: Bool
  let quiet: Bool

  init(_ arguments: inout ArgumentReader) throws(ArgumentError) {
    place = try arguments.argument("place", "Where.") { $0.contains("/") ? "'\($0)' holds a slash" : nil }
    files = arguments.argumentList("files", "Files.")
    smoke = arguments.options("smoke", value: "file", "A file; may be repeated.")
    merge = arguments.optionList("merge", "Records.")
    limit = try arguments.option("limit", "How many.")
    colour = try arguments.option("colour", "Which.")
    dryRun = arguments.flag("dry-run", "Change nothing.")
    arguments.section = .shared
    quiet = arguments.flag("quiet", "Say nothing.")
    if dryRun, limit != nil { throw ArgumentError("--dry-run and --limit do not go together") }
  }
}

@Suite struct CommandArgumentsTests {
  private static let description = CommandDescription(
    name: "sample", abstract: "Takes samples.", version: "sample 1.0")

  private func refusal(_ words: [String]) throws -> String {
    guard case .refuse(let text) = Sample.answer(to: words, of: Self.description) else { return "" }
    return text
  }

  @Test func `options stand anywhere, with a space or an equals sign, and repeat`() throws {
    let sample = try Sample.parse([
      "--smoke", "a", "prod", "--smoke=b=c", "x", "--dry-run",
    ])
    #expect(sample.place == "prod")
    #expect(sample.files == ["x"])
    #expect(sample.smoke == ["a", "b=c"])
    #expect(sample.dryRun && !sample.quiet && sample.limit == nil)
  }

  @Test func `the last of two values counts`() throws {
    #expect(try Sample.parse(["p", "--limit", "3", "--limit=-4"]).limit == -4)
  }

  @Test func `a list takes words up to the next option`() throws {
    let sample = try Sample.parse(["p", "--merge", "a", "b", "--quiet", "c"])
    #expect(sample.merge == ["a", "b"])
    #expect(sample.files == ["c"])
  }

  @Test func `what follows two dashes is no option, and one dash is a word`() throws {
    let sample = try Sample.parse(["p", "-", "--", "--quiet", "-x"])
    #expect(sample.files == ["-", "--quiet", "-x"])
    #expect(!sample.quiet)
    #expect(try Sample.parse(["p", "--smoke", "-"]).smoke == ["-"])
  }

  @Test(
    arguments: [
      (["--quiet"], "PLACE is missing: Where."),
      (["a/b"], "'a/b' holds a slash"),
      (["p", "--smok", "x"], "there is no option --smok; is --smoke meant?"),
      (["p", "--nonsense"], "there is no option --nonsense\n"),
      (["p", "--lim=3"], "there is no option --lim; is --limit meant?"),
      (["p", "-q"], "there is no option -q\n"),
      (
        ["p", "--limit"],
        "--limit wants a value: --limit LIMIT; one that begins with a dash is written --limit=-"
      ),
      (["p", "--limit", "--quiet"], "--limit wants a value"),
      (["p", "--limit", "x"], "--limit does not take 'x'; it takes a whole number"),
      (["p", "--colour", "blue"], "--colour does not take 'blue'; it takes red or green"),
      (["p", "--quiet=yes"], "--quiet takes no value, not even 'yes'"),
      (["p", "--dry-run", "--limit", "1"], "--dry-run and --limit do not go together"),
      (["p", "--smoke"], "--smoke wants a value: --smoke FILE"),
    ] as [([String], String)])
  func `what is wrong is said, with the usage`(words: [String], expected: String) throws {
    let text = try refusal(words)
    #expect(text.hasPrefix("sample: \(expected)"), "\(text)")
    #expect(
      text.contains("\nUsage: sample PLACE [FILES...] [OPTIONS]\nSee 'sample --help' for the options.\n")
    )
  }

  @Test func `nothing at all is answered in three lines`() throws {
    let text = try refusal([])
    #expect(text.hasPrefix("sample: PLACE is missing: Where.\n") && text.split(separator: "\n").count == 3)
  }

  @Test(arguments: [("--verison", "--version"), ("--hel", "--help"), ("--helpp", "--help")])
  func `what every program has is met too`(typed: String, meant: String) throws {
    #expect(try refusal(["p", typed]).contains("is \(meant) meant?"))
  }

  @Test func `values have the names that the description gives, and lines end where the terminal does`() {
    var description = Self.description
    description.metavariables = ["limit": "N", "smoke": "never"]
    description.examples = [("sample here", "Take one.")]
    description.topics = [
      .init("EXIT CODES", [("0", "Yes, and a sentence that is long enough to be broken in two.")])
    ]
    description.width = 70
    guard case .print(let text) = Sample.answer(to: ["--help"], of: description) else {
      Issue.record("no help")
      return
    }
    #expect(text.contains("  --limit N "))
    // An option that names its value itself keeps that name.
    #expect(text.contains("  --smoke FILE "))
    #expect(text.contains("\nEXAMPLES:\n  sample here\n      Take one.\n"))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 70 }, "\(text)")
  }

  @Test(arguments: ["man", "bash", "zsh", "fish"])
  func `what packages need is made from the declarations`(form: String) {
    guard case .print(let text) = Sample.answer(to: ["--generate", form], of: Self.description) else {
      Issue.record("nothing is made")
      return
    }
    for option in ["smoke", "merge", "limit", "colour", "dry-run", "quiet", "version"] {
      let dashes = form == "man" ? option.replacing("-", with: "\\-") : option
      #expect(text.contains(dashes), "\(option) in \(text)")
    }
  }

  @Test func `a form that is not made is refused`() throws {
    #expect(try refusal(["--generate", "tcsh"]).contains("it takes one of man, bash, zsh, fish"))
  }

  @Test func `a word too many is named`() throws {
    struct One: ReadableArguments {
      let place: String
      init(_ arguments: inout ArgumentReader) throws(ArgumentError) {
        place = try arguments.argument("place", "Where.")
      }
    }
    #expect(throws: ArgumentError("nothing is expected at 'other'")) { try One.parse(["p", "other"]) }
  }

  @Test(arguments: [["--help"], ["-h"], ["p", "--smoke", "x", "--help"]])
  func `help needs nothing else`(words: [String]) throws {
    guard case .print(let text) = Sample.answer(to: words, of: Self.description) else {
      Issue.record("no help")
      return
    }
    #expect(
      text == """
        Takes samples.

        USAGE: sample PLACE [FILES...] [OPTIONS]

        ARGUMENTS:
          PLACE                   Where.
          FILES                   Files.

        OPTIONS:
          --smoke FILE            A file; may be repeated.
          --merge MERGE...        Records.
          --limit LIMIT           How many.
          --colour COLOUR         Which.
          --dry-run               Change nothing.

        OPTIONS OF EVERY STEP:
          --quiet                 Say nothing.
          --version               Show the version.
          -h, --help              Show this help.

        """)
  }

  @Test func `the version is printed`() throws {
    guard case .print("sample 1.0\n") = Sample.answer(to: ["--version"], of: Self.description) else {
      Issue.record("no version")
      return
    }
  }
}
