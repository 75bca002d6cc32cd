/// A migration file, as the histories of tools know it.
public struct HistoryMigration: Hashable, Sendable {
  /// The file.
  public var file: MigrationFile
  /// Its text.
  public var text: String

  /// A migration.
  public init(_ file: MigrationFile, text: String) {
    self.file = file
    self.text = text
  }

  private var parts: [String] { file.path.split(separator: "/").map(String.init) }
  private var name: String { parts.last ?? "" }
  /// Without what marks its kind.
  var stem: String {
    var stem = name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
    for mark in [".up", ".UP"] where stem.hasSuffix(mark) { stem = String(stem.dropLast(mark.count)) }
    return stem
  }
  private var folder: String { parts.dropLast().last ?? "" }

  /// The keys under which a table of `layout` would hold it, each in the layout's parts; several change sets may stand in
  /// one file.
  func keys(in layout: HistoryLayout) -> [[String]] {
    func digits(_ text: String) -> [[String]] {
      let digits = text.prefix { $0.isASCII && $0.isNumber }
      return digits.isEmpty ? [] : [[String(digits)]]
    }
    func number(_ text: String) -> [[String]] {
      digits(text).map { $0.map { UInt64($0).map(String.init) ?? $0 } }
    }
    switch layout.tools.first {
    case .flyway: return [[flywayVersion ?? "", name]]
    case .liquibase: return ChangeSets.ids(text, file.path).map { [$0.id, $0.author, file.path] }
    case .alembic: return AlembicRevision(text).map { [[$0.id]] } ?? []
    case .django:
      guard parts.count > 2 else { return [] }
      return [[parts[parts.count - 3], stem]]
    case .golangMigrate, .goose, .ecto, .sqlx, .phinx: return number(name)
    case .rails: return digits(name)
    case .diesel: return digits(folder.replacing("-", with: ""))
    case .prisma: return [[folder]]
    case .sequelize, .knex: return [[name]]
    case .typeorm, .doctrine: return CodeClass.names(text).map { [$0] }
    case .mikroORM: return [[stem], [name]] + CodeClass.names(text).map { [$0] }
    case .sqitch: return [[sqitchChange]]
    default: return [[stem]]
    }
  }

  /// `V2_1__notes.sql`: 2.1.
  private var flywayVersion: String? {
    guard let first = stem.first, "vVbB".contains(first), let end = stem.firstRange(of: "__") else {
      return nil
    }
    return String(stem[stem.index(after: stem.startIndex)..<end.lowerBound]).replacing("_", with: ".")
  }

  /// `deploy/users/add.sql` is the change `users/add`; what was reworked bears a tag.
  private var sqitchChange: String {
    let folders = parts.map { $0.lowercased() }
    let start = folders.lastIndex(of: "deploy").map { $0 + 1 } ?? parts.count - 1
    let path = parts[start...].joined(separator: "/")
    let change = path.hasSuffix(".sql") ? String(path.dropLast(4)) : path
    return change.firstIndex(of: "@").map { String(change[..<$0]) } ?? change
  }

  /// Numbers of a version, without zeros that change nothing: `1.0` is `1`.
  static func versionParts(_ version: String) -> [String] {
    var parts = version.split { $0 == "." || $0 == "_" }.map { part in
      let number = part.drop { $0 == "0" }
      return number.isEmpty ? "0" : String(number)
    }
    while parts.count > 1, parts.last == "0" { parts.removeLast() }
    return parts
  }

  /// Whether `end` begins at a part of the path `path` that it is the end of.
  static func isWhole(_ path: String, _ end: String) -> Bool {
    path == end || path.dropLast(end.count).last == "/"
  }

  /// Whether one of two paths is the other, seen from another folder.
  static func isSamePath(_ one: String, _ other: String) -> Bool {
    func bare(_ path: String) -> String {
      path.firstRange(of: "classpath:").map { String(path[$0.upperBound...]) } ?? path
    }
    let (one, other) = (bare(one), bare(other))
    let (long, short) = one.count >= other.count ? (one, other) : (other, one)
    return long.hasSuffix(short) && isWhole(long, short)
  }
}

