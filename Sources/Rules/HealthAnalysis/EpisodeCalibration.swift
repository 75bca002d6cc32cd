import Glibc

/// How long what looks like a change goes on in a series that is well: bad periods rarely come alone, so a bound for
/// independent ones does not hold by itself.
///
/// The bursts of the baseline are counted: periods that are bad by themselves, at most one other between two of them, and
/// together more than chance explains. Where none lasted as long as a change must in any case, and few went on at all,
/// nothing more is asked for. Otherwise bursts are assumed to begin independently, and to go on for another period with
/// the same chance, of which the baseline tells a beta distribution: how long a burst in a watch lasts is predicted by it.
struct EpisodeCalibration: Sendable {
  /// Periods of a watch.
  var looks: Int
  /// Bad periods that a change needs in any case.
  var persistence: Int
  /// So many periods of one burst are never normal.
  var longest: Int

  /// The share of healthy watches that may show a longer burst.
  static let share = 0.002
  /// The logarithm of the likelihood ratio from which bad periods are more than chance.
  static let certainty = 4.0

  /// How many periods a change must have lasted. `isBad` tells the periods that are severe by themselves.
  func shortest(_ fresh: SequentialDetector, baseline: [Trial], isBad: (Trial) -> Bool) -> Int {
    let lengths = bursts(fresh, baseline, isBad)
    let wentOn = lengths.reduce(0) { $0 + $1 - 1 }
    if lengths.allSatisfy({ $0 < persistence }), wentOn <= persistence { return persistence }
    // The chance that a burst begins in a watch, and that it has gone on since.
    var chance = min(1, Double(lengths.count * looks) / Double(max(looks, baseline.count)))
    var length = 1
    while length < longest, length < persistence || chance > EpisodeCalibration.share {
      chance *= Double(wentOn + length) / Double(wentOn + lengths.count + 1 + length)
      length += 1
    }
    return length
  }

  /// The lengths of the baseline's bursts.
  private func bursts(
    _ fresh: SequentialDetector, _ baseline: [Trial], _ isBad: (Trial) -> Bool
  ) -> [Int] {
    var lengths: [Int] = []
    var open: ClosedRange<Int>?
    func close() {
      if let burst = open, fresh.logRatio(of: baseline[burst]) > EpisodeCalibration.certainty {
        lengths.append(burst.count)
      }
    }
    for (index, trial) in baseline.enumerated() where isBad(trial) {
      if let burst = open, index - burst.upperBound <= 2 {
        open = burst.lowerBound...index
      } else {
        close()
        open = index...index
      }
    }
    close()
    return lengths
  }
}
