import DeploymentConfig
import JSONValues
import StepResults
import StepRuntime
import SystemInterfaces
import YAMLDocuments

extension GateRun {
  /// From the reviewed file as the change leaves it, and from the commits' trailers.
  func acknowledgements(_ change: Change, _ policy: Policy, _ findings: inout [Finding]) throws
    -> [Acknowledgement]
  {
    let path = policy.gate.acknowledgements
    var found: [Acknowledgement] = []
    for message in change.messages {
      found += Acknowledgement.read(message: message.text, commit: message.id)
    }
    // Two files have no history, so nobody can have reviewed what acknowledges their findings.
    guard command.old == nil, let bytes = try change.readNew(path) else { return found }
    do throws(YAMLError) {
      found += try Acknowledgement.read(bytes, path: path)
    } catch {
      findings.append(
        Finding(
          "acknowledgements-unreadable", .error, "no acknowledgement counts: \(error.message)", path: path,
          line: error.line > 0 ? error.line : nil, subject: "syntax"))
    }
    return found
  }

  /// Who may acknowledge, by the base: a change names no owners of its own.
  func rights(_ change: Change, _ policy: Policy) throws -> AcknowledgementRights {
    let path = policy.gate.acknowledgements
    var owners: [String] = []
    for place in CodeOwners.places {
      guard let bytes = try change.readTip(place) else { continue }
      owners = CodeOwners(String(decoding: bytes, as: UTF8.self)).owners(of: path)
      break
    }
    let before = try change.readTip(path).flatMap { try? Acknowledgement.read($0, path: path) } ?? []
    return AcknowledgementRights(
      owners: owners, approvals: try approvals(change),
      needsApproval: policy.gate.acknowledgementsNeedApproval,
      teams: policy.gate.teams, inBase: Set(before.map(AcknowledgementRights.key)),
      trailersCount: policy.gate.trailersAcknowledge)
  }

  private func approvals(_ change: Change) throws -> Approvals? {
    guard let path = command.approvals else { return nil }
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try session.context.files.read(session.context.absolute(path))
    } catch {
      throw StepFailure(
        .data, "cannot read --approvals \(path): \(error.reason)",
        advice: "name the answer of the review API, or leave the option out")
    }
    do throws(JSONSyntaxError) {
      return try Approvals(parsing: bytes, commits: change.heads)
    } catch {
      throw StepFailure(
        .data, "\(path): \(error)",
        advice: "expected GitHub's list of reviews, GitLab's approvals, or a list of names, as JSON")
    }
  }
}
