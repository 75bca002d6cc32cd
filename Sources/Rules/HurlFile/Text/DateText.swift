import SystemInterfaces

/// Dates as text by the specifiers of strftime as the Rust library chrono has them, which Hurl documents
/// (docs.rs/chrono/latest/chrono/format/strftime).
enum DateText {
  static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
  static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November",
    "December",
  ]

  /// What stands for what in a format.
  enum Item {
    case text(String)
    /// A specifier with its padding, nil for the usual one, and its modifier: `.3` of `%.3f`, `:` of `%:z`.
    case field(Unicode.Scalar, padding: Unicode.Scalar?, modifier: String)
  }

  /// The items of a format; combined specifiers are replaced by what they stand for.
  static func items(_ format: String) throws(EvaluationFailure) -> [Item] {
    var items: [Item] = []
    var text = ""
    var rest = Array(format.unicodeScalars)[...]
    while let scalar = rest.popFirst() {
      guard scalar == "%" else {
        text.unicodeScalars.append(scalar)
        continue
      }
      if !text.isEmpty { items.append(.text(text)) }
      text = ""
      var padding: Unicode.Scalar?
      if let first = rest.first, first == "-" || first == "_" || first == "0" {
        padding = first
        rest.removeFirst()
      }
      var modifier = ""
      while let next = rest.first, next == "." || next == ":" || next == "#" || next.isASCIIDigit {
        modifier.unicodeScalars.append(next)
        rest.removeFirst()
      }
      guard let specifier = rest.popFirst() else { throw EvaluationFailure(message: "the format ends in %") }
      if let combined = combined[specifier], modifier.isEmpty {
        items += try self.items(combined)
      } else if "aAbBCdefgGHIjklmMnNpPqsSStuUVwWyYzZf%+".unicodeScalars.contains(specifier) {
        items.append(.field(specifier, padding: padding, modifier: modifier))
      } else {
        throw EvaluationFailure(message: "%\(modifier)\(Character(specifier)) is no part of a date's format")
      }
    }
    return text.isEmpty ? items : items + [.text(text)]
  }

  private static let combined: [Unicode.Scalar: String] = [
    "c": "%a %b %e %H:%M:%S %Y", "D": "%m/%d/%y", "x": "%m/%d/%y", "F": "%Y-%m-%d", "h": "%b",
    "r": "%I:%M:%S %p",
    "R": "%H:%M", "T": "%H:%M:%S", "X": "%H:%M:%S", "v": "%e-%b-%Y",
  ]

  // MARK: Known forms

  /// The time that a cookie's `Expires` names, RFC 1123 or with hyphens.
  static func httpDate(_ text: String) -> Timestamp? {
    for format in ["%a, %d %b %Y %H:%M:%S GMT", "%a, %d-%b-%Y %H:%M:%S GMT", "%a, %d-%b-%y %H:%M:%S GMT"] {
      // A text that is no date in one form may be one in the next.
      do throws(EvaluationFailure) { return try date(text, format: format) } catch { continue }
    }
    return nil
  }

  static func isRFC3339(_ text: String) -> Bool { Timestamp(text) != nil }
}
