import DeploymentConfig
import StepResults
import StepRuntime
import SystemInterfaces

/// Whether the policy lets a deployment begin now.
enum CalendarReadiness {
  /// - Parameter skipReason: why a person deploys all the same; then the finding only warns.
  static func findings(
    _ calendar: DeploymentCalendar, zone: TimeZoneRules, now: Timestamp, skipReason: String?
  ) -> [Finding] {
    let local = zone.local(now)
    guard let refusal = calendar.refusal(at: local) else { return [] }
    let clock = "\(day(local)) \(pad(local.hour)):\(pad(local.minute)) in \(calendar.timeZone)"
    let (code, message) =
      switch refusal {
      case .frozen(let freeze):
        (
          "deployment-freeze",
          "nothing is deployed from \(freeze.from) to \(freeze.to)\(freeze.reason.isEmpty ? "" : " (\(freeze.reason))"), "
            + "and it is \(clock)"
        )
      case .outsideWindows:
        (
          "outside-window",
          "deployments begin \(calendar.windows.map(\.description).joined(separator: " or ")), and it is \(clock)"
        )
      }
    guard let skipReason else { return [Finding(code, .error, message, subject: "calendar")] }
    return [
      Finding(code, .warning, "\(message); passed over by a person: \(skipReason)", subject: "calendar")
    ]
  }

  /// The same for a session, with the zone's file as this machine has it.
  static func findings(_ session: StepSession, skipReason: String?) throws -> [Finding] {
    let calendar = session.policy.snapshot.calendar
    guard !calendar.windows.isEmpty || !calendar.freezes.isEmpty else { return [] }
    let zone: TimeZoneRules
    do throws(TimeZoneRules.Unknown) {
      zone = try TimeZoneRules(
        named: calendar.timeZone, files: session.context.files, environment: session.context.environment)
    } catch {
      throw StepFailure(.data, "the policy's time-zone: \(error)")
    }
    return findings(calendar, zone: zone, now: session.context.clock.now, skipReason: skipReason)
  }

  private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static func day(_ local: CivilFields) -> String {
    "\(weekdays[local.weekday]) \(local.year)-\(pad(local.month))-\(pad(local.day))"
  }
  private static func pad(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
