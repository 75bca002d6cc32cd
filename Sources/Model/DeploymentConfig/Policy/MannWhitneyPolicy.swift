/// `mann-whitney:` of `watch-30m:`, with the options that Kayenta's metrics and classifier have.
public struct MannWhitneyPolicy: Hashable, Sendable {
  /// Which way a metric may not move.
  public enum Direction: String, Hashable, Sendable, CaseIterable { case increase, decrease, either }
  /// Whether missing data are left out or count as zeros.
  public enum MissingData: String, Hashable, Sendable, CaseIterable { case remove, replace }
  /// How large an effect is.
  public enum EffectMeasure: String, Hashable, Sendable, CaseIterable { case meanRatio, cles }
  /// `tolerance`, `confidence`: of the interval around the estimated shift.
  public var tolerance = 0.25, confidence = 0.98
  /// `direction`: by default errors and latencies may not increase and gauges may not move.
  public var direction: Direction?
  /// `nan-strategy`.
  public var missingData = MissingData.remove
  /// `critical`: whether a large effect is critical.
  public var isCritical = false
  /// `effect-size-measure`.
  public var measure = EffectMeasure.meanRatio
  /// `allowed-decrease`, `allowed-increase`: effects up to these are none.
  public var allowedDecrease = 1.0, allowedIncrease = 1.0
  /// `critical-decrease`, `critical-increase`: effects from these on are critical.
  public var criticalDecrease = 1.0, criticalIncrease = 1.0

  /// Kayenta's defaults.
  public init() {}

  init(_ section: PolicyReader) throws(ConfigError) {
    var section = section
    if let value = try section.double("tolerance", in: 0...1000) { tolerance = value }
    if let value = try section.double("confidence", in: 0.5...0.999999) { confidence = value }
    direction = try section.word("direction", Direction.self)
    if let value = try section.word("nan-strategy", MissingData.self) { missingData = value }
    if let value = try section.bool("critical") { isCritical = value }
    if let value = try section.word("effect-size-measure", EffectMeasure.self) { measure = value }
    if let value = try section.double("allowed-decrease", in: 0...1e9) { allowedDecrease = value }
    if let value = try section.double("allowed-increase", in: 0...1e9) { allowedIncrease = value }
    if let value = try section.double("critical-decrease", in: 0...1e9) { criticalDecrease = value }
    if let value = try section.double("critical-increase", in: 0...1e9) { criticalIncrease = value }
    try section.finish()
  }
}
