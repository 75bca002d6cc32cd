/// Fields of models as Django's migrations leave them, one after the other.
public struct DjangoFields: Hashable, Sendable {
  /// The definition of each field, as code, by `model.field` in lower case.
  public private(set) var definitions: [String: String] = [:]

  /// Nothing.
  public init() {}

  /// Takes in what a migration does.
  public mutating func apply(_ text: String) {
    let code = CodeText(text)
    for (arguments, _) in code.calls("CreateModel(") {
      let parts = Self.parts(arguments)
      guard let model = parts["name"].flatMap(CodeText.firstQuoted), let fields = parts["fields"] else {
        continue
      }
      for field in Self.elements(fields) {
        let pair = Self.split(Self.inside(field))
        guard pair.count >= 2, let name = CodeText.firstQuoted(pair[0]) else { continue }
        definitions["\(model).\(name)"] = pair[1...].joined(separator: ",")
      }
    }
    for call in ["AddField(", "AlterField("] {
      for (arguments, _) in code.calls(call) {
        let parts = Self.parts(arguments)
        guard let model = parts["model_name"].flatMap(CodeText.firstQuoted),
          let name = parts["name"].flatMap(CodeText.firstQuoted), let field = parts["field"]
        else { continue }
        definitions["\(model).\(name)"] = field
      }
    }
    for (arguments, _) in code.calls("RenameField(") {
      let parts = Self.parts(arguments)
      guard let model = parts["model_name"].flatMap(CodeText.firstQuoted),
        let old = parts["old_name"].flatMap(CodeText.firstQuoted),
        let new = parts["new_name"].flatMap(CodeText.firstQuoted)
      else { continue }
      definitions["\(model).\(new)"] = definitions.removeValue(forKey: "\(model).\(old)")
    }
  }

  /// What an `AlterField` does to the rows and to the version before; nil where it changes nothing in the database.
  func issue(altering arguments: String, line: Int) -> SQLIssue? {
    let parts = Self.parts(arguments)
    let model = parts["model_name"].flatMap(CodeText.firstQuoted) ?? "a model"
    let subject = "\(model).\(parts["name"].flatMap(CodeText.firstQuoted) ?? "field")"
    func made(_ rule: String, _ risk: SQLRisk, _ message: String) -> SQLIssue {
      SQLIssue(rule: rule, risk: risk, message: message, line: line, subject: subject)
    }
    guard let before = definitions[subject].map(Definition.init),
      let after = parts["field"].map(Definition.init)
    else {
      return made(
        "changing-column-type", .notUnderstood,
        "\(subject) is defined anew: whether that loses values depends on the definition before, which is not at hand"
      )
    }
    if after.isRequired, !before.isRequired {
      return made(
        "required-existing-column", .breaking,
        "\(subject) must be given from now on: the version before may leave it out")
    }
    if after.options["unique"] == "True", before.options["unique"] != "True", before.kind != "OneToOneField" {
      return made(
        "new-unique", .breaking,
        "the version before may write rows that the new uniqueness refuses: \(subject)")
    }
    switch before.change(to: after) {
    case .widens: return nil
    case .rewrites:
      return made(
        "changing-column-type", .locking,
        "\(subject) gets wider: the table is rewritten, and every value stays")
    case .loses:
      return made(
        "changing-column-type", .irreversible,
        "\(subject) goes from \(before.words) to \(after.words): values that do not fit are lost or refused")
    case .unknown:
      return made(
        "changing-column-type", .notUnderstood,
        "\(subject) goes from \(before.words) to \(after.words): whether values are lost is not known")
    }
  }

  // MARK: - Definitions

  /// `models.CharField(max_length=50, null=True)`.
  private struct Definition {
    var kind: String
    var options: [String: String]
    var positional: [String]

    /// What says nothing to the database.
    private static let silent: Set<String> = [
      "help_text", "verbose_name", "choices", "validators", "blank", "editable", "default", "related_name",
      "related_query_name", "limit_choices_to", "error_messages", "upload_to", "storage", "auto_now",
      "auto_now_add",
      "on_delete", "serialize", "ordering", "auto_created", "db_index", "parent_link", "swappable",
      "allow_unicode",
      "db_comment", "unpack_ipv4", "protocol", "encoder", "decoder", "null", "unique", "max_length",
      "max_digits",
      "decimal_places", "primary_key",
    ]

    init(_ text: String) {
      let open = text.firstIndex(of: "(") ?? text.endIndex
      kind = text[..<open].split(separator: ".").last.map { $0.filter { !$0.isWhitespace } } ?? text
      options = [:]
      positional = []
      for part in DjangoFields.split(DjangoFields.inside(text)) {
        if let equals = DjangoFields.equals(part) {
          options[equals.name] = equals.value
        } else {
          positional.append(part.filter { !$0.isWhitespace })
        }
      }
    }

