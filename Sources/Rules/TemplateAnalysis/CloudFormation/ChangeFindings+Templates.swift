import DeploymentRecords
import Redaction
import StepResults
import YAMLDocuments

/// Findings about templates as a whole: values that are missing, macros, loops, outputs.
extension ChangeFindings {
  mutating func judgeTemplates(oldParameters: [String: String], newParameters: [String: String]) {
    judgeDuplicates()
    judgeMissingValues()
    judgeLookUps()
    judgeAmbiguousDefaults(oldParameters, newParameters)
    judgeMacros()
    judgeProblems()
  }

  private mutating func judgeProblems() {
    if let limit = judge.new?.limits.first ?? judge.old?.limits.first {
      add(
        "template-too-large", .error, "\(limit.message): what depends on it may change in any way",
        line: limit.line,
        subject: limit.name)
    }
    var named = Set<String>()
    let problems = (judge.new?.problems ?? []).filter { named.insert($0.name).inserted }
    for (position, problem) in problems.prefix(20).enumerated() {
      let more = position == 19 && problems.count > 20 ? " (and \(problems.count - 20) more like it)" : ""
      add(
        "template-part-open", .warning, problem.message + more, line: problem.line, subject: problem.name)
    }
  }

  /// CloudFormation takes the last of equal names and says nothing: what stood first is ignored.
  private mutating func judgeDuplicates() {
    guard let duplicate = judge.new?.template.duplicate else { return }
    let isOld = judge.old?.template.duplicate?.message == duplicate.message
    add(
      "template-duplicate-key", isOld ? .warning : .error,
      "\(duplicate.message): only the last of them counts\(isOld ? ", as before this change" : "").",
      line: duplicate.line, subject: duplicate.message)
  }

  private mutating func judgeMissingValues() {
    let missing = (judge.new ?? judge.old)?.parameters.compactMap { name, value -> String? in
      value == .unknown(.parameter(name)) ? name : nil
    }
    guard let missing, !missing.isEmpty, judge.outcomes.contains(where: { $1.change.action != .none }) else {
      return
    }
    let names = missing.sorted().joined(separator: ", ")
    add(
      "values-missing", .notice,
      "No value is known for \(names): judged as if the deployed value stays. Hand parameters in to be sure.",
      subject: names)
  }

  /// CloudFormation reads these values anew at every deployment.
  private mutating func judgeLookUps() {
    var users: [String: [String]] = [:]
    for pair in judge.pairs {
      for case .lookedUp(_, let name) in judge.outcomes[pair.id]?.open ?? [] {
        users[name, default: []].append(pair.id)
      }
    }
    for (name, ids) in users.sorted(by: { $0.key < $1.key }) {
      add(
        "lookup-open", .notice,
        "\(ids.joined(separator: ", ")) \(ids.count == 1 ? "takes" : "take") the value of the Systems Manager parameter "
          + "\(name): whether it has changed since the last deployment is not known here.", subject: name)
    }
  }

  /// The API takes a default where no value is given; deployment tools keep the previous value.
  private mutating func judgeAmbiguousDefaults(
    _ oldParameters: [String: String], _ newParameters: [String: String]
  ) {
    guard judge.context.missingParameters == .defaults, let new = judge.new?.template else { return }
    for parameter in new.parameters {
      guard newParameters[parameter.name] == nil, let value = parameter.defaultValue,
        let previous = oldParameters[parameter.name], previous != value
      else { continue }
      let shown =
        parameter.isSecret || Redactor.isSecretProperty(parameter.name)
        ? "" : " (\(previous) becomes \(value))"
      add(
        "parameter-falls-back", .warning,
        "\(parameter.name) has no new value and falls back to the template's default\(shown); a tool that keeps "
          + "previous values would not change it.", line: parameter.line, subject: parameter.name)
    }
  }

