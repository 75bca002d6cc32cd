import HurlFile

/// The checks of a Hurl file: one an entry, in one session.
public enum HurlChecks {
  /// The chain of `document`, whose file is named `document.file`; `session` holds its variables and cookies. Entries run
  /// one after the other, unless `isParallel` or an annotation `# @parallel` of the file or the entry lets those overlap
  /// that only read.
  public static func chain(
    _ document: HurlDocument, session: HurlSession, isParallel: Bool = false
  ) -> CheckChain {
    let ofFile = Set(document.annotations.map(\.name))
    var counts = [String: Int](minimumCapacity: document.entries.count)
    let failsWhenFlaky = document.annotations.contains(where: isFailureWhenFlaky)
    let checks = document.entries.enumerated().map { number, entry in
      let ofEntry = entry.annotations.isEmpty ? ofFile : ofFile.union(entry.annotations.map(\.name))
      let title = entry.annotations.first { $0.name == "name" && !$0.value.isEmpty }?.value
      let request = joined(entry.method, entry.url.source)
      let identity = joined(document.file, request)
      let count = counts[identity, default: 0] + 1
      counts[identity] = count
      let (ask, forget) = asking(entry, session, isOfMany: document.entries.count > manyEntries)
      var check = Check(
        name: title ?? request,
        key: count == 1 ? identity : "\(identity) #\(count)", file: document.file, line: entry.position.line,
        method: entry.method, url: nil, ask: ask)
      check.forget = forget
      check.isCritical = ofEntry.contains("critical")
      check.writes = ofEntry.contains("writes")
      check.failsWhenFlaky = failsWhenFlaky || entry.annotations.contains(where: isFailureWhenFlaky)
      check.mayOverlap =
        (isParallel || ofEntry.contains("parallel")) && !ofEntry.contains("ordered") && mayOverlap(entry)
      check.needsEarlier = number > 0 && !isSafe(entry)
      return check
    }
    return CheckChain(checks)
  }

  /// Of files with more entries each is given back when it has been asked: that takes time, which few entries are not worth.
  private static let manyEntries = 2000

  private static func asking(
    _ entry: HurlEntry, _ session: HurlSession, isOfMany: Bool
  ) -> (ask: @Sendable (AttemptContext) async -> AttemptResult, forget: (@Sendable () -> Void)?) {
    if isOfMany {
      let holder = HurlEntryHolder(entry, session)
      return ({ await holder.ask($0) }, { holder.forget() })
    }
    let runner = HurlEntryRunner(entry: entry, session: session)
    return ({ await runner.ask($0) }, nil)
  }

  /// The files whose captures `document` says it needs: `# @needs login.hurl` before the first entry.
  public static func needs(_ document: HurlDocument) -> [HurlAnnotation] {
    (document.annotations + (document.entries.first?.annotations ?? [])).filter { $0.name == "needs" }
  }

  private static func isFailureWhenFlaky(_ annotation: HurlAnnotation) -> Bool {
    annotation.name == "flaky-is" && annotation.value == "failure"
  }

  /// Both with a space in between, made at once.
  private static func joined(_ first: String, _ second: String) -> String {
    let (left, right) = (first.utf8, second.utf8)
    return String(unsafeUninitializedCapacity: left.count + 1 + right.count) { bytes in
      _ = bytes.initialize(fromContentsOf: left)
      bytes.initializeElement(at: left.count, to: UInt8(ascii: " "))
      _ = bytes[(left.count + 1)...].initialize(fromContentsOf: right)
      return left.count + 1 + right.count
    }
  }

  private static let timed: Set<HurlOptionName> = [.variable, .delay, .repeat, .output, .retry, .skip]

  /// A method that changes nothing (RFC 9110, section 9.2.1).
  private static func isSafe(_ entry: HurlEntry) -> Bool {
    switch entry.method {
    case "GET", "HEAD", "OPTIONS", "TRACE": true
    default: false
    }
  }

  /// Whether an entry neither gives others anything nor depends on when it is sent.
  private static func mayOverlap(_ entry: HurlEntry) -> Bool {
    guard isSafe(entry), entry.cookies.isEmpty, entry.body == nil,
      entry.response?.captures.isEmpty ?? true
    else { return false }
    return !entry.options.contains { timed.contains($0.name) }
  }
}
