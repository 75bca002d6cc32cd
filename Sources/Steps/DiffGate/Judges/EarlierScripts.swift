/// What the scripts of a folder have made before each of them, in the order of their names: each is read once.
struct EarlierScripts<State> {
  private let paths: [(key: NaturalKey, path: String)]
  private let start: State
  private var state: State
  /// How many of the paths the state holds.
  private var count = 0
  /// Of more scripts the newest are read.
  private static var limit: Int { 5000 }

  init(_ paths: [String], start: State) {
    self.paths = paths.map { (NaturalKey($0), $0) }.sorted { $0.key < $1.key }
    self.start = start
    state = start
  }

  /// The state before `path`. Asked about in order, it goes on from the script that was asked about last.
  mutating func state(before path: String, apply: (inout State, String) throws -> Void) rethrows -> State {
    let key = NaturalKey(path)
    if count > 0, !(paths[count - 1].key < key) {
      state = start
      count = 0
    }
    if count == 0 { count = max(0, (paths.firstIndex { !($0.key < key) } ?? paths.count) - Self.limit) }
    while count < paths.count, paths[count].key < key {
      try apply(&state, paths[count].path)
      count += 1
    }
    return state
  }
}

/// A name with numbers, to be put in the order in which people count.
struct NaturalKey: Comparable {
  private let pieces: [(text: String, number: UInt64?)]

  init(_ text: String) {
    var pieces: [(text: String, number: UInt64?)] = []
    var current = ""
    var isNumber = false
    func finish() {
      if !current.isEmpty { pieces.append((current, isNumber ? UInt64(current) : nil)) }
    }
    for character in text {
      if character.isNumber != isNumber {
        finish()
        current = ""
        isNumber = character.isNumber
      }
      current.append(character)
    }
    finish()
    self.pieces = pieces
  }

  static func < (one: NaturalKey, other: NaturalKey) -> Bool {
    for (left, right) in zip(one.pieces, other.pieces) where left.text != right.text {
      if let a = left.number, let b = right.number, a != b { return a < b }
      return left.text < right.text
    }
    return one.pieces.count < other.pieces.count
  }

  static func == (one: NaturalKey, other: NaturalKey) -> Bool {
    one.pieces.elementsEqual(other.pieces) { $0.text == $1.text }
  }
}
