import CLibGit2
import Glibc

/// Reads a tree object's bytes entry by entry: `<mode in octal> <name>\0<20 bytes of id>`.
///
/// libgit2's own parser makes an array of entries first; a walk that skips almost everything has no use for it.
struct RawTreeCursor {
  private let bytes: UnsafeRawBufferPointer
  private var next = 0
  private(set) var mode: UInt32 = 0
  /// The name's bytes, valid as long as the buffer is.
  private(set) var name = UnsafeRawBufferPointer(start: nil, count: 0)
  private var idOffset = 0
  private(set) var isAtEnd = false

  /// Stands at the first entry.
  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
    advance()
  }

  var isFolder: Bool { mode == 0o040000 }
  var id: ObjectId { ObjectId(bytes.loadUnaligned(fromByteOffset: idOffset, as: git_oid.self)) }
  var entry: TreeEntry { TreeEntry(mode: mode, id: id) }

  /// Whether both entries have the same mode and object.
  func equals(_ other: RawTreeCursor) -> Bool {
    mode == other.mode
      && memcmp(bytes.baseAddress! + idOffset, other.bytes.baseAddress! + other.idOffset, 20) == 0
  }

  /// Goes on to the next entry; a truncated object ends early.
  mutating func advance() {
    guard next < bytes.count else {
      isAtEnd = true
      return
    }
    var position = next
    mode = 0
    while position < bytes.count, bytes[position] != UInt8(ascii: " ") {
      mode = mode << 3 | UInt32(bytes[position] & 7)
      position += 1
    }
    let start = position + 1
    position = start
    while position < bytes.count, bytes[position] != 0 { position += 1 }
    guard position + 21 <= bytes.count else {
      isAtEnd = true
      next = bytes.count
      return
    }
    name = UnsafeRawBufferPointer(rebasing: bytes[start..<position])
    idOffset = position + 1
    next = position + 21
  }

  /// Git's order of the entries of a tree: by bytes, a folder's name as if it ended in a slash.
  static func order(_ left: RawTreeCursor, _ right: RawTreeCursor) -> Int32 {
    let shared = min(left.name.count, right.name.count)
    let difference = shared == 0 ? 0 : memcmp(left.name.baseAddress!, right.name.baseAddress!, shared)
    if difference != 0 { return difference }
    return left.tail(shared) - right.tail(shared)
  }

  private func tail(_ index: Int) -> Int32 {
    if index < name.count { return Int32(name[index]) }
    return isFolder ? Int32(UInt8(ascii: "/")) : 0
  }
}

extension GitRepository {
  /// Runs `body` over the bytes of a tree; over none for the empty tree.
  func withTree<Result>(
    _ id: ObjectId?, _ body: (UnsafeRawBufferPointer) throws(GitError) -> Result
  ) throws(GitError) -> Result {
    guard let id, id != GitRepository.emptyTree else {
      return try body(UnsafeRawBufferPointer(start: nil, count: 0))
    }
    var raw = id.raw
    var object: OpaquePointer?
    let code = git_odb_read(&object, objects, &raw)
    guard code >= 0 else { throw missingObject(code, "git_odb_read", "read tree \(id.short)", id) }
    defer { git_odb_object_free(object) }
    guard git_odb_object_type(object) == GIT_OBJECT_TREE else {
      throw GitError(
        .damaged, call: "git_odb_object_type", "object \(id) is not a tree", advice: "run git fsck")
    }
    return try body(
      UnsafeRawBufferPointer(start: git_odb_object_data(object), count: git_odb_object_size(object)))
  }

  /// The tree without entries; git knows it without storing it.
  public static let emptyTree = ObjectId(hex: "4b825dc642cb6eb9a060e54bf8d69288fbee4904")!

  /// The entries of one tree, in git's order.
  func entries(ofTree id: ObjectId) throws(GitError) -> [(name: [UInt8], entry: TreeEntry)] {
    try withTree(id) { bytes throws(GitError) in
      var found: [(name: [UInt8], entry: TreeEntry)] = []
      var cursor = RawTreeCursor(bytes)
      while !cursor.isAtEnd {
        found.append((Array(cursor.name), cursor.entry))
        cursor.advance()
      }
      return found
    }
  }
}
