/// The classifier of Spinnaker's Kayenta, offered for those who know it: a series is high or low when the Mann-Whitney
/// interval of its shift lies beyond a tolerance around the estimate, and the effect is large enough.
public struct MannWhitneyClassifier: Hashable, Sendable {
  /// Which way a metric may not move.
  public enum Direction: String, Hashable, Sendable { case increase, decrease, either }
  /// What missing data mean: they are left out, or count as zeros.
  public enum MissingData: String, Hashable, Sendable { case remove, replace }
  /// How large an effect is: the ratio of the means, or the share of pairs in which the experiment is greater
  /// (common language effect size).
  public enum EffectMeasure: String, Hashable, Sendable { case meanRatio, cles }
  /// What the metric is classified as.
  public enum Label: String, Hashable, Sendable {
    case pass = "Pass"
    case high = "High"
    case low = "Low"
    case noData = "Nodata"
  }
  /// A label, and whether it fails the whole comparison.
  public struct Result: Hashable, Sendable {
    /// What the metric is classified as.
    public var label: Label
    /// Whether it alone fails the comparison.
    public var isCritical: Bool
  }

  /// The share of the estimated shift that the interval must exceed.
  public var tolerance = 0.25
  /// The confidence of the interval.
  public var confidence = 0.98
  /// At most the first for low, at least the second for high.
  public var effectSizes = (low: 1.0, high: 1.0)
  /// The same for critical metrics; both 1 make every high or low critical.
  public var criticalSizes = (low: 1.0, high: 1.0)
  /// How large an effect is.
  public var measure = EffectMeasure.meanRatio

  /// Kayenta's defaults.
  public init() {}

  /// Classifies `experiment` against `control`.
  public func classify(
    control: [Double], experiment: [Double], direction: Direction = .either, missing: MissingData = .remove,
    isCritical: Bool = false
  ) -> Result {
    if control.isEmpty || experiment.isEmpty {
      return missing == .remove
        ? Result(label: .noData, isCritical: isCritical) : Result(label: .pass, isCritical: false)
    }
    if control.sorted() == experiment.sorted() || Set(control + experiment).count == 1 {
      return Result(label: .pass, isCritical: false)
    }
    let test = MannWhitneyTest(experiment: experiment, control: control, confidence: confidence)
    let bound = tolerance * abs(test.estimate)
    let effect = effectSize(control: control, experiment: experiment)
    var label = Label.pass
    if direction != .decrease, test.interval.lowerBound > bound, effect >= effectSizes.high {
      label = .high
    } else if direction != .increase, test.interval.upperBound < -bound, effect <= effectSizes.low {
      label = .low
    }
    let fails =
      switch label {
      case .high: effect >= criticalSizes.high
      case .low: effect <= criticalSizes.low
      case .pass, .noData: false
      }
    return Result(label: label, isCritical: isCritical && fails)
  }

  private func effectSize(control: [Double], experiment: [Double]) -> Double {
    switch measure {
    case .meanRatio:
      let (before, after) = (control.mean ?? 0, experiment.mean ?? 0)
      if before == 0 { return after == 0 ? 1 : after > 0 ? .infinity : -.infinity }
      return after / before
    case .cles:
      var wins = 0.0
      for value in experiment {
        for other in control { wins += value > other ? 1 : value == other ? 0.5 : 0 }
      }
      return wins / Double(experiment.count * control.count)
    }
  }

  public static func == (left: Self, right: Self) -> Bool {
    left.tolerance == right.tolerance && left.confidence == right.confidence
      && left.effectSizes == right.effectSizes && left.criticalSizes == right.criticalSizes
      && left.measure == right.measure
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(tolerance)
    hasher.combine(confidence)
    hasher.combine(measure)
  }
}
