import JSONValues

/// The resource policy of a REST API.
enum APIResourcePolicy {
  /// Whether it may keep out somebody who has all that the methods want: it denies something, or lets in some callers
  /// alone.
  static func keepsOut(_ policy: String) -> Bool {
    // API Gateway gives the policy with its quotes escaped once more.
    let texts = [policy, policy.replacing("\\\"", with: "\"")]
    guard let json = texts.lazy.compactMap({ try? JSONValue(parsing: Array($0.utf8)) }).first else {
      return true
    }
    let statements = json["Statement"]?.array ?? json["Statement"].map { [$0] } ?? []
    return !statements.allSatisfy(isOpen)
  }

  private static func isOpen(_ statement: JSONValue) -> Bool {
    let principal = statement["Principal"]
    let isAnyone =
      principal?.string == "*" || principal?["AWS"]?.string == "*"
      || principal?["AWS"]?.array?.contains("*") == true
    return statement["Effect"] == "Allow" && isAnyone && statement["Condition"] == nil
  }
}
