import HealthAnalysis
import JSONValues
import SystemInterfaces

/// What a watch that is not over keeps after each look, so that another run goes on with nothing lost: CloudWatch knows
/// the points, nobody else knows the probes and the plan.
struct WatchState: Hashable, Sendable {
  /// The name of its file in the records folder.
  static let fileName = "watch-30m-state.json"

  /// Whose watch it is, as two applications may keep their records in one folder; nil where an older version wrote it.
  var application: String?
  /// When the new version was in place, and the end of the periods that are judged.
  var deployedAt: Timestamp, end: Timestamp
  /// How often AWS was asked, how often in vain, and how many points changed between two answers.
  var looks = 0, failedLooks = 0, revisions = 0
  /// What was asked.
  var calls = CallCount()
  /// The probe's answers.
  var probes: [SeriesPoint] = []
  /// What other series were at the moments of the looks, where nobody remembers it.
  var samples: [SeriesName: [SeriesPoint]] = [:]

  /// Whether it is the watch of a deployment at `deployedAt` (nil: the last update of the stacks, `updatedAt`) that can
  /// still be gone on with at `now`.
  func goesOn(deployedAt wanted: Timestamp?, updatedAt: Timestamp?, now: Timestamp) -> Bool {
    guard now < end + .seconds(3600), deployedAt <= now else { return false }
    if let wanted { return wanted == deployedAt }
    return updatedAt.map { $0 <= deployedAt } ?? true
  }

  var document: JSONValue {
    [
      "schemaVersion": 1, "application": application.map { .string($0) } ?? .null,
      "deployedAt": .string(deployedAt.description), "end": .string(end.description),
      "looks": .number(JSONNumber(looks)), "failedLooks": .number(JSONNumber(failedLooks)),
      "revisions": .number(JSONNumber(revisions)), "getMetricData": .number(JSONNumber(calls.getMetricData)),
      "metricsRequested": .number(JSONNumber(calls.metricsRequested)),
      "probes": WatchState.pairs(probes),
      "samples": .array(
        samples.sorted { $0.key < $1.key }.map {
          [
            "name": .string($0.key.name), "kind": .string($0.key.kind.rawValue),
            "points": WatchState.pairs($0.value),
          ]
        }),
    ]
  }

  private static func pairs(_ points: [SeriesPoint]) -> JSONValue {
    .array(
      points.map {
        [.string($0.time.description), .number(JSONNumber($0.value)), .number(JSONNumber($0.count))]
      })
  }

  private static func points(_ pairs: JSONValue?) -> [SeriesPoint] {
    (pairs?.array ?? []).compactMap { entry in
      guard let time = entry[0]?.string.flatMap({ Timestamp($0) }), let value = entry[1]?.double,
        let count = entry[2]?.double
      else { return nil }
      return SeriesPoint(time: time, value: value, count: count)
    }
  }

  init(deployedAt: Timestamp, end: Timestamp) {
    self.deployedAt = deployedAt
    self.end = end
  }

  /// Nil where `document` is no state of this version: the watch then begins anew.
  init?(_ document: JSONValue) {
    guard document["schemaVersion"]?.int == 1,
      let deployedAt = document["deployedAt"]?.string.flatMap({ Timestamp($0) }),
      let end = document["end"]?.string.flatMap({ Timestamp($0) })
    else { return nil }
    self.init(deployedAt: deployedAt, end: end)
    application = document["application"]?.string
    looks = document["looks"]?.int ?? 0
    failedLooks = document["failedLooks"]?.int ?? 0
    revisions = document["revisions"]?.int ?? 0
    calls.add(
      CallCount(
        getMetricData: document["getMetricData"]?.int ?? 0,
        metricsRequested: document["metricsRequested"]?.int ?? 0))
    probes = WatchState.points(document["probes"])
    for series in document["samples"]?.array ?? [] {
      guard let name = series["name"]?.string, let kind = series["kind"]?.string.flatMap(SeriesKind.init)
      else {
        continue
      }
      samples[SeriesName(name: name, kind: kind)] = WatchState.points(series["points"])
    }
  }
}
