import CLibGit2
import CLibGit2Shims

/// What libgit2 asks while it speaks to a remote, and what came of it. Kept alive by its owner during the call.
final class RemoteCallbacks {
  private let url: String
  private var logins: [RemoteLogin]
  /// Where the logins that were tried come from.
  private(set) var tried: [String] = []
  /// Why the server is not trusted, where it is not.
  private(set) var distrust: (message: String, advice: String)?
  /// What the server had under the reference that is pushed, as it said before; nil where it had nothing.
  private(set) var oldValue: ObjectId?
  /// What the server said of a reference that it did not take.
  private(set) var refusal: String?

  init(url: String, logins: [RemoteLogin]) {
    self.url = url
    self.logins = logins
  }

  func fill(_ callbacks: inout git_remote_callbacks) {
    callbacks.payload = Unmanaged.passUnretained(self).toOpaque()
    callbacks.credentials = { out, _, user, allowed, payload in
      RemoteCallbacks.of(payload).logIn(out, user.map { String(cString: $0) }, allowed)
    }
    callbacks.certificate_check = { certificate, isValid, host, payload in
      RemoteCallbacks.of(payload).check(
        certificate, isValid == 1, host.map { String(cString: $0) } ?? "the server")
    }
    callbacks.push_negotiation = { updates, count, payload in
      if count > 0, let old = updates?[0]?.pointee.src, git_oid_is_zero([old]) == 0 {
        RemoteCallbacks.of(payload).oldValue = ObjectId(old)
      }
      return 0
    }
    callbacks.push_update_reference = { _, status, payload in
      if let status { RemoteCallbacks.of(payload).refusal = String(cString: status) }
      return 0
    }
  }

  private static func of(_ payload: UnsafeMutableRawPointer?) -> RemoteCallbacks {
    Unmanaged<RemoteCallbacks>.fromOpaque(payload!).takeUnretainedValue()
  }

  // MARK: - Logging in

  private func logIn(
    _ out: UnsafeMutablePointer<UnsafeMutablePointer<git_credential>?>?, _ user: String?, _ allowed: UInt32
  ) -> Int32 {
    if allowed & GIT_CREDENTIAL_USERNAME.rawValue != 0 {
      return git_credential_username_new(out, user ?? "git")
    }
    while let login = logins.first {
      logins.removeFirst()
      switch login {
      case .password(let name, let password, _)
      where allowed & GIT_CREDENTIAL_USERPASS_PLAINTEXT.rawValue != 0:
        tried.append(login.source)
        return git_credential_userpass_plaintext_new(out, name, password)
      case .agent where allowed & GIT_CREDENTIAL_SSH_KEY.rawValue != 0:
        tried.append(login.source)
        return git_credential_ssh_key_from_agent(out, user ?? "git")
      case .key(let path, let passphrase, _) where allowed & GIT_CREDENTIAL_SSH_KEY.rawValue != 0:
        tried.append(login.source)
        return git_credential_ssh_key_new(out, user ?? "git", nil, path, passphrase)
      default: continue
      }
    }
    git_error_set_str(Int32(GIT_ERROR_CALLBACK.rawValue), "authentication failed")
    return GIT_EAUTH.rawValue
  }

  // MARK: - Whom one speaks to

  /// libgit2 has looked at authorities and dates, or at `~/.ssh/known_hosts`; what it does not vouch for is refused.
  private func check(
    _ certificate: UnsafeMutablePointer<git_cert>?, _ isValid: Bool, _ host: String
  ) -> Int32 {
    if isValid { return 0 }
    if certificate?.pointee.cert_type == GIT_CERT_HOSTKEY_LIBSSH2 {
      let key = certificate.map { UnsafeRawPointer($0).load(as: git_cert_hostkey.self) }
      let fingerprint = key.flatMap { RemoteCallbacks.fingerprint($0) } ?? "no fingerprint"
      distrust = (
        "the host key of \(host) (\(fingerprint)) is not in ~/.ssh/known_hosts, or another one is",
        "compare the fingerprint with the one that the host publishes, then add it: "
          + "ssh-keyscan \(host) >> ~/.ssh/known_hosts"
      )
    } else {
      distrust = (
        "the certificate of \(host) is not trusted: \(String(cString: shim_git_distrust()))",
        "name the authority's file in GIT_SSL_CAINFO or http.sslCAInfo, and check this machine's clock"
      )
    }
    return GIT_ECERTIFICATE.rawValue
  }

