import CLibGit2
import Glibc
import SystemInterfaces

/// Git's commit-graph file: parents, times and generations of commits without their objects. A chain of files is read as one.
///
/// Whatever is not as the format says makes the file count as absent: it holds nothing that the objects do not.
final class CommitGraph {
  /// What it knows of a commit.
  struct Entry {
    let seconds: Int64
    let parents: [ObjectId]
    /// More than that of every parent.
    let generation: UInt32
  }
  private let layers: [Layer]

  /// The graph of the repository whose common folder this is; nil where there is none that can be used.
  init?(commonFolder: String) {
    let info = "\(commonFolder)/objects/info"
    // These change what parents a commit has, and the file does not know them.
    for path in ["\(commonFolder)/shallow", "\(commonFolder)/info/grafts", "\(commonFolder)/refs/replace"]
    where access(path, F_OK) == 0 {
      return nil
    }
    if let packed = MappedFile("\(commonFolder)/packed-refs"), packed.bytes.holds(" refs/replace/") {
      return nil
    }
    var layers: [Layer] = []
    if let file = MappedFile("\(info)/commit-graph") {
      guard let layer = Layer(file, base: 0) else { return nil }
      layers = [layer]
    } else {
      guard let chain = MappedFile("\(info)/commit-graphs/commit-graph-chain") else { return nil }
      for line in String(decoding: chain.bytes, as: UTF8.self).split(separator: "\n") {
        guard line.allSatisfy(\.isHexDigit),
          let file = MappedFile("\(info)/commit-graphs/graph-\(line).graph"),
          let layer = Layer(file, base: layers.reduce(0) { $0 + $1.count })
        else { return nil }
        layers.append(layer)
      }
    }
    guard !layers.isEmpty else { return nil }
    self.layers = layers
  }

  /// What the graph knows of a commit; nil where it does not know it.
  func entry(_ id: ObjectId) -> Entry? {
    for layer in layers {
      if let row = layer.row(of: id) { return entry(layer, row) }
    }
    return nil
  }

  private func entry(_ layer: Layer, _ row: Int) -> Entry? {
    guard let positions = layer.parents(of: row) else { return nil }
    var parents: [ObjectId] = []
    for position in positions {
      guard let owner = layers.last(where: { $0.base <= position }), position - owner.base < owner.count
      else {
        return nil
      }
      parents.append(owner.id(at: position - owner.base))
    }
    let (generation, seconds) = layer.age(of: row)
    return Entry(seconds: seconds, parents: parents, generation: generation)
  }

  // MARK: - One file

  private struct Layer {
    let file: MappedFile
    /// How many commits stand in the files below.
    let base: Int
    let count: Int
    private let fanout: Int, ids: Int, data: Int
    private let edges: Range<Int>

    init?(_ file: MappedFile, base: Int) {
      self.file = file
      self.base = base
      let bytes = file.bytes
      // `CGPH`, version 1, SHA-1, the number of chunks.
      guard bytes.count > 8 + 20, bytes.starts(with: "CGPH".utf8), bytes[4] == 1, bytes[5] == 1 else {
        return nil
      }
      let chunks = Int(bytes[6])
      guard bytes.count > 8 + 12 * (chunks + 1) else { return nil }
      var places: [UInt32: Range<Int>] = [:]
      for index in 0..<chunks {
        let at = 8 + 12 * index
        guard let start = file.long(at + 4), let end = file.long(at + 16), start <= end,
          end <= bytes.count - 20
        else { return nil }
        places[file.word(at)] = start..<end
      }
      guard let fanout = places[0x4F49_4446], let ids = places[0x4F49_444C], let data = places[0x4344_4154],
        fanout.count == 1024
      else { return nil }
      count = Int(file.word(fanout.lowerBound + 1020))
      guard ids.count == 20 * count, data.count == 36 * count else { return nil }
      (self.fanout, self.ids, self.data) = (fanout.lowerBound, ids.lowerBound, data.lowerBound)
      edges = places[0x4544_4745] ?? 0..<0
    }

    func row(of id: ObjectId) -> Int? {
      var raw = id.raw
      return withUnsafeBytes(of: &raw) { wanted in
        let first = Int(wanted[0])
        var low = first == 0 ? 0 : Int(file.word(fanout + 4 * (first - 1)))
        var high = min(Int(file.word(fanout + 4 * first)), count)
        while low < high {
          let middle = (low + high) / 2
          let order = memcmp(file.bytes.baseAddress! + ids + 20 * middle, wanted.baseAddress!, 20)
          if order == 0 { return middle }
          if order < 0 { low = middle + 1 } else { high = middle }
        }
        return nil
      }
    }

    func id(at row: Int) -> ObjectId {
      ObjectId(file.bytes.loadUnaligned(fromByteOffset: ids + 20 * row, as: git_oid.self))
    }

    /// The places of the parents, counted over all files; nil where the file contradicts itself.
    func parents(of row: Int) -> [Int]? {
      let none: UInt32 = 0x7000_0000
      let (first, second) = (file.word(data + 36 * row + 20), file.word(data + 36 * row + 24))
      guard first != none else { return [] }
      guard second != none else { return [Int(first)] }
      guard second & 0x8000_0000 != 0 else { return [Int(first), Int(second)] }
      // More than two: the others stand in a list of their own, whose last has the highest bit.
      var found = [Int(first)]
      var at = edges.lowerBound + 4 * Int(second & 0x7FFF_FFFF)
      while at + 4 <= edges.upperBound {
        let word = file.word(at)
        found.append(Int(word & 0x7FFF_FFFF))
        if word & 0x8000_0000 != 0 { return found }
        at += 4
      }
      return nil
    }

    func age(of row: Int) -> (generation: UInt32, seconds: Int64) {
      let (high, low) = (file.word(data + 36 * row + 28), file.word(data + 36 * row + 32))
      return (high >> 2, Int64(high & 3) << 32 | Int64(low))
    }
  }

  /// A file's bytes, as long as somebody looks at them.
  private final class MappedFile {
    let bytes: UnsafeRawBufferPointer

    init?(_ path: String) {
      let descriptor = open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { return nil }
      defer { close(descriptor) }
      var status = stat()
      guard fstat(descriptor, &status) == 0, status.st_size > 0,
        let start = mmap(nil, Int(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED
      else { return nil }
      bytes = UnsafeRawBufferPointer(start: start, count: Int(status.st_size))
    }

    deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress!), bytes.count) }

    /// Four bytes, the highest first; zero beyond the end.
    func word(_ offset: Int) -> UInt32 {
      guard offset >= 0, offset + 4 <= bytes.count else { return 0 }
      return UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// Eight bytes that are an offset.
    func long(_ offset: Int) -> Int? {
      guard offset >= 0, offset + 8 <= bytes.count else { return nil }
      return Int(exactly: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
    }
  }
}
