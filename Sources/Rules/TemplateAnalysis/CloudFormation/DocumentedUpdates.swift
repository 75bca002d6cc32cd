/// What the CloudFormation user guide says about updates of single properties and the resource schemas do not.
struct DocumentedUpdates {
  /// Properties whose change makes the resource anew, by the guide.
  let replacement: [String]
  /// Properties whose change is not carried out, by the guide.
  let unsupported: [String]

  /// The notes about a type; nil where the guide says no more than the schema.
  static subscript(_ type: String) -> DocumentedUpdates? { all[type] }

  private static let all: [String: DocumentedUpdates] = {
    var found: [String: DocumentedUpdates] = [:]
    for line in "\(text)".split(separator: "\n") {
      let fields = line.split(separator: "|", omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      found[String(fields[0])] = DocumentedUpdates(
        replacement: fields[1].split(separator: " ").map(String.init),
        unsupported: fields[2].split(separator: " ").map(String.init))
    }
    return found
  }()
}
