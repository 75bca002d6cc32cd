/// What a script makes of a schema in all. Objects that were there bear the names that they had before the script,
/// whatever it renames on its way; what it makes and takes away itself is not in it.
struct SchemaDelta {
  /// Something that happened, and its line.
  struct Event {
    var verb: SchemaEffect.Verb
    var object: SchemaObject
    var line: Int
  }
  /// Creations, drops, renames and changes, in the order of the script.
  private(set) var events: [Event] = []
  /// What happens to rows of tables that were there.
  private(set) var rows: [Event] = []
  /// New names by the objects as they were called before.
  private(set) var renamed: [SchemaObject: String] = [:]
  /// By the name that an object bears now: the one that it had before.
  private var origins: [SchemaObject: SchemaObject] = [:]
  private var created: Set<SchemaObject> = []
  /// What the events change, to find one among thousands.
  private var changes: Set<Change> = []
  private struct Change: Hashable {
    var verb: SchemaEffect.Verb
    var object: SchemaObject
  }

  init(_ effects: [SchemaEffect]) {
    for effect in effects { take(effect) }
    dropReplaced()
    changes = Set(events.map { Change(verb: $0.verb, object: $0.object) })
  }

  /// Whether the script takes away something that was there.
  func drops(_ object: SchemaObject) -> Bool { has(.drop, object) }
  /// Whether the script makes something that stays.
  func makes(_ object: SchemaObject) -> Bool { has(.create, object) }
  /// Whether a change of an object is among the events.
  func has(_ verb: SchemaEffect.Verb, _ object: SchemaObject) -> Bool {
    changes.contains(Change(verb: verb, object: object))
  }
  /// Whether something of a kind is taken away.
  func dropsAny(_ kinds: SchemaObject.Kind...) -> Bool {
    events.contains { $0.verb == .drop && kinds.contains($0.object.kind) }
  }

  /// What an object that was there is called after the script.
  func final(_ object: SchemaObject) -> SchemaObject {
    var object = inFinalTable(object)
    object.name = renamed[inFirstTable(object)] ?? object.name
    return object
  }

  /// The same object with the name that its table bears after the script.
  func inFinalTable(_ object: SchemaObject) -> SchemaObject {
    guard let table = object.table else { return object }
    var object = object
    object.table = renamed[SchemaObject(.table, table)] ?? table
    return object
  }

  // MARK: - Following names

  /// By the name that its table had before.
  private func inFirstTable(_ object: SchemaObject) -> SchemaObject {
    guard let table = object.table else { return object }
    var object = object
    object.table = origins[SchemaObject(.table, table)]?.name ?? table
    return object
  }

  private mutating func take(_ effect: SchemaEffect) {
    let object = inFirstTable(effect.object)
    let table = SchemaObject(.table, object.table ?? object.name)
    let event = Event(verb: effect.verb, object: origins[object] ?? object, line: effect.line)
    switch effect.verb {
    case .create:
      created.insert(object)
      if object.table == nil || !created.contains(table) { events.append(event) }
    case .drop where created.remove(object) != nil:
      events.removeAll {
        $0.verb == .create && $0.object == object || SchemaObject(.table, $0.object.table ?? "") == object
      }
    case .drop: events.append(event)
    case .rename(let name):
      var target = object
      target.name = name
      if created.remove(object) != nil {
        created.insert(target)
        for index in events.indices where events[index].verb == .create && events[index].object == object {
          events[index].object = target
        }
        return
      }
      guard object.table == nil || !created.contains(table) else { return }
      origins[object] = nil
      origins[target] = event.object
      renamed[event.object] = name == event.object.name ? nil : name
      events.removeAll {
        if case .rename = $0.verb { $0.object == event.object } else { false }
      }
      if name != event.object.name { events.append(event) }
    case .insert, .update, .delete, .truncate, .copy:
      let fillsNewColumns =
        effect.verb == .update && created.contains { $0.kind == .column && $0.table == event.object.name }
      if !created.contains(table), !fillsNewColumns { rows.append(event) }
    default:
      if !created.contains(object), !created.contains(table) { events.append(event) }
    }
  }

  /// Dropped and made again is replaced; not so a table or a column, since what it held is gone.
  private mutating func dropReplaced() {
    let dropped = Set(events.filter { $0.verb == .drop }.map(\.object))
    let replaced = Set(events.filter { $0.verb == .create }.map(\.object)).intersection(dropped).filter {
      $0.kind != .table && $0.kind != .column
    }
    guard !replaced.isEmpty else { return }
    events.removeAll { event in
      guard replaced.contains(event.object) else { return false }
      if case .rename = event.verb { return true }
      return event.verb == .drop || event.verb == .create
    }
    for object in replaced { renamed[object] = nil }
  }
}