  /// `SHA256:…` as OpenSSH writes it.
  private static func fingerprint(_ key: git_cert_hostkey) -> String? {
    guard key.type.rawValue & GIT_CERT_SSH_SHA256.rawValue != 0 else { return nil }
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    return withUnsafeBytes(of: key.hash_sha256) { bytes in
      var text: [UInt8] = []
      var bits: UInt32 = 0
      var count = 0
      for byte in bytes {
        bits = bits << 8 | UInt32(byte)
        count += 8
        while count >= 6 {
          count -= 6
          text.append(alphabet[Int(bits >> UInt32(count)) & 63])
        }
      }
      if count > 0 { text.append(alphabet[Int(bits << UInt32(6 - count)) & 63]) }
      return "SHA256:" + String(decoding: text, as: UTF8.self)
    }
  }

  // MARK: - What went wrong

  /// The error of a call to the remote.
  func error(_ code: Int32, _ call: String, _ what: String) -> GitError {
    let words = GitError.lastMessage().split { $0.isNewline }.joined(separator: " ")
    let area = git_error_last().map { Int32($0.pointee.klass) } ?? 0
    func error(_ kind: GitError.Kind, _ message: String, _ advice: String) -> GitError {
      GitError(kind, call: call, code: code, "cannot \(what): \(message)", advice: advice)
    }
    if let distrust { return error(.untrustedRemote, distrust.message, distrust.advice) }
    if code == GIT_ENONFASTFORWARD.rawValue { return error(.notFastForward, words, "") }
    let lowered = words.lowercased()
    let isSSH = area == Int32(GIT_ERROR_SSH.rawValue)
    if code == GIT_EAUTH.rawValue || lowered.contains("authenticat") || lowered.contains("status code: 401")
      || lowered.contains("status code: 403") || lowered.contains("unauthorized")
    {
      let with = tried.isEmpty ? "there was nothing to log in with" : "tried \(tried.joined(separator: ", "))"
      return error(.unauthorized, "\(words) (\(with))", RemoteCallbacks.loginAdvice(isSSH || isSSHAddress))
    }
    let isMissing =
      lowered.contains("status code: 404") || lowered.contains("not found")
      || lowered.contains("does not appear to be a git repository") || lowered.contains("does not exist")
      || lowered.contains("failed to resolve path") || lowered.contains("could not find repository")
    if isMissing, area != Int32(GIT_ERROR_NET.rawValue) {
      return error(
        .unknownRemote, words, "check the address, and that this login may see the repository")
    }
    // Newer ones know no port for a protocol that they do not speak.
    if lowered.contains("unsupported url") || lowered.contains("invalid argument: 'port'")
      || lowered.contains("malformed url")
      || lowered.contains("unknown scheme")
    {
      return error(.unknownRemote, words, "use an https:// or ssh:// address")
    }
    return error(.unreachable, words, "check the network, the address and the proxy variables")
  }

  private var isSSHAddress: Bool { url.hasPrefix("ssh://") || !url.contains("://") }

  private static func loginAdvice(_ isSSH: Bool) -> String {
    isSSH
      ? "load an ed25519 or ECDSA key into the SSH agent, or name its file in BACKSTOP_LEDGER_SSH_KEY "
        + "(RSA keys are not taken by today's servers)"
      : "give a token that may write: BACKSTOP_LEDGER_TOKEN, the CI's own token, or git's credential helper; "
        + "in GitHub Actions: permissions: contents: write"
  }
}
