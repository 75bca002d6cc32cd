/// Something outside the stacks' templates that the restore point holds.
public struct ResourceFacts: Hashable, Sendable {
  /// What it is, with what decides whether it may be moved.
  public enum Kind: Hashable, Sendable {
    /// A secret's version labelled AWSCURRENT.
    case secret(SecretGuard)
    /// The version that a function's alias names.
    case alias(AliasGuard)
    /// The code of a function.
    case functionCode(CodeGuard)
    /// The time limit and the memory of a function.
    case functionSettings
    /// The deployment that an API's stage serves.
    case stageDeployment
    /// The definition of a state machine.
    case stateMachine
    /// What people and services change without CloudFormation, and why the recorded value cannot be set again.
    case setting(SettingKind, obstacle: String?)
  }
  /// What it is.
  public var kind: Kind
  /// Its name, as a person knows it: `function:alias`, `api/stage`, the secret's name.
  public var target: String
  /// The stack whose template declares it; nil where none does.
  public var stack: String?
  /// What the restore point holds: a version, a deployment, a digest.
  public var recorded: String
  /// What is there now; nil where the resource has gone.
  public var live: String?

  /// What an action that puts it back sets.
  var payload: PlannedAction.Payload {
    switch kind {
    case .secret, .alias: .version(recorded)
    case .functionCode, .stateMachine: .digest(recorded)
    case .functionSettings: .settings(recorded)
    case .stageDeployment: .deployment(recorded)
    case .setting(let kind, _): kind.payload(recorded)
    }
  }

  /// A resource that was `recorded` and is now `live`.
  public init(kind: Kind, target: String, stack: String?, recorded: String, live: String?) {
    self.kind = kind
    self.target = target
    self.stack = stack
    self.recorded = recorded
    self.live = live
  }
}

/// What keeps a secret from being moved back.
public struct SecretGuard: Hashable, Sendable {
  /// Rotation is on.
  public var rotates = false
  /// The service that owns it.
  public var owningService: String?
  /// It was rotated after the restore point.
  public var rotatedSince = false
  /// The recorded version is still there.
  public var recordedVersionExists = true
  /// When the present version was made, whether that was after the restore point.
  public var changedSince = true
  /// The present version names the database that was restored for this restore point.
  public var namesRestoredDatabase = false

  /// A secret that nothing keeps from being moved.
  public init() {}
}

/// What keeps an alias from being pointed back.
public struct AliasGuard: Hashable, Sendable {
  /// The recorded versions that have been deleted since.
  public var missingVersions: [String] = []
  /// The digest of the recorded version's code, where it is known.
  public var codeSha256: String?
  /// When a version of the same code can be published; nil where nothing proves that it could.
  public var republication: Republication?

  /// When what a deleted version held can be published again.
  public enum Republication: Hashable, Sendable {
    /// The function is what the version was.
    case now
    /// It will be, by other actions of the plan.
    case onceFunctionIsBack
  }

  /// An alias that nothing keeps from being moved.
  public init() {}
}

/// Where the recorded code of a function can be had.
public struct CodeGuard: Hashable, Sendable {
  /// In words: `the restore point`, `s3://bucket/key`, an image; nil where it is nowhere to be had.
  public var source: String?

  /// Code that is nowhere to be had.
  public init(source: String? = nil) { self.source = source }
}

/// A quick setting that a person asked for (`--relief`), and the function that gets it.
public struct ReliefFacts: Hashable, Sendable {
  /// The function, and the stack that owns it; nil where none of the configuration's does.
  public var function: String, stack: String?
  /// What is wanted, what is there, and what will be there when the plan has undone it, as `timeout=30,memory=512`.
  public var wanted: String, live: String?, afterwards: String?

  /// A wanted setting.
  public init(function: String, stack: String?, wanted: String, live: String?, afterwards: String?) {
    self.function = function
    self.stack = stack
    self.wanted = wanted
    self.live = live
    self.afterwards = afterwards
  }
}

/// The rollback scripts of the reverted migrations.
public struct SchemaFacts: Hashable, Sendable {
  /// The database, as a person knows it and without its password.
  public var database: String
  /// Paths of the scripts, in the order in which they run: newest migration first.
  public var scripts: [String]
  /// Whether the database's own history tells which of them are still to be run.
  public var isKnown = false
  /// What keeps them from being run.
  public var obstacles: [String] = []
  /// What a person should know of how they run, such as a script that cannot run in one transaction with the others.
  public var remarks: [String] = []

  /// Scripts for a database.
  public init(database: String, scripts: [String]) {
    self.database = database
    self.scripts = scripts
  }
}

/// The database of the restore point, its snapshot, and the new one beside it.
public struct DatabaseFacts: Hashable, Sendable {
  /// The old database, the stack that owns it, the snapshot, and the name of the new one.
  public var identifier: String, stack: String, snapshot: String?, restored: String
  /// The snapshot's status; nil where it is not there any more.
  public var snapshotStatus: String?
  /// The new database's status; nil where there is none yet.
  public var restoredStatus: String?
  /// Settings of the new database that are not the old one's, in words.
  public var differences: [String] = []
  /// What goes on using the old database whatever the secrets say, each with what to do about it.
  public var oldUsers: [String] = []
  /// Secrets that name the old database's address, and what keeps each from being pointed at the new one.
  public var secrets: [Switch] = []
  /// Proxies that lead to the old database.
  public var proxies: [Switch] = []
  /// Stacks that take the old database's address by a parameter.
  public var redeploys: [Switch] = []
  /// What the policy's queries about the data came to on the new database; nil where they were not asked yet.
  public var probes: [Probe]?
  /// How what was switched is switched back, a command each.
  public var waysBack: [String] = []

  /// A query about the data, asked of the new database.
  public struct Probe: Hashable, Sendable {
    /// What it came to.
    public enum Answer: Hashable, Sendable {
      case passed
      /// The data are not as they have to be.
      case failed(String)
      /// It could not be asked, and whether the policy wants an answer before anything goes on.
      case unasked(String, isCritical: Bool)
    }
    /// Its name, and what it came to.
    public var name: String, answer: Answer

    /// A query and its answer.
    public init(name: String, answer: Answer) {
      self.name = name
      self.answer = answer
    }
  }

  /// What leads to the old database and can be switched to the new one.
  public struct Switch: Hashable, Sendable {
    /// The secret, the proxy or the stack, and why it is left; nil where nothing speaks against it.
    public var target: String, obstacle: String?
    /// A secret, a proxy or a stack.
    public init(target: String, obstacle: String? = nil) {
      self.target = target
      self.obstacle = obstacle
    }
  }

  /// A database with a snapshot.
  public init(identifier: String, stack: String, snapshot: String?, restored: String) {
    self.identifier = identifier
    self.stack = stack
    self.snapshot = snapshot
    self.restored = restored
  }
}
