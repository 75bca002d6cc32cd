import HTTPTransport

/// Which operations of a document are asked, and what the others need.
struct OpenAPICoverage {
  /// Those that are asked, each with what it is shown of who asks.
  private(set) var asked: [(operation: OpenAPIDocument.Operation, needed: [OpenAPIDocument.Credential])] = []
  /// One line for the whole, and one for each operation whose absence somebody can change.
  private(set) var notes: [String] = []

  init(_ document: OpenAPIDocument, _ credentials: CheckCredentials) {
    var omissions = document.omissions
    for operation in document.operations {
      // An empty list wants nothing; of several the first that can be given is.
      let choices = operation.security.isEmpty ? [[]] : operation.security
      if let needed = choices.first(where: { $0.allSatisfy(credentials.prove) }) {
        asked.append((operation, needed))
      } else {
        omissions.append(
          OpenAPIDocument.Omission(
            method: "GET", template: operation.template, need: .credentials,
            reason: OpenAPICoverage.missing(choices[0].filter { !credentials.prove($0) })))
      }
    }
    let total = asked.count + omissions.count
    var line = "\(document.file): \(asked.count) of \(total) operations asked"
    if !omissions.isEmpty {
      let needs = OpenAPIDocument.Omission.Need.allCases.compactMap { need -> String? in
        let count = omissions.count { $0.need == need }
        return count == 0 ? nil : "\(need.rawValue) (\(count))"
      }
      line += "; \(omissions.count) need \(needs.joined(separator: ", "))"
    }
    notes = [line]
    notes += document.missingFiles.map {
      "\(document.file): what $ref leads to in \($0) is not judged: the file cannot be read"
    }
    let open = omissions.filter { $0.need != .method && $0.need != .webhook }
    notes += open.prefix(OpenAPICoverage.mostLines).map {
      "\(document.file): \($0.method) \($0.template) is not asked: \($0.reason)"
    }
    if open.count > OpenAPICoverage.mostLines {
      notes.append("\(document.file): \(open.count - OpenAPICoverage.mostLines) more for reasons like these")
    }
  }

  private static let mostLines = 20

  private static func missing(_ credentials: [OpenAPIDocument.Credential]) -> String {
    let words = credentials.map { credential in
      switch credential {
      case .headerKey(let name): "an API key: set API_KEY, or give --header '\(name): …'"
      case .queryKey: "an API key: set API_KEY"
      case .cookieKey(let name): "the cookie \(name): give --header 'Cookie: \(name)=…'"
      case .bearer(let name):
        "the credentials of \(name): give --header 'Authorization: …', or smoke-test.oauth in the policy"
      case .authorization(let name): "the credentials of \(name): give --header 'Authorization: …'"
      case .other(let name): "the credentials of \(name)"
      }
    }
    return "it needs " + words.joined(separator: " and ")
  }
}

extension CheckCredentials {
  /// Whether there is what proves `credential`.
  fileprivate func prove(_ credential: OpenAPIDocument.Credential) -> Bool {
    switch credential {
    case .headerKey(let name): headers.first(name) != nil || apiKey != nil
    case .queryKey: apiKey != nil
    case .cookieKey(let name):
      headers.all("cookie").contains {
        $0.split(separator: ";").contains { pair in
          pair.drop { $0 == " " }.hasPrefix(name + "=")
        }
      }
    case .bearer: headers.first("authorization") != nil || tokens != nil
    case .authorization: headers.first("authorization") != nil
    case .other: false
    }
  }
}
