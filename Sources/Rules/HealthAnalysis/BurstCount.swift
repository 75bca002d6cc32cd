/// Counts bursts of a watch against those of its baseline: a fault that comes and goes begins more often than these explain.
///
/// Assumed is that the baseline's bursts begin independently of each other, so that their number in a watch has Poisson's
/// distribution. Where so many are no accident in a whole watch, they are none in a part of it: no look costs anything.
struct BurstCount: Sendable {
  /// The share of healthy watches that may show so many.
  var falseAlarms: Double
  /// Which periods of the baseline were bad.
  var before: [Bool]
  /// Periods of the watch.
  var looks: Int

  /// One or two bursts come and go; and what comes and goes does so for a while.
  static let fewestBursts = 3, shortest = 10

  /// The fewest bursts in one watch that are no accident.
  var fewest: Int {
    let begun = Double(BurstCount.beginnings(of: before).count)
    let chance = Distributions.upperBound(begun, of: Double(max(1, before.count)), confidence: 0.9)
    var count = BurstCount.fewestBursts
    while count <= looks,
      1 - Distributions.poisson(atMost: Double(count - 1), mean: chance * Double(looks)) > falseAlarms
    {
      count += 1
    }
    return count
  }

  /// The first bad period with which there were too many bursts, and the beginning of the first of these, where
  /// `isSevere` says that what lies between is; nil where there is none.
  func first(in bad: [Bool], where isSevere: (ClosedRange<Int>) -> Bool) -> ClosedRange<Int>? {
    let begun = BurstCount.beginnings(of: bad)
    let fewest = fewest
    guard begun.count >= fewest else { return nil }
    for index in begun[fewest - 1]..<bad.count where bad[index] {
      let range = begun[0]...index
      if range.count >= BurstCount.shortest, isSevere(range) { return range }
    }
    return nil
  }

  /// The indices at which something begins.
  static func beginnings(of bad: [Bool]) -> [Int] {
    bad.indices.filter { bad[$0] && ($0 == 0 || !bad[$0 - 1]) }
  }
}
