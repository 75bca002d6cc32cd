import StepResults
import SystemInterfaces
import YAMLDocuments

/// Somebody's word that a finding is known and the risk is taken, until a day.
struct Acknowledgement: Hashable, Sendable {
  /// The finding's fingerprint.
  var fingerprint: String
  /// The finding's code, where the author wrote it: it must still be that.
  var code: String?
  /// Why.
  var reason: String
  /// The last day on which it counts, as `2026-12-31`.
  var expires: String
  /// A file and line, or a commit.
  var source: String
  /// Where it stands in a file.
  var path: String?, line: Int?

  /// Reads the file of acknowledgements.
  static func read(_ bytes: [UInt8], path: String) throws(YAMLError) -> [Acknowledgement] {
    let node = try YAMLNode.parse(bytes)
    if node.isNull { return [] }
    guard let list = node["acknowledgements"]?.sequence ?? node.sequence else {
      throw YAMLError(
        line: node.line, column: node.column, message: "expected a list under 'acknowledgements'")
    }
    var found: [Acknowledgement] = []
    for entry in list {
      func need(_ name: String, _ expected: String) throws(YAMLError) -> String {
        guard let text = entry[name]?.scalar?.text, !text.allSatisfy(\.isWhitespace) else {
          throw YAMLError(line: entry.line, column: entry.column, message: "expected '\(name)': \(expected)")
        }
        return text
      }
      let expires = try need("expires", "the last day on which it counts, such as 2026-12-31")
      guard isDay(expires) else {
        throw YAMLError(
          line: entry["expires"]?.line ?? entry.line, column: 1,
          message: "expires: expected a day such as 2026-12-31")
      }
      found.append(
        Acknowledgement(
          fingerprint: try need("fingerprint", "the finding's, sixteen hexadecimal digits").lowercased(),
          code: entry["code"]?.scalar?.text, reason: try need("reason", "why the risk is taken"),
          expires: expires,
          source: "\(path):\(entry.line)", path: path, line: entry.line))
    }
    return found
  }

  /// Reads `Rollback-Plan: <fingerprint> <day> <reason>` out of a commit message.
  static func read(message: String, commit: String) -> [Acknowledgement] {
    message.split(separator: "\n").compactMap { line in
      let mark = "rollback-plan:"
      guard line.lowercased().hasPrefix(mark) else { return nil }
      let words = line.dropFirst(mark.count).split(maxSplits: 2, whereSeparator: \.isWhitespace).map(
        String.init)
      guard words.count == 3, words[0].count == 16, words[0].allSatisfy(\.isHexDigit), isDay(words[1]) else {
        return nil
      }
      return Acknowledgement(
        fingerprint: words[0].lowercased(), code: nil, reason: words[2], expires: words[1],
        source: "commit \(commit)")
    }
  }

  static func isDay(_ text: String) -> Bool {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].count == 4, parts[1].count == 2, parts[2].count == 2 else {
      return false
    }
    guard let month = Int(parts[1]), let day = Int(parts[2]), Int(parts[0]) != nil else { return false }
    return (1...12).contains(month) && (1...31).contains(day)
  }
}

/// Applies acknowledgements to findings, and reports those that do not count.
struct AcknowledgementLedger {
  private(set) var findings: [Finding]
  private(set) var entries: [AcknowledgementEntry] = []
  private let rights: AcknowledgementRights

  /// - Parameter today: as `2026-12-31`, UTC.
  init(
    _ findings: [Finding], _ acknowledgements: [Acknowledgement], _ rights: AcknowledgementRights,
    today: String
  ) {
    self.findings = findings
    self.rights = rights
    for acknowledgement in acknowledgements { apply(acknowledgement, today) }
  }

  private mutating func apply(_ acknowledgement: Acknowledgement, _ today: String) {
    let indices = findings.indices.filter { findings[$0].fingerprint == acknowledgement.fingerprint }
    let standing = rights.standing(of: acknowledgement)
    let state: String
    if indices.isEmpty {
      // Nothing of that code in the file any more, or something that has become something else.
      let hasChanged = acknowledgement.code.map { code in findings.contains { $0.code == code } } ?? false
      state = hasChanged ? "mismatched" : "unused"
    } else if let code = acknowledgement.code, !indices.contains(where: { findings[$0].code == code }) {
      state = "mismatched"
    } else if acknowledgement.expires < today {
      state = "expired"
    } else if standing == .unapproved {
      state = "unapproved"
    } else {
      state = "used"
      for index in indices where findings[index].severity > .notice {
        findings[index].severity = .notice
        findings[index].message +=
          " (acknowledged until \(acknowledgement.expires): \(acknowledgement.reason))"
      }
    }
    entries.append(
      AcknowledgementEntry(
        fingerprint: acknowledgement.fingerprint, state: state, reason: acknowledgement.reason,
        expires: acknowledgement.expires, source: acknowledgement.source, standing: standing.rawValue))
    guard state != "used" else {
      note(standing, acknowledgement)
      return
    }
    let why =
      switch state {
      case "expired": "ended on \(acknowledgement.expires)"
      case "unapproved" where acknowledgement.path == nil:
        "counts once --approvals says that \(rights.ownersInWords) has approved this change: whoever writes a change "
          + "writes its commits"
      case "unapproved": "counts once \(rights.ownersInWords) has approved this change"
      case "mismatched": "does not fit its finding any more, which has changed since"
      default: "is about no finding of this change"
      }
    findings.append(
      Finding(
        "acknowledgement-\(state)", state == "unused" ? .notice : .warning,
        "the acknowledgement of \(acknowledgement.fingerprint) (\(acknowledgement.source)) \(why)",
        path: acknowledgement.path, line: acknowledgement.line, subject: acknowledgement.fingerprint))
  }

  /// What stands behind one that counts, where that is less than an owner's word.
  private mutating func note(_ standing: AcknowledgementRights.Standing, _ acknowledgement: Acknowledgement) {
    let path = acknowledgement.path
    switch standing {
    case .unowned:
      findings.append(
        Finding(
          "acknowledgement-unowned", .warning,
          "CODEOWNERS of the base names no owner of the file of acknowledgements, so that whoever writes a change "
            + "acknowledges it, too (\(acknowledgement.source))", path: path, line: acknowledgement.line,
          subject: acknowledgement.fingerprint))
    case .pending:
      findings.append(
        Finding(
          "acknowledgement-pending", path == nil ? .warning : .notice,
          "the acknowledgement of \(acknowledgement.fingerprint) (\(acknowledgement.source)) comes with this change: "
            + "\(rights.ownersInWords) has to approve it", path: path, line: acknowledgement.line,
          subject: acknowledgement.fingerprint))
    case .reviewed, .approved, .unapproved: break
    }
  }
}
