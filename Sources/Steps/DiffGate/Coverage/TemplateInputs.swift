import TemplateAnalysis

/// Files from which a repository's templates are made: what an engine is given to fill them in, and what a configuration of
/// the Serverless Framework takes from files beside it.
struct TemplateInputs {
  let change: Change
  private var filledIn: String??
  private var configurations: [(path: String, text: String)]?

  /// Endings by which engines know what they fill in.
  static let engines = [".j2", ".jinja", ".jinja2", ".erb", ".tpl", ".tmpl", ".mustache", ".gotmpl"]
  private static let documents: Set<String> = ["yaml", "yml", "json", "toml"]
  /// Documents that say how code is written, built and described.
  private static let tools: Set<String> = [
    "pyproject.toml", "mkdocs.yml", "environment.yml", "renovate.json", "codecov.yml", "jsconfig.json",
    "lerna.json", "nx.json", "turbo.json", "cargo.toml", "composer.json", "openapi.yml", "openapi.yaml",
    "openapi.json", "pubspec.yaml", "package.json", "biome.json",
  ]
  private static let readLimit = 60

  init(change: Change) { self.change = change }

  /// What an engine fills in, where `path` is called like that; nil where it is not.
  static func filled(_ path: String) -> Substring? {
    let lower = path.lowercased()
    guard let engine = engines.first(where: lower.hasSuffix) else { return nil }
    return lower.dropLast(engine.count)
  }

  /// Whether a document is known to be about how code is written and built.
  static func isOfTools(_ path: String) -> Bool {
    let parts = path.lowercased().split(separator: "/")
    guard let name = parts.last, !parts.contains(where: { $0.hasPrefix(".") }) else { return true }
    return tools.contains(String(name)) || name.hasPrefix("tsconfig") || name.contains("lock")
      || name.contains("eslint") || name.hasPrefix("docker-compose") || name.hasPrefix("compose.")
  }

  /// What a file that is harmless elsewhere is where templates are made of it; nil where it is harmless here, too.
  mutating func shape(of path: String, _ text: String) throws -> FileShape? {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let suffix = name.lastIndex(of: ".").map { String(name[name.index(after: $0)...]).lowercased() } ?? ""
    let isDocument = Self.documents.contains(suffix) && !Self.isOfTools(path)
    if isDocument || ["js", "ts", "cjs", "mjs", "env"].contains(suffix) || name.hasPrefix(".env"),
      let configuration = try configurations(that: name)
    {
      return .unjudged(
        rule: "serverless",
        why: "\(configuration) takes values from it, and what that makes of them is not judged",
        remedy: "compare what `serverless package` writes for both versions with --old FILE --new FILE")
    }
    let isGiven = isDocument && !text.contains("openapi:") && !text.contains("swagger:")
    let isEngine =
      ["py", "rb", "js", "ts", "go", "mjs"].contains(suffix)
      && ["jinja2", ".j2\"", ".j2'", "ERB.new", "mustache", "text/template"].contains(where: text.contains)
    guard isGiven || isEngine, let template = try filledInTemplate() else { return nil }
    return .unjudged(
      rule: "generated-template",
      why: isGiven
        ? "templates are made by an engine here (\(template)), and this may be what they are made of"
        : "it fills in templates (\(template)), and what it makes of them is not known here",
      remedy:
        "compare what is made of both versions with --old FILE --new FILE, or name it under diff-gate.ignore")
  }

  /// A template that an engine fills in.
  private mutating func filledInTemplate() throws -> String? {
    if let filledIn { return filledIn }
    let candidates = try change.listNew("").filter { path in
      guard let inner = Self.filled(path) else { return false }
      return [".yaml", ".yml", ".json", ".template"].contains(where: inner.hasSuffix)
    }
    let found = try candidates.prefix(Self.readLimit).first { path in
      try change.readNew(path).map(TemplateText.mentionsResources) ?? false
    }
    filledIn = .some(found)
    return found
  }

  /// A configuration that takes values from a file of this name: `${file(config/prod.yml):size}`, or by `useDotenv`.
  private mutating func configurations(that name: String) throws -> String? {
    if configurations == nil {
      configurations = try change.listNew("").filter(ServerlessConfiguration.isOfInterest).prefix(200)
        .compactMap { path in
          try change.readNew(path).map { (path, String(decoding: $0.prefix(1 << 20), as: UTF8.self)) }
        }
    }
    return configurations?.first { _, text in
      if name.hasPrefix(".env") { return text.contains("useDotenv: true") }
      return text.split(separator: "\n").contains { line in
        line.contains("${file(")
          && (line.contains("/\(name)") || line.contains("(\(name)") || namesByStage(line, name))
      }
    }?.path
  }

  /// `${file(config/${sls:stage}.yml)}`: any file of that ending may be meant.
  private func namesByStage(_ line: Substring, _ name: String) -> Bool {
    guard let start = line.firstRange(of: "${file("), let dot = name.lastIndex(of: ".") else { return false }
    let argument = line[start.upperBound...]
    return argument.contains("${") && argument.contains("}\(name[dot...])")
  }
}
