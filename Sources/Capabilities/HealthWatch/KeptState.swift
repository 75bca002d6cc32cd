import AWSClients
import DeploymentRecords
import JSONValues
import Reporting
import StepResults
import StepRuntime
import SystemInterfaces

/// How far a watch is, as another run finds it: in the records folder, and in the store where there is one, so that it may
/// run on another machine.
struct KeptState: Sendable {
  let session: StepSession

  private var path: String { session.records.root + "/" + WatchState.fileName }

  /// Keeps `state`; with nil the watch is over. A store that does not take it ends no watch.
  func write(_ state: WatchState?) async throws {
    let files = session.context.files
    guard var state else {
      if files.exists(path) { try files.remove(path) }
      try await leave(Array("{\"finished\": true}\n".utf8))
      return
    }
    state.application = session.application
    let bytes = Array((state.document.serialized(pretty: true) + "\n").utf8)
    // The store first: what this machine has kept, another one may rely on.
    try await leave(bytes)
    try files.createFolder(session.records.root, mode: 0o700)
    try files.writeAtomically(bytes, to: path, mode: 0o600)
  }

  private func leave(_ bytes: [UInt8]) async throws {
    guard session.hasStore else { return }
    do {
      try await session.storeNote(WatchState.fileName, bytes)
    } catch is CancellationError {
      // The last look is there already.
    } catch {
      session.progress.warn(
        "the store does not take how far the watch is, so that a run on another machine would begin anew: \(error)"
      )
    }
  }

  /// What was kept of the watch that `isWanted` tells; of this machine's and the store's that which saw more. A state that
  /// cannot be read is said and begun anew: what it knew, CloudWatch knows too, but for the probes.
  func read(where isWanted: (WatchState) -> Bool) async throws -> WatchState? {
    let files = session.context.files
    var found: [WatchState] = []
    if files.exists(path), let here = state(try files.read(path), path) { found.append(here) }
    do {
      if let bytes = try await session.storedNote(WatchState.fileName),
        let there = state(bytes, "the store's")
      {
        found.append(there)
      }
    } catch let error as RecordError {
      session.progress.warn("\(error): the watch goes on without it")
    } catch let error as AWSError {
      session.progress.warn("the store was not asked how far the watch is: \(error)")
    }
    return found.filter(isWanted).max { $0.looks < $1.looks }
  }

  private func state(_ bytes: [UInt8], _ place: String) -> WatchState? {
    let document = try? JSONValue(parsing: bytes)
    if document?["finished"]?.bool == true { return nil }
    if let document, let state = WatchState(document) { return state }
    session.progress.warn("\(place) is no state of a watch: the watch begins anew")
    return nil
  }
}
