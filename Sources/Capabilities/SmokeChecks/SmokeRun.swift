import DeploymentRecords
import HTTPTransport
import SystemInterfaces

/// What a run may use.
public struct SmokeDependencies: Sendable {
  /// Sends requests.
  public var transport: any HTTPTransport
  /// The time and how to wait.
  public var clock: any WallClock
  /// Jitter.
  public var random: Randomness
  /// Takes secrets out of text that is about to be shortened: half a secret could not be recognised any more.
  public var redact: @Sendable (String) -> String
  /// Told of each result as it comes, with how many there are.
  public var progress: @Sendable (CheckResult, Int) -> Void
  /// Told of each result that stands, in the order of its chain.
  public var result: @Sendable (CheckResult) -> Void = { _ in }

  /// Dependencies; nobody is told of progress unless given.
  public init(
    transport: any HTTPTransport, clock: any WallClock, random: Randomness,
    progress: @escaping @Sendable (CheckResult, Int) -> Void = { _, _ in },
    redact: @escaping @Sendable (String) -> String = { $0 }
  ) {
    self.transport = transport
    self.clock = clock
    self.random = random
    self.redact = redact
    self.progress = progress
  }
}

/// How a run is made.
public struct SmokeSettings: Sendable {
  /// Requests at once.
  public var concurrency = 8
  /// For how long failures are tried again, and the total.
  public var settling = Settling()
  /// The longest that one exchange may take, unless the check says otherwise; nil follows what the service that is asked
  /// allows.
  public var maxTime: Duration?
  /// Whether checks marked as writing run.
  public var allowsWrites = true
  /// What counts as a regression.
  public var thresholds = BaselineComparison.Thresholds()
  /// Warm samples for a latency claim.
  public var latencySamples = 5
  /// Whether answers are observed and latency sampled also without a baseline, to record one.
  public var recordsBaseline = false
  /// The version that should answer, where known.
  public var expectedVersion: String?

  /// The defaults.
  public init() {}
}

/// What a run came to.
public struct SmokeReport: Sendable {
  /// One result a check, in the order of the checks.
  public var results: [CheckResult]
  /// What was seen, to compare a later run with.
  public var baseline: [ResponseBaseline]

  /// Whether every check passed, also those that needed a second try.
  public var isGood: Bool { results.allSatisfy { [.pass, .flaky, .skipped].contains($0.outcome) } }
}

/// Runs checks: chains beside each other, the checks of a chain in order unless they ask to overlap.
public enum SmokeRun {
  /// Runs `chains`. With `baseline`, each result says how it stands to the one recorded there.
  ///
  /// A run never throws: what goes wrong is the outcome of a check. When the task is cancelled, what has not
  /// begun is reported as skipped.
  public static func run(
    _ chains: [CheckChain], settings: SmokeSettings, dependencies: SmokeDependencies,
    baseline: [ResponseBaseline] = []
  ) async -> SmokeReport {
    // From an answer to the next request without another thread: most of a check is waiting.
    await withTaskExecutorPreference(dependencies.transport.executors.first) {
      await all(chains, settings, dependencies, baseline)
    }
  }

  private static func all(
    _ chains: [CheckChain], _ settings: SmokeSettings, _ dependencies: SmokeDependencies,
    _ baseline: [ResponseBaseline]
  ) async -> SmokeReport {
    let runner = CheckRunner(
      settings: settings, dependencies: dependencies,
      baseline: Dictionary(baseline.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first }))
    var outcomes = [[CheckRunner.Outcome]](repeating: [], count: chains.count)
    let width = max(1, settings.concurrency)
    // A second thread and its connections are worth it only where there is much to judge.
    let total = chains.reduce(0) { $0 + $1.checks.count }
    let executors = dependencies.transport.executors.prefix(total < 100 ? 1 : width)
    var queue = ChainQueue(chains)
    await withTaskGroup(of: (Int, [CheckRunner.Outcome]).self) { group in
      var running = 0
      while true {
        // As many chains as there is room for requests: more would only wait.
        while running < width, let position = queue.next() {
          running += 1
          let executor = executors.isEmpty ? nil : executors[position % executors.count]
          group.addTask(executorPreference: executor) { (position, await runner.run(chains[position])) }
        }
        guard let (position, found) = await group.next() else { break }
        running -= 1
        outcomes[position] = found
        queue.finish(position)
      }
    }
    let all = outcomes.flatMap { $0 }
    return SmokeReport(
      results: all.map(\.result),
      baseline: settings.recordsBaseline
        ? all.filter { $0.result.outcome != .skipped }.map { ResponseBaseline($0.result, $0.observation) }
        : [])
  }
}

/// Which chain may begin: in order, each after those it needs.
private struct ChainQueue {
  private var ready: [Int] = []
  private var first = 0
  private var open: [Int]
  private var followers: [Int: [Int]] = [:]

  init(_ chains: [CheckChain]) {
    open = chains.map(\.needs.count)
    for (position, chain) in chains.enumerated() {
      if chain.needs.isEmpty { ready.append(position) }
      for needed in chain.needs { followers[needed, default: []].append(position) }
    }
  }

  mutating func next() -> Int? {
    guard first < ready.count else { return nil }
    defer { first += 1 }
    return ready[first]
  }

  mutating func finish(_ position: Int) {
    for follower in followers[position] ?? [] {
      open[follower] -= 1
      if open[follower] == 0 { ready.append(follower) }
    }
  }
}
