@testable import HealthAnalysis

/// The usual rules, to be compared with: each gives the minute at which it rolls back, or nil.
enum RivalRule: String, CaseIterable {
  case oneBadPoint = "one bad point"
  case threeInARow = "3 in a row"
  case threeOfFive = "3 of 5"
  /// Argo Rollouts' analysis: more failed measurements than its failure limit, here three.
  case argo = "Argo, failure limit 3"
  case mannWhitney = "Mann-Whitney / 5 min"

  func stop(_ series: WatchedSeries) -> Int? {
    let bad: [Bool]
    switch series.kind {
    case .errors: bad = series.watch.map { $0.rate > 0.1 }
    case .latency:
      let median = series.baseline.filter { $0.count > 0 }.map(\.value).median ?? 0
      bad = series.watch.map { $0.count > 0 && $0.value > 5 * median }
    case .gauge: return nil
    }
    switch self {
    case .oneBadPoint: return bad.firstIndex(of: true)
    case .threeInARow: return bad.indices.first { $0 >= 2 && bad[$0 - 2...$0].allSatisfy { $0 } }
    case .threeOfFive: return bad.indices.first { bad[max(0, $0 - 4)...$0].count { $0 } >= 3 }
    case .argo: return bad.indices.first { bad[...$0].count { $0 } > 3 }
    case .mannWhitney:
      func values(_ points: some Sequence<SeriesPoint>) -> [Double] {
        points.filter { $0.count > 0 }.map { series.kind == .errors ? $0.rate : $0.value }
      }
      let control = values(series.baseline.suffix(60))
      return stride(from: 9, to: series.watch.count, by: 5).first { minute in
        MannWhitneyClassifier().classify(
          control: control, experiment: values(series.watch[...minute]), direction: .increase
        ).label == .high
      }
    }
  }
}
