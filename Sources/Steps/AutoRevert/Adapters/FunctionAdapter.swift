import AWSClients
import DeploymentRecords
import RollbackPlanning
import Synchronization
import SystemInterfaces

/// Functions over their client: code, settings and aliases, compared with the restore point and put back.
struct FunctionAdapter {
  private let restorePoint: LoadedRestorePoint
  private let requests: [ReliefRequest]
  private let clients: StackClients
  /// Who had written a function before a call of ours did, by function, and when ours did.
  private let ownWrites = OwnWrites()

  private final class OwnWrites: Sendable {
    let found = Mutex<[String: (at: Timestamp, wasWrittenByStack: Bool)]>([:])
  }

  init(_ clients: StackClients, restorePoint: LoadedRestorePoint, requests: [ReliefRequest]) {
    self.restorePoint = restorePoint
    self.requests = requests
    self.clients = clients
  }

  /// Lambda where the function's stack stands; a function that the restore point does not hold is the run's own.
  /// - Parameter function: its designation.
  private func functions(_ function: String) -> LambdaClient {
    let known = restorePoint.point.function(function)
    return LambdaClient(known.map { clients[$0.stack] } ?? clients.own)
  }

  /// What a function is called in facts, plans and calls.
  private func target(_ function: FunctionState) -> String { restorePoint.point.designation(of: function) }

  // MARK: - Facts

  func facts(_ function: FunctionState) async throws -> [ResourceFacts] {
    let target = target(function)
    let stack = AmazonResourceName.stackName(of: function.stack)
    guard
      let now = try await ifThere({
        try await functions(target).getFunctionConfiguration(target)
      })
    else {
      return [
        ResourceFacts(
          kind: .functionCode(CodeGuard()), target: target, stack: stack,
          recorded: function.codeSha256,
          live: nil)
      ]
    }
    var found: [ResourceFacts] = []
    let architecture = function.settings?.architecture
    let isSame =
      now.codeSha256 == function.codeSha256 && (architecture == nil || architecture == now.architecture)
    let isTemplates =
      isSame || function.hasInlineCode != true ? false : try await isWrittenByStack(function, now)
    let source = isSame || isTemplates ? nil : try await codeSource(function)?.text
    found.append(
      ResourceFacts(
        kind: .functionCode(CodeGuard(source: source)), target: target, stack: stack,
        recorded: function.codeSha256,
        live: isTemplates ? function.codeSha256 : now.codeSha256))
    let settings = try await settings(function, now)
    found.append(
      ResourceFacts(
        kind: .functionSettings, target: target, stack: stack, recorded: settings.recorded,
        live: settings.live))
    let isBack = isSame && settings.live == settings.recorded
    return try await found
      + aliases(
        function, stack,
        republication: isBack ? .now : isSame || source != nil ? .onceFunctionIsBack : nil)
  }

  /// How the function's settings differ from the recorded ones.
  private func settings(
    _ function: FunctionState, _ now: FunctionConfiguration
  ) async throws -> RecordedFunction.Difference {
    let recorded = RecordedFunction(function)
    let concurrency: Int?? =
      function.settings == nil ? nil : try await concurrency(target(function))
    // Who wrote it is asked only where that decides.
    let all = recorded.difference(now, concurrency: concurrency, isWrittenByStack: false)
    guard !all.isEmpty, try await isWrittenByStack(function, now) else { return all }
    return recorded.difference(now, concurrency: concurrency, isWrittenByStack: true)
  }

  /// The limit on calls at once, itself nil where there is none; nil where it may not be looked at.
  private func concurrency(_ function: String) async throws -> Int?? {
    do {
      return .some(try await functions(function).getFunction(function).reservedConcurrency)
    } catch let error as AWSError where error.kind == .accessDenied {
      return nil
    }
  }

