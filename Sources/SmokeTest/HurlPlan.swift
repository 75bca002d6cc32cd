import CryptoDigests
import DeploymentConfig
import HurlFile
import Records
import SmokeChecks
import StepCommand
import SystemInterfaces

/// The Hurl files of a run: read, ordered by what they need of each other, as chains of checks.
struct HurlPlan {
  /// One file.
  struct File {
    var document: HurlDocument
    var session: HurlSession
    var input: RecordInput
  }
  private(set) var files: [File] = []
  /// In the order of `files`, needed files first.
  private(set) var chains: [CheckChain] = []

  /// Reads `names` and the files that they say they need. Every file that cannot be read is named in one error.
  init(_ names: [String], variables: HurlVariables, environment: HurlEnvironment, _ session: StepSession)
    throws
  {
    var reader = Reader(environment: environment, variables: variables, session: session)
    for name in names { _ = try reader.read(name, neededBy: []) }
    guard reader.problems.isEmpty else {
      throw StepFailure(
        .data, reader.problems.joined(separator: "\n"), advice: "correct the file; nothing was sent")
    }
    files = reader.files
    for (file, needs) in zip(files, reader.needs) {
      var chain = HurlChecks.chain(file.document, session: file.session)
      chain.needs = needs
      let (own, needed) = (file.session, needs.map { reader.files[$0].session })
      if !needed.isEmpty { chain.prepare = { for other in needed { own.adopt(other.variables) } } }
      chains.append(chain)
    }
  }

  /// The body that the last file's last entry got, where it was kept.
  var lastBody: [UInt8]? { files.last?.session.lastBody }

  private struct Reader {
    let environment: HurlEnvironment
    let variables: HurlVariables
    let session: StepSession
    var files: [File] = []
    var needs: [[Int]] = []
    var positions: [String: Int] = [:]
    var problems: [String] = []

    /// Relative to the repository, as annotations on a commit need it; as named outside.
    private func shown(_ path: String, _ name: String) -> String {
      guard let root = session.repositoryRoot, path.hasPrefix(root + "/"), !path.contains("/../") else {
        return name
      }
      return String(path.dropFirst(root.count + 1))
    }

    /// The position of the file, read now or before; nil where it cannot be read.
    mutating func read(_ name: String, neededBy: [String]) throws -> Int? {
      let path = session.context.absolute(name)
      if let position = positions[path] { return position }
      let bytes: [UInt8]
      do throws(FileError) {
        bytes = try session.context.files.read(path)
      } catch {
        problems.append("cannot read \(name): \(SystemError.message(error.code))")
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
        if neededBy.contains(session.context.absolute(other)) || session.context.absolute(other) == path {
          problems.append("\(place): needs \(annotation.value), which needs this file")
        } else if !session.context.files.exists(session.context.absolute(other)) {
          problems.append("\(place): needs \(annotation.value), but there is no such file")
        } else if let position = try read(other, neededBy: neededBy + [path]) {
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

/// Where the variables of Hurl files come from; later ones win.
enum SmokeVariables {
  /// The configuration, the policy, `HURL_…` of the environment, `--variable`.
  static func make(_ options: SmokeOptions, _ session: StepSession) -> HurlVariables {
    var variables = HurlVariables()
    func set(_ name: String, _ value: HurlValue, _ text: String) {
      session.redactor.learn(text, named: name)
      if Redactor.isSecretName(name) { variables.setSecret(name, value) } else { variables[name] = value }
    }
    for entry in session.config.entries { set(entry.name, .string(entry.value), entry.value) }
    for (name, text) in options.policy.variables { set(name, HurlValue(inferredFrom: text), text) }
    for (name, text) in session.context.environment.variables.sorted(by: { $0.key < $1.key })
    where name.hasPrefix("HURL_") {
      let bare = name.dropFirst(name.hasPrefix("HURL_VARIABLE_") ? "HURL_VARIABLE_".count : "HURL_".count)
      if !bare.isEmpty { set(String(bare), HurlValue(inferredFrom: text), text) }
    }
    for (name, text) in options.variables { set(name, HurlValue(inferredFrom: text), text) }
    return variables
  }
}