/// The ids of a file of Alembic.
public struct AlembicRevision: Hashable, Sendable {
  /// Its own, and that of the one before it; nil where it is the first.
  public var id: String, down: String?
  /// Whether it joins several.
  public var isMerge = false

  /// Reads `revision = "…"` and `down_revision = "…"`; nil where there is none.
  public init?(_ text: String) {
    var found: [String: Substring] = [:]
    for line in text.split(whereSeparator: \.isNewline) {
      guard let equals = line.firstIndex(of: "=") else { continue }
      // `revision: str = "…"`
      let name = line[..<equals].prefix { $0 != ":" && $0 != " " }
      if ["revision", "down_revision"].contains(String(name)), found[String(name)] == nil {
        found[String(name)] = line[line.index(after: equals)...]
      }
    }
    func quoted(_ text: Substring?) -> String? {
      guard let text, let quote = text.first(where: { $0 == "'" || $0 == "\"" }),
        let start = text.firstIndex(of: quote)
      else { return nil }
      let rest = text[text.index(after: start)...]
      return rest.firstIndex(of: quote).map { String(rest[..<$0]) }
    }
    guard let id = quoted(found["revision"]) else { return nil }
    self.id = id
    down = quoted(found["down_revision"])
    isMerge = found["down_revision"]?.contains(",") ?? false
  }
}

/// Names of the classes that code declares.
enum CodeClass {
  static func names(_ text: String) -> [String] {
    let words = text.split { !($0.isLetter || $0.isNumber || $0 == "_") }
    return zip(words, words.dropFirst()).compactMap { $0 == "class" ? String($1) : nil }
  }
}

/// The change sets of a file of Liquibase.
enum ChangeSets {
  static func ids(_ text: String, _ path: String) -> [(id: String, author: String)] {
    path.lowercased().hasSuffix(".sql") ? ofSQL(text) : ofCode(text)
  }

  /// `--changeset author:id attribute:value`
  private static func ofSQL(_ text: String) -> [(id: String, author: String)] {
    text.split(whereSeparator: \.isNewline).compactMap { line in
      let rest = line.drop { $0 == " " || $0 == "\t" }
      guard rest.hasPrefix("--") else { return nil }
      let mark = rest.dropFirst(2).drop { $0 == " " }
      guard mark.lowercased().hasPrefix("changeset ") else { return nil }
      let name = mark.dropFirst("changeset ".count).drop { $0 == " " }.prefix { !$0.isWhitespace }
      guard let colon = name.firstIndex(of: ":") else { return nil }
      return (String(name[name.index(after: colon)...]), String(name[..<colon]))
    }
  }

  /// XML's attributes, YAML's and JSON's keys: the first `id` and the first `author` behind each `changeSet`.
  private static func ofCode(_ text: String) -> [(id: String, author: String)] {
    var found: [(id: String, author: String)] = []
    var rest = text[...]
    while let mark = rest.firstRange(of: "changeSet") {
      rest = rest[mark.upperBound...]
      let next = rest.firstRange(of: "changeSet")?.lowerBound ?? rest.endIndex
      // A closing tag has neither.
      if let id = value("id", rest[..<next]), let author = value("author", rest[..<next]) {
        found.append((id, author))
      }
    }
    return found
  }

  private static func value(_ name: String, _ text: Substring) -> String? {
    var rest = text
    while let mark = rest.firstRange(of: name) {
      let before = mark.lowerBound == text.startIndex ? " " : text[text.index(before: mark.lowerBound)]
      rest = rest[mark.upperBound...]
      guard !(before.isLetter || before.isNumber || "_-".contains(before)) else { continue }
      let value = rest.drop { $0 == "\"" || $0 == " " }
      guard let sign = value.first, sign == "=" || sign == ":" else { continue }
      let text = value.dropFirst().drop { $0 == " " }
      if let quote = text.first, quote == "\"" || quote == "'" {
        return String(text.dropFirst().prefix { $0 != quote })
      }
      return String(text.prefix { !$0.isWhitespace && $0 != "," })
    }
    return nil
  }
}
