/// Functions that compute: Base64 and Cidr.
extension TemplateEvaluator {
  func base64(_ value: ResolvedValue) -> ResolvedValue {
    guard let text = value.text else { return .call("Fn::Base64", [value]) }
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    let bytes = Array(text.utf8)
    var out: [UInt8] = []
    out.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      var bits: UInt32 = 0
      for offset in 0..<3 { bits = bits << 8 | UInt32(offset < group.count ? group[start + offset] : 0) }
      for position in 0..<4 {
        out.append(
          position <= group.count
            ? digits[Int(bits >> UInt32(18 - 6 * position)) & 63] : UInt8(ascii: "="))
      }
    }
    return .text(String(decoding: out, as: UTF8.self))
  }

  /// `[block, count, hostBits]` of an IPv4 block: the first `count` blocks of that size.
  func cidr(_ values: [ResolvedValue]) -> ResolvedValue {
    guard values.count >= 2, let block = values[0].text.flatMap(IPv4Block.init),
      let count = values[1].text.flatMap({ Int($0) }), (1...256).contains(count)
    else { return .call("Fn::Cidr", values) }
    let hostBits = values.count > 2 ? values[2].text.flatMap { Int($0) } : 8
    guard let hostBits, (1...32).contains(hostBits), block.prefix <= 32 - hostBits,
      UInt64(count) << UInt64(hostBits) <= 1 << UInt64(32 - block.prefix)
    else { return .call("Fn::Cidr", values) }
    return .list(
      (0..<count).map { position in
        .text(
          IPv4Block(
            address: block.address + UInt32(position) << UInt32(hostBits), prefix: 32 - hostBits
          ).description)
      })
  }
}

/// An IPv4 address block.
struct IPv4Block: Hashable, CustomStringConvertible {
  /// The first address.
  let address: UInt32
  /// How many leading bits are fixed.
  let prefix: Int

  init(address: UInt32, prefix: Int) {
    self.address = address
    self.prefix = prefix
  }

  /// `10.0.0.0/16`; bits outside the prefix are dropped.
  init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let prefix = Int(parts[1]), (0...32).contains(prefix) else { return nil }
    let octets = parts[0].split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    guard octets.count == 4, octets.allSatisfy({ $0 != nil }) else { return nil }
    let address = octets.reduce(UInt32(0)) { $0 << 8 | UInt32($1 ?? 0) }
    self.init(address: prefix == 0 ? 0 : address & ~UInt32(0) << UInt32(32 - prefix), prefix: prefix)
  }

  /// Whether every address of `other` is in this block.
  func contains(_ other: IPv4Block) -> Bool {
    guard prefix <= other.prefix else { return false }
    return prefix == 0 || (address ^ other.address) >> UInt32(32 - prefix) == 0
  }

  var description: String {
    "\(address >> 24).\(address >> 16 & 255).\(address >> 8 & 255).\(address & 255)/\(prefix)"
  }
}
