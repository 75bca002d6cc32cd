import CommandArguments
import SystemInterfaces

/// What `--promote` and the options beside it ask for.
struct PromotionWish: Sendable {
  var shares: PromotionShares
  /// How long each share is watched.
  var each: Duration
  /// `NAME` or `FUNCTION:NAME`; empty means all that have a newer version.
  var aliases: [String]
  /// The words that were typed.
  var confirm: [String]
  var isDryRun: Bool

  /// The word that confirms a change of production's traffic.
  static let productionWord = "promote-production"

  /// Whether the alias is asked for.
  func includes(function: String, alias: String) -> Bool {
    aliases.isEmpty || aliases.contains(alias) || aliases.contains("\(function):\(alias)")
  }
}

/// Shares of the traffic in per cent, each more than the one before: `10,50,100`.
struct PromotionShares: ArgumentValue, Hashable, Sendable {
  static var form: String { "shares in per cent, each more than the one before, such as 10,50,100" }
  var values: [Double]

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    var values: [Double] = []
    for part in parts {
      let digits = part.filter { $0 != " " }
      let text = digits.hasSuffix("%") ? digits.dropLast() : digits[...]
      // Lambda's weights have two decimals of a per cent, and hexadecimal numbers are none here.
      guard !text.isEmpty, text.allSatisfy({ $0.isNumber && $0.isASCII || $0 == "." }),
        let value = Double(text),
        value > (values.last ?? 0), value <= 100
      else { return nil }
      values.append((value * 100).rounded() / 100)
    }
    guard !values.isEmpty, Set(values).count == values.count, values[0] > 0 else { return nil }
    self.values = values
  }

  /// What is left from `share` on, where the new version may have it already: traffic is never taken away from it, so a
  /// share between two steps is watched first.
  func from(_ share: Double) -> [Double] {
    let later = values.filter { $0 > share }
    return share > 0 ? [share] + later : later
  }
}

/// `10` as `10 %`, `2.5` as `2.5 %`.
func shareText(_ share: Double) -> String {
  let hundredths = Int((share * 100).rounded())
  let (whole, part) = (hundredths / 100, hundredths % 100)
  let fraction = part == 0 ? "" : part % 10 == 0 ? ".\(part / 10)" : ".\(part < 10 ? "0" : "")\(part)"
  return "\(whole)\(fraction) %"
}
