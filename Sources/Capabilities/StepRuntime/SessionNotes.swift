import SystemInterfaces

/// Small files that a run leaves in the store, so that another machine's run goes on with what this one did.
extension StepSession {
  /// Whether there is a store that another machine may reach.
  public var hasStore: Bool { store != nil }

  /// Leaves `bytes` under `name` in the store: sealed where there is a key. A later note takes the place of an earlier one.
  public func storeNote(_ name: String, _ bytes: [UInt8]) async throws {
    let seal = try seal()
    let content = seal?.seal(bytes) ?? bytes
    switch store {
    case nil: return
    case .folder(let path):
      let folder = noteFolder(path)
      try context.files.createFolder(folder, mode: 0o700)
      try context.files.writeAtomically(content, to: "\(folder)/\(name)", mode: 0o600)
    case .sealed(let path):
      let sealed = try neededSeal(path).seal(bytes)
      try context.files.writeAtomically(sealed, to: notePath(path, name), mode: 0o600)
    case .s3(let bucket, let prefix): try await s3Store(bucket, prefix).writeNote(name, content)
    }
  }

  /// What was left under `name` in the store; nil where nothing was.
  public func storedNote(_ name: String) async throws -> [UInt8]? {
    let path: String
    switch store {
    case nil: return nil
    case .folder(let folder): path = "\(noteFolder(folder))/\(name)"
    case .sealed(let sealed): path = notePath(sealed, name)
    case .s3(let bucket, let prefix):
      return try await s3Store(bucket, prefix).readNote(name).map {
        try StoreSeal.opened($0, path: "s3://\(bucket)/\(prefix)/…/\(name)", seal())
      }
    }
    guard context.files.exists(path) else { return nil }
    return try StoreSeal.opened(context.files.read(path), path: path, seal())
  }

  private func noteFolder(_ store: String) -> String {
    "\(context.absolute(store))/\(placeName(of: environment))"
  }

  /// Beside the sealed file of restore points: `points.sealed` and `points.watch-30m-state.json.sealed`.
  private func notePath(_ sealed: String, _ name: String) -> String {
    context.absolute(String(sealed.dropLast(".sealed".count)) + ".\(name).sealed")
  }
}
