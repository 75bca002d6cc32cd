import Glibc

/// Environment variables, handed in.
public struct Environment: Hashable, Sendable {
  /// Names and values.
  public var variables: [String: String]

  /// Variables as given, for tests and children.
  public init(_ variables: [String: String] = [:]) { self.variables = variables }

  /// The value of `name`, or nil where it is unset. An empty value is a value.
  public subscript(_ name: String) -> String? { variables[name] }

  /// The value of `name`, or nil where it is unset or empty.
  public func nonEmpty(_ name: String) -> String? {
    guard let value = variables[name], !value.isEmpty else { return nil }
    return value
  }

  /// The variables of this process.
  public static func ofProcess() -> Environment {
    var variables: [String: String] = [:]
    var entry = environ
    while let text = entry.pointee {
      let pair = String(cString: text)
      if let mark = pair.firstIndex(of: "=") {
        variables[String(pair[..<mark])] = String(pair[pair.index(after: mark)...])
      }
      entry += 1
    }
    return Environment(variables)
  }
}
