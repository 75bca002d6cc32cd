import StepResults
import TemplateAnalysis

/// Templates that do not stand in a file of their own, and those whose values alone change.
extension TemplateJudge {
  /// Templates that stay as they are while files beside them, or the configuration, give them other values.
  mutating func withOtherValues(_ files: [ChangedFile]) throws -> [ChangedFile] {
    var taken = Set(files.map(\.path))
    var found: [ChangedFile] = []
    func add(_ path: String) throws {
      guard taken.insert(path).inserted else { return }
      guard let old = try change.readOld(path), let new = try change.readNew(path) else { return }
      found.append(ChangedFile(path: path, old: old, new: new))
    }
    changedParameters = parameterFiles.changed()
    for item in changedParameters {
      if let other = item.otherEnvironment {
        note(
          item.file.path, .harmless, "other-environment",
          "it belongs to \(other), which a run for \(other) judges")
        continue
      }
      let places = try parameterFiles.templates(of: item) { try repositoryTemplates.all() }
      for path in places { try add(path) }
      if let before = item.old?.others, let after = item.new?.others, before != after {
        let names = Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }.sorted()
        note(
          item.file.path, .notJudged, "parameters",
          "\(names.joined(separator: ", ")) of it changes: what it deploys, or where to, is another thing from now on",
          remedy: "compare what is deployed there with --old FILE --new FILE, or acknowledge it")
        continue
      }
      guard !places.isEmpty else { continue }
      note(
        item.file.path, .judged, "parameters", "its values were compared in \(places.joined(separator: ", "))"
      )
    }
    let keys = Set(values.old.keys).union(values.new.keys).filter { values.old[$0] != values.new[$0] }
    if !keys.isEmpty {
      for entry in try repositoryTemplates.all() where !entry.parameters.isDisjoint(with: keys) {
        try add(entry.path)
      }
    }
    return found
  }

  // MARK: - serverless.yml

  mutating func parseServerless(_ file: ChangedFile) throws -> [Versions] {
    func read(_ bytes: [UInt8]?, _ path: String) throws(TemplateError) -> ServerlessConfiguration? {
      guard let bytes else { return nil }
      return try ServerlessConfiguration(parsing: bytes, path: path)
    }
    do throws(TemplateError) {
      let old = try read(file.old, file.oldPath ?? file.path)
      let new = try read(file.new, file.path)
      let isRestSame = old.flatMap { before in new.map { before.hasSameRest(as: $0) } } ?? false
      let isWhole = isRestSame && old?.includesFiles != true && new?.includesFiles != true
      if isWhole {
        note(file.path, .judged, "serverless", "its resources were compared, and nothing else in it changes")
      } else {
        note(
          file.path, .notJudged, "serverless",
          "its resources were compared; functions, events, plugins and what other files bring in were not",
          remedy: "compare what `serverless package` writes for both versions with --old FILE --new FILE")
      }
      return [
        Versions(
          file: file, old: old.map { NestedTemplate($0.template) },
          new: new.map { NestedTemplate($0.template) })
      ]
    } catch {
      unreadableTemplate(error)
      return []
    }
  }

  /// Configurations that import one of these exports, by export: what they import stands outside of their templates, too.
  func importersInServerless(of exports: [String], but path: String) throws -> [String: [String]] {
    var found: [String: [String]] = [:]
    let places = try change.listNew("").filter { ServerlessConfiguration.isOfInterest($0) && $0 != path }
    for place in places.prefix(200) {
      guard let bytes = try change.readNew(place) else { continue }
      let text = String(decoding: bytes, as: UTF8.self)
      guard text.contains("ImportValue") else { continue }
      for export in exports where text.contains(export) { found[export, default: []].append(place) }
    }
    return found
  }

  // MARK: - Jest snapshots

  mutating func parseSnapshot(_ file: ChangedFile) throws -> [Versions] {
    do throws(TemplateError) {
      let old =
        try file.old.map { bytes throws(TemplateError) in
          try JestSnapshot.templates(bytes, path: file.oldPath ?? file.path)
        } ?? []
      let new =
        try file.new.map { bytes throws(TemplateError) in
          try JestSnapshot.templates(bytes, path: file.path)
        } ?? []
      let names = new.map(\.name) + old.map(\.name).filter { name in !new.contains { $0.name == name } }
      if !names.isEmpty { note(file.path, .judged, "snapshot", "the templates that it holds were compared") }
      return names.map { name in
        Versions(
          file: file, old: old.first { $0.name == name }.map { NestedTemplate($0.template) },
          new: new.first { $0.name == name }.map { NestedTemplate($0.template) })
      }
    } catch {
      // Nobody deploys a snapshot: what it says of a stack is open, and no deployment fails for it.
      note(
        file.path, .notJudged, "snapshot",
        "a template that it holds cannot be read: \(error.message) (line \(error.line))",
        remedy: "compare what `cdk synth` makes of both versions with --old DIR --new DIR")
      return []
    }
  }

  private mutating func unreadableTemplate(_ error: TemplateError) {
    unreadable.append(
      Finding(
        "template-unreadable", .error, "this template cannot be read: \(error.message)", path: error.path,
        line: error.line > 0 ? error.line : nil, subject: "syntax"))
    note(error.path, .judged, "template", "it cannot be read, which is a finding")
  }
}
