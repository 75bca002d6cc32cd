import CLibCrypto

/// AES-256 in Galois/counter mode over libcrypto. A key must never meet the same nonce twice.
public enum AESGCM {
  /// Bytes of a key, a nonce and a tag.
  public static let keySize = 32, nonceSize = 12, tagSize = 16

  /// `plain` encrypted, with the tag behind it; `authenticated` is bound to it and not encrypted.
  public static func seal(
    _ plain: ArraySlice<UInt8>, key: [UInt8], nonce: [UInt8], authenticated: [UInt8]
  ) -> [UInt8] {
    precondition(key.count == keySize && nonce.count == nonceSize)
    let context = EVP_CIPHER_CTX_new()
    defer { EVP_CIPHER_CTX_free(context) }
    let plain = Array(plain)
    var out = [UInt8](repeating: 0, count: plain.count)
    var tag = [UInt8](repeating: 0, count: tagSize)
    var count: Int32 = 0
    var done = EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), nil, key, nonce) == 1
    done = done && EVP_EncryptUpdate(context, nil, &count, authenticated, Int32(authenticated.count)) == 1
    done = done && EVP_EncryptUpdate(context, &out, &count, plain, Int32(plain.count)) == 1
    var rest = [UInt8](repeating: 0, count: tagSize)
    done = done && EVP_EncryptFinal_ex(context, &rest, &count) == 1
    done = done && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, Int32(tagSize), &tag) == 1
    precondition(done, "libcrypto refused AES-256-GCM")
    return out + tag
  }

  /// What was sealed; nil where key, nonce, tag, `authenticated` or a byte is another.
  public static func open(
    _ sealed: ArraySlice<UInt8>, key: [UInt8], nonce: [UInt8], authenticated: [UInt8]
  ) -> [UInt8]? {
    guard key.count == keySize, nonce.count == nonceSize, sealed.count >= tagSize else { return nil }
    let context = EVP_CIPHER_CTX_new()
    defer { EVP_CIPHER_CTX_free(context) }
    let body = Array(sealed.dropLast(tagSize))
    var tag = Array(sealed.suffix(tagSize))
    var out = [UInt8](repeating: 0, count: body.count)
    var count: Int32 = 0
    var rest = [UInt8](repeating: 0, count: tagSize)
    guard EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), nil, key, nonce) == 1,
      EVP_DecryptUpdate(context, nil, &count, authenticated, Int32(authenticated.count)) == 1,
      EVP_DecryptUpdate(context, &out, &count, body, Int32(body.count)) == 1,
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, Int32(tagSize), &tag) == 1,
      EVP_DecryptFinal_ex(context, &rest, &count) == 1
    else { return nil }
    return out
  }
}
