import HealthAnalysis
import StepResults
import SystemInterfaces

/// Recorded points as CSV (RFC 4180) with the header `timestamp,series,kind,value,count`.
enum PointsFile {
  static let header = "timestamp,series,kind,value,count"

  /// Reads a file; a malformed line is an error that names `path` and the line.
  static func parse(_ bytes: [UInt8], path: String) throws(StepFailure) -> Observations {
    var observations = Observations()
    var hasHeader = false
    var number = 0
    // A byte order mark is none of the first field.
    let body = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
    for whole in body.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      let line = whole.last == UInt8(ascii: "\r") ? whole.dropLast() : whole
      if line.allSatisfy(isBlank) { continue }
      guard hasHeader else {
        let found = line.filter { !isBlank($0) && $0 != UInt8(ascii: "\"") }
        guard found.elementsEqual(header.utf8) else {
          let shown = String(decoding: line.prefix(80), as: UTF8.self)
          throw failure(path, number, "expected the header \(header), found '\(shown)'")
        }
        hasHeader = true
        continue
      }
      let (name, point) = try Self.point(line, path, number)
      observations.declare(name)
      // `NaN` is Kayenta's word for a time at which nothing was measured.
      guard !point.value.isNaN else { continue }
      if let before = observations.insert(point, into: name) {
        throw failure(
          path, number,
          "\(name.name) (\(name.kind.rawValue)) at \(point.time.formatted(milliseconds: false)) is \(point.value) of "
            + "\(point.count) here, and \(before.value) of \(before.count) in an earlier line")
      }
    }
    guard hasHeader else { throw failure(path, 1, "the file is empty; expected the header \(header)") }
    return observations
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  private static func point(
    _ line: ArraySlice<UInt8>, _ path: String, _ number: Int
  ) throws(StepFailure) -> (SeriesName, SeriesPoint) {
    guard let fields = fields(line) else { throw failure(path, number, "a quoted field does not end") }
    guard fields.count == 5 else {
      throw failure(path, number, "expected 5 fields (\(header)), found \(fields.count)")
    }
    guard let time = Timestamp(fields[0]) else {
      throw failure(
        path, number, "expected an RFC 3339 time such as 2026-11-24T10:00:00Z, found '\(fields[0])'")
    }
    guard !fields[1].isEmpty else { throw failure(path, number, "the series has no name") }
    guard let kind = SeriesKind(rawValue: fields[2]) else {
      let kinds = SeriesKind.allCases.map(\.rawValue).joined(separator: ", ")
      throw failure(path, number, "expected one of \(kinds) as kind, found '\(fields[2])'")
    }
    guard let value = decimal(fields[3]), value.isFinite || fields[3] == "NaN" else {
      throw failure(path, number, "expected a number as value, found '\(fields[3])'")
    }
    // A gauge's count has no meaning and may be left out.
    let isCountNeeded = kind != .gauge
    guard let count = fields[4].isEmpty && !isCountNeeded ? 0 : decimal(fields[4]), count.isFinite, count >= 0
    else {
      throw failure(path, number, "expected a number of requests as count, found '\(fields[4])'")
    }
    if kind != .gauge, value < 0 {
      throw failure(path, number, "\(kind.rawValue) cannot be negative, found '\(fields[3])'")
    }
    // Rates turned back into counts carry rounding.
    if kind == .errors, value > count * (1 + 1e-9) + 1e-6 {
      throw failure(path, number, "\(fields[3]) of \(fields[4]) requests cannot have failed")
    }
    return (SeriesName(name: fields[1], kind: kind), SeriesPoint(time: time, value: value, count: count))
  }

  /// A number in decimal digits: what Swift reads besides (hexadecimal ones, infinities) is none here. `NaN` apart.
  private static func decimal(_ text: String) -> Double? {
    if text == "NaN" { return .nan }
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) || ".+-eE".utf8.contains($0) }) else {
      return nil
    }
    return Double(text)
  }

  private static func failure(_ path: String, _ line: Int, _ message: String) -> StepFailure {
    StepFailure(
      .data, "\(path):\(line): \(message)",
      advice: "correct the line, or record the watch again with --record")
  }

  /// The fields of a line, without quotes and surrounding white space; nil where a quoted field does not end.
  private static func fields(_ line: ArraySlice<UInt8>) -> [String]? {
    let (quote, comma) = (UInt8(ascii: "\""), UInt8(ascii: ","))
    var fields: [String] = []
    var position = line.startIndex
    while true {
      while position < line.endIndex, isBlank(line[position]) { position += 1 }
      var field: [UInt8] = []
      if position < line.endIndex, line[position] == quote {
        position += 1
        while true {
          guard position < line.endIndex else { return nil }
          if line[position] != quote {
            field.append(line[position])
          } else if position + 1 < line.endIndex, line[position + 1] == quote {
            field.append(quote)
            position += 1
          } else {
            break
          }
          position += 1
        }
        // What follows the closing quote up to the comma is no part of the field.
        while position < line.endIndex, line[position] != comma { position += 1 }
      } else {
        while position < line.endIndex, line[position] != comma {
          field.append(line[position])
          position += 1
        }
        while let last = field.last, isBlank(last) { field.removeLast() }
      }
      fields.append(String(decoding: field, as: UTF8.self))
      guard position < line.endIndex else { return fields }
      position += 1
    }
  }

  /// `observations` as a file that `parse` reads back.
  static func text(_ observations: Observations) -> String {
    var lines = [header]
    for name in observations.names {
      for point in observations.all(of: name) {
        lines.append(
          "\(point.time.formatted(milliseconds: point.time.microseconds % 1_000_000 != 0)),\(quoted(name.name)),"
            + "\(name.kind.rawValue),\(number(point.value)),\(number(point.count))")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func quoted(_ text: String) -> String {
    guard text.contains(where: { $0 == "," || $0 == "\"" || $0 == " " }) else { return text }
    return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
      + "\""
  }

  private static func number(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : "\(value)"
  }
}
