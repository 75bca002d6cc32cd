import Glibc

/// How long what looks like a change goes on in a series that is well: bad periods rarely come alone, so a bound for
/// independent ones does not hold by itself.
///
/// The detector is run over the baseline as if each stretch of it were a watch, and what it would nearly have called a
/// change is measured. Assumed is what bursts of errors look like: they begin independently, and each goes on for
/// another period with the same chance. Then their lengths beyond the shortest that counts are geometric, and how long a
/// burst in a watch lasts with the chance `falseAlarms` follows from how many there were and how long they were (the
/// predictive distribution of an exponential variable, with one burst of one period more than was seen).
struct EpisodeCalibration: Sendable {
  /// Periods of a watch.
  var looks: Int
  /// The share of healthy watches that may show a longer one.
  var falseAlarms: Double
  /// Bad periods that a change needs in any case.
  var persistence: Int
  /// So many periods of one burst are never normal.
  var longest: Int

  /// How many periods a change must have lasted. `isBad` tells the periods that are severe by themselves.
  func shortest(_ fresh: SequentialDetector, baseline: [Trial], isBad: (Trial) -> Bool) -> Int {
    let base = max(2.72 * Double(looks), pow(fresh.needed, 0.6))
    var lengths: [Double] = []
    var almost = 0.0
    var stretches = 0
    // Twice, half a stretch apart: a burst on a border is whole in the other pass.
    for offset in [0, looks / 2] {
      var start = offset
      while start + looks <= baseline.count {
        var detector = fresh
        var longest = 0
        for index in start..<start + looks {
          detector.observe(failures: baseline[index].failures, of: baseline[index].count)
          guard isBad(baseline[index]) else { continue }
          if detector.evidence > base {
            longest = max(longest, index - start - detector.onset + 1)
          } else if detector.evidence > exp(detector.logCap) {
            longest = max(longest, 1)
          }
        }
        if longest >= persistence {
          lengths.append(Double(longest))
        } else {
          almost += longest > 1 ? 0.5 : longest > 0 ? 0.25 : 0
        }
        stretches += 1
        start += looks
      }
    }
    guard !lengths.isEmpty, let mean = lengths.mean else {
      // Many that were nearly long enough foretell one that is.
      return persistence + (almost >= 4.5 ? 2 : almost >= 3 ? 1 : 0)
    }
    let bursts = Double(lengths.count) / 2
    let share = min(1, (bursts + 0.5) / (Double(stretches) / 2 + 1))
    let total = bursts * (mean - Double(persistence - 1)) + 1
    let beyond = total * (pow(max(1, share / falseAlarms), 1 / (bursts + 1)) - 1)
    return min(longest, max(persistence + 1, persistence + Int(beyond.rounded(.up))))
  }
}
