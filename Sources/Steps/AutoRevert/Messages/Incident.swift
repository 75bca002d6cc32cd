import DeploymentRecords
import JSONValues
import Redaction
import StepResults
import SystemInterfaces

/// What has been said of one rollback so far: `<records>/incident.json`, so that the run that continues it goes on in
/// the same thread.
struct Incident: Hashable, Sendable {
  /// One channel's side of the thread.
  struct Thread: Hashable, Sendable {
    /// How many messages were sent.
    var count = 0
    /// What names the first one there, where the channel has such a thing.
    var reference: String?
  }
  /// Stable for one rollback.
  var id: String
  /// When the first run of it began to tell people.
  var openedAt: Timestamp
  /// Whose it is: two applications may keep their records in one folder.
  var application: String
  /// By the channel's name.
  var threads: [String: Thread] = [:]

  /// A new one.
  init(id: String, application: String, openedAt: Timestamp) {
    self.application = application
    self.id = id
    self.openedAt = openedAt
  }

  /// Where it stands under the records folder.
  static func path(_ records: String) -> String { "\(records)/incident.json" }

  /// The one that an earlier run left open; nil where there is none, or nothing that can be read.
  static func open(_ records: String, of application: String, _ files: any FileSystem) -> Incident? {
    // A thread that is lost costs a second message, never the rollback.
    guard let bytes = try? files.read(path(records)), let tree = try? JSONValue(parsing: bytes),
      (tree["application"]?.string ?? application) == application, let id = tree["id"]?.string,
      let openedAt = tree["openedAt"]?.string.flatMap({ Timestamp($0) })
    else { return nil }
    var incident = Incident(id: id, application: application, openedAt: openedAt)
    for member in tree["threads"]?.object?.members ?? [] {
      incident.threads[member.name] = Thread(
        count: member.value["count"]?.int ?? 0, reference: member.value["reference"]?.string)
    }
    return incident
  }

  /// Leaves it for a later run.
  func save(_ records: String, _ files: any FileSystem) throws(FileError) {
    let members = threads.sorted { $0.key < $1.key }.map { name, thread in
      JSONObject.Member(
        name,
        [
          "count": JSONValue(integerLiteral: thread.count),
          "reference": thread.reference.map { .string($0) } ?? .null,
        ])
    }
    let tree: JSONValue = [
      "id": .string(id), "application": .string(application), "openedAt": .string(openedAt.description),
      "threads": .object(JSONObject(members)),
    ]
    try files.createFolder(records, mode: 0o700)
    try files.writeAtomically(
      Array((tree.serialized() + "\n").utf8), to: Incident.path(records), mode: 0o600)
  }
}
