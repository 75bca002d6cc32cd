public import StepResults

extension ResourceImpact {
  /// The codes of findings about what becomes of a resource.
  public static let findingCodes: Set<String> = [
    "resource-deleted", "resource-snapshot-deleted", "resource-orphaned", "resource-replaced",
    "resource-may-be-replaced",
  ]

  /// What a reviewer has to know about what becomes of this resource; nil where nothing is lost.
  /// - Parameters:
  ///   - path: the template's path.
  ///   - openSeverity: how much it weighs that a replacement is not decided.
  public func finding(in path: String, openSeverity: Severity = .warning) -> Finding? {
    let what = "\(logicalId) (\(type))"
    switch action {
    case .delete: return finding("resource-deleted", stateful ? .error : .notice, "\(what) is deleted.", path)
    case .snapshotThenDelete:
      return finding(
        "resource-snapshot-deleted", stateful ? .error : .warning,
        "\(what) is deleted after a last snapshot.", path)
    case .orphan:
      return finding(
        "resource-orphaned", stateful ? .warning : .notice,
        "\(what) leaves the stack and stays in the account.", path)
    case .replace:
      let isRevision = TypeFacts.revisionTypes.contains(type) && !stateful
      // What becomes of the old data is one thing; the new resource starts without it in any case.
      let severity: Severity = stateful ? .error : isRevision ? .notice : .warning
      return finding("resource-replaced", severity, "\(what) is replaced: \(fate).", path)
    case .mayReplace:
      return finding("resource-may-be-replaced", openSeverity, "\(what) may be replaced or removed.", path)
    case .create, .update, .import, .move, .none: return nil
    }
  }

  private func finding(_ code: String, _ severity: Severity, _ message: String, _ path: String) -> Finding {
    let why = reasons.isEmpty ? "" : " " + reasons.joined(separator: " ")
    let data = stateful ? " It holds data that the template cannot make again." : ""
    return Finding(
      code, severity, message + why + data, path: path, line: line,
      // An acknowledgement holds for these properties, not for others that change later.
      subject: ([logicalId] + properties).joined(separator: " "))
  }

  private var fate: String {
    switch oldResource {
    case .retained: "the old one stays in the account"
    case .snapshot: "the old one is deleted after a snapshot"
    case .deleted, nil: "the old one is deleted"
    }
  }
}
