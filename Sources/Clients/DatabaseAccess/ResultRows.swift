/// What a query gave: names of columns, and rows of text or null.
public struct ResultRows: Hashable, Sendable {
  /// In the order of the query.
  public var columns: [String]
  /// As PostgreSQL writes the values; nil is null.
  public var rows: [[String?]]

  /// Rows as given.
  public init(columns: [String] = [], rows: [[String?]] = []) {
    self.columns = columns
    self.rows = rows
  }

  /// How psql is asked to write a null: a control character, which no ordinary text is.
  static let null = "\u{1}"

  /// Reads psql's CSV (RFC 4180).
  init(csv bytes: [UInt8]) {
    let (quote, comma, newline) = (UInt8(ascii: "\""), UInt8(ascii: ","), UInt8(ascii: "\n"))
    var records: [[String?]] = []
    var record: [String?] = []
    var field: [UInt8] = []
    var wasQuoted = false
    var isQuoted = false
    func text() -> String? {
      let text = String(decoding: field, as: UTF8.self)
      return text == ResultRows.null && !wasQuoted ? nil : text
    }
    var position = 0
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if isQuoted {
        if byte != quote {
          field.append(byte)
        } else if position < bytes.count, bytes[position] == quote {
          field.append(quote)
          position += 1
        } else {
          isQuoted = false
        }
      } else if byte == quote {
        isQuoted = true
        wasQuoted = true
      } else if byte == comma || byte == newline {
        record.append(text())
        field = []
        wasQuoted = false
        if byte == newline {
          records.append(record)
          record = []
        }
      } else {
        field.append(byte)
      }
    }
    columns = records.first?.map { $0 ?? "" } ?? []
    rows = Array(records.dropFirst())
  }
}

/// What answers a query that reads; `Psql` does.
public protocol SQLQuerying: Sendable {
  /// The rows of one statement that reads.
  func query(_ sql: String, timeout: Duration) async throws(PsqlError) -> ResultRows
}

extension Psql: SQLQuerying {}