  /// - Parameter republication: when the function's recorded code can be published.
  private func aliases(
    _ function: FunctionState, _ stack: String, republication: AliasGuard.Republication?
  ) async throws -> [ResourceFacts] {
    guard !function.aliases.isEmpty else { return [] }
    let target = target(function)
    let live = Dictionary(
      try await functions(target).listAliases(target).map {
        ($0.name, FunctionAdapter.text($0.functionVersion, $0.additionalVersionWeights))
      }, uniquingKeysWith: { $1 })
    var versions: [String: String?]?
    var owned: Set<String>?
    var found: [ResourceFacts] = []
    for (alias, version) in function.aliases.sorted(by: { $0.key < $1.key }) {
      let weights = function.aliasWeights?[alias] ?? [:]
      let recorded = FunctionAdapter.text(version, weights)
      var guarded = AliasGuard()
      if let now = live[alias], now != recorded {
        // Each deployment publishes anew, and so does a restore: the version that the stack itself has is the template's.
        if owned == nil { owned = try await StackMembers(clients).versions(of: target, in: function.stack) }
        if owned?.contains(now) ?? false {
          found.append(
            ResourceFacts(
              kind: .alias(AliasGuard()), target: "\(target):\(alias)", stack: stack, recorded: recorded,
              live: recorded))
          continue
        }
      }
      if live[alias] != recorded {
        if versions == nil {
          versions = Dictionary(
            try await functions(target).listVersionsByFunction(target).map {
              ($0.version, $0.codeSha256)
            },
            uniquingKeysWith: { $1 })
        }
        guarded.missingVersions = ([version] + weights.keys.sorted()).filter {
          $0 != "$LATEST" && versions?[$0] == nil
        }
        // A version of other code than the function's own is nowhere to be had.
        guarded.codeSha256 = function.aliasDigests?[alias]
        if weights.isEmpty, guarded.codeSha256 == function.codeSha256 {
          guarded.republication = republication
        }
        // A template whose version was taken away publishes the recorded code anew, under the next number, as we do.
        if !guarded.missingVersions.isEmpty, weights.isEmpty, let digest = function.aliasDigests?[alias],
          let now = live[alias], versions?[now] == .some(.some(digest))
        {
          found.append(
            ResourceFacts(
              kind: .alias(AliasGuard()), target: "\(target):\(alias)", stack: stack,
              recorded: recorded,
              live: recorded))
          continue
        }
      }
      found.append(
        ResourceFacts(
          kind: .alias(guarded), target: "\(target):\(alias)", stack: stack, recorded: recorded,
          live: live[alias]))
    }
    return found
  }

  /// `3`, or `3 and 10 % 4` for an alias that shares its calls out.
  private static func text(_ version: String, _ weights: [String: Double]) -> String {
    ([version] + weights.sorted { $0.key < $1.key }.map { "\(Int(($0.value * 100).rounded())) % \($0.key)" })
      .joined(separator: " and ")
  }

  /// Whether the function is what its stack's template says: code inside a template is packed anew by each deployment, so
  /// its digest tells nothing, and variables may hold what other resources are called; that nobody but CloudFormation wrote
  /// it last does. Where CloudFormation wrote nothing since the restore point, it was not CloudFormation, however soon
  /// afterwards.
  private func isWrittenByStack(_ function: FunctionState, _ now: FunctionConfiguration) async throws -> Bool
  {
    guard let modified = now.lastModifiedTime else { return false }
    if let own = ownWrites.found.withLock({ $0[target(function)] }),
      own.at == modified
    {
      return own.wasWrittenByStack
    }
    let name = AmazonResourceName.stackName(of: function.stack)
    let stacks = CloudFormationClient(clients[function.stack])
    let recorded = restorePoint.point.stacks.first { $0.name == name }
    guard let live = try await stacks.describeStack(name),
      live.id != recorded?.stackId || live.lastUpdatedAt != recorded?.lastUpdatedAt
    else { return false }
    let members = try await stacks.listStackResources(name)
    guard let updated = members.first(where: { $0.physicalId == function.name })?.updatedAt else {
      return false
    }
    return modified <= updated + .seconds(2)
  }

  /// Where the recorded code can be had now, and what to call that; nil where it cannot.
  private func codeSource(_ function: FunctionState) async throws -> (code: FunctionCode, text: String)? {
    if let package = restorePoint.packages[target(function)] {
      return (.zip(package), "the restore point")
    }
    guard let kept = function.code else { return nil }
    if let bucket = kept.bucket, let key = kept.key,
      try await S3Client(clients[function.stack]).headObject(
        bucket: bucket, key: key, versionId: kept.versionId) != nil
    {
      return (.s3(bucket: bucket, key: key, version: kept.versionId), "s3://\(bucket)/\(key)")
    }
    return kept.image.map { (.image($0), "the image \($0)") }
  }

  // MARK: - Relief

  /// The functions that get a quick setting, as they are now.
  func reliefs() async throws -> [ReliefFacts] {
    var found: [ReliefFacts] = []
    for request in requests {
      let name = try physicalName(request.function)
      let recorded = restorePoint.point.function(name)
      let now = try await ifThere { try await functions(name).getFunctionConfiguration(name) }
      let wanted = request.setting
      let before = recorded.flatMap { state in
        state.timeout.flatMap { timeout in
          state.memory.map { wanted.part(of: FunctionSetting(timeout: timeout, memory: $0)).text }
        }
      }
      found.append(
        ReliefFacts(
          function: name, stack: recorded.map { AmazonResourceName.stackName(of: $0.stack) },
          wanted: wanted.text,
          live: now.map {
            wanted.part(of: FunctionSetting(timeout: $0.timeoutSeconds, memory: $0.memoryMegabytes)).text
          }, afterwards: before))
    }
    return found
  }

