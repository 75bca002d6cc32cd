import DeploymentConfig
import StepResults
import TemplateAnalysis

/// Templates of the base that are there in the head as well, where no judge looks: under another ending, or as a link.
struct TemplatesOutOfSight {
  let change: Change
  let policy: GatePolicy

  /// One finding a file. It stands until the policy of the base lists templates by patterns that leave the file out.
  var findings: [Finding] {
    let patterns = policy.templates.map(PathPattern.init)
    return change.files.compactMap { file in
      let before = file.oldPath ?? file.path
      guard patterns.isEmpty || patterns.contains(where: { $0.matches(before) }),
        let what = whereabouts(file, patterns), wasTemplate(file, before)
      else { return nil }
      return Finding(
        "template-out-of-sight", .error,
        "\(before) was a template and is \(what) now, where it is not judged: what it deploys may change unseen",
        path: file.path, subject: before)
    }
  }

  private func whereabouts(_ file: ChangedFile, _ patterns: [PathPattern]) -> String? {
    if file.isLink { return "a link or a submodule" }
    guard file.new != nil, file.oldPath != nil else { return nil }
    let isSeen =
      patterns.isEmpty
      ? TemplateText.isOfInterest(file.path) : patterns.contains { $0.matches(file.path) }
    return isSeen ? nil : "called \(file.path)"
  }

  private func wasTemplate(_ file: ChangedFile, _ path: String) -> Bool {
    guard let old = file.old, !policy.templates.isEmpty || TemplateText.isOfInterest(path),
      TemplateText.mentionsResources(old)
    else { return false }
    // What could not be read was none of the gate's before, either.
    return (try? CloudFormationTemplate.ifTemplate(parsing: old, path: path)) != nil
  }
}
