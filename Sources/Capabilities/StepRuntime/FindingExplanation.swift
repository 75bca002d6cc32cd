import JSONValues
import StepResults

/// The answer to `--explain`: what one finding code of a step means, or every one.
struct FindingExplanation {
  private let entries: [FindingDescription]
  private let isOne: Bool

  /// - Parameter code: a code of `catalog`, or `all`.
  init(_ code: String, step: Step, catalog: [FindingDescription]) throws(StepFailure) {
    isOne = code != "all"
    entries = isOne ? catalog.filter { $0.code == code } : catalog.sorted { $0.code < $1.code }
    guard !entries.isEmpty else {
      throw StepFailure(
        .usage, "--explain \(code): \(step.rawValue) has no such finding code",
        advice: "--explain all lists those that it has; codes of your own policy's rules are explained there")
    }
  }

  /// For people, or as JSON: an object for one code, a list for all.
  func text(_ format: OutputFormat) -> String {
    switch format {
    case .text: entries.map(FindingExplanation.block).joined(separator: "\n")
    case .json:
      (isOne ? FindingExplanation.json(entries[0]) : .array(entries.map(FindingExplanation.json)))
        .serialized(pretty: true) + "\n"
    }
  }

  private static func severity(_ entry: FindingDescription) -> String {
    entry.severity?.rawValue ?? "depends"
  }

  private static func block(_ entry: FindingDescription) -> String {
    var lines = [
      "\(entry.code) – \(entry.title)",
      "  severity: "
        + (entry.severity.map(\.rawValue) ?? "depends on what was found, or on the policy"),
      "  since:    \(entry.since)", "  meaning:  \(entry.meaning)",
    ]
    if !entry.remedy.isEmpty { lines.append("  to do:    \(entry.remedy)") }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func json(_ entry: FindingDescription) -> JSONValue {
    [
      "code": .string(entry.code), "severity": .string(severity(entry)), "title": .string(entry.title),
      "meaning": .string(entry.meaning), "remedy": .string(entry.remedy), "since": .string(entry.since),
    ]
  }
}
