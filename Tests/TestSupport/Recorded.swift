import Foundation
import Testing

/// Texts that were recorded once and read by a person: a change of what is made shows line by line.
public enum Recorded {
  /// Expects `lines` to be those of `Tests/Recorded/NAME`. With `BACKSTOP_RECORD=1` they are written there instead, to be read
  /// with `git diff` and committed where the change is meant; the test fails then, as it compared nothing.
  public static func expect(
    _ lines: [String], in name: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let path = Repository.root + "/Tests/Recorded/\(name)"
    if ProcessInfo.processInfo.environment["BACKSTOP_RECORD"] == "1" {
      try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: path))
      Issue.record("\(name) was written anew: nothing was compared", sourceLocation: sourceLocation)
      return
    }
    let known = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    #expect(
      lines.count == known.count, "\(name) has \(known.count) lines, not \(lines.count)",
      sourceLocation: sourceLocation)
    let changed = zip(known, lines).filter { $0 != $1 }
    #expect(
      changed.isEmpty,
      "\(changed.count) lines of \(name) changed (BACKSTOP_RECORD=1 writes them), first:\n- \(changed.first?.0 ?? "")\n+ \(changed.first?.1 ?? "")",
      sourceLocation: sourceLocation)
  }
}
