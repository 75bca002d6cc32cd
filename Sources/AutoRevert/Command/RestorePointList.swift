import JSONValues
import Records
import RollbackPlan
import StepCommand
import SystemInterfaces

/// `--list`: the restore points there are.
enum RestorePointList {
  static func text(_ session: StepSession) throws -> String {
    let latest = try session.restorePoints.latestId()
    var rows: [[String]] = []
    var entries: [JSONValue] = []
    for id in try session.restorePoints.ids().reversed() {
      let row: (commit: String, age: String, state: String)
      do {
        let point = try session.restorePoints.read(id)
        let missing = point.stacks.filter { !$0.restorable }
        row = (
          point.commit ?? "unknown", age(session.context.clock.now - point.createdAt),
          missing.isEmpty
            ? "\(point.stacks.count) stacks" : "cannot restore \(missing.map(\.name).joined(separator: ", "))"
        )
      } catch {
        // One that cannot be used is shown with the reason, beside the others.
        row = ("", "", "unusable: \(error)")
      }
      let mark = id == latest ? "latest good" : ""
      rows.append([id, String(row.commit.prefix(12)), row.age, mark, row.state])
      entries.append([
        "id": .string(id), "commit": .string(row.commit), "age": .string(row.age),
        "latest": .bool(id == latest), "state": .string(row.state),
      ])
    }
    if session.format == .json {
      return JSONValue.object(JSONObject([.init("restorePoints", .array(entries))])).serialized(pretty: true)
        + "\n"
    }
    guard !rows.isEmpty else {
      return "There are no restore points in \(session.restorePoints.root). preflight-snapshot makes one.\n"
    }
    return table([["RESTORE POINT", "COMMIT", "AGE", "", "HOLDS"]] + rows)
  }

  private static func age(_ duration: Duration) -> String {
    let minutes = Int(duration.inSeconds / 60)
    if minutes < 120 { return "\(minutes) min" }
    return minutes < 2880 ? "\(minutes / 60) h" : "\(minutes / 1440) days"
  }

  private static func table(_ rows: [[String]]) -> String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let line = row.indices.map { index in
        row[index] + String(repeating: " ", count: widths[index] - row[index].count)
      }.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }.joined(separator: "\n") + "\n"
  }
}
