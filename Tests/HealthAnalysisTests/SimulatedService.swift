import Glibc
import HealthAnalysis
import SystemInterfaces

/// A service that is watched for thirty minutes after a day: traffic with a daily rhythm, errors that scatter more than
/// chance, bursts of errors and spikes of latency.
struct SimulatedService {
  /// Requests a minute, averaged over the day.
  var traffic: Double
  /// The rate of errors when all is well.
  var errorRate = 0.01
  /// Milliseconds, the median of a request.
  var latency = 100.0
  /// Minutes of baseline.
  var baselineMinutes = 1440
  /// How much the rate of one minute scatters beyond chance (the correlation of two requests of a minute).
  var scatter = 0.005
  /// How much the rate wanders from minute to minute: the standard deviation of its logarithm, with a memory of half an
  /// hour.
  var wander = 0.0
  /// Bursts of errors and spikes of latency: how many a day, and how many minutes they last in the mean.
  var bursts = Bursts(perDay: 3), spikes = Bursts(perDay: 6, minutes: 1)
  /// What happens at the same time of every day or hour.
  var job: Job?
  /// A bad stretch of the baseline.
  var incident: Incident?
  /// By which factor the first three minutes after each of two earlier deployments were slower; nil where none is known.
  var earlierStarts: Double?
  /// What the deployment does, by the minute after it.
  var fault = Fault.none

  struct Bursts: Hashable {
    var perDay: Double
    /// In the mean; nil for one or two.
    var minutes: Double?
  }
  /// The rate of errors and the factor of latencies while a job runs.
  struct Job: Hashable {
    /// Minutes between two runs: 1440 for a job of every night, 60 for one of every hour.
    var every: Int
    var minutes: Int
    /// The minute of the watch in which it begins.
    var begins: Int
    var rate = 0.0, factor = 1.0, volume = 1.0
  }
  struct Incident: Hashable {
    /// Minutes before the deployment.
    var before: Int
    var minutes: Int
    var rate = 0.0, factor = 1.0
  }

  enum Fault: Hashable {
    case none
    /// The rate of errors from a minute on.
    case errors(Double, from: Int)
    /// All latencies times a factor from a minute on.
    case slow(Double, from: Int)
    /// So many minutes in which every request fails.
    case transient(minutes: Int)
    /// So many minutes of slowness: cold starts.
    case coldStarts(Double, minutes: Int)
    /// Only a share of the traffic is left.
    case lost(Double, from: Int)
    /// Bad minutes with good ones between them.
    case flapping(Double, bad: Int, good: Int)
  }

  static let start = Timestamp(seconds: 1_750_000_020)

  /// Errors and latencies, baseline and watch; with a job, the same hours of a week before too.
  func series(seed: UInt64) -> (errors: WatchedSeries, latency: WatchedSeries) {
    var random = SeededGenerator(seed: seed)
    let lastWeek = job == nil ? 0..<0 : -10_140 ..< -9_960
    let minutes = Array(lastWeek) + Array(-baselineMinutes..<30)
    let phase = random.unit() * 2 * .pi
    var failing: [Int: Double] = [:]
    var slow: Set<Int> = []
    for minute in minutes {
      if random.unit() < bursts.perDay / 1440 {
        let height = 0.1 + 0.2 * random.unit()
        for later in 0..<length(bursts, &random) { failing[minute + later] = height }
      }
      if random.unit() < spikes.perDay / 1440 {
        for later in 0..<length(spikes, &random) { slow.insert(minute + later) }
      }
    }
    var errors = WatchedSeries(name: "errors", kind: .errors)
    var latencies = WatchedSeries(name: "latency", kind: .latency)
    var wandering = 0.0
    for minute in minutes {
      wandering = 0.967 * wandering + (1 - 0.967 * 0.967).squareRoot() * wander * random.normal()
      let rhythm = 1 + 0.6 * sin(2 * .pi * Double(minute) / 1440 + phase)
      var rate = max(min(1, errorRate * exp(wandering)), failing[minute] ?? 0)
      var factor = slow.contains(minute) ? 8.0 : 1
      var volume = traffic * rhythm
      if let job, (((minute - job.begins) % job.every) + job.every) % job.every < job.minutes {
        rate = max(rate, job.rate)
        factor *= job.factor
        volume *= job.volume
      }
      if let incident, (-incident.before ..< -incident.before + incident.minutes).contains(minute) {
        rate = max(rate, incident.rate)
        factor *= incident.factor
      }
      if minute >= 0 { fail(minute, &rate, &factor, &volume) }
      let count = random.poisson(volume)
      let time = Self.start + .seconds(60 * minute)
      let failed = random.failures(of: count, rate: rate, scatter: scatter)
      let p95 = count > 0 ? latency * factor * slowest(of: count, &random) : 0
      let point = SeriesPoint(time: time, value: failed, count: count)
      let slow = SeriesPoint(time: time, value: p95, count: count)
      if minute < 0 {
        errors.baseline.append(point)
        latencies.baseline.append(slow)
      } else {
        errors.watch.append(point)
        latencies.watch.append(slow)
      }
    }
    if let factor = earlierStarts {
      latencies.earlierStarts = (0..<2).map { _ in
        (0..<5).map { minute in
          let slow = latency * (minute < 3 ? factor : 1) * slowest(of: max(1, traffic.rounded()), &random)
          return SeriesPoint(
            time: Self.start + .seconds(60 * minute), value: slow, count: max(1, traffic.rounded()))
        }
      }
    }
    return (errors, latencies)
  }

  private func fail(_ minute: Int, _ rate: inout Double, _ factor: inout Double, _ volume: inout Double) {
    switch fault {
    case .none: break
    case .errors(let faulty, let from): if minute >= from { rate = max(rate, faulty) }
    case .slow(let times, let from): if minute >= from { factor *= times }
    case .transient(let length): if minute < length { rate = 1 }
    case .coldStarts(let times, let length): if minute < length { factor *= times }
    case .lost(let share, let from): if minute >= from { volume *= share }
    case .flapping(let faulty, let bad, let good): if minute % (bad + good) < bad { rate = max(rate, faulty) }
    }
  }

  /// Minutes of a burst: each goes on for another minute with the same chance.
  private func length(_ bursts: Bursts, _ random: inout SeededGenerator) -> Int {
    guard let minutes = bursts.minutes else { return 1 + Int(random.unit() * 2) }
    var length = 1
    while random.unit() < 1 - 1 / minutes { length += 1 }
    return length
  }

  /// The 95th percentile of `count` log-normal latencies with median one: an order statistic of uniform variables is a
  /// beta variable.
  private func slowest(of count: Double, _ random: inout SeededGenerator) -> Double {
    let rank = max(1, (0.95 * count).rounded(.up))
    let uniform = random.beta(rank, count - rank + 1)
    return exp(0.5 * quantile(uniform))
  }

  /// Of the standard normal distribution, by the logistic approximation: enough for a simulation.
  private func quantile(_ probability: Double) -> Double {
    let p = min(1 - 1e-9, max(1e-9, probability))
    return (pow(p, 0.135) - pow(1 - p, 0.135)) / 0.1975
  }
}
