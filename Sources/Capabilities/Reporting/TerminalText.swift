extension String {
  /// This text as it is shown on a terminal or in a log: what a server or a file says must not move a cursor, ring a bell
  /// or turn a line around.
  public var printable: String { OutsideText.visible(self) }

  /// How many columns a terminal gives it.
  var terminalColumns: Int {
    // Two for none but a few: most texts are ASCII.
    utf8.allSatisfy { $0 < 0x80 } ? utf8.count : reduce(0) { $0 + $1.terminalColumns }
  }

  /// The beginning that fits into so many columns of a terminal.
  func prefix(columns: Int) -> String {
    var left = columns
    return String(
      prefix { character in
        left -= character.terminalColumns
        return left >= 0
      })
  }
}

extension Character {
  /// How many columns a terminal gives it: two to ideographs, Hangul, full-width forms and emoji (Unicode Standard Annex 11).
  fileprivate var terminalColumns: Int {
    guard let first = unicodeScalars.first else { return 0 }
    switch first.value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
      0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE4F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF,
      0x20000...0x3FFFD:
      return 2
    default: return 1
    }
  }
}
