import AWSClients
import CIEnvironment
import DeploymentConfig
import DeploymentRecords
import GitHistory
import Redaction
import Reporting
import StepResults
import Synchronization
import SystemInterfaces

/// One run of a step: its configuration, policy, records and clients of the outside, each made when first used.
public final class StepSession: Sendable {
  /// What was handed in; its terminal redacts.
  public let context: StepContext
  /// The same terminal, with a door for commands to the CI system.
  let output: RedactingTerminal
  /// The options that all steps share.
  public let common: CommonOptions
  /// The one redactor of the run.
  public let redactor: Redactor
  /// What `deployment-<environment>.config` sets.
  public let config: DeploymentConfig
  /// `backstop.yml`, or the defaults.
  public let policy: Policy
  /// Which CI system this is.
  public let ci: CIEnvironment
  /// Live line and log lines, on standard error.
  public let progress: Progress
  /// The records of this environment.
  public let records: RecordStore
  /// The restore points of this environment.
  public let restorePoints: RestorePointStore
  /// Where they are kept beside this machine.
  let store: StoreAddress?
  /// The root of the work tree (or the folder of a bare repository), absolute; nil outside a repository.
  public let repositoryRoot: String?
  /// The folder of the configuration below the repository's root; empty where it stands in the root itself, or elsewhere.
  public let applicationFolder: String
  /// When the step began.
  public let startedAt: Timestamp
  /// The files read so far, as inputs of the record.
  public let configInputs: [RecordInput]
  private let transportsMade = Mutex<Transports?>(nil)
  private let clientsMade = Mutex<StackClients?>(nil)
  /// Whose files are believed.
  let trust: FileTrust
  /// What is come across beside the step's own findings.
  let remarks = Remarks()
  /// The lock of the environment, while the session holds it.
  let lock = Mutex<HeldLock?>(nil)

  /// The environment's name.
  public var environment: String { common.environment }
  /// Whether it is production.
  public var isProduction: Bool { policy.isProduction(common.environment) }

  init(
    context: StepContext, common: CommonOptions, redactor: Redactor, startedAt: Timestamp,
    needsConfig: Bool, policySource: (RepositoryPlace) throws -> PolicySource = { _ in .workTree }
  ) throws {
    var context = context
    output = RedactingTerminal(base: context.terminal, redactor: redactor, random: context.random)
    context.terminal = output
    context.environment = StepSession.gitVariables(common, context)
    self.common = common
    self.redactor = redactor
    self.startedAt = startedAt
    ci = CIEnvironment(context.environment)
    for (name, value) in context.environment.variables where StepSession.isSecretVariable(name) {
      redactor.learn(value, named: name)
    }
    let level: Progress.Level = common.quiet ? .quiet : common.verbose || ci.isDebugging ? .verbose : .normal
    progress = Progress(terminal: context.terminal, clock: context.clock, level: level)

    repositoryRoot = try StepSession.findRepository(common, context)
    var inputs: [RecordInput] = []
    (config, inputs) = try StepSession.readConfig(
      common, context, root: repositoryRoot, isNeeded: needsConfig)
    for entry in config.entries { redactor.learn(entry.value, named: entry.name) }
    let place = RepositoryPlace(context: context, ci: ci, root: repositoryRoot)
    let policyFile = try StepSession.readPolicy(common, context, root: repositoryRoot) {
      // What is only shown needs no base.
      try common.showConfig ? (try? policySource(place)) ?? .workTree : policySource(place)
    }
    policy = policyFile?.policy ?? Policy()
    if let policyFile { inputs.append(policyFile.input) }
    configInputs = inputs

    applicationFolder = StepSession.applicationFolder(
      common, context, root: repositoryRoot, hasConfig: !config.isAbsent)
    let root = context.absolute(
      common.records ?? policy.options["records"]
        ?? [repositoryRoot ?? context.workingDirectory, ".backstop", applicationFolder, common.environment]
        .filter { !$0.isEmpty }.joined(separator: "/"))
    let run = ci.run ?? RunId.make(startedAt, context.random)
    store = try StepSession.storeAddress(common, policy)
    let placeName = StepSession.placeName(applicationFolder, common.environment)
    trust = StepSession.fileTrust(
      records: root, store, place: placeName, context, repositoryRoot, startedAt)
    context.files = GuardedFiles(base: context.files, trust: trust)
    self.context = context
    let key = try StepSession.storeKey(context)
    records = RecordStore(root: root, run: run, files: context.files, redactor: redactor, key: key)
    let remarks = remarks
    restorePoints = try StepSession.restorePoints(
      store, records: root, place: placeName, context, key,
      of: StepSession.application(policy, applicationFolder)
    ) { path, why in
      remarks.add(Finding("record-set-aside", .warning, "\(path) was not used: \(why)", subject: path))
    }
  }

  /// Variables of the process whose values may be secret; names like `SSH_AUTH_SOCK` hold none, and paths are none.
  private static func isSecretVariable(_ name: String) -> Bool {
    Redactor.isSecretName(name) && !name.hasSuffix("_FILE") && !name.hasSuffix("_PATH")
  }

  /// Guards the records folder and a store that is a folder.
  private static func fileTrust(
    records: String, _ store: StoreAddress?, place: String, _ context: StepContext,
    _ repositoryRoot: String?, _ now: Timestamp
  ) -> FileTrust {
    var roots = [records]
    if case .folder(let path) = store { roots.append("\(context.absolute(path))/\(place)") }
    return FileTrust(
      roots,
      FileTrust.Place(
        files: context.files, userId: context.userId, repositoryRoot: repositoryRoot,
        openRepository: { root in
          var variables = context.environment
          // These name the repository of this run, whatever folder is asked about.
          if root != repositoryRoot {
            variables.variables["GIT_DIR"] = nil
            variables.variables["GIT_WORK_TREE"] = nil
          }
          return try context.openRepository(root, variables)
        }, now: now))
  }

  // MARK: - Doors

  /// The transports, made when first asked for.
  func transports() -> Transports {
    transportsMade.withLock { made in
      if let made { return made }
      let new = makeTransports()
      made = new
      return new
    }
  }

  /// The clients that `make` gives the first time.
  func sharedClients(_ make: () throws -> StackClients) rethrows -> StackClients {
    try clientsMade.withLock { made in
      if let made { return made }
      let new = try make()
      made = new
      return new
    }
  }

  /// An id of a run or a restore point: time and six hexadecimal digits; later ones sort after earlier ones.
  public func newId() -> String { RunId.make(context.clock.now, context.random) }

  /// Styles of standard output: colours only where a person sees them, or asked for them.
  public var usesColor: Bool {
    switch common.color ?? ColorChoice(rawValue: policy.options["color"] ?? "") ?? .auto {
    case .always: true
    case .never: false
    case .auto:
      context.environment.nonEmpty("NO_COLOR") == nil && context.environment["TERM"] != "dumb"
        && context.terminal.isInteractive(.standardOutput)
    }
  }

  /// text or json.
  public var format: OutputFormat {
    common.format ?? OutputFormat(rawValue: policy.options["format"] ?? "") ?? .text
  }
}

enum RunId {
  /// The first two of the six digits tell the part of the second: ids of one second sort by time as well.
  static func make(_ time: Timestamp, _ random: Randomness) -> String {
    let microseconds = max(0, time.microseconds % 1_000_000)
    let part = String(microseconds * 256 / 1_000_000, radix: 16)
    return "\(time.basicFormat)-\(part.count < 2 ? "0" : "")\(part)\(random.hex(4))"
  }
}
