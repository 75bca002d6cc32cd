/// Lists of a program's libraries: other versions of those that make templates make other templates.
enum DependencyShapes {
  private static let names: Set<String> = [
    "package.json", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock",
    "pnpm-workspace.yaml", "pyproject.toml", "poetry.lock", "uv.lock", "pdm.lock", "pipfile", "pipfile.lock",
    "setup.py", "setup.cfg", "go.mod", "go.sum", "pom.xml", "build.gradle", "build.gradle.kts",
    "gradle.lockfile", "libs.versions.toml", "packages.lock.json", "directory.packages.props", "build.sbt",
  ]

  /// Parts of names of libraries that make templates, or deploy them.
  private static let makers = [
    "aws-cdk", "aws_cdk", "awscdk", "amazon.cdk", "/cdk", "-cdk", "cdk-", "cdktf", "cdk8s",
    "-constructs", "/constructs", "pulumi", "troposphere", "aws-amplify/backend", "sceptre", "zappa",
    "chalice", "architect/architect", "aws-sam-translator",
  ]
  /// Of these the whole name counts.
  private static let whole: Set<String> = ["constructs", "serverless", "osls", "sst", "aws-sam-cli", "awacs"]
  /// Plugins of the Serverless Framework are called like libraries that run within functions.
  private static let withinFunctions = [
    "serverless-http", "serverless-express", "serverless-mysql", "serverless-postgres", "serverless-pg",
    "serverless-redis", "serverless-offline", "serverless-webpack-offline",
  ]

  /// Whether a file of this name lists libraries.
  static func isList(_ name: String) -> Bool {
    names.contains(name) || name.hasSuffix(".csproj") || name.hasSuffix(".fsproj")
      || name.hasSuffix(".txt") && (name.hasPrefix("requirements") || name.hasPrefix("constraints"))
  }

  /// The disposition of a list in which a library changes that makes templates; nil where none does.
  static func shape(of content: ContentShapes.Content) -> FileShape? {
    for line in content.changedLines {
      guard let library = maker(in: line.lowercased()) else { continue }
      return .unjudged(
        rule: "template-library",
        why: "\(library) changes in it, which makes templates: the same code may make others by it",
        remedy: "synthesize both versions and compare them with --old DIR --new DIR")
    }
    return nil
  }

  /// The library that a line names: words of letters, digits, and the marks of packages' names.
  private static func maker(in line: String) -> String? {
    let words = line.split { !($0.isLetter || $0.isNumber || "@/-_.".contains($0)) }
    return words.lazy.map(String.init).first { word in
      // Rules for an editor, and types of an emulator, stand in no template.
      guard !word.contains("eslint"), !withinFunctions.contains(where: word.contains) else { return false }
      let name = word.hasPrefix("@") ? word : word.split(separator: "@").first.map(String.init) ?? word
      return whole.contains(name) || name.hasPrefix("serverless-") || name.hasPrefix("@serverless/")
        || makers.contains { ("/" + name).contains($0) }
    }
  }
}
