/// What a changed file looks like that no judge has read: by its name, else by what it holds.
enum FileShape: Hashable, Sendable {
  /// It cannot change what a deployment makes of stacks and schemas; by which rule, and why.
  case harmless(rule: String, why: String)
  /// It can, and was not judged: what it is, why it was not, and what would let it be judged.
  case unjudged(rule: String, why: String, remedy: String)
}

/// Names of files and folders by which tools find what they deploy.
enum NamedShapes {
  /// What the name alone tells; nil where the content has to.
  static func shape(of path: String) -> FileShape? {
    let lower = path.lowercased()
    let parts = lower.split(separator: "/").map(String.init)
    guard let name = parts.last else { return nil }
    let folders = Set(parts.dropLast())
    if name == "backstop.yml" || name == "backstop-acknowledgements.yml" || folders.contains(".backstop")
      || name == "codeowners"
    {
      return .harmless(rule: "own-file", why: "it is about this gate, and counts as the base has it")
    }
    if folders.contains("cdk.out") || folders.contains("meta") && name.hasSuffix("_snapshot.json") {
      return .harmless(rule: "generated", why: "it is written beside what was compared")
    }
    if name.hasSuffix(".designer.cs") || name.hasSuffix("modelsnapshot.cs") {
      return .harmless(rule: "generated", why: "it says what the model is, and no database runs it")
    }
    if let tool = tool(name, folders, lower) { return tool }
    if isTest(name, folders) { return .harmless(rule: "test", why: "tests are not deployed") }
    if isDocumentation(name, folders) { return .harmless(rule: "documentation", why: "nobody deploys it") }
    if ["dockerfile", ".dockerignore", ".gitignore", ".gitattributes", ".editorconfig", ".npmrc", ".nvmrc"]
      .contains(name) || name.hasPrefix("dockerfile.") || name.hasPrefix("docker-compose")
      || name == "compose.yml" || name == "compose.yaml"
    {
      return .harmless(
        rule: "build", why: "it says how code is built; the stacks say which build they run")
    }
    return nil
  }

  static let plan =
    "judge its own plan, or name the path under diff-gate.ignore where it is not this deployment's"

  private static func tool(_ name: String, _ folders: Set<String>, _ path: String) -> FileShape? {
    func unjudged(_ rule: String, _ why: String, _ remedy: String = plan) -> FileShape {
      .unjudged(rule: rule, why: why, remedy: remedy)
    }
    func ends(_ suffixes: String...) -> Bool { suffixes.contains { name.hasSuffix($0) } }
    if ends(".tf", ".tf.json", ".tfvars", ".tfvars.json", ".tofu", ".terraform.lock.hcl")
      || name == "terragrunt.hcl"
    {
      return unjudged("terraform", "Terraform is not judged")
    }
    if name == "atlas.hcl" || ends(".my.hcl", ".pg.hcl", ".lt.hcl", ".ch.hcl", ".ms.hcl")
      || name == "schema.hcl"
      || ends(".hcl")
        && !folders.isDisjoint(with: ["atlas", "schema", "schemas", "migrations", "db", "database"])
    {
      return unjudged(
        "atlas", "Atlas's HCL says what the database should be, not how it gets there",
        "add the migration that `atlas migrate diff` writes, or compare `atlas schema inspect --format sql` of both "
          + "versions as schema.sql")
    }
    if ends(".hcl") { return unjudged("hcl", "HCL (Terragrunt, Atlas, Packer) is not judged") }
    if name.hasPrefix("pulumi."), ends(".yaml", ".yml") { return unjudged("pulumi", "Pulumi is not judged") }
    if name.hasPrefix("serverless."), ends(".ts", ".js", ".mjs", ".cjs") {
      return unjudged(
        "serverless", "a Serverless configuration that is code is not run",
        "compare what `serverless package` writes for both versions with --old FILE --new FILE")
    }
    if folders.contains("amplify") || name == "amplify.yml" || name == "amplify.yaml" {
      return unjudged("amplify", "Amplify's configuration is not judged")
    }
    if folders.contains("copilot"), ends(".yml", ".yaml", ".workspace") {
      return unjudged(
        "copilot", "Copilot's manifests are not judged",
        "compare what `copilot svc package` writes for both versions with --old FILE --new FILE")
    }
    if !folders.isDisjoint(with: [".ebextensions", ".platform", ".elasticbeanstalk"])
      || name == "dockerrun.aws.json"
    {
      return unjudged("elastic-beanstalk", "Elastic Beanstalk's configuration is not judged")
    }
    let single: [String: (String, String)] = [
      "appspec.yml": ("codedeploy", "CodeDeploy's specification is not judged"),
      "appspec.yaml": ("codedeploy", "CodeDeploy's specification is not judged"),
      "appspec.json": ("codedeploy", "CodeDeploy's specification is not judged"),
      "apprunner.yaml": ("app-runner", "App Runner's configuration is not judged"),
      "zappa_settings.json": ("zappa", "Zappa's settings are not judged"),
      "app.arc": ("architect", "Architect's manifest is not judged"),
      "cdktf.json": ("terraform", "CDK for Terraform is not judged"),
      "chart.yaml": ("helm", "Helm charts are not judged"),
      "kustomization.yaml": ("kubernetes", "Kubernetes manifests are not judged"),
      "kustomization.yml": ("kubernetes", "Kubernetes manifests are not judged"),
    ]
    if let (rule, why) = single[name] { return unjudged(rule, why) }
    if name.hasPrefix("sst.config.") { return unjudged("sst", "SST's configuration is not run") }
    if folders.contains(".chalice") { return unjudged("chalice", "Chalice's configuration is not judged") }
    if let inner = TemplateInputs.filled(name),
      [".yaml", ".yml", ".json", ".template", ".tf", ".sql"].contains(where: inner.hasSuffix)
    {
      return unjudged(
        "generated-template", "what its template engine makes of it is not known here",
        "compare what is made of both versions with --old FILE --new FILE")
    }
    return nil
  }

  static let testFolders: Set<String> = [
    "test", "tests", "__tests__", "spec", "specs", "fixtures", "testdata", "__fixtures__", "__mocks__", "e2e",
    "cypress",
    "__snapshots__",
  ]

  static func isTest(_ name: String, _ folders: Set<String>) -> Bool {
    if !folders.isDisjoint(with: testFolders) { return true }
    return [".test.", ".spec.", "_test.", "_spec."].contains { name.contains($0) } || name.hasPrefix("test_")
      || name.hasPrefix("conftest") || name.hasPrefix("jest.config.") || name.hasSuffix(".hurl")
  }

  private static func isDocumentation(_ name: String, _ folders: Set<String>) -> Bool {
    let suffixes = [
      ".md", ".mdx", ".markdown", ".rst", ".adoc", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".ico", ".webp",
      ".pdf",
      ".drawio", ".puml", ".woff", ".woff2", ".ttf", ".css", ".scss", ".html",
    ]
    if suffixes.contains(where: name.hasSuffix) { return true }
    if ["license", "notice", "authors", "changelog", "readme", "contributing", "copying"].contains(where: {
      name == $0 || name == "\($0).txt"
    }) {
      return true
    }
    return name.hasSuffix(".txt") && !folders.isDisjoint(with: ["docs", "doc", "documentation"])
  }
}
