import JSONValues
import MigrationAnalysis
import TemplateAnalysis

/// What the content of a file tells that its name does not.
enum ContentShapes {
  /// A file that no judge has read, on both sides.
  struct Content {
    var path: String
    var old: String?, new: String?
    /// Whether the policy says which files are templates or migrations, so that others are left out.
    var isLeftOut: (templates: Bool, migrations: Bool)

    /// The newer text, or the older one of a file that is gone.
    var text: String { new ?? old ?? "" }
    /// Lines that only one side has; a command goes on behind a backslash.
    var changedLines: [Substring] {
      func lines(_ text: String?) -> [Substring] {
        ContentShapes.joined(text ?? "").split(separator: "\n")
      }
      let (before, after) = (lines(old), lines(new))
      let (first, second) = (Set(before), Set(after))
      return after.filter { !first.contains($0) } + before.filter { !second.contains($0) }
    }
  }

  private static let documents: Set<String> = [
    "yaml", "yml", "json", "template", "txt", "xml", "toml", "cfg", "conf",
  ]
  private static let code: Set<String> = [
    "ts", "tsx", "js", "jsx", "mts", "mjs", "cjs", "py", "rb", "go", "java", "kt", "cs", "fs", "php", "ex",
    "exs", "rs",
    "swift", "scala", "c", "cc", "cpp", "h", "hpp", "vue", "svelte", "lua", "dart", "groovy", "vtl",
    "graphql", "proto",
  ]
  private static let infrastructure: Set<String> = [
    "infra", "infrastructure", "cloudformation", "cfn", "iac", "terraform", "k8s", "kubernetes", "helm",
    "manifests",
  ]

  static func shape(of content: Content) -> FileShape {
    let parts = content.path.lowercased().split(separator: "/").map(String.init)
    let name = parts.last ?? ""
    let folders = Set(parts.dropLast())
    let suffix = name.lastIndex(of: ".").map { String(name[name.index(after: $0)...]) } ?? ""
    if DependencyShapes.isList(name), let shape = DependencyShapes.shape(of: content) { return shape }
    if isPipeline(name, parts) { return pipeline(content) }
    if suffix == "sql" { return sql(content) }
    if suffix == "prisma" {
      return .unjudged(
        rule: "prisma-schema", why: "a Prisma schema says what the database should be, not how it gets there",
        remedy: "add the migration that `prisma migrate` writes")
    }
    if code.contains(suffix) { return self.code(content, folders) }
    if documents.contains(suffix), let shape = document(content) { return shape }
    if !folders.isDisjoint(with: infrastructure) {
      return .unjudged(
        rule: "infrastructure-folder",
        why: "it stands among files of the deployment, and nothing here reads it",
        remedy: "name it under diff-gate.templates, or under diff-gate.ignore where it deploys nothing")
    }
    return .harmless(
      rule: "application", why: "it goes with the application's code, which the version before brings back")
  }

  // MARK: - Documents

  private static func document(_ content: Content) -> FileShape? {
    let text = content.text
    func holds(_ words: String...) -> Bool { words.allSatisfy(text.contains) }
    // Where its name is one of templates, the judge of templates has parsed it and found none.
    let isParsed = !content.isLeftOut.templates && TemplateText.isOfInterest(content.path)
    if !isParsed,
      TemplateText.mentionsResources(Array((content.old ?? "").utf8))
        || TemplateText.mentionsResources(Array(text.utf8))
    {
      return .unjudged(
        rule: "template",
        why: content.isLeftOut.templates
          ? "the policy's diff-gate.templates does not name it"
          : "its name is none under which templates are looked for",
        remedy:
          "name it under diff-gate.templates, or give it a name that ends in .yaml, .yml, .json or .template")
    }
    if isManifest(text) {
      if holds(".services.k8s.aws/") { return kubernetes("ack", "ACK resources are not judged") }
      if ["aws.upbound.io", "aws.crossplane.io"].contains(where: text.contains) {
        return kubernetes("crossplane", "Crossplane resources are not judged")
      }
      return kubernetes("kubernetes", "Kubernetes manifests are not judged")
    }
    if holds("ParameterKey") || holds("template-file-path") || isTemplateConfiguration(text) {
      return .unjudged(
        rule: "parameters", why: "no template of the repository was found that takes these parameters",
        remedy: "compare the template by --old FILE --new FILE with --old-parameters and --new-parameters")
    }
    if holds("containerDefinitions") || holds("taskDefinition") {
      return .unjudged(
        rule: "ecs", why: "task definitions outside of a template are not judged", remedy: NamedShapes.plan)
    }
    if holds("Statement", "Effect") {
      return .unjudged(
        rule: "policy-document", why: "a policy document outside of a template is not judged",
        remedy: NamedShapes.plan)
    }
    if holds("template_path:") || holds("template:", "parameters:") {
      return .unjudged(
        rule: "sceptre", why: "Sceptre's configuration is not judged", remedy: NamedShapes.plan)
    }
    if holds("service:", "provider:", "functions:") {
      return .unjudged(
        rule: "serverless", why: "a Serverless configuration under another name than serverless.yml",
        remedy: "compare what `serverless package` writes for both versions with --old FILE --new FILE")
    }
    if ["amazon.aws.cloudformation", "cloudformation:"].contains(where: text.contains) {
      return .unjudged(rule: "ansible", why: "what Ansible deploys is not judged", remedy: NamedShapes.plan)
    }
    if text.contains("databaseChangeLog") { return migration("a Liquibase change log") }
    return nil
  }

