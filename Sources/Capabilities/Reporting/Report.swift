import DeploymentRecords
import StepResults
import SystemInterfaces

/// What every report format is made from: a step's record in the shape that people and CI systems read.
///
/// It is made from a redacted record alone, so that no format has to think of secrets.
public struct Report: Sendable {
  /// Which step ran.
  public var step: Step
  /// For which environment.
  public var environment: String
  /// The full commit id, where known.
  public var commit: String?
  /// The answer.
  public var verdict: Verdict
  /// When the step began and ended.
  public var startedAt: Timestamp, finishedAt: Timestamp
  /// One sentence: the answer and its reason.
  public var headline: String
  /// The same for a page that shows all cases below it; nil where that is the same sentence.
  public var headlineAboveCases: String?
  /// Tables and paragraphs, in the order in which they are read.
  public var sections: [ReportSection]
  /// Tables for who wants to know more, after the findings.
  public var details: [ReportSection]
  /// Worst first.
  public var findings: [Finding]
  /// One entry a check, for formats that count them; made each time they are asked for.
  public var cases: [ReportCase] { makeCases() }
  private let makeCases: @Sendable () -> [ReportCase]
  /// What a page links to.
  public var links = Links()
  /// Series over time, for formats that draw.
  public var charts: [ReportChart] = []
  /// What the finding codes mean.
  public var catalog: [FindingDescription]

  /// Pages of the run and of the commit, where the CI system tells them.
  public struct Links: Sendable, Hashable {
    /// Of the run.
    public var run: String?
    /// Of the commit.
    public var commit: String?

    /// None.
    public init() {}
  }

  /// A report of `record`.
  public init<Part>(
    _ record: Record<Part>, headline: String, sections: [ReportSection] = [],
    details: [ReportSection] = [], cases: @autoclosure @escaping @Sendable () -> [ReportCase] = [],
    catalog: [FindingDescription] = []
  ) {
    step = Part.step
    environment = record.environment
    commit = record.commit
    verdict = record.verdict
    startedAt = record.startedAt
    finishedAt = record.finishedAt
    self.headline = headline
    self.sections = sections
    self.details = details
    findings = record.findings
    makeCases = cases
    self.catalog = catalog
  }
}

/// A titled block: lines of text, or a table.
public struct ReportSection: Sendable {
  /// May be empty.
  public var title: String
  /// Paragraphs, one a line; before the table.
  public var lines: [String]
  /// Column titles; empty where there is no table.
  public var columns: [String]
  /// As many cells a row as there are columns.
  public var rows: [[String]]
  /// Whether it tells of cases: a page that shows these leaves it out.
  public var isOfCases = false
  /// What took how long, drawn to scale where there is room to draw: the page in HTML.
  public var spans: [ReportSpan] = []

  /// A block.
  public init(_ title: String, lines: [String] = [], columns: [String] = [], rows: [[String]] = []) {
    self.title = title
    self.lines = lines
    self.columns = columns
    self.rows = rows
  }
}

/// Something that took a while.
public struct ReportSpan: Hashable, Sendable {
  public var name: String
  /// Seconds since any one moment that is the same for all spans of a section; `to` is not before `from`.
  public var from: Double, to: Double
  /// Whether it ended badly.
  public var isBad: Bool

  /// A span.
  public init(_ name: String, from: Double, to: Double, isBad: Bool = false) {
    self.name = name
    self.from = from
    self.to = max(from, to)
    self.isBad = isBad
  }
}

/// One check, as JUnit, TAP and tables count it.
public struct ReportCase: Sendable {
  /// How a check ended.
  public enum Outcome: String, Sendable, Hashable { case pass, fail, flaky, skipped, error }
  /// Stable from run to run.
  public var name: String
  /// Groups cases, such as a smoke file.
  public var suite: String
  /// Where it is written, where it is.
  public var file: String?, line: Int?
  /// How it ended.
  public var outcome: Outcome
  /// From start to end, all attempts included.
  public var milliseconds: Double
  /// One sentence where it did not pass.
  public var message: String
  /// Each attempt on a line.
  public var attempts: [String]
  /// What kind of failure it was, in one word.
  public var kind: String?
  /// The exchanges behind it, for a waterfall.
  public var exchanges: [ReportExchange] = []
  /// The findings about it, by their fingerprints.
  public var findings: Set<String> = []
  /// What helps to act on it: titles, and texts of several lines.
  public var exhibits: [(title: String, text: String)] = []

  /// A check.
  public init(
    name: String, suite: String, file: String? = nil, line: Int? = nil, outcome: Outcome,
    milliseconds: Double = 0,
    message: String = "", attempts: [String] = []
  ) {
    self.name = name
    self.suite = suite
    self.file = file
    self.line = line
    self.outcome = outcome
    self.milliseconds = milliseconds
    self.message = message
    self.attempts = attempts
  }
}

/// One HTTP exchange, in milliseconds: its start counted from the start of the run, the rest from its own start.
public struct ReportExchange: Sendable {
  /// When it began.
  public var startedAfter: Double
  /// When the name was resolved, the connection made, TLS agreed, the first and the last byte received.
  public var nameLookup: Double, connect: Double, tls: Double, firstByte: Double, total: Double
  /// The answer's status.
  public var status: Int?

  /// An exchange.
  public init(
    startedAfter: Double, nameLookup: Double, connect: Double, tls: Double, firstByte: Double, total: Double,
    status: Int?
  ) {
    self.startedAfter = startedAfter
    self.nameLookup = nameLookup
    self.connect = connect
    self.tls = tls
    self.firstByte = firstByte
    self.total = total
    self.status = status
  }
}

/// One way to write a report down.
public protocol ReportFormat: Sendable {
  /// The document, complete.
  static func render(_ report: Report) -> String
}
