import ArgumentParser
import Records

/// What standard output carries.
public enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable { case text, json }

/// When ANSI colours are used.
public enum ColorChoice: String, ExpressibleByArgument, CaseIterable, Sendable { case auto, always, never }

/// What exit code 3 is mapped to, for those who want two answers.
public enum InconclusiveChoice: String, ExpressibleByArgument, CaseIterable, Sendable { case go, stop }

/// The options that all five steps share.
public struct CommonOptions: ParsableArguments, Sendable {
  /// Names `deployment-<environment>.config`.
  @Argument(help: "The environment, as in deployment-<environment>.config.")
  public var environment: String

  @Option(help: "Where deployment-<environment>.config stands. (default: .)")
  public var configDir: String?

  @Option(help: "Read that file from this git revision instead of the working tree.")
  public var configRef: String?

  @Option(help: "The git repository. (default: found upward from the working directory)")
  public var repo: String?

  @Option(help: "The policy file. (default: backstop.yml at the repository's root, if there)")
  public var policy: String?

  @Option(
    help: "Where the steps leave and find their records. (default: .backstop/<environment> in the repository)"
  )
  public var records: String?

  @Option(
    help:
      "Where restore points are kept: a folder, s3://BUCKET/PREFIX, or a file FILE.sealed (key: BACKSTOP_STORE_KEY). (default: the records folder)"
  )
  public var store: String?

  @Option(help: "The KMS key for a store in S3. (default: S3's own encryption)")
  public var storeKmsKey: String?

  @Option(help: "The commit that is deployed or about to be. (default: HEAD)")
  public var commit: String?

  @Option(help: "What standard output carries: text or json. (default: text)")
  public var format: OutputFormat?

  @Option(help: "Write a JUnit report.")
  public var junit: String?

  @Option(help: "Write a SARIF 2.1.0 report.")
  public var sarif: String?

  @Option(help: "Write a TAP report.")
  public var tap: String?

  @Option(help: "Write a GitLab code quality report.")
  public var codeQuality: String?

  @Option(help: "Write a Markdown report.")
  public var markdown: String?

  @Option(help: "Write an HTML report.")
  public var html: String?

  @Option(help: "When to colour: auto, always or never. (default: auto)")
  public var color: ColorChoice?

  @Option(help: "Exit 0 or 1 instead of 3 where the evidence does not suffice: go or stop.")
  public var inconclusive: InconclusiveChoice?

  @Flag(
    help: "Fetch and push the ledger (refs/backstop/*): records reach other machines, and locks hold there.")
  public var pushLedger = false

  @Option(help: "The remote or the address that the ledger is pushed to. (default: origin)")
  public var ledgerRemote: String?

  @Flag(help: "Say nothing but the result.")
  public var quiet = false

  @Flag(help: "Say more.")
  public var verbose = false

  @Flag(help: "Print the keys read, their values and where each came from, as JSON, and exit.")
  public var showConfig = false

  public init() {}

  /// Long names of the options and flags that `BACKSTOP_…` variables may give, here and in every step.
  static let environmentOptions = [
    "config-dir", "config-ref", "repo", "policy", "records", "commit", "format", "junit", "sarif", "tap",
    "code-quality", "markdown", "html", "color", "inconclusive",
    "ledger-remote", "store", "store-kms-key",
  ]
  static let environmentFlags = ["quiet", "verbose", "push-ledger"]
}
