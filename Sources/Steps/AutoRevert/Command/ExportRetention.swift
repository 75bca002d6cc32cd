import DeploymentRecords
import JSONValues
import YAMLDocuments

/// Writes outputs into a template that keep exports as they are, for the first phase of a cycle.
enum ExportRetention {
  /// `template` with one more output for each of `exports`, its value as it is now, so that importers see no change.
  static func keep(_ template: String, _ exports: [DescribedExport]) throws -> String {
    let outputs = exports.enumerated().map { index, export in
      JSONObject.Member(
        "BackstopKeptExport\(index + 1)",
        ["Value": .string(export.value), "Export": ["Name": .string(export.name)]])
    }
    if template.first(where: { !$0.isWhitespace }) == "{" {
      var tree = try JSONValue(parsing: Array(template.utf8))
      guard var object = tree.object else {
        throw RecordError(path: "template", reason: "it is no JSON object")
      }
      var own = object["Outputs"]?.object ?? JSONObject()
      for output in outputs { own[output.name] = output.value }
      object["Outputs"] = .object(own)
      tree = .object(object)
      return tree.serialized(pretty: true)
    }
    return try inYAML(template, outputs)
  }

  /// YAML keeps its text, tags and anchors: lines are added under `Outputs:`, or such a section at the end. JSON values
  /// on one line are YAML.
  private static func inYAML(_ template: String, _ outputs: [JSONObject.Member]) throws -> String {
    let root = try YAMLNode.parse(Array(template.utf8))
    var lines = template.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    guard let section = root["Outputs"] else {
      if lines.last?.isEmpty == false { lines.append("") }
      lines.append("Outputs:")
      lines += outputs.map { "  \($0.name): \($0.value.serialized())" }
      return lines.joined(separator: "\n") + "\n"
    }
    guard let first = section.mapping?.members.first?.value,
      let heading = lines.firstIndex(where: { $0.hasPrefix("Outputs:") }),
      lines[heading].dropFirst("Outputs:".count).allSatisfy({ $0 == " " || $0 == "\r" })
    else {
      throw RecordError(
        path: "template", reason: "its Outputs stand on one line, to which nothing can be added safely")
    }
    // As far in as the outputs that are there.
    let member = lines[(heading + 1)...].first { line in
      let text = line.drop { $0 == " " }
      return !text.isEmpty && !text.hasPrefix("#") && text != "\r"
    }
    guard let member, first.line > heading else {
      throw RecordError(path: "template", reason: "its Outputs are empty")
    }
    let indent = String(member.prefix { $0 == " " })
    lines.insert(contentsOf: outputs.map { "\(indent)\($0.name): \($0.value.serialized())" }, at: heading + 1)
    return lines.joined(separator: "\n")
  }
}
