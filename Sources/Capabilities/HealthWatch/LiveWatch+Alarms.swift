import AWSClients
import HealthAnalysis
import SystemInterfaces

extension AlarmName {
  /// The series of its states.
  var series: SeriesName { SeriesName(name: "\(alarmPrefix)\(name)", kind: .errors) }
}

extension LiveWatch {
  /// Asks in which state the alarms are, one call an account. An alarm that has too few data says nothing.
  func readAlarms(at time: Timestamp, _ state: inout State) async throws {
    guard let alarms, !targets.alarms.isEmpty else { return }
    let states: [String: AlarmState]
    do {
      states = try await alarms.states(of: targets.alarms)
    } catch let error as CancellationError {
      throw error
    } catch {
      for alarm in targets.alarms {
        state.seen.gaps[alarm.series] = "the state of the alarm was not read: \(error)"
      }
      return
    }
    for alarm in targets.alarms {
      guard let found = states[alarm.name] else {
        state.seen.gaps[alarm.series] = "CloudWatch knows no alarm of that name"
        continue
      }
      guard found.state == "ALARM" || found.state == "OK" else { continue }
      let isOn = found.state == "ALARM"
      state.seen.insert(SeriesPoint(time: time, value: isOn ? 1 : 0, count: 1), into: alarm.series)
      // What it was before the deployment is known where it has not changed since.
      if let since = found.since, since < schedule.deployedAt {
        let before = schedule.deployedAt - .seconds(1)
        state.seen.insert(SeriesPoint(time: before, value: isOn ? 1 : 0, count: 1), into: alarm.series)
      }
    }
  }
}
