import JSONValues
import Redaction
import SystemInterfaces

/// What a step did to what is deployed: one JSON line synced before and one after every call that changes something.
///
/// A run that is killed anywhere leaves it behind; the next run goes on in the same file.
public final class ActionJournal: Sendable {
  /// Where it stands.
  public let path: String
  private let files: any FileSystem
  private let clock: any WallClock
  private let redactor: Redactor

  /// The journal at `path`.
  public init(path: String, files: any FileSystem, clock: any WallClock, redactor: Redactor) {
    self.path = path
    self.files = files
    self.clock = clock
    self.redactor = redactor
  }

  /// The kinds of lines.
  public enum Event: String, Sendable {
    /// A run begins; its line holds what a later run needs to go on.
    case begin
    /// A call is about to be made.
    case before
    /// The call has an answer, or its effect was looked up.
    case after
    /// A part of the work is done, and need not be done again.
    case passed
    /// The run came to its end, good or not: nothing is left to continue.
    case end
  }

  /// Appends a line and syncs it. A journal that cannot be written stops the work before the call it is for.
  public func write(_ event: Event, _ members: [(String, JSONValue)]) throws(FileError) {
    var object = JSONObject([
      .init("at", .string(clock.now.description)), .init("event", .string(event.rawValue)),
    ])
    for (name, value) in members { object[name] = redacted(value) }
    var line = JSONValue.object(object).serialized() + "\n"
    // A line that a kill cut off keeps to itself.
    if event == .begin, try files.status(of: path) != nil,
      try files.read(path).last.map({ $0 != 0x0A }) ?? false
    {
      line = "\n" + line
    }
    try files.append(Array(line.utf8), to: path, mode: 0o600)
  }

  private func redacted(_ value: JSONValue) -> JSONValue {
    switch value {
    case .string(let text): .string(redactor.redact(text))
    case .array(let elements): .array(elements.map(redacted))
    case .object(let object):
      .object(JSONObject(object.members.map { .init($0.name, redacted($0.value)) }))
    default: value
    }
  }

  /// The lines that can be read, oldest first, and what is wrong with the first other one, where kills do not explain it.
  public func read() throws(FileError) -> (lines: [JSONValue], damage: String?) {
    guard try files.status(of: path) != nil else { return ([], nil) }
    return ActionJournal.parsed(try files.readText(path))
  }

  /// The same of the text of a journal.
  public static func parsed(_ text: String) -> (lines: [JSONValue], damage: String?) {
    var lines: [JSONValue] = []
    var damage: String?
    let parts = text.split(separator: "\n", omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() where !part.isEmpty {
      do {
        lines.append(try JSONValue(parsing: Array(part.utf8)))
      } catch {
        // A run that goes on may be killed in its very first line too.
        let next = parts[(index + 1)...].lazy.compactMap { try? JSONValue(parsing: Array($0.utf8)) }.first
        if next.map({ $0["event"]?.string == Event.begin.rawValue }) ?? true { continue }
        damage = damage ?? "line \(index + 1) is damaged: \(error)"
      }
    }
    return (lines, damage)
  }

  /// The lines of the runs of one application, as each run's first line names it; older ones name none.
  public static func lines(_ lines: [JSONValue], of application: String?) -> [JSONValue] {
    guard let application else { return lines }
    var isOwn = true
    return lines.filter { line in
      if line["event"]?.string == Event.begin.rawValue {
        isOwn = (line["application"]?.string ?? application) == application
      }
      return isOwn
    }
  }
}
