import AWSClients
import DeploymentConfig
import HTTPTransport
import SystemInterfaces

/// How a session's requests go out: one transport, with the authorities that the usual settings name.
extension StepSession {
  /// Where requests to AWS and to everything else go out.
  struct Transports: Sendable {
    var general: any HTTPTransport, aws: any HTTPTransport
  }

  /// The HTTP transport, made when first asked for.
  public func http() -> any HTTPTransport { transports().general }

  /// The same for requests to AWS, whose tools have settings of their own.
  func awsHTTP() -> any HTTPTransport { transports().aws }

  func makeTransports() -> Transports {
    let plain = context.makeTransport(context.environment)
    let ofAnybody = ProxyAnswersTransport(plain, random: context.random) { [weak self] proxy in
      await (try? self?.aws())?.answers(through: proxy) ?? false
    }
    // AWS itself is what tells whether a proxy works.
    let ofAWSAlone = ProxyAnswersTransport(plain, random: context.random)
    func transport(_ base: some HTTPTransport, _ authorities: TrustedAuthorities?) -> any HTTPTransport {
      authorities.map { AuthoritiesTransport(base, $0) } ?? base
    }
    let named = trustedAuthorities()
    return Transports(
      general: transport(ofAnybody, named.general), aws: transport(ofAWSAlone, named.aws))
  }

  /// The authorities that this machine's settings and the policy name, for everything and for AWS; nil where the system's are trusted.
  func trustedAuthorities() -> (general: TrustedAuthorities?, aws: TrustedAuthorities?) {
    let environment = context.environment
    let aws = AWSConfiguration(environment: environment, files: context.files).authoritiesFile
    typealias Named = (setting: String, path: String?, isFolder: Bool)
    let policyFile = policy.authoritiesFile(in: self.environment).map { path in
      path.hasPrefix("/") ? path : "\(repositoryRoot ?? context.workingDirectory)/\(path)"
    }
    let ofPolicy: [Named] = [("ca-bundle of the policy", policyFile, false)]
    let usual: [Named] = [
      ("CURL_CA_BUNDLE", environment["CURL_CA_BUNDLE"], false),
      ("SSL_CERT_FILE", environment["SSL_CERT_FILE"], false),
      ("SSL_CERT_DIR", environment["SSL_CERT_DIR"], true),
    ]
    let ofAWS: [Named] = [(aws?.setting ?? "", aws?.path, false)]
    let system: [Named] = [
      ("the system's authorities", SystemAuthorities.file { context.files.exists($0) }, false)
    ]
    func first(_ named: [Named]) -> TrustedAuthorities? {
      let absolute = named.map {
        ($0.setting, $0.path.map { $0.isEmpty ? $0 : context.absolute($0) }, $0.isFolder)
      }
      return TrustedAuthorities(absolute, files: context.files)
    }
    // A network that opens TLS opens all of it: what names its authority for AWS does for the rest, where nothing else is
    // named.
    return (first(ofPolicy + usual + ofAWS + system), first(ofAWS + ofPolicy + usual + system))
  }

  /// Why this machine does not reach what every run must reach, AWS's endpoint of the region, by the run's own settings; nil
  /// where it does, and where no region says which that is.
  public func unreachableReason() async -> String? { await (try? aws())?.unreachableReason() }

  /// By how much this machine's clock is off, by AWS's; nil where it is not, or where nothing tells.
  public func clockFault() async -> String? { await (try? aws())?.clockFault() }

  /// What is wrong with this machine that explains a transfer without an answer; nil where nothing is known to be.
  /// - Parameter isAboutTLS: whether it was a certificate that was not taken: those are judged by this machine's clock.
  public func machineFault(isAboutTLS: Bool) async -> String? {
    if isAboutTLS, let off = await clockFault() { return off }
    return await unreachableReason().map { "AWS is not reached from here either (\($0))" }
  }
}
