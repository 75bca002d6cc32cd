import JSONValues

/// What a service says of its own health.
enum Health {
  /// What it complains of, nil where it says it is well or says nothing. The words are those of the usual health
  /// libraries and of the health+json draft.
  static func complaint(_ body: JSONValue) -> String? {
    guard let object = body.object else { return nil }
    // A function that broke behind an integration without a mapping for errors: 200, and this.
    if let error = object["errorType"]?.string, let message = object["errorMessage"]?.string {
      return "\(error): \(message)"
    }
    for name in ["status", "health", "healthy", "ok", "state", "success"] {
      guard let value = object[name] else { continue }
      switch value {
      case .bool(false): return "\(name): false"
      case .string(let word) where ill.contains(word.lowercased()): return "\(name): \(word)"
      case .number(let number) where name == "status" && (500...599).contains(number.int ?? 0):
        return "\(name): \(number)"
      case .object: if let inner = complaint(value) { return inner }
      default: continue
      }
    }
    return nil
  }

  private static let ill: Set<String> = [
    "unhealthy", "down", "error", "fail", "failed", "failing", "failure", "critical", "unavailable",
    "outofservice",
    "out_of_service", "not ok", "not_ok", "nok", "ko", "red", "broken", "dead", "fatal", "false", "bad",
    "offline",
  ]
}
