import DeploymentConfig
import GitHistory
import HTTPTransport
import StepRuntime
import SystemInterfaces

/// What somebody with write access sets to keep programs from reverting. It fails closed: what cannot be asked forbids.
struct KillSwitch {
  let session: StepSession

  /// Why it forbids; nil where it does not, or where there is none.
  func state() async -> String? {
    let place = session.policy.revert.killSwitch
    if place.isEmpty { return nil }
    if place.hasPrefix("refs/") { return reference(place) }
    if place.contains("://") { return await page(place) }
    return file(place)
  }

  /// A file of the repository whose presence forbids.
  private func file(_ name: String) -> String? {
    let path = "\(session.repositoryRoot ?? session.context.workingDirectory)/\(name)"
    do throws(FileError) {
      return try session.context.files.status(of: path) == nil
        ? nil : "the kill switch \(name) forbids automatic reverts"
    } catch {
      return "the kill switch \(name) cannot be looked at: \(error)"
    }
  }

  /// A reference whose presence forbids.
  private func reference(_ name: String) -> String? {
    do {
      return try session.repository().reference(name) == nil
        ? nil : "the kill switch \(name) is set in the repository"
    } catch {
      return "the kill switch \(name) cannot be looked at: \(error)"
    }
  }

  /// A page that answers 200 and begins with `allow`; anything else forbids.
  private func page(_ url: String) async -> String? {
    do {
      let response = try await session.http().send(HTTPRequest("GET", url, timeout: .seconds(10)))
      guard response.status == 200 else { return "the kill switch \(url) answered \(response.status)" }
      let text = String(decoding: response.body.prefix(200), as: UTF8.self)
      return text.drop(while: \.isWhitespace).lowercased().hasPrefix("allow")
        ? nil : "the kill switch \(url) does not say 'allow'"
    } catch {
      return "the kill switch \(url) cannot be asked: \(error)"
    }
  }
}
