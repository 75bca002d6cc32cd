import AWSClients
import DeploymentConfig
import Redaction
import StepRuntime
import SystemInterfaces

/// What functions logged about requests that failed, found by the numbers that the answers carried.
struct RequestLogs: Sendable {
  let session: StepSession
  let started: Timestamp

  /// Failures beyond so many are like the first ones.
  private static let mostFailures = 5
  private static let mostGroups = 20
  private static let mostLines = 8

  /// Adds the lines to the evidence of `results`. What cannot be read is left out: the log is a help, not a check.
  func add(to results: inout [CheckResult]) async {
    let wanted = results.indices.filter { results[$0].evidence?.requestIds.isEmpty == false }
      .filter { [.fail, .flaky].contains(results[$0].outcome) }.prefix(RequestLogs.mostFailures)
    guard !wanted.isEmpty else { return }
    let groups = await logGroups()
    for position in wanted {
      guard let ids = results[position].evidence?.requestIds else { continue }
      var lines: [LogEvent] = []
      for (client, group) in groups where lines.count < RequestLogs.mostLines {
        lines += await events(client, group, ids)
      }
      results[position].evidence?.log = lines.prefix(RequestLogs.mostLines).map {
        let text = session.redactor.redact($0.message).split { $0.isNewline }.joined(separator: " ")
        return "\($0.time.formatted(milliseconds: true)) \(text.prefix(500))"
      }
    }
  }

  private func events(_ client: AWSClient, _ group: String, _ ids: [String]) async -> [LogEvent] {
    // Terms are joined by "and", those with a question mark by "or".
    let pattern = ids.count == 1 ? "\"\(ids[0])\"" : ids.map { "?\"\($0)\"" }.joined(separator: " ")
    do {
      return try await LogsClient(client).filterLogEvents(
        group: group, pattern: pattern, start: started - .seconds(60),
        maximum: RequestLogs.mostLines)
    } catch {
      // No such group yet, or no right to read it.
      return []
    }
  }

  /// The log groups of the functions and the API of the stacks.
  private func logGroups() async -> [(AWSClient, String)] {
    var found: [(AWSClient, String)] = []
    for stack in session.config.stacks {
      do {
        let clients = try session.clients()
        let client = clients[stack.name]
        for member in try await AWSControlPlane(clients).resources(ofStack: stack.name) {
          switch member.type {
          case "AWS::Lambda::Function": found.append((client, "/aws/lambda/\(member.physicalId)"))
          case "AWS::Logs::LogGroup": found.append((client, member.physicalId))
          default: continue
          }
        }
      } catch {
        // The stack's own check tells of it.
        continue
      }
    }
    var seen: Set<String> = []
    return Array(found.filter { seen.insert($0.1).inserted }.prefix(RequestLogs.mostGroups))
  }
}
