import HealthAnalysis
import Reporting
import StepResults
import SystemInterfaces

extension LiveWatch {
  /// Reads what the functions wrote since the deployment; lines of kinds of error that the day before did not have make a
  /// series of their own, beside the invocations that wrote them.
  func readLogs(_ state: inout State) async throws {
    guard let logs else { return }
    var records: [LogRecord] = []
    for group in targets.logGroups {
      do {
        let after = try await logs.errors(in: group, from: schedule.deployedAt, to: clock.now)
        if after.events.isEmpty { continue }
        if state.knownKinds[group.name] == nil {
          let before = try await logs.errors(
            in: group, from: schedule.deployedAt - .seconds(86_400), to: schedule.deployedAt)
          state.knownKinds[group.name] = (
            Set(before.events.map { LogKinds.kind(of: $0.message) }), before.isWhole
          )
        }
        let known = state.knownKinds[group.name]?.kinds ?? []
        let lines = LogKinds.lines(newTo: known, after.events)
        records += LogKinds.new(in: group.name, known: known, after: lines)
        insert(lines, of: group, &state)
        state.unreadLogs.remove(group.name)
      } catch let error as CancellationError {
        throw error
      } catch {
        // Asked again at the next look; what stays unread is said at the end.
        progress.detail("log group \(group.name) was not read: \(error)")
        if state.unreadLogs.insert(group.name).inserted {
          state.findings.append(
            Finding(
              "watch-aws-unreachable", .notice, "log group \(group.name) was not read: \(error)",
              subject: group.name))
        }
      }
    }
    state.logs = records
  }

  /// The lines as failures of the group's function: at most one an invocation, and none in the periods of before.
  private func insert(_ lines: [LogLine], of group: LogGroup, _ state: inout State) {
    let function = String(group.name.split(separator: "/").last ?? "")
    let calls = state.seen.all(of: SeriesName(name: "function/\(function)", kind: .errors))
    // How many lines are many is known by the invocations alone.
    guard !lines.isEmpty, !calls.isEmpty else { return }
    let length = schedule.period.microseconds
    var counts: [Timestamp: Double] = [:]
    for line in lines {
      counts[Timestamp(microseconds: line.time.microseconds / length * length), default: 0] += 1
    }
    let name = SeriesName(name: "log/\(function)", kind: .errors)
    for point in calls {
      state.seen.insert(
        SeriesPoint(time: point.time, value: min(counts[point.time] ?? 0, point.count), count: point.count),
        into: name)
    }
  }

  /// The new kinds as findings.
  func reportLogs(_ state: inout State) {
    for group in targets.logGroups {
      let isWhole = state.knownKinds[group.name]?.isWhole ?? true
      for kind in state.logs.filter({ $0.group == group.name }).prefix(5) {
        let doubt = isWhole ? "" : " (the earlier log was too long to read whole)"
        state.findings.append(
          Finding(
            "watch-new-log-error", .warning,
            "\(group.name): \(kind.count) × since the deployment and not in the day before\(doubt): \(kind.example)",
            subject: "\(group.name) \(kind.kind)"))
      }
    }
  }
}
