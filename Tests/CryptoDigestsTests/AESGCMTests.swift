import CryptoDigests
import Testing

@Suite struct AESGCMTests {
  private func bytes(_ hex: String) -> [UInt8] {
    let digits = Array(hex)
    return stride(from: 0, to: digits.count, by: 2).compactMap {
      UInt8(String(digits[$0...$0 + 1]), radix: 16)
    }
  }

  /// Test case 16 of the proposal that NIST adopted (McGrew and Viega).
  @Test func `the published vector`() {
    let key = bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")
    let nonce = bytes("cafebabefacedbaddecaf888")
    let plain = bytes(
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0d"
        + "e657ba637b39")
    let authenticated = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    let sealed = AESGCM.seal(plain[...], key: key, nonce: nonce, authenticated: authenticated)
    #expect(
      sealed
        == bytes(
          "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e63"
            + "93ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"))
    #expect(AESGCM.open(sealed[...], key: key, nonce: nonce, authenticated: authenticated) == plain)
  }

  @Test(arguments: [0, 1, 15, 16, 17, 70_000]) func `what was sealed opens, and nothing else`(size: Int) {
    let key = [UInt8](repeating: 7, count: 32)
    let nonce = [UInt8](repeating: 9, count: 12)
    let plain = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
    let sealed = AESGCM.seal(plain[...], key: key, nonce: nonce, authenticated: [1])
    #expect(sealed.count == size + AESGCM.tagSize)
    #expect(AESGCM.open(sealed[...], key: key, nonce: nonce, authenticated: [1]) == plain)
    var other = sealed
    other[size / 2] ^= 1
    #expect(AESGCM.open(other[...], key: key, nonce: nonce, authenticated: [1]) == nil)
    #expect(AESGCM.open(sealed.dropLast(), key: key, nonce: nonce, authenticated: [1]) == nil)
    #expect(AESGCM.open(sealed[...], key: key, nonce: nonce, authenticated: [2]) == nil)
    #expect(
      AESGCM.open(sealed[...], key: key, nonce: [UInt8](repeating: 8, count: 12), authenticated: [1]) == nil)
  }
}
