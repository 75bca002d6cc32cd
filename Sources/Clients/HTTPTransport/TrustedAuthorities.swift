import SystemInterfaces

/// Whose certificates are trusted instead of those that the system's library knows: what a setting names.
public struct TrustedAuthorities: Hashable, Sendable {
  /// A file of certificates in PEM.
  public var file: String?
  /// Folders of certificates, as OpenSSL reads them, with colons between.
  public var folder: String?
  /// Why they cannot be used, with the setting that names them; nil where they can.
  public var problem: String?

  /// What settings name, each with a value: the first file and the first folder count, of one setting or of the next.
  /// - Parameters:
  ///   - named: the settings in their order.
  public init?(
    _ named: [(setting: String, path: String?, isFolder: Bool)], files: any FileSystem
  ) {
    for (setting, path, isFolder) in named {
      guard let path, !path.isEmpty else { continue }
      if isFolder {
        guard folder == nil else { continue }
        folder = path
        let isThere = path.split(separator: ":").contains { part in
          (try? files.status(of: files.realPath(String(part))))?.kind == .folder
        }
        if !isThere { problem = problem ?? "\(setting)=\(path): there is no such folder" }
      } else {
        guard file == nil else { continue }
        file = path
        problem = problem ?? TrustedAuthorities.problem(setting, path, files)
      }
    }
    if file == nil, folder == nil { return nil }
  }

  private static func problem(_ setting: String, _ path: String, _ files: any FileSystem) -> String? {
    do throws(FileError) {
      let text = try files.readText(path)
      return text.contains("-----BEGIN ") ? nil : "\(setting)=\(path): it holds no certificate in PEM"
    } catch { return "\(setting)=\(path): \(error.reason)" }
  }
}

/// Sends requests that trust the authorities that a setting names, where they name none themselves.
public struct AuthoritiesTransport: HTTPTransport {
  private let base: any HTTPTransport
  private let authorities: TrustedAuthorities

  /// `base` with `authorities`.
  public init(_ base: any HTTPTransport, _ authorities: TrustedAuthorities) {
    self.base = base
    self.authorities = authorities
  }

  public var executors: [any TaskExecutor] { base.executors }

  public func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    if request.options.certificateAuthorityFile != nil || !request.options.verifiesTLS {
      return try await base.send(request)
    }
    if let problem = authorities.problem {
      throw TransferError(.tlsFailed, code: TransferError.noAuthorities, message: problem)
    }
    var request = request
    request.options.certificateAuthorityFile = authorities.file
    request.options.certificateAuthorityFolder = authorities.folder
    return try await base.send(request)
  }
}
