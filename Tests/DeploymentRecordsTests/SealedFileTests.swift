import DeploymentRecords
import SystemInterfaces
import Testing

@Suite struct SealedFileTests {
  private let key = StoreKey(String(repeating: "0f", count: 32))!
  private let otherKey = StoreKey(String(repeating: "1f", count: 32))!

  private func sealed(_ size: Int) -> (content: [UInt8], bytes: [UInt8]) {
    let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let file = SealedFile(about: ["environment": "prod"], content: content)
    return (content, file.sealed(with: key, random: Randomness()))
  }

  @Test(arguments: [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000]) func `opens as it was sealed`(size: Int)
    throws
  {
    let (content, bytes) = sealed(size)
    let opened = try SealedFile(opening: bytes, with: key)
    #expect(opened.content == content)
    #expect(opened.about == ["environment": "prod"])
    #expect(SealedFile.isSealed(bytes))
  }

  @Test func `two of the same are not alike, and the content is not in it`() {
    let file = SealedFile(about: [:], content: Array("planted-restore-point-value".utf8))
    let (one, two) = (
      file.sealed(with: key, random: Randomness()), file.sealed(with: key, random: Randomness())
    )
    #expect(one != two)
    #expect(!String(decoding: one, as: UTF8.self).contains("planted"))
  }

  @Test func `every byte counts`() {
    let (_, bytes) = sealed(100)
    for position in bytes.indices {
      var altered = bytes
      altered[position] ^= 0x01
      #expect(throws: SealedFile.Refusal.self, "byte \(position)") {
        try SealedFile(opening: altered, with: key)
      }
    }
  }

  @Test(arguments: [1, 16, 17, 1000, 65_552, 65_553, 100_000]) func `a cut is noticed, wherever it is`(
    cut: Int
  ) throws {
    let (_, bytes) = sealed(150_000)
    let error = #expect(throws: SealedFile.Refusal.self) {
      try SealedFile(opening: Array(bytes.dropLast(cut)), with: key)
    }
    // At the border of a piece it is known to be a cut; within one it may be anything.
    #expect(error == .truncated || error == .altered)
    let border = try SealedFile(opening: bytes, with: key).content.count % 65_536 + 16
    #expect(throws: SealedFile.Refusal.truncated) {
      try SealedFile(opening: Array(bytes.dropLast(border)), with: key)
    }
  }

  @Test func `pieces cannot change places, nor be left out`() throws {
    let (_, bytes) = sealed(65_536 * 3)
    let head = try #require(bytes.indices.filter { bytes[$0] == 0x0A }.dropFirst().first) + 1
    let piece = 65_552
    let (first, second, third) = (
      bytes[head..<head + piece], bytes[head + piece..<head + 2 * piece], bytes[(head + 2 * piece)...]
    )
    for order in [[second, first, third], [first, third], [first, first, third], [third]] {
      #expect(throws: SealedFile.Refusal.altered) {
        try SealedFile(opening: Array(bytes[..<head]) + order.flatMap { $0 }, with: key)
      }
    }
  }

  @Test func `another key, a newer format, and what is no sealed file`() {
    let (_, bytes) = sealed(10)
    #expect(throws: SealedFile.Refusal.otherKey(sealed: key.name, given: otherKey.name)) {
      try SealedFile(opening: bytes, with: otherKey)
    }
    let newer = Array("BACKSTOP-SEALED 2\n{}\n".utf8)
    let refusal = #expect(throws: SealedFile.Refusal.newer(2)) { try SealedFile(opening: newer, with: key) }
    #expect(refusal?.description.contains("use the version that wrote it") == true)
    for other in ["", "BACKSTOP-SEALED", "PK\u{3}\u{4}", "BACKSTOP-SEALED x\n"] {
      #expect(throws: SealedFile.Refusal.notSealed) { try SealedFile(opening: Array(other.utf8), with: key) }
    }
    #expect(throws: SealedFile.Refusal.truncated) {
      try SealedFile(opening: Array("BACKSTOP-SEALED 1\n{\"key\"".utf8), with: key)
    }
  }

  @Test func `a key is 32 bytes, in digits or Base64`() {
    let hex = String(repeating: "00ff", count: 16)
    #expect(StoreKey(hex)?.name == StoreKey(hex.uppercased() + "\n")?.name)
    #expect(StoreKey("AP8A/wD/AP8A/wD/AP8A/wD/AP8A/wD/AP8A/wD/AP8=")?.name == StoreKey(hex)?.name)
    for text in ["", "secret", hex + "00", String(hex.dropLast()), String(repeating: "zz", count: 32)] {
      #expect(StoreKey(text) == nil, "\(text)")
    }
    #expect(key.name != otherKey.name && key.name.count == 16)
  }
}
