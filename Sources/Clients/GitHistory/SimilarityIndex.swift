/// How much of one content is in another, measured as `git diff -M` does: contents are cut into lines, and long
/// lines into pieces of 64 bytes; pieces with the same hash are the same.
struct SimilarityIndex {
  /// The highest score: all of it is the same.
  static let maximum = 60_000

  let size: Int
  // Hash of a piece, and how many bytes such pieces hold, by rising hash.
  private let pieces: [(hash: UInt32, bytes: Int)]

  init(_ content: UnsafeRawBufferPointer) {
    size = content.count
    // Git's test for binary content; in text the CR of a CRLF does not count.
    let isText = !content.prefix(8000).contains(0)
    // The hash above the length: sorting brings equal pieces together.
    var keys: [UInt64] = []
    keys.reserveCapacity(content.count / 32 + 1)
    var first: UInt32 = 0
    var second: UInt32 = 0
    var length = 0
    func close() {
      keys.append(UInt64((first &+ second &* 0x61) % 107_927) << 32 | UInt64(length))
      (first, second, length) = (0, 0, 0)
    }
    for index in content.indices {
      let byte = content[index]
      if isText, byte == 0x0D, index + 1 < content.count, content[index + 1] == 0x0A { continue }
      let before = first
      first = (first << 7) ^ (second >> 25)
      second = (second << 7) ^ (before >> 25)
      first &+= UInt32(byte)
      length += 1
      if length == 64 || byte == 0x0A { close() }
    }
    if length > 0 { close() }
    keys.sort()
    var pieces: [(hash: UInt32, bytes: Int)] = []
    pieces.reserveCapacity(keys.count)
    for key in keys {
      let hash = UInt32(key >> 32)
      if pieces.last?.hash == hash {
        pieces[pieces.count - 1].bytes += Int(key & 0xFFFF_FFFF)
      } else {
        pieces.append((hash, Int(key & 0xFFFF_FFFF)))
      }
    }
    self.pieces = pieces
  }

  /// Whether two sizes are so different that contents of them cannot reach `minimum`.
  static func sizesExclude(_ left: Int, _ right: Int, minimum: Int) -> Bool {
    let larger = max(left, right)
    return larger * (maximum - minimum) < (larger - min(left, right)) * maximum
  }

  /// The share of `other`, or of this where that is larger, that is in both; of `maximum`.
  func score(_ other: SimilarityIndex) -> Int {
    guard other.size > 0 else { return 0 }
    var shared = 0
    var (left, right) = (0, 0)
    while left < pieces.count, right < other.pieces.count {
      let (one, two) = (pieces[left], other.pieces[right])
      if one.hash == two.hash { shared += min(one.bytes, two.bytes) }
      if one.hash <= two.hash { left += 1 }
      if two.hash <= one.hash { right += 1 }
    }
    return shared * SimilarityIndex.maximum / max(size, other.size)
  }
}

/// Scores of pairs of blobs; each blob is read once.
struct SimilarityCache {
  private var indices: [ObjectId: SimilarityIndex] = [:]
  private var sizes: [ObjectId: Int] = [:]

  /// The score of two blobs, of `SimilarityIndex.maximum`; 0 where their sizes alone exclude `minimum`.
  mutating func score(
    _ repository: GitRepository, _ old: ObjectId, _ new: ObjectId, minimum: Int
  ) throws(GitError) -> Int {
    let (oldSize, newSize) = try (size(repository, old), size(repository, new))
    if SimilarityIndex.sizesExclude(oldSize, newSize, minimum: minimum) { return 0 }
    return try index(repository, old).score(index(repository, new))
  }

  mutating func size(_ repository: GitRepository, _ id: ObjectId) throws(GitError) -> Int {
    if let known = sizes[id] { return known }
    let size = try repository.blobSize(id)
    sizes[id] = size
    return size
  }

  private mutating func index(_ repository: GitRepository, _ id: ObjectId) throws(GitError) -> SimilarityIndex
  {
    if let known = indices[id] { return known }
    let index = try repository.withBlob(id) { SimilarityIndex($0) }
    indices[id] = index
    return index
  }
}