  private mutating func judgeMacros() {
    let before = judge.old?.template.transforms ?? []
    let after = judge.new?.template.transforms ?? []
    for name in after + before.filter({ !after.contains($0) }) {
      let isNew = judge.old != nil && before.contains(name) != after.contains(name)
      switch name {
      case "AWS::LanguageExtensions": continue
      case "AWS::Serverless-2016-10-31":
        add(
          "transform-open", .notice,
          "The template goes through SAM: its resources are judged as they stand, and what SAM makes of them "
            + "(roles, permissions, deployments, stages) is open.", subject: name)
      case let own where own.hasPrefix("AWS::"):
        add(
          "transform-open", isNew ? .warning : .notice,
          "The template goes through AWS's \(own): its resources are judged as they stand, and what it adds is open.",
          subject: name)
      default:
        add(
          "transform-open", .warning,
          "The template goes through \(name), whose result is not known here: any resource may change.",
          subject: name)
      }
    }
    judgeEmbeddedMacros()
    for side in [judge.new, judge.old] {
      for member in side?.template.resources ?? [] where member.name == "Fn::Transform" {
        add(
          "transform-open", .warning,
          "Resources are made by a macro or an include, which is not known here: any resource may change.",
          line: member.line, subject: "Resources/Fn::Transform")
        return
      }
    }
  }

  /// Macros within a resource see all that stands beside them, so what a changed resource becomes is not known.
  private mutating func judgeEmbeddedMacros() {
    for pair in judge.pairs {
      guard let outcome = judge.outcomes[pair.id], outcome.change.action != .none else { continue }
      let inside = [pair.new, pair.old].compactMap { $0?.node }.flatMap { Self.macros(inside: $0, depth: 0) }
      guard let name = inside.first(where: { !$0.hasPrefix("AWS::") }) else { continue }
      add(
        "transform-open", .warning,
        "\(pair.id) (\(pair.type)) goes through \(name), whose result is not known here: any of its properties may change.",
        line: pair.new?.line, subject: "\(pair.id) \(name)")
    }
  }

  private static func macros(inside node: YAMLNode, depth: Int) -> [String] {
    guard depth < 40 else { return [] }
    if let elements = node.sequence { return elements.flatMap { macros(inside: $0, depth: depth + 1) } }
    return (node.mapping?.members ?? []).flatMap { member in
      member.name == "Fn::Transform"
        ? CloudFormationTemplate.transformNames(member.value) : macros(inside: member.value, depth: depth + 1)
    }
  }

  mutating func judgeOutputs(_ outputs: [OutputChange]) {
    let lines = Dictionary(
      (judge.new?.outputs ?? judge.old?.outputs ?? []).map { ($0.name, $0.line) },
      uniquingKeysWith: { $1 })
    for output in outputs where output.action != .added {
      let line = lines[output.name]
      let users = output.importers.joined(separator: ", ")
      if let export = output.export, !output.importers.isEmpty, output.action != .mayChange {
        let what = output.action == .removed ? "removed" : "changed"
        add(
          "export-in-use", .error,
          "The export \(export) is \(what) while \(users) imports it: CloudFormation refuses the update.",
          line: line, subject: output.name)
      } else if let export = output.export, !output.possibleImporters.isEmpty, output.action != .mayChange {
        let what = output.action == .removed ? "removed" : "changed"
        let others = output.possibleImporters.joined(separator: ", ")
        add(
          "export-may-be-in-use", .warning,
          "The export \(export) is \(what), and \(others) imports a name that depends on values which are not known here: "
            + "where it is this one, CloudFormation refuses the update.", line: line, subject: output.name)
      } else if let export = output.export, output.action == .removed {
        add(
          "export-removed", .warning,
          "The export \(export) is removed: CloudFormation refuses it while another stack imports it.",
          line: line, subject: output.name)
      } else if let export = output.export {
        let what = output.action == .changed ? "changes" : "may change"
        add(
          "export-changed", .warning,
          "The value of the export \(export) \(what): CloudFormation refuses it while another stack imports it.",
          line: line, subject: output.name)
      } else {
        let what = output.action == .removed ? "is removed" : "changes"
        add(
          "output-changed", .notice, "The output \(output.name) \(what); scripts may read it.", line: line,
          subject: output.name)
      }
    }
  }
}
