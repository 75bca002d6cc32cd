import SystemInterfaces

/// Goes through a file in the order in which it would run, and keeps what cannot work.
struct HurlProblemSearch {
  private(set) var problems: [HurlProblem] = []
  private let known: HurlForeknowledge
  /// Set so far, by whatever.
  private var names: Set<String>
  /// Those that the file itself sets: their values are not known before it runs.
  private let setHere: Set<String>
  /// Files that earlier entries write.
  private var written: Set<String> = []
  /// Whether a name that is made up while running may have set anything.
  private var isOpen = false
  private var told: Set<String> = []

  init(_ known: HurlForeknowledge, setHere: Set<String>) {
    self.known = known
    self.setHere = setHere
    names = Set(known.variables.names).union(known.comingNames)
  }

  mutating func look(at entry: HurlEntry) {
    for option in entry.options { look(at: option, of: entry) }
    if entry.isAlwaysSkipped { return }
    look(at: entry.url)
    for lines in [entry.headers, entry.query, entry.form ?? [], entry.cookies] { look(at: lines) }
    for field in entry.multipart ?? [] {
      look(at: field.name)
      switch field.content {
      case .text(let text): look(at: text)
      case .file(let name, let type):
        look(atFile: name, field.position)
        if let type { look(at: type) }
      }
    }
    if let line = entry.basicAuth { look(at: [line]) }
    if let body = entry.body { look(at: body) }
    if let response = entry.response { look(at: response) }
    for option in entry.options where option.name == .output {
      if case .text(let name) = option.value, let text = fixedText(name) { written.insert(text) }
    }
  }

  private mutating func look(at response: HurlResponseSpec) {
    if response.version == "3" {
      add(response.position, "HTTP/3 is not supported: no answer comes by it")
    }
    for capture in response.captures {
      look(at: capture.query, capture.filters)
      look(at: capture.name)
      names.insert(capture.name.source)
      if !capture.name.variableNames.isEmpty { isOpen = true }
    }
    look(at: response.headers)
    if let body = response.body { look(at: body) }
    for assertion in response.asserts {
      look(at: assertion.query, assertion.filters)
      look(at: assertion.predicate)
    }
  }

  // MARK: Parts

  private mutating func look(at option: HurlOption, of entry: HurlEntry) {
    switch option.value {
    case .bool(let isOn):
      if isOn, option.name == .http3 { add(option.position, "the option http3 is not supported") }
      if isOn, option.name == .netrc || option.name == .netrcOptional,
        !entry.options.contains(where: { $0.name == .netrcFile })
      {
        // A file in a person's own folder is no part of the project.
        add(option.position, "the option \(option.name.rawValue) is not supported without netrc-file")
      }
    case .number, .duration: break
    case .text(let text):
      look(at: text)
      if let text = fixedText(text) { look(atOption: option, text) }
    case .placeholder(let expression, _): look(at: expression)
    case .variable(let name, let value):
      if case .text(let text) = value { look(at: text) }
      names.insert(name)
    }
  }

  private mutating func look(atOption option: HurlOption, _ text: String) {
    switch option.name {
    case .output where text == "-":
      // Standard output carries the result of the run.
      add(option.position, "output: - is not supported; name a file")
    case .caCertificate, .clientKey:
      if let why = known.whyOptionUnreadable(text) { add(option.position, why) }
    case .clientCertificate:
      let file = HurlOptions.certificate(text).file
      if let why = known.whyOptionUnreadable(file) { add(option.position, why) }
    default: break
    }
  }

  private mutating func look(at lines: [HurlKeyValue]) {
    for line in lines {
      look(at: line.key)
      look(at: line.value)
    }
  }

  private mutating func look(at body: HurlBody) {
    switch body.content {
    case .json(let text), .text(let text), .multiline(_, let text): look(at: text)
    case .file(let name): look(atFile: name, body.position)
    case .xml, .bytes: break
    }
  }

