import StepResults
import StepRuntime
import SystemInterfaces

/// Templates compared without git: two files, two assemblies of the CDK, or one of either.
struct FileComparison {
  let session: StepSession

  func change(old: String, new: String) throws -> Change {
    let isFolder = (old: try isFolder(old, "--old"), new: try isFolder(new, "--new"))
    guard isFolder.old == isFolder.new else {
      throw StepFailure(
        .data, "--old \(old) and --new \(new): one is a folder, the other a file",
        advice: "name two templates, or two output folders of cdk synth")
    }
    let files: [ChangedFile]
    if isFolder.new {
      files = try assemblies(old: old, new: new)
    } else {
      files = [
        ChangedFile(
          path: new, oldPath: old == new ? nil : old, old: try bytes(old, "--old"),
          new: try bytes(new, "--new"))
      ]
    }
    let all = files.filter { $0.old != $0.new }.map { file in
      ChangedPath(
        path: file.path, oldPath: file.oldPath, old: file.old.map { _ in .file },
        new: file.new.map { _ in .file })
    }
    return Change(
      base: old, head: new, because: "--old and --new", changedCount: all.count, all: all, files: files,
      readOld: reader(of: old), readNew: reader(of: new), readTip: reader(of: old),
      listNew: { [self] _ in isFolder.new ? [] : siblings(of: new, but: old) }, listFolder: { _ in [] },
      messages: [])
  }

  /// Files beside a template that is named: they may import what it exports.
  private func siblings(of path: String, but other: String) -> [String] {
    let folder = RelativePath.folder(of: path)
    // A folder that cannot be listed tells nothing, as one without other templates.
    let names =
      (try? session.context.files.names(in: session.context.absolute(folder.isEmpty ? "." : folder))) ?? []
    return names.sorted().compactMap { RelativePath.join(folder, $0) }.filter { $0 != path && $0 != other }
  }

  // MARK: - Assemblies

  /// The stacks of two output folders of `cdk synth`; nil: there was no application before.
  func assemblies(old: String?, new: String) throws -> [ChangedFile] {
    let (before, after) = (try old.map { try stacks($0, "--old", "") } ?? [], try stacks(new, "--new", ""))
    return after.map { stack in
      let twin = before.first { $0.id == stack.id }
      return ChangedFile(path: stack.path, oldPath: twin?.path, old: twin?.bytes, new: stack.bytes)
    }
      + before.filter { stack in !after.contains { $0.id == stack.id } }.map {
        ChangedFile(path: $0.path, old: $0.bytes, new: nil)
      }
  }

  private struct Stack {
    /// The account's name for the stack, with the nested assembly that it stands in: stages repeat names.
    let id: String, path: String, bytes: [UInt8]
  }

  /// All stacks of an assembly and of those nested in it.
  private func stacks(_ folder: String, _ option: String, _ stage: String) throws -> [Stack] {
    let path = "\(folder)/manifest.json"
    guard let manifest = AssemblyManifest(try bytes(path, option)) else {
      throw StepFailure(
        .data, "\(option) \(path): not the manifest of a cloud assembly",
        advice: "name the output folder of cdk synth, or a template file")
    }
    var found: [Stack] = []
    for stack in manifest.stacks {
      guard let path = RelativePath.join(folder, stack.file) else { continue }
      found.append(Stack(id: "\(stage)\(stack.name)", path: path, bytes: try bytes(path, option)))
    }
    for inner in manifest.folders where !inner.contains("..") && stage.count < 1000 {
      found += try stacks("\(folder)/\(inner)", option, "\(stage)\(inner)/")
    }
    return found
  }

  // MARK: - Reading

  private func isFolder(_ path: String, _ option: String) throws -> Bool {
    let place = session.context.absolute(path)
    do throws(FileError) {
      return try session.context.files.status(of: try session.context.files.realPath(place))?.kind == .folder
    } catch {
      throw unreadable(path, option, error)
    }
  }

  private func bytes(_ path: String, _ option: String) throws -> [UInt8] {
    do throws(FileError) {
      return try session.context.files.read(
        session.context.absolute(path), session.context.reading(path, in: session.repositoryRoot))
    } catch {
      throw unreadable(path, option, error)
    }
  }

  private func unreadable(_ path: String, _ option: String, _ error: FileError) -> StepFailure {
    StepFailure(
      .data, "cannot read \(option) \(path): \(error.reason)",
      advice: "name a readable CloudFormation template, or the output folder of cdk synth")
  }

  /// Reads what a template names: files beside or below it, or in the repository or working directory that holds it;
  /// links that lead elsewhere are not followed.
  private func reader(of named: String) -> (String) throws -> [UInt8]? {
    let context = session.context
    let files = context.files
    let own = context.absolute(named)
    let roots = [RelativePath.folder(of: own), context.absolute("."), session.repositoryRoot].compactMap {
      $0
    }
    .compactMap { try? files.realPath($0) }
    return { path in
      let place = context.absolute(path)
      do throws(FileError) {
        let real = try files.realPath(place)
        guard roots.contains(where: { real.hasPrefix($0 == "/" ? "/" : $0 + "/") }) else { return nil }
        guard let status = try files.status(of: real), status.kind == .file, status.size < 32 << 20 else {
          return nil
        }
        return try files.read(real)
      } catch {
        // What is not there, or not for us to read, is not known, as the finding about its stack says.
        return nil
      }
    }
  }
}
