import DeploymentConfig
import SystemInterfaces

/// Which application a run is for: records, restore points, locks and limits of two of them never mix.
extension StepSession {
  /// The folder of the configuration below the repository's root (outside of one, below the working directory); empty where
  /// it stands in the root itself, or elsewhere.
  static func applicationFolder(
    _ common: CommonOptions, _ context: StepContext, root: String?, hasConfig: Bool
  ) -> String {
    guard hasConfig || common.configDir != nil else { return "" }
    let folder = context.absolute(common.configDir ?? ".")
    let root = root ?? context.workingDirectory
    // A folder that is not there is told where the configuration is read; a revision may hold it.
    let real = (try? context.files.realPath(folder)) ?? folder
    let realRoot = (try? context.files.realPath(root)) ?? root
    guard real.hasPrefix(realRoot + "/") else { return "" }
    return String(real.dropFirst(realRoot.count + 1))
  }

  /// The application's id: what the policy says, else the folder of its configuration, `.` for the root.
  public var application: String { StepSession.application(policy, applicationFolder) }

  static func application(_ policy: Policy, _ folder: String) -> String {
    policy.application ?? (folder.isEmpty ? "." : folder)
  }

  /// An environment's name with this application's folder before it, where its ledger and restore points are kept.
  func placeName(of environment: String) -> String {
    StepSession.placeName(applicationFolder, environment)
  }

  /// `@shop/prod`; fit for a reference of git, whatever the folder is called. No environment's name begins with the mark: git
  /// keeps no reference below another one, and a folder may be called like an environment.
  static func placeName(_ folder: String, _ environment: String) -> String {
    let parts = folder.split(separator: "/").map { part in
      "@"
        + part.utf8.map { byte -> String in
          let isPlain =
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || byte == 0x2D || byte == 0x5F
          guard !isPlain else { return String(UnicodeScalar(byte)) }
          let digits = String(byte, radix: 16, uppercase: true)
          return "%" + (digits.count < 2 ? "0" : "") + digits
        }.joined()
    }
    return (parts + [environment]).joined(separator: "/")
  }

  /// The name of this environment's ledger: what follows `refs/backstop/`.
  public var ledgerName: String { placeName(of: environment) }

  /// The stacks that somebody named, in the configuration or by confirming in the policy the one whose name follows from
  /// the others.
  public var confirmedStacks: [ConfiguredStack] {
    config.stacks.filter { !$0.isDerived || policy.snapshot.confirmsDatabaseStack }
  }
}