  private mutating func look(at query: HurlQuery, _ filters: [HurlFilter]) {
    switch query.kind {
    case .header(let text), .cookie(let text, _), .variable(let text): look(at: text)
    case .jsonpath(let path): look(atPath: path)
    case .xpath(let expression): look(atXPath: expression)
    case .regex(let pattern): look(atPattern: pattern)
    default: break
    }
    for filter in filters {
      switch filter.kind {
      case .jsonpath(let path): look(atPath: path)
      case .xpath(let expression): look(atXPath: expression)
      case .regex(let pattern): look(atPattern: pattern)
      case .replaceRegex(let pattern, let text):
        look(atPattern: pattern)
        look(at: text)
      case .replace(let old, let new):
        // A quoted old text is taken as it stands first.
        if case .template(let text) = old { look(at: text) }
        look(at: new)
      case .decode(let text): look(atEncoding: text)
      case .dateFormat(let text), .toDate(let text): look(atDateFormat: text)
      case .split(let text), .urlQueryParameter(let text): look(at: text)
      case .nth(.placeholder(let expression)): look(at: expression)
      default: break
      }
    }
  }

  private mutating func look(at predicate: HurlPredicate) {
    switch predicate.kind {
    case .equal(let expected), .notEqual(let expected), .greaterThan(let expected),
      .greaterThanOrEqual(let expected), .lessThan(let expected), .lessThanOrEqual(let expected),
      .startsWith(let expected), .endsWith(let expected), .contains(let expected), .includes(let expected):
      switch expected {
      case .literal: break
      case .text(let text): look(at: text)
      case .placeholder(let expression): look(at: expression)
      case .file(let name, let position): look(atFile: name, position)
      }
    case .matches(let pattern): look(atPattern: pattern)
    default: break
    }
  }

  // MARK: Texts that must be something

  private mutating func look(atPath path: HurlTemplate) {
    look(at: path)
    guard let text = fixedText(path) else { return }
    do throws(JSONPathError) { _ = try KnownPaths.path(text) } catch {
      add(path.position, "\(text) is no JSONPath: \(error)")
    }
  }

  private mutating func look(atXPath expression: HurlTemplate) {
    look(at: expression)
    guard let text = fixedText(expression), !XPathLibrary.isExpression(text) else { return }
    add(expression.position, "\(text) is no XPath expression")
  }

  private mutating func look(atPattern pattern: HurlPattern) {
    // A pattern between slashes was tried when it was read.
    guard case .template(let template) = pattern else { return }
    look(at: template)
    guard let text = fixedText(template) else { return }
    do throws(PatternError) { _ = try RegularExpression(text) } catch {
      add(template.position, "\(text) is no pattern: \(error.message)")
    }
  }

  private mutating func look(atEncoding name: HurlTemplate) {
    look(at: name)
    guard let text = fixedText(name) else { return }
    do throws(CharacterSets.Failure) { _ = try CharacterSets.text([], encoding: text) } catch {
      add(name.position, error.message)
    }
  }

  private mutating func look(atDateFormat format: HurlTemplate) {
    look(at: format)
    guard let text = fixedText(format) else { return }
    do throws(EvaluationFailure) { _ = try DateText.items(text) } catch {
      add(format.position, error.message)
    }
  }

  private mutating func look(atFile name: HurlTemplate, _ position: HurlPosition) {
    look(at: name)
    guard let text = fixedText(name), !written.contains(text), let why = known.whyUnreadable(text) else {
      return
    }
    add(position, why)
  }

  // MARK: Variables

  private mutating func look(at template: HurlTemplate) {
    for part in template.parts {
      switch part {
      case .placeholder(let expression), .jsonStringPlaceholder(let expression): look(at: expression)
      case .text: break
      }
    }
  }

  private mutating func look(at expression: HurlExpression) {
    guard case .variable(let name) = expression.kind, known.requiresVariables, !isOpen,
      !names.contains(name), told.insert(name).inserted
    else { return }
    add(expression.position, "nothing sets the variable \(name)")
  }

  /// The text of `template` where it is known before the run; nil where it is made up on the way.
  private func fixedText(_ template: HurlTemplate) -> String? {
    for part in template.parts {
      switch part {
      case .text: continue
      case .placeholder(let expression), .jsonStringPlaceholder(let expression):
        guard case .variable(let name) = expression.kind, !setHere.contains(name),
          !known.comingNames.contains(name), known.variables[name] != nil
        else { return nil }
      }
    }
    let context = HurlContext(now: Timestamp(seconds: 0)) { _ in [] }
    // A value that cannot be written into a text is told of by the run.
    return try? HurlRenderer(variables: known.variables, context: context).text(template)
  }

  private mutating func add(_ position: HurlPosition, _ message: String) {
    problems.append(HurlProblem(position: position, message: message))
  }
}
