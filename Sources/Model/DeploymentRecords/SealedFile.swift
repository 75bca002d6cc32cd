import CryptoDigests
import JSONValues
import SystemInterfaces

/// Bytes that only the holder of a key can read, and nobody can change: fit for the artifacts of a CI system.
///
/// A line that names the format, a line of JSON that anybody may read and that is bound to the rest, then pieces of 64
/// KiB, each encrypted by AES-256-GCM with a key made for this file alone. The nonce of a piece holds its number and
/// whether it is the last: pieces cannot be left out, moved or cut off.
public struct SealedFile: Hashable, Sendable {
  /// What anybody may read, such as the environment.
  public var about: [String: String]
  /// What was sealed.
  public var content: [UInt8]

  /// Content with what anybody may read of it.
  public init(about: [String: String], content: [UInt8]) {
    self.about = about
    self.content = content
  }

  /// Whether bytes begin as a sealed file does.
  public static func isSealed(_ bytes: [UInt8]) -> Bool { bytes.starts(with: "\(name) ".utf8) }

  static let name = "BACKSTOP-SEALED"
  static let formatVersion = 1
  private static let pieceSize = 65_536

  /// Why a file cannot be opened.
  public enum Refusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// It is something else.
    case notSealed
    /// A later version wrote it.
    case newer(Int)
    /// It was sealed with another key; the short names of both.
    case otherKey(sealed: String, given: String)
    /// Its end is missing.
    case truncated
    /// A byte of it is not what was sealed.
    case altered

    public var description: String {
      switch self {
      case .notSealed: "is no file that backstop sealed"
      case .newer(let version):
        "has the format version \(version), and this program reads \(SealedFile.formatVersion): use the version that wrote it"
      case .otherKey(let sealed, let given):
        "was sealed with the key \(sealed), and BACKSTOP_STORE_KEY holds the key \(given)"
      case .truncated: "is cut off: its last piece is missing"
      case .altered: "was altered since it was sealed"
      }
    }
  }

  /// The bytes of a file that holds it, sealed.
  public func sealed(with key: StoreKey, random: Randomness) -> [UInt8] {
    let salt = random.bytes(32)
    let fields: [String: String] = ["key": key.name, "salt": Digest.hex(salt)]
    let members = about.merging(fields) { $1 }.sorted { $0.key < $1.key }
    let json = JSONValue.object(JSONObject(members.map { .init($0.key, .string($0.value)) }))
    let head = Array("\(SealedFile.name) \(SealedFile.formatVersion)\n\(json.serialized())\n".utf8)
    let fileKey = key.derived(salt)
    var out = head
    var start = 0
    var number: UInt32 = 0
    repeat {
      let end = min(start + SealedFile.pieceSize, content.count)
      out += AESGCM.seal(
        content[start..<end], key: fileKey, nonce: SealedFile.nonce(number, isLast: end == content.count),
        authenticated: head)
      start = end
      number += 1
    } while start < content.count
    return out
  }

  /// Opens the bytes of a file.
  /// - Throws: `Refusal`.
  public init(opening bytes: [UInt8], with key: StoreKey) throws(Refusal) {
    let prefix = Array("\(SealedFile.name) ".utf8)
    guard SealedFile.isSealed(bytes), let first = bytes.firstIndex(of: 0x0A),
      let version = Int(String(decoding: bytes[prefix.count..<first], as: UTF8.self))
    else { throw .notSealed }
    guard version == SealedFile.formatVersion else { throw .newer(version) }
    guard let second = bytes[(first + 1)...].firstIndex(of: 0x0A) else { throw .truncated }
    guard let json = try? JSONValue(parsing: Array(bytes[(first + 1)..<second])),
      let name = json["key"]?.string,
      let salt = json["salt"]?.string.flatMap({ Hexadecimal.decode($0) })
    else { throw .altered }
    guard name == key.name else { throw .otherKey(sealed: name, given: key.name) }
    let head = Array(bytes[...second])
    let fileKey = key.derived(salt)
    var content: [UInt8] = []
    var start = second + 1
    var number: UInt32 = 0
    var isLast = false
    while !isLast {
      let end = min(start + SealedFile.pieceSize + AESGCM.tagSize, bytes.count)
      guard end - start >= AESGCM.tagSize else { throw .truncated }
      isLast = end == bytes.count
      func piece(_ last: Bool) -> [UInt8]? {
        AESGCM.open(
          bytes[start..<end], key: fileKey, nonce: SealedFile.nonce(number, isLast: last), authenticated: head
        )
      }
      guard let plain = piece(isLast) else {
        // Whole and not the last, and yet nothing follows: the end was cut off between two pieces.
        throw isLast && piece(false) != nil ? .truncated : .altered
      }
      content += plain
      start = end
      number += 1
    }
    var about: [String: String] = [:]
    for member in json.object?.members ?? [] where !["key", "salt"].contains(member.name) {
      about[member.name] = member.value.string
    }
    self.init(about: about, content: content)
  }

  private static func nonce(_ number: UInt32, isLast: Bool) -> [UInt8] {
    [0, 0, 0, 0, 0, 0, 0] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) } + [isLast ? 1 : 0]
  }
}

/// The key of a store: 32 bytes, as 64 hexadecimal digits or Base64.
public struct StoreKey: Sendable {
  private let bytes: [UInt8]

  /// - Returns: nil where `text` does not hold 32 bytes.
  public init?(_ text: String) {
    let trimmed = String(text.filter { !$0.isWhitespace })
    let found = trimmed.utf8.count == 64 ? Hexadecimal.decode(trimmed) : Base64.decode(Array(trimmed.utf8))
    guard let found, found.count == AESGCM.keySize else { return nil }
    bytes = found
  }

  /// Sixteen digits that tell this key from others and nothing about it.
  public var name: String {
    String(Digest.hex(Digest.hmacSHA256(key: bytes, "backstop: name of a store key".utf8)).prefix(16))
  }

  /// What a holder of the key says that it wrote.
  enum Purpose: String { case restorePoint = "a restore point", record = "a record" }

  /// What proves to holders of the key that one of them wrote `bytes` as what `purpose` says: a code (HMAC-SHA-256) by a key
  /// for this purpose alone.
  func authenticationCode(of bytes: [UInt8], as purpose: Purpose) -> String {
    let purpose = Digest.hmacSHA256(key: self.bytes, "backstop: authenticates \(purpose.rawValue)".utf8)
    return Digest.hex(Digest.hmacSHA256(key: purpose, bytes))
  }

  /// A key for one file alone (HKDF-SHA-256, RFC 5869, of one block).
  func derived(_ salt: [UInt8]) -> [UInt8] {
    let extracted = Digest.hmacSHA256(key: salt, bytes)
    return Digest.hmacSHA256(key: extracted, Array("backstop: sealed file".utf8) + [1])
  }
}

/// Hexadecimal digits as bytes.
enum Hexadecimal {
  static func decode(_ text: String) -> [UInt8]? {
    let digits = text.utf8.map { byte -> UInt8? in
      switch byte {
      case 0x30...0x39: byte - 0x30
      case 0x41...0x46: byte - 0x37
      case 0x61...0x66: byte - 0x57
      default: nil
      }
    }
    guard digits.count.isMultiple(of: 2), !digits.contains(nil) else { return nil }
    return stride(from: 0, to: digits.count, by: 2).map { (digits[$0] ?? 0) << 4 | (digits[$0 + 1] ?? 0) }
  }
}
