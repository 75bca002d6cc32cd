import Foundation
import TestSupport

/// What imports what: the targets that the manifest declares, where they stand, and what their files import.
struct ImportTable {
  struct Module: Hashable {
    /// The folder of `Sources` that it stands in, `Tests` for tests.
    var layer: String
    var dependencies: Set<String>
    /// Each import with a file that has it.
    var imports: [String: String]
  }
  var modules: [String: Module] = [:]
  /// Folders of modules that the manifest does not declare.
  var undeclared: [String] = []

  /// Lowest first.
  static let layers = ["Base", "Model", "Rules", "Clients", "Capabilities", "Steps", "Executables"]

  /// What breaks the rule, one sentence each.
  var violations: [String] {
    var found = undeclared.map { "\($0) is a folder of no target" }
    for (name, module) in modules {
      for (imported, file) in module.imports where modules[imported] != nil && imported != name {
        if !module.dependencies.contains(imported) {
          found.append("\(file) imports \(imported), which \(name) does not declare")
        }
        if let why = refusal(of: imported, in: module) { found.append("\(file) imports \(imported): \(why)") }
      }
      // Every test target has what tests share.
      let needed =
        module.layer == "Tests" ? module.dependencies.subtracting(["TestSupport"]) : module.dependencies
      for dependency in needed where module.imports[dependency] == nil {
        found.append("\(name) declares \(dependency), and no file of it imports that")
      }
    }
    return found.sorted()
  }

  /// Why a module of this layer may not import `imported`; nil where it may.
  private func refusal(of imported: String, in module: Module) -> String? {
    guard let own = Self.layers.firstIndex(of: module.layer), let other = modules[imported]?.layer,
      let theirs = Self.layers.firstIndex(of: other)
    else { return nil }
    if theirs > own { return "\(other) stands above \(module.layer)" }
    if module.layer == "Steps", other == "Steps" { return "no step takes in another" }
    // Rules are pure; what asks the world does not judge.
    if module.layer == "Clients", other == "Rules" { return "rules and clients do not know each other" }
    return nil
  }

  /// The package as it stands.
  init() throws {
    let manifest = try String(contentsOfFile: Repository.root + "/Package.swift", encoding: .utf8)
    func names(_ list: Substring) -> Set<String> {
      Set(list.matches(of: /"([^"]+)"/).map { String($0.1) })
    }
    for match in manifest.matches(of: /library\(\s*\.(\w+),\s*"(\w+)",\s*\[([^\]]*)\]/) {
      let layer = match.1.prefix(1).uppercased() + match.1.dropFirst()
      try add(String(match.2), layer, names(match.3), "Sources/\(layer)/\(match.2)")
    }
    for match in manifest.matches(of: /\bstep\("([\w-]+)", "(\w+)"\)/) {
      try add(
        String(match.1), "Executables", [String(match.2), "StepRuntime"], "Sources/Executables/\(match.1)")
    }
    for match in manifest.matches(of: /\btests\(\s*"(\w+)",\s*\[([^\]]*)\]/) {
      let name = "\(match.1)Tests"
      try add(name, "Tests", names(match.2).union([String(match.1), "TestSupport"]), "Tests/\(name)")
    }
    for match in manifest.matches(of: /\bname: "(TestSupport|EndToEndTests)",\s*dependencies: \[([^\]]*)\]/) {
      // The executables are what it runs, not what it imports.
      let dependencies = names(match.2).filter { !$0.contains("-") }
      try add(String(match.1), "Tests", dependencies, "Tests/\(match.1)")
    }
    for match in manifest.matches(of: /(?:systemLibrary|target)\(\s*name: "(C\w+)"/) {
      modules[String(match.1)] = Module(layer: "C", dependencies: [], imports: [:])
    }
    for layer in Self.layers {
      let folders = try FileManager.default.contentsOfDirectory(atPath: "\(Repository.root)/Sources/\(layer)")
      undeclared += folders.filter { modules[$0]?.layer != layer }.map { "Sources/\(layer)/\($0)" }
    }
  }

  private mutating func add(
    _ name: String, _ layer: String, _ dependencies: Set<String>, _ folder: String
  ) throws {
    var imports: [String: String] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: "\(Repository.root)/\(folder)")
    where path.hasSuffix(".swift") {
      let text = try String(contentsOfFile: "\(Repository.root)/\(folder)/\(path)", encoding: .utf8)
      let pattern =
        /^(?:@\w+ )*(?:(?:public|package|internal|private|fileprivate) )?import (?:(?:struct|class|enum|func|protocol) )?(\w+)/
      for match in text.matches(of: pattern.anchorsMatchLineEndings()) {
        imports[String(match.1)] = "\(folder)/\(path)"
      }
    }
    modules[name] = Module(layer: layer, dependencies: dependencies, imports: imports)
  }
}
