import HealthAnalysis
import SystemInterfaces

/// Series made by hand: a day of minutes before, half an hour of minutes after.
enum Fixture {
  static let deployment = Timestamp(seconds: 1_750_000_020)
  static let window = WatchWindow(deployedAt: deployment)

  /// `values` one a minute, from the deployment on.
  static func watch(_ values: [(value: Double, count: Double)]) -> [SeriesPoint] {
    values.enumerated().map {
      SeriesPoint(
        time: deployment + .seconds(60 * $0.offset), value: $0.element.value, count: $0.element.count)
    }
  }

  /// `count` minutes before the deployment; `value` gets the number of the minute, from 0.
  static func baseline(_ count: Int, requests: Double = 100, value: (Int) -> Double) -> [SeriesPoint] {
    (0..<count).map {
      SeriesPoint(time: deployment - .seconds(60 * (count - $0)), value: value($0), count: requests)
    }
  }

  /// A series of errors: one per cent before, then `failures` of `requests` a minute.
  static func errors(
    _ failures: [Double], requests: Double = 100, baseline: [SeriesPoint]? = nil, isFrontDoor: Bool = false
  ) -> WatchedSeries {
    WatchedSeries(
      name: "api", kind: .errors,
      baseline: baseline ?? Fixture.baseline(1440, requests: requests) { _ in requests / 100 },
      watch: watch(failures.map { ($0, requests) }), isFrontDoor: isFrontDoor)
  }

  /// A series of latencies: 100 ms before.
  static func latency(_ values: [Double], requests: Double = 100) -> WatchedSeries {
    WatchedSeries(
      name: "api", kind: .latency, baseline: baseline(1440, requests: requests) { 100 + Double($0 % 7) },
      watch: watch(values.map { ($0, requests) }))
  }

  static func judge(
    _ series: WatchedSeries, policy: HealthPolicy = HealthPolicy(), window: WatchWindow = window
  )
    -> SeriesJudgement
  {
    HealthJudge(policy: policy, window: window).judge([series]).series[0]
  }
}
