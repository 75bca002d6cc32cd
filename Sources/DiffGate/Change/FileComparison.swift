import Records
import StepCommand
import SystemInterfaces

/// Two template files compared without git.
enum FileComparison {
  static func change(old: String, new: String, _ session: StepSession) throws -> Change {
    func read(_ path: String, _ option: String) throws -> [UInt8] {
      do throws(FileError) {
        return try session.context.files.read(session.context.absolute(path))
      } catch {
        throw StepFailure(
          .data, "cannot read \(option) \(path): \(SystemError.message(error.code))",
          advice: "name a readable CloudFormation template")
      }
    }
    let file = ChangedFile(
      path: new, oldPath: old == new ? nil : old, old: try read(old, "--old"), new: try read(new, "--new"))
    return Change(
      base: old, head: new, because: "--old and --new", changedCount: file.old == file.new ? 0 : 1,
      files: [file],
      readOld: { _ in nil }, readNew: { _ in nil }, listNew: { _ in [] }, messages: [])
  }
}
