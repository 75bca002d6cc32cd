import Glibc
import HealthAnalysis
import SystemInterfaces

/// A service that is watched for thirty minutes after a day: traffic with a daily rhythm, errors that scatter more than
/// chance, three bursts of errors and six spikes of latency a day.
struct SimulatedService {
  /// Requests a minute, averaged over the day.
  var traffic: Double
  /// The rate of errors when all is well.
  var errorRate = 0.01
  /// Milliseconds, the median of a request.
  var latency = 100.0
  /// Minutes of baseline.
  var baselineMinutes = 1440
  /// What the deployment does, by the minute after it.
  var fault = Fault.none

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
    /// No more traffic.
    case silence(from: Int)
  }

  static let start = Timestamp(seconds: 1_750_000_000)

  /// Errors and latencies, baseline and watch.
  func series(seed: UInt64) -> (errors: WatchedSeries, latency: WatchedSeries) {
    var random = SeededGenerator(seed: seed)
    let minutes = -baselineMinutes..<30
    let phase = random.unit() * 2 * .pi
    var bursts: [Int: Double] = [:]
    var spikes: Set<Int> = []
    for minute in minutes {
      if random.unit() < 3.0 / 1440 {
        let height = 0.1 + 0.2 * random.unit()
        for later in 0..<(1 + Int(random.unit() * 2)) { bursts[minute + later] = height }
      }
      if random.unit() < 6.0 / 1440 { spikes.insert(minute) }
    }
    var errors = WatchedSeries(name: "errors", kind: .errors)
    var latencies = WatchedSeries(name: "latency", kind: .latency)
    for minute in minutes {
      let rhythm = 1 + 0.6 * sin(2 * .pi * Double(minute) / 1440 + phase)
      var rate = max(errorRate, bursts[minute] ?? 0)
      var factor = spikes.contains(minute) ? 8.0 : 1
      var volume = traffic * rhythm
      if minute >= 0 {
        switch fault {
        case .none: break
        case .errors(let faulty, let from): if minute >= from { rate = max(rate, faulty) }
        case .slow(let times, let from): if minute >= from { factor *= times }
        case .transient(let length): if minute < length { rate = 1 }
        case .coldStarts(let times, let length): if minute < length { factor *= times }
        case .silence(let from): if minute >= from { volume = 0 }
        }
      }
      let count = random.poisson(volume)
      let time = Self.start + .seconds(60 * minute)
      let failed = random.failures(of: count, rate: rate, scatter: 0.005)
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
    return (errors, latencies)
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
