/// `0.1234` as `12.3 %`.
func percent(_ share: Double) -> String { "\(decimal(share * 100, places: 1)) %" }

/// Evidence as people can read it: the power of ten where it is immense.
func brief(_ value: Double) -> String {
  guard value >= 1e6, value.isFinite else { return whole(value) }
  var (power, rest) = (0, value)
  while rest >= 10 {
    rest /= 10
    power += 1
  }
  return "10^\(power)"
}

/// A count without decimals.
func whole(_ count: Double) -> String { decimal(count, places: 0) }

/// A count with its noun: `1 probe`, `3 probes`.
func counted(_ count: Double, _ noun: String) -> String {
  "\(whole(count)) \(noun)\(count == 1 ? "" : "s")"
}

/// `value` rounded to `places` decimals.
func decimal(_ value: Double, places: Int) -> String {
  guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
  var scale = 1.0
  for _ in 0..<places { scale *= 10 }
  let scaled = Int((abs(value) * scale).rounded())
  let sign = value < 0 && scaled > 0 ? "-" : ""
  if places == 0 { return sign + String(scaled) }
  let fraction = String(scaled % Int(scale))
  return sign + String(scaled / Int(scale)) + "." + String(repeating: "0", count: places - fraction.count)
    + fraction
}
