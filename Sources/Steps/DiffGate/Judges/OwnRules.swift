import DeploymentConfig
import StepResults

/// The project's own rules: a message where a changed file matches, or where its added lines hold a text.
enum OwnRules {
  static func findings(_ rules: [GatePolicy.Rule], _ files: [ChangedFile]) -> [Finding] {
    var findings: [Finding] = []
    for rule in rules {
      let pattern = PathPattern(rule.path)
      let severity = Severity(rawValue: rule.severity) ?? .error
      for file in files where pattern.matches(file.path) {
        if rule.contains.isEmpty {
          findings.append(
            Finding(
              rule.code, severity, rule.message.isEmpty ? "\(rule.path) changes" : rule.message,
              path: file.path,
              subject: "change"))
          continue
        }
        for (number, line) in addedLines(file) where line.contains(rule.contains) {
          findings.append(
            Finding(
              rule.code, severity, rule.message.isEmpty ? "adds '\(rule.contains)'" : rule.message,
              path: file.path,
              line: number, subject: line))
        }
      }
    }
    return findings
  }

  /// Lines of the newer version that the older one has fewer of, with their numbers.
  private static func addedLines(_ file: ChangedFile) -> [(Int, String)] {
    func lines(_ bytes: [UInt8]?) -> [String] {
      String(decoding: bytes ?? [], as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        .map(String.init)
    }
    var before: [String: Int] = [:]
    for line in lines(file.old) { before[line, default: 0] += 1 }
    return lines(file.new).enumerated().compactMap { index, line in
      if let count = before[line], count > 0 {
        before[line] = count - 1
        return nil
      }
      return (index + 1, line)
    }
  }
}
