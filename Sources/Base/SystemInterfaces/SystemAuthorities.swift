/// Where systems keep the certificates of the authorities that they trust.
public enum SystemAuthorities {
  /// Debian and Ubuntu; Red Hat, Fedora and Amazon Linux; SUSE; Alpine.
  static let bundles = [
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
  ]

  /// The file to name to libraries that do not know; nil where the system's own libraries are used, which do.
  ///
  /// A release carries an OpenSSL that was built on another system (`ci/release`).
  public static func file(exists: (String) -> Bool) -> String? {
    #if CARRIED_LIBRARIES
      bundles.first(where: exists)
    #else
      nil
    #endif
  }
}
