/// One of `watch-30m.series`: a series that the stacks do not show by themselves.
public struct WatchedSeriesPolicy: Hashable, Sendable {
  /// How it is judged.
  public enum Kind: String, Hashable, Sendable, CaseIterable { case errors, latency, gauge }
  /// The unit of a latency.
  public enum Unit: String, Hashable, Sendable, CaseIterable { case ms, s }
  /// Where numbers come from.
  public indirect enum Source: Hashable, Sendable {
    /// `namespace`, `metric`, `dimensions`, `statistic`: a metric of CloudWatch.
    case metric(namespace: String, name: String, dimensions: [String: String], statistic: String)
    /// `expression` and `with`: CloudWatch's metric math over the metrics that `with` names.
    case expression(String, with: [String: Source])
    /// `prometheus` and `query`: the server's address, and a query that gives one series.
    case prometheus(address: String, query: String, tokenVariable: String?)
    /// `url` and `path`: a JSON document, and the pointer (RFC 6901) to a number or to pairs of time and value in it.
    case document(address: String, pointer: String, tokenVariable: String?)
  }
  /// `name`: what reports call it.
  public var name: String
  /// `kind`.
  public var kind: Kind
  /// `value`: failures, a latency or a level.
  public var value: Source
  /// `requests`: of how many requests; wanted for errors.
  public var requests: Source?
  /// `unit`: of a latency.
  public var unit = Unit.ms
  /// `stack`: the role or name of the stack in whose account CloudWatch is asked.
  public var stack: String?

  init(_ section: PolicyReader) throws(ConfigError) {
    var section = section
    name = try section.required("name")
    guard let kind = try section.word("kind", Kind.self) else {
      throw section.missing("kind, one of \(Kind.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    self.kind = kind
    guard let value = try WatchedSeriesPolicy.source(section.section("value")) else {
      throw section.missing("value, where its numbers come from")
    }
    self.value = value
    requests = try WatchedSeriesPolicy.source(section.section("requests"))
    if let given = try section.word("unit", Unit.self) { unit = given }
    stack = try section.string("stack")
    try section.finish()
    if kind == .errors, requests == nil {
      throw section.missing("requests: failures are judged by how many requests there were")
    }
    if name.contains(where: \.isNewline) || name.hasPrefix("probe:") || name.hasPrefix("alarm:") {
      throw section.problem(
        "'\(name)' is no name for a series: one line that begins with neither probe: nor alarm:")
    }
  }

  private static func source(_ section: PolicyReader) throws(ConfigError) -> Source? {
    guard section.isPresent else { return nil }
    var section = section
    let found: Source
    if let text = try section.string("expression") {
      var names = try section.section("with")
      var operands: [String: Source] = [:]
      for name in names.names {
        guard isIdentifier(name) else {
          throw names.problem(
            "'\(name)' is no name of a metric: a small letter, then letters, digits and underscores")
        }
        guard let operand = try source(names.section(name)), case .metric = operand else {
          throw names.problem("\(name): expected a metric with namespace and metric")
        }
        operands[name] = operand
      }
      try names.finish()
      found = .expression(text, with: operands)
    } else if let address = try section.string("prometheus") {
      found = .prometheus(
        address: try web(address, section), query: try section.required("query"),
        tokenVariable: try section.string("token-from"))
    } else if let address = try section.string("url") {
      let pointer = try section.string("path") ?? ""
      guard pointer.isEmpty || pointer.hasPrefix("/") else {
        throw section.problem("path: expected a JSON pointer such as /orders/open, found '\(pointer)'")
      }
      found = .document(
        address: try web(address, section), pointer: pointer, tokenVariable: try section.string("token-from"))
    } else {
      guard let metric = try section.string("metric") else {
        throw section.missing("metric, expression, prometheus or url")
      }
      found = .metric(
        namespace: try section.required("namespace"), name: metric,
        dimensions: try section.stringMap("dimensions") ?? [:],
        statistic: try section.string("statistic") ?? "Sum")
    }
    try section.finish()
    return found
  }

  private static func web(_ address: String, _ section: PolicyReader) throws(ConfigError) -> String {
    guard address.hasPrefix("https://") || address.hasPrefix("http://") else {
      throw section.problem("expected an address that begins with https:// or http://, found '\(address)'")
    }
    return address
  }

  private static func isIdentifier(_ name: String) -> Bool {
    guard let first = name.utf8.first, (0x61...0x7A).contains(first) else { return false }
    return name.utf8.allSatisfy {
      (0x61...0x7A).contains($0) || (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F
    }
  }
}