    var isRequired: Bool {
      options["null"] != "True" && !["ManyToManyField", "NullBooleanField"].contains(kind)
    }

    var words: String {
      let figures = ["max_length", "max_digits", "decimal_places"].compactMap { options[$0] }
      return figures.isEmpty ? kind : "\(kind)(\(figures.joined(separator: ", ")))"
    }

    func change(to other: Definition) -> ColumnType.Change {
      func said(_ one: Definition) -> [String: String] {
        one.options.filter { !Self.silent.contains($0.key) }.mapValues { $0.lowercased() }
      }
      guard said(self) == said(other) else { return .unknown }
      if let old = type, let new = other.type { return old.change(to: new) }
      // `ForeignKey('users.User', …)`: the first of them is the model.
      return kind == other.kind && positional.first == other.positional.first ? .widens : .unknown
    }

    private func number(_ name: String) -> Int? {
      options[name].flatMap { Int($0.filter { !$0.isWhitespace }) }
    }

    private var type: ColumnType? {
      switch kind {
      case "CharField", "SlugField", "URLField", "EmailField", "FileField", "ImageField", "FilePathField":
        let usual = ["SlugField": 50, "URLField": 200, "EmailField": 254]
        let length = number("max_length") ?? (kind == "CharField" ? nil : usual[kind] ?? 100)
        return ColumnType("varchar", modifiers: [length].compactMap { $0 })
      case "TextField": return ColumnType("text")
      case "IntegerField", "PositiveIntegerField", "AutoField": return ColumnType("int4")
      case "BigIntegerField", "PositiveBigIntegerField", "BigAutoField": return ColumnType("int8")
      case "SmallIntegerField", "PositiveSmallIntegerField", "SmallAutoField": return ColumnType("int2")
      case "FloatField": return ColumnType("float8")
      case "DecimalField":
        return ColumnType(
          "numeric", modifiers: [number("max_digits"), number("decimal_places")].compactMap { $0 })
      case "BooleanField", "NullBooleanField": return ColumnType("bool")
      case "DateTimeField": return ColumnType("timestamptz")
      case "DateField": return ColumnType("date")
      case "TimeField": return ColumnType("time")
      case "JSONField": return ColumnType("jsonb")
      case "UUIDField": return ColumnType("uuid")
      case "GenericIPAddressField": return ColumnType("inet")
      case "BinaryField": return ColumnType("bytea")
      case "DurationField": return ColumnType("interval")
      default: return nil
      }
    }
  }

  // MARK: - Arguments

  /// The named arguments of a call.
  private static func parts(_ arguments: String) -> [String: String] {
    var found: [String: String] = [:]
    for part in split(arguments) { if let pair = equals(part) { found[pair.name] = pair.value } }
    return found
  }

  private static func equals(_ part: String) -> (name: String, value: String)? {
    guard let sign = part.firstIndex(of: "=") else { return nil }
    let name = part[..<sign].filter { !$0.isWhitespace }
    guard !name.isEmpty, name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" }) else { return nil }
    var value = part[part.index(after: sign)...].drop(while: \.isWhitespace)
    while let last = value.last, last.isWhitespace { value.removeLast() }
    return (name, String(value))
  }

  /// What stands in the outermost brackets.
  private static func inside(_ text: String) -> String {
    guard let open = text.firstIndex(where: { "([".contains($0) }),
      let close = text.lastIndex(where: { ")]".contains($0) }),
      open < close
    else { return "" }
    return String(text[text.index(after: open)..<close])
  }

  /// The elements of a list.
  private static func elements(_ list: String) -> [String] { split(inside(list)) }

  /// The pieces between commas that stand in no bracket and no string.
  static func split(_ text: String) -> [String] {
    var pieces: [String] = [""]
    var depth = 0
    var quote: Character?
    for character in text {
      if let open = quote {
        if character == open { quote = nil }
      } else if character == "'" || character == "\"" {
        quote = character
      } else if "([{".contains(character) {
        depth += 1
      } else if ")]}".contains(character) {
        depth -= 1
      } else if character == ",", depth == 0 {
        pieces.append("")
        continue
      }
      pieces[pieces.count - 1].append(character)
    }
    return pieces.filter { !$0.allSatisfy(\.isWhitespace) }
  }
}

/// What earlier migrations and dumps say of columns that a migration in code defines anew.
public struct EarlierDefinitions: Hashable, Sendable {
  /// Columns by tables.
  public var catalog: SchemaCatalog
  /// Fields by Django's models.
  public var fields: DjangoFields

  /// Definitions; none by default.
  public init(catalog: SchemaCatalog = SchemaCatalog(), fields: DjangoFields = DjangoFields()) {
    self.catalog = catalog
    self.fields = fields
  }
}
