import CLibCrypto

/// Message digests over libcrypto.
public enum Digest {
  /// SHA-256, 32 bytes.
  public static func sha256(_ bytes: [UInt8]) -> [UInt8] {
    var out = [UInt8](repeating: 0, count: 32)
    // Not EVP: every run makes a few digests, and looking up OpenSSL's providers takes longer than all of them.
    var context = SHA256_CTX()
    let done =
      SHA256_Init(&context) + SHA256_Update(&context, bytes, bytes.count) + SHA256_Final(&out, &context)
    precondition(done == 3, "libcrypto refused a digest")
    return out
  }
  /// SHA-1, 20 bytes; for formats that ask for it, never for trust.
  public static func sha1(_ bytes: [UInt8]) -> [UInt8] { digest(bytes, EVP_sha1(), 20) }
  /// MD5, 16 bytes; for formats that ask for it, never for trust.
  public static func md5(_ bytes: [UInt8]) -> [UInt8] { digest(bytes, EVP_md5(), 16) }

  /// HMAC-SHA-256, 32 bytes.
  public static func hmacSHA256(key: [UInt8], _ message: some Sequence<UInt8>) -> [UInt8] {
    let message = Array(message)
    var out = [UInt8](repeating: 0, count: 32)
    var count: UInt32 = 32
    let done = HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &out, &count)
    precondition(done != nil, "HMAC-SHA-256 failed")
    return out
  }

  /// Lower-case hexadecimal.
  public static func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// The SHA-256 of `bytes` in lower-case hexadecimal.
  public static func sha256Hex(_ bytes: [UInt8]) -> String { hex(sha256(bytes)) }

  private static func digest(_ bytes: [UInt8], _ kind: OpaquePointer?, _ size: Int) -> [UInt8] {
    var out = [UInt8](repeating: 0, count: size)
    let done = EVP_Digest(bytes, bytes.count, &out, nil, kind, nil)
    precondition(done == 1, "libcrypto refused a digest")
    return out
  }
}

/// A digest of bytes that come piece by piece.
public final class RunningDigest {
  /// The digests that are made so.
  public enum Kind: Sendable { case sha256, md5 }
  private let context = EVP_MD_CTX_new()
  private let size: Int

  /// A digest of nothing yet.
  public init(_ kind: Kind) {
    size = kind == .sha256 ? 32 : 16
    let done = EVP_DigestInit_ex(context, kind == .sha256 ? EVP_sha256() : EVP_md5(), nil)
    precondition(done == 1, "libcrypto refused a digest")
  }

  deinit { EVP_MD_CTX_free(context) }

  /// Takes in more bytes.
  public func update(_ bytes: UnsafeRawBufferPointer) {
    precondition(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1, "libcrypto refused a digest")
  }

  /// The digest of all that came; nothing may come after it.
  public var value: [UInt8] {
    var out = [UInt8](repeating: 0, count: size)
    let done = EVP_DigestFinal_ex(context, &out, nil)
    precondition(done == 1, "libcrypto refused a digest")
    return out
  }
}
