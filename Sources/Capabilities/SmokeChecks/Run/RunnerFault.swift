import StepResults
import StepRuntime

/// Whether what failed may be the fault of the machine that asked: a broken runner must never lead to a rollback.
enum RunnerFault {
  /// What the step ends with where every failure may be this machine's, and this machine is known to be at fault: by its own
  /// settings, or since it does not reach AWS either.
  static func look(at entries: [CheckEntry], _ session: StepSession) async -> StepFailure? {
    let failures = entries.filter { $0.outcome == .fail || $0.outcome == .error }
    guard let first = failures.first else { return nil }
    if failures.contains(where: isAboutCertificates),
      failures.allSatisfy({ mayBeThisMachine($0) || isAboutCertificates($0) }),
      let off = await session.clockFault()
    {
      return failure(first, "; \(off)")
    }
    guard failures.allSatisfy(mayBeThisMachine) else { return nil }
    if let certain = failures.first(where: { $0.failure == .thisMachine }) {
      return failure(certain, "")
    }
    guard let reason = await session.machineFault(isAboutTLS: false) else { return nil }
    return failure(first, "; \(reason)")
  }

  /// Certificates begin and end by this machine's clock.
  private static func isAboutCertificates(_ entry: CheckEntry) -> Bool {
    entry.failure == .tlsFailed || entry.failure == .certificateExpiring
  }

  private static func failure(_ entry: CheckEntry, _ more: String) -> StepFailure {
    StepFailure(
      .unavailable,
      "this machine's network or its settings are at fault, and nothing is known of the service: \(entry.name): "
        + entry.message + more,
      advice:
        "check the network, http_proxy, https_proxy, no_proxy, the CA settings and the clock of this machine, and run it again"
    )
  }

  private static func mayBeThisMachine(_ entry: CheckEntry) -> Bool {
    guard let failure = entry.failure, failure.mayBeThisMachine else { return false }
    // This machine reaches itself without a network: what does not answer there is down.
    return failure == .thisMachine || !isOfThisMachine(entry.url ?? "")
  }

  private static func isOfThisMachine(_ url: String) -> Bool {
    let rest = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? Substring(url)
    let authority = rest.prefix { !"/?#".contains($0) }
    let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
    return host.hasPrefix("127.") || host.hasPrefix("[::1]") || host == "localhost"
      || host.hasPrefix("localhost:")
  }
}