  /// A manifest of Kubernetes says both at its top.
  private static func isManifest(_ text: String) -> Bool {
    let lines = text.split(separator: "\n")
    func begins(_ key: String) -> Bool {
      lines.contains { line in
        line.hasPrefix("\(key):") || line.drop(while: \.isWhitespace).hasPrefix("\"\(key)\":")
      }
    }
    // What describes an API has versions and kinds as well, and shapes of both.
    return begins("apiVersion") && begins("kind") && !text.contains("\"shapes\":")
  }

  /// CodePipeline's configuration of a template: parameters, tags and a stack policy, and nothing else.
  private static func isTemplateConfiguration(_ text: String) -> Bool {
    guard text.contains("\"Parameters\""), text.utf8.count < 1 << 16,
      let members = (try? JSONValue(parsing: Array(text.utf8)))?.object?.members
    else { return false }
    return members.allSatisfy { ["Parameters", "Tags", "StackPolicy"].contains($0.name) }
  }

  private static func kubernetes(_ rule: String, _ why: String) -> FileShape {
    .unjudged(rule: rule, why: why, remedy: NamedShapes.plan)
  }

  private static func migration(_ what: String) -> FileShape {
    .unjudged(
      rule: "migration", why: "\(what) that nothing here reads as a migration",
      remedy: "name it under diff-gate.migrations, or under diff-gate.ignore where no database runs it")
  }

  // MARK: - SQL and code

  private static func sql(_ content: Content) -> FileShape {
    if content.isLeftOut.migrations {
      return .unjudged(
        rule: "migration", why: "the policy's diff-gate.migrations does not name it",
        remedy: "name it there, or under diff-gate.ignore where no database runs it")
    }
    // sqlc and its kin: queries of the application, with a name each.
    if content.text.contains("-- name:") {
      return .harmless(rule: "queries", why: "queries that the application runs, by their names")
    }
    let names = Set(content.path.lowercased().split(separator: "/").map(String.init))
    if !names.isDisjoint(with: ["seed", "seeds", "examples", "queries", "node_modules", "vendor"]) {
      return .harmless(rule: "test", why: "it is no script that an environment's schema is made by")
    }
    let report = SQLAnalysis.analyze(Array(content.text.utf8), path: content.path)
    let isQuiet = report.effects.isEmpty && report.issues.allSatisfy { $0.risk == .advice }
    return isQuiet
      ? .harmless(rule: "queries", why: "it reads and changes nothing")
      : migration("SQL that changes a schema or its rows")
  }

  private static func code(_ content: Content, _ folders: Set<String>) -> FileShape {
    let text = content.text
    let frameworks = [
      ("aws-cdk-lib", "cdk", "the CDK's"), ("@aws-cdk/", "cdk", "the CDK's"), ("aws_cdk", "cdk", "the CDK's"),
      ("software.amazon.awscdk", "cdk", "the CDK's"), ("@pulumi/", "pulumi", "Pulumi's"),
      ("pulumi_aws", "pulumi", "Pulumi's"), ("pulumi-aws", "pulumi", "Pulumi's"),
      ("from troposphere", "troposphere", "Troposphere's"),
      ("import troposphere", "troposphere", "Troposphere's"),
      ("cdktf", "terraform", "CDK for Terraform's"), ("\"sst/", "sst", "SST's"),
      ("defineBackend(", "amplify", "Amplify's"),
    ]
    if let (_, rule, whose) = frameworks.first(where: { text.contains($0.0) }) {
      return .unjudged(
        rule: rule, why: "code that makes templates, \(whose), is not run",
        remedy: "synthesize both versions and compare them with --old DIR --new DIR")
    }
    if MigrationFile.isMigrationFolder(content.path) { return migration("code in a folder of migrations") }
    if !folders.isDisjoint(with: infrastructure) {
      return .unjudged(
        rule: "infrastructure-folder", why: "code among files of the deployment is not run",
        remedy: "compare what it makes with --old and --new, or name it under diff-gate.ignore")
    }
    return .harmless(
      rule: "application",
      why: "application code: deploying the version before brings the version before back")
  }

  // MARK: - Pipelines and scripts

