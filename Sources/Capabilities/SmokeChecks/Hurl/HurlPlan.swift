import CryptoDigests
import DeploymentRecords
import HurlFile
import SystemInterfaces

/// The Hurl files of a run: read, ordered by what they need of each other, as chains of checks.
public struct HurlPlan: Sendable {
  /// One file.
  private struct File: Sendable {
    var document: HurlDocument
    var session: HurlSession
    var input: RecordInput
  }
  /// What is still asked of a file when its entries have become checks.
  private struct Trace: Sendable {
    var name: String
    var usesXPath: Bool
    var session: HurlSession
    var input: RecordInput
  }
  private var files: [Trace] = []
  /// In the order of `files`, needed files first.
  public private(set) var chains: [CheckChain] = []
  /// Files and entries that look at nothing, or not at what they seem to.
  public private(set) var gaps: [HurlGap] = []

  /// Reads `names` and the files that they say they need. Every file that cannot be read, and every mistake that can be
  /// told before anything is sent, is named in one error.
  /// - Parameters:
  ///   - names: absolute, or counted from `workingDirectory`.
  ///   - environment: its `root` is also what files are named relative to, as annotations on a commit need it.
  ///   - requiresVariables: whether a variable that nothing sets is a mistake.
  ///   - parallel: patterns of files whose entries may overlap where they only read.
  public init(
    _ names: [String], variables: HurlVariables, environment: HurlEnvironment, workingDirectory: String,
    requiresVariables: Bool = true, parallel: [String] = []
  ) throws(CheckSourceError) {
    var reader = Reader(
      environment: environment, variables: variables, workingDirectory: workingDirectory)
    for name in names { _ = reader.read(name, neededBy: []) }
    guard reader.problems.isEmpty else {
      throw CheckSourceError(problems: reader.problems, advice: "correct the file; nothing was sent")
    }
    files = reader.files.map { file in
      Trace(
        name: file.document.file, usesXPath: file.document.entries.contains(where: \.usesXPath),
        session: file.session, input: file.input)
    }
    var setNames: [Set<String>] = []
    var problems: [String] = []
    for (file, needs) in zip(reader.files, reader.needs) {
      let coming = needs.reduce(into: Set<String>()) { $0.formUnion(setNames[$1]) }
      setNames.append(coming.union(file.document.setNames))
      let known = file.session.foreknowledge(
        variables, comingNames: coming, requiresVariables: requiresVariables)
      problems += file.document.problems(known).map { "\(file.document.file):\($0.position): \($0.message)" }
      gaps += HurlGap.all(in: file.document)
    }
    guard problems.isEmpty else {
      throw CheckSourceError(
        problems: problems,
        advice: "correct the file, or set the variable in the configuration, the policy or with --variable; "
          + "nothing was sent")
    }
    for (file, needs) in zip(reader.files, reader.needs) {
      let name = file.document.file
      var chain = HurlChecks.chain(
        file.document, session: file.session,
        isParallel: parallel.contains { SmokeFiles.matches(Substring(name), Substring($0)) })
      chain.needs = needs
      let (own, needed) = (file.session, needs.map { reader.files[$0].session })
      if !needed.isEmpty { chain.prepare = { for other in needed { own.adopt(other.variables) } } }
      chains.append(chain)
    }
  }

  /// Why not all checks can be run on this machine: a program or library is missing. Nil where all is there.
  public var missingPart: ControlPlaneError? {
    let needing = files.filter { $0.usesXPath && !$0.session.environment.hasXPath() }
    guard let first = needing.first else { return nil }
    return ControlPlaneError(
      .missingProgram,
      "\(first.name) uses xpath, which needs libxml2, and that is not on this machine",
      advice: XPathLibrary.advice)
  }

  /// The body that the last file's last entry got, where it was kept.
  public var lastBody: [UInt8]? { files.last?.session.lastBody }

  /// The files with their digests, for the record.
  public var inputs: [RecordInput] { files.map(\.input) }

  private struct Reader {
    let environment: HurlEnvironment
    let variables: HurlVariables
    let workingDirectory: String
    var files: [File] = []
    var needs: [[Int]] = []
    var positions: [String: Int] = [:]
    var problems: [String] = []

    private func absolute(_ name: String) -> String {
      name.hasPrefix("/")
        ? name : "\(workingDirectory)/\(name.hasPrefix("./") ? String(name.dropFirst(2)) : name)"
    }

    /// Relative to the root; as named outside.
    private func shown(_ path: String, _ name: String) -> String {
      guard path.hasPrefix(environment.root + "/"), !path.contains("/../") else { return name }
      return String(path.dropFirst(environment.root.count + 1))
    }

    /// The position of the file, read now or before; nil where it cannot be read.
    mutating func read(_ name: String, neededBy: [String]) -> Int? {
      let path = absolute(name)
      if let position = positions[path] { return position }
      let bytes: [UInt8]
      do throws(FileError) {
        // What a checkout brings leads nowhere else, and least of all to what an error would quote.
        var reading = FileReading.ofCheckout
        reading.followsLinks = !path.hasPrefix(environment.root == "/" ? "/" : environment.root + "/")
        bytes = try environment.files.read(path, reading)
      } catch {
        problems.append("cannot read \(name): \(error.reason)")
        return nil
      }
      guard let text = String(validating: bytes, as: UTF8.self) else {
        problems.append("\(name): not UTF-8")
        return nil
      }
      let document: HurlDocument
      do throws(HurlSyntaxError) {
        document = try HurlDocument(parsing: text, file: shown(path, name))
      } catch {
        problems.append(error.description)
        return nil
      }
      var needed: [Int] = []
      for annotation in HurlChecks.needs(document) {
        let folder = name.lastIndex(of: "/").map { String(name[...$0]) } ?? ""
        let other = annotation.value.hasPrefix("/") ? annotation.value : folder + annotation.value
        let place = "\(name):\(annotation.position.line)"
        if neededBy.contains(absolute(other)) || absolute(other) == path {
          problems.append("\(place): needs \(annotation.value), which needs this file")
        } else if !environment.files.exists(absolute(other)) {
          problems.append("\(place): needs \(annotation.value), but there is no such file")
        } else if let position = read(other, neededBy: neededBy + [path]) {
          needed.append(position)
        }
      }
      var own = environment
      // A file outside the project reads its bodies from its own folder.
      if !path.hasPrefix(environment.root + "/"), let slash = path.lastIndex(of: "/") {
        own.root = String(path[..<slash])
      }
      files.append(
        File(
          document: document, session: HurlSession(path: path, variables: variables, environment: own),
          input: RecordInput(path: document.file, sha256: Digest.sha256Hex(bytes))))
      needs.append(needed)
      positions[path] = files.count - 1
      return files.count - 1
    }
  }
}
