extension HurlEntry {
  /// Whether judging its answer takes an XPath.
  public var usesXPath: Bool {
    looks { $0.isXPath || $1.contains(where: \.isXPath) }
  }

  /// Whether it looks at the server's certificate.
  public var looksAtCertificate: Bool { looks { query, _ in query.isCertificate } }

  /// Whether anything of it needs to see the answer's whole body; its size and digests can be had without.
  public var looksIntoBody: Bool {
    response?.body != nil || looks { $0.looksIntoBody(filteredBy: $1) }
  }

  /// Whether it asks for a digest of the body.
  public var wantsDigests: Bool { looks { query, _ in query.kind == .sha256 || query.kind == .md5 } }

  /// Whether it says of a field of the answer, named in lower case, what must come.
  public func judges(header name: String) -> Bool {
    func names(_ template: HurlTemplate) -> Bool {
      if template.parts.count == 1, case .text(let text) = template.parts[0] {
        text.lowercased() == name
      } else {
        false
      }
    }
    return response?.headers.contains { names($0.key) } ?? false
      || looks { query, _ in
        if case .header(let template) = query.kind { names(template) } else { false }
      }
  }

  /// Whether one of its queries, with its filters, is such a one.
  private func looks(_ isSuch: (HurlQuery, [HurlFilter]) -> Bool) -> Bool {
    guard let response else { return false }
    return response.asserts.contains { isSuch($0.query, $0.filters) }
      || response.captures.contains { isSuch($0.query, $0.filters) }
  }
}

extension HurlQuery {
  fileprivate var isXPath: Bool { if case .xpath = kind { true } else { false } }
  fileprivate var isCertificate: Bool { if case .certificate = kind { true } else { false } }

  fileprivate func looksIntoBody(filteredBy filters: [HurlFilter]) -> Bool {
    switch kind {
    case .bytes, .rawBytes: filters.first?.kind != .count
    case .body, .jsonpath, .xpath, .regex: true
    default: false
    }
  }
}

extension HurlFilter {
  fileprivate var isXPath: Bool { if case .xpath = kind { true } else { false } }
}