  private static func isPipeline(_ name: String, _ parts: [String]) -> Bool {
    let folders = Set(parts.dropLast())
    if folders.contains("workflows") && folders.contains(".github") || folders.contains(".circleci")
      || name == "action.yml" || name == "action.yaml"
    {
      return true
    }
    let names: Set<String> = [
      "jenkinsfile", "azure-pipelines.yml", "bitbucket-pipelines.yml", ".drone.yml", "makefile",
      "taskfile.yml",
      "justfile", "rakefile", "package.json", ".travis.yml", "cloudbuild.yaml",
    ]
    return names.contains(name) || name.hasPrefix(".gitlab-ci") || name.hasPrefix("buildspec")
      || [".sh", ".bash", ".zsh", ".ps1", ".bat", ".mk"].contains(where: name.hasSuffix)
  }

  /// A text in which each command is on one line.
  fileprivate static func joined(_ text: String) -> String {
    text.contains("\\") ? text.replacing("\\\r\n", with: " ").replacing("\\\n", with: " ") : text
  }

  static let deployWords = [
    "cloudformation", "parameter-overrides", "parameter_overrides", "sam deploy", "cdk deploy",
    "serverless deploy",
    "sls deploy", "terraform ", "tofu ", "pulumi ", "copilot ", "amplify ", "kubectl ", "helm ", "change-set",
    "aws rds", "aws s3", "aws dynamodb", "aws ecs", "aws lambda", "psql ", "mysql ", "migrate deploy",
    "migrate up",
    "migrate -", "db:migrate", "run migrate", "alembic ", "flyway ",
    "liquibase ", "aws-actions/",
  ]

  /// `"name": "^1.2.3"` of a package's manifest.
  private static func isDependency(_ line: String) -> Bool {
    guard let colon = line.firstRange(of: "\": \"") else { return false }
    return line[colon.upperBound...].first.map { "^~*<>=0123456789".contains($0) } ?? false
  }

  /// A variable that a changed line sets and a line that deploys something reads; nil where there is none.
  private static func handedOver(_ content: Content) -> String? {
    let names = content.changedLines.compactMap { line -> String? in
      var text = line.drop(while: \.isWhitespace)
      for word in ["export ", "set ", "local ", "readonly ", "- "] where text.hasPrefix(word) {
        text = text.dropFirst(word.count)
      }
      let name = text.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
      let rest = text.dropFirst(name.count).drop {
        $0 == " " || $0 == "?" || $0 == ":" && text.contains(":=")
      }
      guard name.count > 1, rest.first == "=" || rest.first == ":" else { return nil }
      return String(name)
    }
    guard !names.isEmpty else { return nil }
    let commands = joined(content.text).split(separator: "\n").filter { line in
      let lower = line.lowercased()
      return deployWords.contains(where: lower.contains)
    }
    return Set(names).sorted().first { name in
      commands.contains { line in
        ["$\(name)", "${\(name)", "$(\(name)", "env.\(name)", "vars.\(name)", "%\(name)%"].contains { mark in
          line.ranges(of: mark).contains { place in
            place.upperBound == line.endIndex
              || !(line[place.upperBound].isLetter || line[place.upperBound].isNumber
                || line[place.upperBound] == "_")
          }
        }
      }
    }
  }

  /// A pipeline or a script whose changed lines deploy something; others build and test.
  private static func pipeline(_ content: Content) -> FileShape {
    let isManifest = content.path.lowercased().hasSuffix("package.json")
    let logsInAsBefore = PipelineShape.logins.filter { login in
      [content.old, content.new].allSatisfy { $0?.contains(login) ?? false }
    }
    let said = content.changedLines.lazy.map { $0.lowercased() }.filter { line in
      // Which version of an action logs in is no part of what is deployed; as whom is.
      !(isManifest && isDependency(line))
        && !(line.contains("uses:") && logsInAsBefore.contains(where: line.contains))
    }
    for line in said {
      guard let word = deployWords.first(where: line.contains) else { continue }
      let shown = word.split(separator: " ").joined(separator: " ")
      return .unjudged(
        rule: "pipeline",
        why: "a line of it that changes names \(shown), and what it hands to a deployment is not judged",
        remedy: "look at it by hand and acknowledge it, or name it under diff-gate.ignore")
    }
    if let name = handedOver(content) {
      return .unjudged(
        rule: "pipeline",
        why:
          "\(name) changes in it, which a line of it hands to a deployment, and what that makes of it is not judged",
        remedy: "look at it by hand and acknowledge it, or name it under diff-gate.ignore")
    }
    if let old = content.old.flatMap(PipelineShape.init), let new = content.new.flatMap(PipelineShape.init),
      let place = PipelineShape.firstDifference(old, new)
    {
      return .unjudged(
        rule: "pipeline",
        why:
          "\(place) changes in it, which a job that deploys hands on, and what that makes of it is not judged",
        remedy: "look at it by hand and acknowledge it, or name it under diff-gate.ignore")
    }
    return .harmless(rule: "pipeline", why: "no changed line of it deploys anything")
  }
}
