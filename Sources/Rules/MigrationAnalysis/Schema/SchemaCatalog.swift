/// A part of a schema that a script writes down: the type of a column, or the columns of a view.
public struct SchemaDefinition: Hashable, Sendable {
  /// What is defined.
  public enum Content: Hashable, Sendable {
    case column(ColumnType)
    case view([String])
  }
  /// The column or the view.
  public var object: SchemaObject
  /// What it is.
  public var content: Content
  /// Counted from 1.
  public var line: Int
}

/// Tables, columns and views as scripts leave them, one after the other.
public struct SchemaCatalog: Hashable, Sendable {
  /// Types of columns by table and column, in lower case.
  public private(set) var tables: [String: [String: ColumnType]] = [:]
  /// Columns of views, where their definition names them.
  public private(set) var views: [String: [String]] = [:]

  /// Nothing.
  public init() {}

  /// The type of a column, where a script wrote it.
  public func type(of column: SchemaObject) -> ColumnType? {
    column.table.flatMap { tables[$0]?[column.name] }
  }

  /// Takes in a table that a dump names.
  mutating func add(table: String) { tables[table] = tables[table] ?? [:] }
  /// Takes in a column that a dump names.
  mutating func add(column: String, _ type: ColumnType, to table: String) {
    tables[table, default: [:]][column] = type
  }

  /// Takes in what a script does, in its order.
  public mutating func apply(_ report: SQLScriptReport) {
    var definitions = report.definitions[...]
    for effect in report.effects {
      // What stands on the same line as an effect belongs to it.
      apply(effect)
      while let next = definitions.first, next.line <= effect.line {
        define(next)
        definitions.removeFirst()
      }
    }
    for definition in definitions { define(definition) }
  }

  private mutating func define(_ definition: SchemaDefinition) {
    switch definition.content {
    case .column(let type): tables[definition.object.table ?? "", default: [:]][definition.object.name] = type
    case .view(let columns): views[definition.object.name] = columns
    }
  }

  private mutating func apply(_ effect: SchemaEffect) {
    let object = effect.object
    switch (effect.verb, object.kind) {
    case (.create, .table): tables[object.name] = tables[object.name] ?? [:]
    case (.drop, .table): tables[object.name] = nil
    case (.drop, .column): tables[object.table ?? ""]?[object.name] = nil
    case (.drop, .view): views[object.name] = nil
    case (.rename(let new), .table):
      tables[new] = tables[object.name]
      tables[object.name] = nil
    case (.rename(let new), .column):
      let type = tables[object.table ?? ""]?.removeValue(forKey: object.name)
      tables[object.table ?? ""]?[new] = type
    default: break
    }
  }

  /// What an environment loses or has to refuse that goes from this schema to another: for dumps, which say what a schema
  /// is and not how it gets there.
  public func issues(goingTo new: SchemaCatalog, lines: [SchemaObject: Int] = [:]) -> [SQLIssue] {
    var found: [SQLIssue] = []
    func add(_ rule: String, _ risk: SQLRisk, _ message: String, _ object: SchemaObject) {
      found.append(
        SQLIssue(
          rule: rule, risk: risk, message: message, line: lines[object] ?? 1, subject: object.description))
    }
    for (table, columns) in tables.sorted(by: { $0.key < $1.key }) {
      guard let after = new.tables[table] else {
        add(
          "ban-drop-table", .irreversible, "the schema has no table \(table) any more",
          SchemaObject(.table, table))
        continue
      }
      for (column, type) in columns.sorted(by: { $0.key < $1.key }) {
        let object = SchemaObject(.column, column, table: table)
        guard let now = after[column] else {
          add(
            "ban-drop-column", .irreversible, "the schema has no column \(table).\(column) any more", object)
          continue
        }
        switch type.change(to: now) {
        case .widens: break
        case .rewrites:
          add(
            "changing-column-type", .locking, "\(table).\(column) is of a wider type: the table is rewritten",
            object)
        case .loses:
          add(
            "changing-column-type", .irreversible,
            "\(table).\(column) is \(now.name) now: values that do not fit are lost or refused", object)
        case .unknown:
          add(
            "changing-column-type", .notUnderstood,
            "\(table).\(column) goes from \(type.name) to \(now.name): whether values are lost is not known",
            object)
        }
      }
    }
    for (view, columns) in views.sorted(by: { $0.key < $1.key }) {
      let after = new.views[view] ?? []
      let gone = columns.filter { !after.contains($0) }
      if new.views[view] == nil {
        add("ban-drop-view", .breaking, "the schema has no view \(view) any more", SchemaObject(.view, view))
      } else if !gone.isEmpty {
        add(
          "view-loses-columns", .breaking, "the view \(view) has no \(gone.joined(separator: ", ")) any more",
          SchemaObject(.view, view))
      }
    }
    return found
  }
}
