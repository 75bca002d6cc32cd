import CommandArguments
import DeploymentConfig
import DeploymentRecords
import HealthAnalysis
import HealthWatch
import Redaction
import Reporting
import StepResults
import StepRuntime
import SystemInterfaces

/// `watch-30m`: do the numbers stay where they were?
public struct WatchCommand: StepCommand {
  public static let abstract =
    "Watches metrics, logs and the endpoint after a deployment, and says go or stop."
  public static let environmentOptions = [
    "for", "every", "settle", "period", "deployed-at", "baseline-until", "replay", "record", "judge",
    "svg", "each", "alias",
  ]

  public let common: CommonOptions
  let length: DurationArgument?
  let every: DurationArgument?
  let settle: DurationArgument?
  let period: DurationArgument?
  let deployedAt: TimeArgument?
  let baselineUntil: TimeArgument?
  let replay: String?
  let record: String?
  let judge: HealthPolicy.Judge?
  let once: Bool
  let svg: String?
  let promote: PromotionShares?
  let each: DurationArgument?
  let alias: [String]
  let confirm: [String]
  let dryRun: Bool

  /// Declares the options and takes their values.
  public init(_ arguments: inout ArgumentReader) throws(ArgumentError) {
    common = try CommonOptions(&arguments)
    length = try arguments.option("for", "How long to watch. (default: 30m)")
    every = try arguments.option("every", "Time between looks. (default: 1m)")
    settle = try arguments.option(
      "settle",
      "How old a period must be to count. (default: 2m, of a function its timeout; less in a short watch)"
    )
    period = try arguments.option(
      "period", "The length of a period. (default: 1m; less in a watch of seconds)")
    deployedAt = try arguments.option(
      "deployed-at", "When the new version was in place, RFC 3339. (default: the last update of the stacks)")
    baselineUntil = try arguments.option(
      "baseline-until",
      "Where the baseline ends, RFC 3339, if what came just before was not normal. (default: --deployed-at)")
    replay = try arguments.option(
      "replay", "Judge recorded points (CSV: timestamp,series,kind,value,count) without waiting.")
    record = try arguments.option("record", "Write what was seen, in the same CSV.")
    once = arguments.flag(
      "once", "Make one look, keep its state, and leave the next to another run: 3 while the watch goes on.")
    svg = try arguments.option("svg", "Write the charts of all series as one SVG.")
    judge = try arguments.option("judge", "The rule: sequential or mann-whitney. (default: sequential)")
    promote = try arguments.option(
      "promote",
      "Give the newer version of the functions' aliases these shares of the calls in per cent, one after the other while it is good, such as 10,50,100; take it back at once where it is bad."
    )
    each = try arguments.option("each", "How long --promote watches each share. (default: 10m)")
    alias = arguments.options(
      "alias", "Promote this alias alone: NAME or FUNCTION:NAME. May be given more than once.")
    confirm = arguments.options(
      "confirm", "The word that --promote wants for production: \(PromotionWish.productionWord).")
    dryRun = arguments.flag("dry-run", "Print the plan of --promote, and change nothing.")
  }

  public var needsConfig: Bool { replay == nil }

  /// The promotion that is asked for.
  private func promotion(in session: StepSession) throws -> PromotionRun? {
    guard let promote else {
      if dryRun || each != nil || !alias.isEmpty || !confirm.isEmpty {
        throw StepFailure(
          .usage, "--dry-run, --each, --alias and --confirm say how to promote, and --promote is not given",
          advice: "a watch alone changes nothing; add --promote 10,50,100")
      }
      return nil
    }
    guard replay == nil else {
      throw StepFailure(.usage, "--promote with --replay: recorded points change no traffic")
    }
    guard length == nil, deployedAt == nil else {
      throw StepFailure(
        .usage, "--promote begins a watch at each share",
        advice: "say how long with --each, and leave --for and --deployed-at out")
    }
    let wish = PromotionWish(
      shares: promote, each: each?.value ?? .seconds(600), aliases: alias, confirm: confirm, isDryRun: dryRun)
    return PromotionRun(wish: wish, request: request, session: session)
  }

  public func answerInstead(in session: StepSession) async throws -> String? {
    guard let promotion = try promotion(in: session), dryRun else { return nil }
    return try await promotion.shownPlan()
  }

  private var request: WatchRequest {
    var request = WatchRequest()
    request.length = length?.value
    request.interval = every?.value
    request.settle = settle?.value
    request.period = period?.value
    request.deployedAt = deployedAt?.value
    request.baselineUntil = baselineUntil?.value
    request.record = record
    request.judge = judge
    request.isOnce = once
    return request
  }

  public func run(in session: StepSession) async throws -> StepOutcome<WatchPart> {
    let outcome =
      if let replay {
        try request.replay(replay, in: session)
      } else if let promotion = try promotion(in: session) {
        try await promotion.outcome()
      } else {
        try await request.watch(in: session)
      }
    if let svg {
      let picture = session.redactor.redact(
        ChartSVG.page(outcome.part.series.compactMap { WatchReport.chart($0, outcome.part.window) }))
      try session.context.files.writeAtomically(
        Array(picture.utf8), to: session.context.absolute(svg), mode: 0o644)
    }
    return outcome
  }

  public static let environmentFlags = ["once"]
  public static var catalog: [FindingDescription] { WatchFindings.catalog }

  public static let examples: [CommandDescription.Topic.Entry] = [
    (
      "watch-30m prod",
      "Watch for half an hour, or until the evidence suffices."
    ),
    (
      "watch-30m prod --for 10m --deployed-at 2026-11-24T10:00:00Z",
      "Watch for ten minutes from a known deployment on."
    ),
    (
      "watch-30m prod --replay points.csv --deployed-at 2026-11-24T10:00:00Z",
      "Judge recorded points without waiting."
    ),
    (
      "watch-30m prod --promote 10,50,100 --each 10m --confirm promote-production",
      "Give a new version more and more traffic while it is good."
    ),
  ]

  public static func report(_ record: Record<WatchPart>) -> Report { WatchReport.make(record) }
}

extension HealthPolicy.Judge: ArgumentValue {}

/// A duration on the command line: `90s`, `5m`, `1h30m`.
struct DurationArgument: ArgumentValue, Sendable {
  static var form: String { "a duration such as 90s, 30m or 1h30m" }
  var value: Duration
  init?(argument: String) {
    guard let value = Duration(text: argument), value > .zero else { return nil }
    self.value = value
  }
}

/// A time on the command line.
struct TimeArgument: ArgumentValue, Sendable {
  static var form: String { "a time with its offset from UTC, such as 2026-11-30T10:00:00Z" }
  var value: Timestamp
  init?(argument: String) {
    guard let value = Timestamp(argument) else { return nil }
    self.value = value
  }
}