  /// People know the name in the template; names of functions are often generated.
  private func physicalName(_ name: String) throws -> String {
    let point = restorePoint.point
    if let known = point.function(name) { return point.designation(of: known) }
    let named = point.stacks.flatMap(\.resources).first {
      $0.logicalId == name && $0.type == "AWS::Lambda::Function"
    }
    let physical = named?.physicalId ?? name
    guard point.isShared(physical) else { return physical }
    let all = point.functions.filter { $0.name == physical }.map(point.designation)
    throw OperationFailure(
      .refused,
      "several functions are called \(physical): name one by its ARN, \(all.joined(separator: " or "))")
  }

  // MARK: - Actions

  func perform(_ action: PlannedAction) async throws {
    switch action.kind {
    case .restoreAlias:
      guard let colon = action.target.lastIndex(of: ":"),
        case let (target, alias) = (
          String(action.target[..<colon]), String(action.target[action.target.index(after: colon)...])
        ),
        let state = restorePoint.point.function(target), let version = state.aliases[alias]
      else { throw OperationFailure(.refused, "\(action.target) names no alias of the restore point") }
      _ = try await functions(target).updateAlias(
        target, name: alias, version: try await existing(version, of: state, alias: alias),
        weights: state.aliasWeights?[alias] ?? [:])
    case .restoreFunctionCode:
      guard let state = restorePoint.point.function(action.target),
        let source = try await codeSource(state)
      else { throw OperationFailure(.refused, "the code of \(action.target) is nowhere to be had") }
      try await writing(action.target) {
        try await functions(action.target).updateFunctionCode(
          action.target, source.code, architecture: state.settings?.architecture)
      }
    case .restoreFunctionSettings:
      guard let state = restorePoint.point.function(action.target) else {
        throw OperationFailure(.refused, "\(action.target) is no function of the restore point")
      }
      let now = try await functions(action.target).getFunctionConfiguration(action.target)
      let found = try await settings(state, now)
      if !found.change.isEmpty {
        _ = try await functions(action.target).updateFunctionConfiguration(action.target, found.change)
      }
      if let limit = found.concurrency {
        try await functions(action.target).setReservedConcurrency(action.target, limit)
      }
    default:
      guard case .settings(let text) = action.payload, let setting = FunctionSetting(text) else {
        throw OperationFailure(.refused, "\(action.payload) is no setting of a function")
      }
      try await writing(action.target) {
        try await functions(action.target).updateFunctionConfiguration(
          action.target, timeoutSeconds: setting.timeout, memoryMegabytes: setting.memory)
      }
    }
  }

  /// The recorded version of an alias, or one of the same code where it has been deleted: Lambda publishes it only if the
  /// function's code has the recorded digest.
  private func existing(_ version: String, of state: FunctionState, alias: String) async throws -> String {
    let target = target(state)
    let client = functions(target)
    guard version != "$LATEST", let digest = state.aliasDigests?[alias], digest == state.codeSha256,
      try await !client.listVersionsByFunction(target).contains(where: { $0.version == version })
    else { return version }
    let published = try await client.publishVersion(target, codeSha256: digest)
    guard published.version != "$LATEST", published.codeSha256 == digest else {
      throw OperationFailure(
        .refused,
        "Lambda published \(target) as \(published.version) with the code "
          + "\(published.codeSha256 ?? "unknown"), not the recorded \(digest)")
    }
    return published.version
  }

  /// Makes a call that changes a function, and remembers whose word the rest of it was: after the call it would seem to be
  /// somebody's who changed it by hand.
  private func writing(_ name: String, _ call: () async throws -> FunctionConfiguration) async throws {
    guard let state = restorePoint.point.function(name) else {
      _ = try await call()
      return
    }
    let before = try await functions(name).getFunctionConfiguration(name)
    let wasWrittenByStack = try await isWrittenByStack(state, before)
    guard let at = try await call().lastModifiedTime else { return }
    ownWrites.found.withLock { $0[name] = (at, wasWrittenByStack) }
  }

  /// Lambda takes a change at once and carries it out afterwards.
  func progress(of action: PlannedAction) async throws -> ResourceProgress {
    let now = try await functions(action.target).getFunctionConfiguration(action.target)
    switch now.lastUpdateStatus {
    case "InProgress": return .running("being updated")
    case "Failed": return .failed(now.lastUpdateStatusReason ?? "Lambda gives no reason")
    default: break
    }
    if action.kind == .restoreFunctionCode, case .digest(let recorded) = action.payload,
      now.codeSha256 != recorded
    {
      return .failed(
        "its code is \(now.codeSha256 ?? "unknown") now, and not the recorded \(recorded): what was kept is "
          + "another package")
    }
    return .done
  }
}
