import CommandArguments
import DeploymentRecords
import Redaction
import StepResults

/// What standard output carries.
public enum OutputFormat: String, ArgumentValue, CaseIterable, Sendable { case text, json }

/// When ANSI colours are used.
public enum ColorChoice: String, ArgumentValue, CaseIterable, Sendable { case auto, always, never }

/// What exit code 3 is mapped to, for those who want two answers.
public enum InconclusiveChoice: String, ArgumentValue, CaseIterable, Sendable { case go, stop }

/// The options that all five steps share.
public struct CommonOptions: ReadableArguments, Sendable {
  /// Names `deployment-<environment>.config`.
  public let environment: String
  /// A finding code to explain instead of running, or `all`.
  public let explain: String?
  public let configDir: String?
  public let configRef: String?
  public let repo: String?
  public let policy: String?
  public let records: String?
  public let store: String?
  public let storeKmsKey: String?
  public let commit: String?
  public let format: OutputFormat?
  public let junit: String?
  public let sarif: String?
  public let tap: String?
  public let codeQuality: String?
  public let markdown: String?
  public let html: String?
  public let color: ColorChoice?
  public let inconclusive: InconclusiveChoice?
  public let pushLedger: Bool
  public let ledgerRemote: String?
  public let quiet: Bool
  public let verbose: Bool
  public let showConfig: Bool

  /// Declares the options and takes their values.
  public init(_ arguments: inout ArgumentReader) throws(ArgumentError) {
    let section = arguments.section
    arguments.section = .shared
    defer { arguments.section = section }
    explain = try arguments.option(
      "explain",
      "Print what a finding code means and what to do about it (all: every code), and exit.")
    environment = try arguments.argument(
      "environment", "The environment, as in deployment-<environment>.config.", isNeeded: explain == nil,
      problem: CommonOptions.problem)
    configDir = try arguments.option(
      "config-dir", "Where deployment-<environment>.config stands. (default: .)")
    configRef = try arguments.option(
      "config-ref", "Read that file from this git revision instead of the working tree.")
    repo = try arguments.option(
      "repo", "The git repository. (default: found upward from the working directory)")
    policy = try arguments.option(
      "policy", "The policy file. (default: backstop.yml at the repository's root, if there)")
    records = try arguments.option(
      "records",
      "Where the steps leave and find their records. (default: .backstop/<environment> in the repository)")
    store = try arguments.option(
      "store",
      "Where restore points are kept: a folder, s3://BUCKET/PREFIX, or a file FILE.sealed (key: BACKSTOP_STORE_KEY). (default: the records folder)"
    )
    storeKmsKey = try arguments.option(
      "store-kms-key", "The KMS key for a store in S3. (default: S3's own encryption)")
    commit = try arguments.option("commit", "The commit that is deployed or about to be. (default: HEAD)")
    format = try arguments.option("format", "What standard output carries: text or json. (default: text)")
    arguments.section = .reports
    junit = try arguments.option("junit", "Write a JUnit report.")
    sarif = try arguments.option("sarif", "Write a SARIF 2.1.0 report.")
    tap = try arguments.option("tap", "Write a TAP report.")
    codeQuality = try arguments.option("code-quality", "Write a GitLab code quality report.")
    markdown = try arguments.option("markdown", "Write a Markdown report.")
    html = try arguments.option("html", "Write an HTML report.")
    arguments.section = .shared
    color = try arguments.option("color", "When to colour: auto, always or never. (default: auto)")
    inconclusive = try arguments.option(
      "inconclusive", "Exit 0 or 1 instead of 3 where the evidence does not suffice: go or stop.")
    pushLedger = arguments.flag(
      "push-ledger",
      "Fetch and push the ledger (refs/backstop/*): records reach other machines, and locks hold there.")
    ledgerRemote = try arguments.option(
      "ledger-remote", "The remote or the address that the ledger is pushed to. (default: origin)")
    quiet = arguments.flag("quiet", "Say nothing but the result.")
    verbose = arguments.flag("verbose", "Say more.")
    showConfig = arguments.flag(
      "show-config", "Print the keys read, their values and where each came from, as JSON, and exit.")
  }

  /// Long names of the options and flags that `BACKSTOP_…` variables may give, here and in every step.
  static let environmentOptions = [
    "config-dir", "config-ref", "repo", "policy", "records", "commit", "format", "junit", "sarif", "tap",
    "code-quality", "markdown", "html", "color", "inconclusive",
    "ledger-remote", "store", "store-kms-key",
  ]
  static let environmentFlags = ["quiet", "verbose", "push-ledger"]

  /// The name goes into file names.
  private static func problem(_ name: String) -> String? {
    let isRight =
      !name.isEmpty && !name.hasPrefix(".") && !name.hasPrefix("-") && name.utf8.count <= 100
      && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
    return isRight ? nil : "'\(name)' names no environment: letters, digits, '.', '_' and '-' do"
  }
}
