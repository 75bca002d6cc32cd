import Foundation

/// Published schemas, checked by the tool that pipelines would use.
public enum Schema {
  /// What `check-jsonschema` finds wrong with the document at `path`; empty where nothing is.
  public static func problems(of path: String, _ name: String) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Repository.root + "/.build/venv/bin/check-jsonschema")
    process.arguments = ["--schemafile", Repository.root + "/ci/schemas/\(name).schema.json", path]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.begin()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return process.terminationStatus == 0 ? "" : String(decoding: text, as: UTF8.self)
  }
}
