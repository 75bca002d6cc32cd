import Foundation
import TestSupport
import Testing

/// The commands of the README are understood by the executables as built.
@Suite(.blocking) struct ReadmeTests {
  @Test func `every example of a step is a command line that the step takes`() throws {
    let text = try String(contentsOfFile: Repository.root + "/README.md", encoding: .utf8)
    let steps = ["preflight-snapshot", "diff-gate", "smoke-test", "watch-30m", "auto-revert"]
    var tried: [String: Int] = [:]
    let folder = TemporaryFolder()
    try "ENVIRONMENT=prod\nAWS_REGION=us-east-1\n".write(
      toFile: folder("deployment-prod.config"), atomically: true, encoding: .utf8)
    for line in text.split(separator: "\n") where line.hasPrefix("    ") {
      let words = shellWords(line.trimmingCharacters(in: .whitespaces))
      guard let step = words.first, steps.contains(step), words.count > 1, words[1] == "prod" else {
        continue
      }
      let result = try BuiltStep(step, in: folder.path).run(Array(words.dropFirst()) + ["--show-config"])
      #expect(result.status == 0, "\(line): \(result.error)")
      tried[step, default: 0] += 1
    }
    #expect(Set(tried.keys) == Set(steps), "each step has an example")
  }

  /// Words as a shell parts them, as far as examples need it: double quotes hold spaces.
  private func shellWords(_ line: String) -> [String] {
    var words: [String] = []
    var word = ""
    var isQuoted = false
    for character in line {
      if character == "\"" {
        isQuoted.toggle()
      } else if character == " ", !isQuoted {
        if !word.isEmpty { words.append(word) }
        word = ""
      } else {
        word.append(character)
      }
    }
    return word.isEmpty ? words : words + [word]
  }
}
