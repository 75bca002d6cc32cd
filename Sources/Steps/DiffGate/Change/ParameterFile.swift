import JSONValues
import StepResults
import StepRuntime
import SystemInterfaces
import YAMLDocuments

/// Parameter values: a JSON (or YAML) object of names and values, or CloudFormation's own array.
enum ParameterFile {
  static func read(_ path: String, option: String, _ session: StepSession) throws -> [String: String] {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try session.context.files.read(
        session.context.absolute(path), session.context.reading(path, in: session.repositoryRoot))
    } catch {
      throw StepFailure(
        .data, "cannot read \(option) \(path): \(error.reason)",
        advice: "name a JSON file of parameter names and values")
    }
    do throws(YAMLError) {
      let node = try YAMLNode.parse(bytes)
      // `{"Parameters": {…}}` is how CodePipeline and SAM write it.
      return try values(node["Parameters"]?.mapping == nil ? node : node["Parameters"]!, path)
    } catch {
      throw StepFailure(
        .data, "\(path):\(error.line): \(error.message)",
        advice:
          "expected an object of names and values, or CloudFormation's array of ParameterKey and ParameterValue"
      )
    }
  }

  private static func values(_ node: YAMLNode, _ path: String) throws(YAMLError) -> [String: String] {
    var values: [String: String] = [:]
    if let members = node.mapping?.members {
      for member in members { values[member.name] = try text(member.value, member.name) }
      return values
    }
    guard let elements = node.sequence else {
      throw YAMLError(line: node.line, column: node.column, message: "expected an object or an array")
    }
    for element in elements {
      guard let name = element["ParameterKey"]?.text else {
        throw YAMLError(line: element.line, column: element.column, message: "expected a ParameterKey")
      }
      // Without a value the deployed one stays, which is what a missing value means everywhere.
      guard let value = element["ParameterValue"] else { continue }
      values[name] = try text(value, name)
    }
    return values
  }

  private static func text(_ node: YAMLNode, _ name: String) throws(YAMLError) -> String {
    if let scalar = node.scalar { return scalar.text }
    if let elements = node.sequence {
      let texts = elements.compactMap { $0.scalar?.text }
      if texts.count == elements.count { return texts.joined(separator: ",") }
    }
    throw YAMLError(
      line: node.line, column: node.column, message: "\(name): expected text, a number or a list of them")
  }
}
