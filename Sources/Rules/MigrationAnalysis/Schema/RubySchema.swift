/// `schema.rb` of Rails: what its migrations leave, as calls.
public enum RubySchema {
  /// The tables and columns that it makes.
  public static func catalog(_ text: String) -> SchemaCatalog {
    var catalog = SchemaCatalog()
    var table: String?
    for line in text.split(separator: "\n") {
      let trimmed = line.drop(while: \.isWhitespace)
      if trimmed.hasPrefix("create_table ") {
        table = CodeText.firstQuoted(String(trimmed))
        if let table { catalog.add(table: table) }
      } else if trimmed.hasPrefix("end") {
        table = nil
      } else if let table, let column = column(trimmed) {
        catalog.add(column: column.name, column.type, to: table)
      }
    }
    return catalog
  }

  /// What it says beyond tables, columns and types: keys, constraints, what a column must hold.
  static func parts(_ text: String) -> [DumpPart] {
    var table: String?
    var found: [DumpPart] = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let trimmed = line.drop(while: \.isWhitespace)
      let words = trimmed.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      if trimmed.isEmpty || trimmed.hasPrefix("#") || trimmed.hasPrefix("ActiveRecord::Schema") { continue }
      if trimmed.hasPrefix("end") {
        table = nil
      } else if trimmed.hasPrefix("create_table ") {
        table = CodeText.firstQuoted(String(trimmed))
        let options = words.split(separator: ",").dropFirst().map { $0.drop { $0 == " " } }.filter {
          $0.hasPrefix("id:") || $0.hasPrefix("primary_key:")
        }
        if !options.isEmpty {
          found.append(DumpPart(table: table, column: nil, words: options.joined(separator: ", "), line: index + 1))
        }
      } else if let column = column(trimmed), let table {
        let options = words.split(separator: ",").dropFirst().map { $0.drop { $0 == " " } }.filter {
          $0.hasPrefix("null:") || $0.hasPrefix("default:")
        }
        let said = options.joined(separator: ", ")
        found.append(
          DumpPart(
            table: table, column: column.name, words: said, isRequired: said.contains("null: false"),
            hasDefault: said.contains("default:"), line: index + 1))
      } else if isIndex(trimmed) {
        continue
      } else {
        let named = trimmed.hasPrefix("add_") ? CodeText.firstQuoted(String(trimmed)) : table
        found.append(DumpPart(table: named, column: nil, words: words, line: index + 1))
      }
    }
    return found
  }

  /// An index that is not unique holds nobody back.
  private static func isIndex(_ line: Substring) -> Bool {
    (line.hasPrefix("t.index ") || line.hasPrefix("add_index ") || line.hasPrefix("enable_extension ")
      || line.hasPrefix("create_enum ")) && !line.contains("unique: true")
  }

  /// `t.string "name", limit: 50`.
  private static func column(_ line: Substring) -> (name: String, type: ColumnType)? {
    guard line.hasPrefix("t."), let space = line.firstIndex(of: " ") else { return nil }
    let kind = String(line[line.index(line.startIndex, offsetBy: 2)..<space])
    guard !["index", "check_constraint", "foreign_key", "unique_constraint", "exclusion_constraint"].contains(kind),
      let name = CodeText.firstQuoted(String(line[space...]))
    else { return nil }
    func number(_ option: String) -> Int? {
      guard let place = line.firstRange(of: "\(option): ") else { return nil }
      return Int(line[place.upperBound...].prefix { $0.isNumber })
    }
    let type = self.type(kind, limit: number("limit"), precision: number("precision"), scale: number("scale"))
    return (name, ColumnType(type.name, modifiers: type.modifiers, isArray: line.contains("array: true")))
  }

  /// A type by Rails' name for it.
  static func type(_ kind: String, limit: Int?, precision: Int?, scale: Int?) -> ColumnType {
    switch kind {
    case "integer", "references", "belongs_to":
      ColumnType(limit == 8 ? "int8" : limit == 2 ? "int2" : kind == "integer" ? "int4" : "int8")
    case "string": ColumnType("varchar", modifiers: limit.map { [$0] } ?? [])
    case "decimal", "numeric":
      ColumnType("numeric", modifiers: [precision, precision == nil ? nil : scale].compactMap { $0 })
    case "datetime", "timestamp": ColumnType("timestamp")
    case "timestamptz": ColumnType("timestamptz")
    case "float": ColumnType("float8")
    case "binary": ColumnType("bytea")
    default: ColumnType(kind)
    }
  }
}
