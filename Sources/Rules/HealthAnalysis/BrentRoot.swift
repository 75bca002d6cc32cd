/// Brent's root finder (Algorithms for Minimization without Derivatives, 1973, chapter 4): interpolation where it
/// converges, bisection where it does not.
///
/// The rank sum is a step function, so which side of a step the search ends on depends on the method and its tolerance.
/// Kayenta and R search in this way; a classifier that is to agree with them has to as well.
enum BrentRoot {
  /// A root of `function` between two points at which it has opposite signs, to within `tolerance`.
  static func find(
    from start: (x: Double, y: Double), to end: (x: Double, y: Double), tolerance: Double,
    _ function: (Double) -> Double
  ) -> Double {
    // `best` is the newest estimate, `previous` the one before, `opposite` the other side of the root.
    var (previous, best) = (start, end)
    var opposite = start
    for _ in 0..<1000 {
      let lastStep = best.x - previous.x
      if abs(opposite.y) < abs(best.y) { (previous, best, opposite) = (best, opposite, best) }
      let enough = 2 * Double.ulpOfOne * abs(best.x) + tolerance / 2
      var step = (opposite.x - best.x) / 2
      if abs(step) <= enough || best.y == 0 { return best.x }
      if abs(lastStep) >= enough, abs(previous.y) > abs(best.y) {
        step = interpolated(previous, best, opposite, lastStep, enough) ?? step
      }
      if abs(step) < enough { step = step > 0 ? enough : -enough }
      previous = best
      best.x += step
      best.y = function(best.x)
      if best.y > 0 && opposite.y > 0 || best.y < 0 && opposite.y < 0 { opposite = previous }
    }
    return best.x
  }

  /// The secant's or the inverse parabola's step, or nil where bisection is safer.
  private static func interpolated(
    _ previous: (x: Double, y: Double), _ best: (x: Double, y: Double), _ opposite: (x: Double, y: Double),
    _ lastStep: Double, _ enough: Double
  ) -> Double? {
    let width = opposite.x - best.x
    let toPrevious = best.y / previous.y
    var (p, q): (Double, Double)
    if previous.x == opposite.x {
      (p, q) = (width * toPrevious, 1 - toPrevious)
    } else {
      let ratio = previous.y / opposite.y
      let toOpposite = best.y / opposite.y
      p = toPrevious * (width * ratio * (ratio - toOpposite) - (best.x - previous.x) * (toOpposite - 1))
      q = (ratio - 1) * (toOpposite - 1) * (toPrevious - 1)
    }
    if p > 0 { q = -q } else { p = -p }
    let isInside = p < 0.75 * width * q - abs(enough * q) / 2
    return isInside && p < abs(lastStep * q / 2) ? p / q : nil
  }
}
