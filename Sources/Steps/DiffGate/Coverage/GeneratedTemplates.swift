/// Repositories whose templates an engine makes: what the engine is given changes them as well.
struct GeneratedTemplates {
  let change: Change
  private var known: String??

  /// Endings by which engines know what they fill in.
  static let engines = [".j2", ".jinja", ".jinja2", ".erb", ".tpl", ".tmpl", ".mustache", ".gotmpl"]
  private static let documents: Set<String> = ["yaml", "yml", "json", "toml"]
  /// Documents that say how code is written, built and described.
  private static let tools: Set<String> = [
    "pyproject.toml", "tsconfig.json", "mkdocs.yml", "environment.yml", "renovate.json", "codecov.yml",
    "tox.toml",
    "package-lock.json", "jsconfig.json", "lerna.json", "nx.json", "turbo.json", "cargo.toml",
    "composer.json",
    "pnpm-lock.yaml", "pnpm-workspace.yaml", "openapi.yml", "openapi.yaml", "openapi.json", "pubspec.yaml",
  ]
  private static let readLimit = 60

  init(change: Change) { self.change = change }

  /// What an engine fills in, where `path` is called like that; nil where it is not.
  static func filled(_ path: String) -> Substring? {
    let lower = path.lowercased()
    guard let engine = engines.first(where: lower.hasSuffix) else { return nil }
    return lower.dropLast(engine.count)
  }

  /// What a file that is harmless elsewhere is in such a repository; nil where it is harmless here, too.
  mutating func shape(of path: String, _ text: String) throws -> FileShape? {
    let parts = path.lowercased().split(separator: "/")
    guard let name = parts.last.map(String.init), !parts.contains(where: { $0.hasPrefix(".") }) else {
      return nil
    }
    let suffix = name.lastIndex(of: ".").map { String(name[name.index(after: $0)...]) } ?? ""
    let isGiven =
      Self.documents.contains(suffix) && !Self.tools.contains(name) && !name.hasPrefix("tsconfig")
      && !name.contains("lock") && !text.contains("openapi:") && !text.contains("swagger:")
    let isEngine =
      ["py", "rb", "js", "ts", "go", "mjs"].contains(suffix)
      && ["jinja2", "\"*.j2", ".j2\"", ".j2'", "ERB.new", "mustache", "text/template"].contains(
        where: text.contains)
    guard isGiven || isEngine, let template = try first() else { return nil }
    return .unjudged(
      rule: "generated-template",
      why: isGiven
        ? "templates are made by an engine here (\(template)), and this may be what they are made of"
        : "it fills in templates (\(template)), and what it makes of them is not known here",
      remedy:
        "compare what is made of both versions with --old FILE --new FILE, or name it under diff-gate.ignore")
  }

  /// A template that an engine fills in.
  private mutating func first() throws -> String? {
    if let known { return known }
    let candidates = try change.listNew("").filter { path in
      guard let inner = Self.filled(path) else { return false }
      return [".yaml", ".yml", ".json", ".template"].contains(where: inner.hasSuffix)
    }
    let found = try candidates.prefix(Self.readLimit).first { path in
      try change.readNew(path).map(TemplateText.mentionsResources) ?? false
    }
    known = .some(found)
    return found
  }
}
