/// Which property of which type means replacement, from CloudFormation's resource provider schemas.
///
/// A text of lines sorted by type, `type|flags|create-only|conditional|name`: pointers apart by spaces, steps of a
/// pointer by `/`, `*` for any element; flags `n` (no update handler: every change replaces) and `d` (the old
/// resource is deleted before the new one is made); the property whose value `Ref` returns. The first line, after `#`,
/// is date and source. It is searched by halving, not read into memory.
public struct ReplacementTable: Sendable {
  /// The rules of one type.
  public struct Entry: Hashable, Sendable {
    /// Pointers to properties whose change replaces the resource, split into steps.
    public var createOnly: [[String]] = []
    /// Pointers to properties whose change replaces it in cases that only the service knows.
    public var conditionalCreateOnly: [[String]] = []
    /// Whether the type cannot be changed in place at all.
    public var hasNoUpdate = false
    /// Whether a replacement deletes the old resource first.
    public var deletesFirst = false
    /// The writable property that names the resource.
    public var nameProperty: String?

    /// The property by which the account tells resources of `type` apart, so that two with one value cannot stand beside
    /// each other: what `Ref` returns, or the name that is fixed when the resource is made.
    public func customName(of type: String) -> String? {
      if let nameProperty { return nameProperty }
      // Zones of one name stand beside each other.
      guard type != "AWS::Route53::HostedZone" else { return nil }
      let own = (type.split(separator: ":").last.map(String.init) ?? "") + "Name"
      let fixed = Set(createOnly.filter { $0.count == 1 }.map { $0[0] })
      return fixed.contains(own) ? own : fixed.contains("Name") ? "Name" : nil
    }
  }

  private enum Storage: @unchecked Sendable {
    // A static string is immutable and lives as long as the process.
    case builtIn(UnsafeBufferPointer<UInt8>)
    case text([UInt8])
  }
  private let storage: Storage
  /// Types that another table says otherwise.
  private var overriding: Storage?

  /// The table that is built in, made by `ci/generate-replacement-table`.
  public static let builtIn = ReplacementTable(
    storage: .builtIn(
      UnsafeBufferPointer(start: builtInText.utf8Start, count: builtInText.utf8CodeUnitCount)))

  private init(storage: Storage) { self.storage = storage }

  /// A table in the same text format, as `ci/generate-replacement-table --text` writes it.
  /// - Throws: the number of the first line that is malformed or out of order.
  public init(text: [UInt8]) throws(ReplacementTableError) {
    var previous = ""
    for (position, line) in text.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      if line.isEmpty || line.first == UInt8(ascii: "#") { continue }
      let fields = line.split(separator: UInt8(ascii: "|"), omittingEmptySubsequences: false)
      let type = String(decoding: fields[0], as: UTF8.self)
      guard fields.count == 5, !type.isEmpty else {
        throw ReplacementTableError(
          line: position + 1, message: "expected type|flags|create-only|conditional|name")
      }
      guard previous.utf8.lexicographicallyPrecedes(type.utf8) else {
        throw ReplacementTableError(line: position + 1, message: "\(type) does not sort after \(previous)")
      }
      previous = type
    }
    storage = .text(text)
  }

  /// This table, with what `other` says about its types.
  public func overridden(by other: ReplacementTable) -> ReplacementTable {
    var table = self
    table.overriding = other.storage
    return table
  }

  /// Date and source of the table, such as `2026-10-20 cfn-lint 1.58.0`.
  public var version: String {
    Self.withBytes(storage) { bytes in
      let line = bytes.prefix { $0 != 0x0A }
      guard line.first == UInt8(ascii: "#") else { return "unknown" }
      return String(decoding: line.dropFirst(2), as: UTF8.self)
    }
  }

  /// The rules of a type; nil where the table does not know it.
  public subscript(_ type: String) -> Entry? {
    let name = Array(type.utf8)
    if let overriding, let entry = Self.withBytes(overriding, { Self.find(name, in: $0) }) { return entry }
    return Self.withBytes(storage) { Self.find(name, in: $0) }
  }

  private static func withBytes<Result>(
    _ storage: Storage, _ body: (UnsafeBufferPointer<UInt8>) -> Result
  ) -> Result {
    switch storage {
    case .builtIn(let bytes): body(bytes)
    case .text(let text): text.withUnsafeBufferPointer(body)
    }
  }

  private static func find(_ type: [UInt8], in bytes: UnsafeBufferPointer<UInt8>) -> Entry? {
    var low = 0
    var high = bytes.count
    while low < high {
      let middle = low + (high - low) / 2
      let start = bytes[low..<middle].lastIndex(of: 0x0A).map { $0 + 1 } ?? low
      let end = bytes[middle..<bytes.count].firstIndex(of: 0x0A) ?? bytes.count
      let name = bytes[start..<end].prefix { $0 != UInt8(ascii: "|") }
      if name.elementsEqual(type) { return entry(bytes[start..<end]) }
      // Comments and empty lines sort before every type.
      if name.isEmpty || name.first == UInt8(ascii: "#") || name.lexicographicallyPrecedes(type) {
        low = min(end + 1, high)
      } else {
        high = start
      }
    }
    return nil
  }

  private static func entry(_ line: Slice<UnsafeBufferPointer<UInt8>>) -> Entry {
    let fields = String(decoding: line, as: UTF8.self).split(
      separator: "|", omittingEmptySubsequences: false)
    func pointers(_ text: Substring) -> [[String]] {
      text.split(separator: " ").map { $0.split(separator: "/").map(String.init) }
    }
    return Entry(
      createOnly: pointers(fields[2]), conditionalCreateOnly: pointers(fields[3]),
      hasNoUpdate: fields[1].contains("n"), deletesFirst: fields[1].contains("d"),
      nameProperty: fields[4].isEmpty ? nil : String(fields[4]))
  }
}

/// Why a table is refused.
public struct ReplacementTableError: Error, Hashable, Sendable {
  /// Counted from 1.
  public let line: Int
  /// What was expected.
  public let message: String
}
