import StepResults
import TemplateAnalysis

/// Resources that a file of the change declares to be moved, and those that move without such a file.
extension TemplateJudge {
  /// The files of the change, and of the command line, that declare moves and imports.
  mutating func readDeclarations(_ named: [(path: String, bytes: [UInt8])]) {
    for (path, bytes) in named {
      if let declared = DeclaredMoves(parsing: bytes, name: path) { declarations.append((path, declared)) }
    }
    for file in change.files where !file.isLink && DeclaredMoves.isOfInterest(file.path) {
      guard let bytes = file.new, let declared = DeclaredMoves(parsing: bytes, name: file.name) else {
        continue
      }
      declarations.append((file.path, declared))
      note(
        file.path, .judged, "declared-moves",
        "what it declares was taken into account where the templates move those resources")
    }
    moves = DeclaredMoves(declarations.map(\.moves))
  }

  /// Logical ids that a stack refactor renames within one stack: new to old.
  func renames(in stack: String?) -> [String: String] {
    var found: [String: String] = [:]
    for move in moves.moves where move.source.stack == move.destination.stack {
      if let stack, stack != move.source.stack { continue }
      found[move.destination.logicalId] = move.source.logicalId
    }
    return found
  }

  /// What a refactor renames is the same resource: that it has to be executed first is said.
  func declareRenames(_ renames: [String: String], _ result: inout TemplateChange, _ path: String) {
    for move in moves.moves where renames[move.destination.logicalId] == move.source.logicalId {
      guard
        let index = result.resources.firstIndex(where: { $0.logicalId == move.destination.logicalId }),
        [.none, .update, .replace, .mayReplace].contains(result.resources[index].action),
        !result.resources.contains(where: { $0.logicalId == move.source.logicalId })
      else { continue }
      let file = declarations.first { $0.moves.moves.contains(move) }?.path ?? ""
      if result.resources[index].action == .none { result.resources[index].action = .move }
      result.resources[index].reasons.append("\(file) declares that it was called \(move.source.logicalId).")
      result.findings.append(moved(move, file, result.resources[index]))
    }
  }

  /// Goes over what all templates together do: a resource that leaves one and comes into another.
  mutating func judgeMoves() {
    for move in moves.moves where move.source.stack != move.destination.stack {
      guard let source = place(move.source, [.delete, .orphan, .snapshotThenDelete]),
        let target = place(move.destination, [.create, .import]),
        judged[source].change[move.source.logicalId]?.type
          == judged[target].change[move.destination.logicalId]?.type
      else { continue }
      take(move, from: source, to: target)
    }
    judgeUndeclared()
  }

  private func place(_ place: DeclaredMoves.Place, _ actions: Set<ResourceAction>) -> Int? {
    let fitting = judged.indices.filter { index in
      guard let action = judged[index].change[place.logicalId]?.action, actions.contains(action) else {
        return false
      }
      return judged[index].entry.nestedIn == nil
    }
    if let exact = fitting.first(where: { judged[$0].entry.stack == place.stack }) { return exact }
    // A file that says which stack is meant counts for templates whose stack nothing else tells.
    let open = fitting.filter { judged[$0].entry.stack == nil }
    return open.first { judged[$0].entry.path.contains(place.stack) } ?? (open.count == 1 ? open[0] : nil)
  }

  private mutating func take(_ move: DeclaredMoves.Move, from source: Int, to target: Int) {
    let file = declarations.first { $0.moves.moves.contains(move) }?.path ?? ""
    judged[source].remove(move.source.logicalId)
    judged[target].remove(move.destination.logicalId)
    guard
      let index = judged[target].change.resources.firstIndex(where: {
        $0.logicalId == move.destination.logicalId
      })
    else { return }
    judged[target].change.resources[index].action = .move
    judged[target].change.resources[index].reasons = [
      "\(file) declares that it moves here from \(move.source)."
    ]
    judged[target].change.findings.append(moved(move, file, judged[target].change.resources[index]))
    judged[target].entry.resources = TemplateEntry.resources(of: judged[target].change)
    judged[source].entry.resources = TemplateEntry.resources(of: judged[source].change)
  }

  private func moved(_ move: DeclaredMoves.Move, _ file: String, _ resource: ResourceImpact) -> Finding {
    Finding(
      "resource-moved", .warning,
      "\(move.destination.logicalId) (\(resource.type)) moves from \(move.source) by the stack refactor that \(file) declares: "
        + "execute it before the update, or the update makes a new one and lets go of this one. The way back is the refactor "
        + "the other way round.", path: file, subject: "\(move.source) \(move.destination)")
  }

  /// A resource that its policy keeps leaves one stack, and another makes one under its name.
  private mutating func judgeUndeclared() {
    var found: [Finding] = []
    for leaving in judged {
      for resource in leaving.change.resources where resource.action == .orphan {
        guard let name = resource.name else { continue }
        for arriving in judged where arriving.entry.path != leaving.entry.path {
          guard
            let other = arriving.change.resources.first(where: {
              $0.action == .create && $0.type == resource.type && $0.name == name
            })
          else { continue }
          found.append(
            Finding(
              "import-needed", .error,
              "\(other.logicalId) (\(resource.type)) is made under the name \(name) that \(resource.logicalId) of "
                + "\(leaving.entry.path) keeps when it leaves its stack: the update fails, since there is one already. Import "
                + "it, or move it by a stack refactor, and commit the file that says so with this change, for an import: "
                + "[{\"ResourceType\": \"\(resource.type)\", \"LogicalResourceId\": \"\(other.logicalId)\", "
                + "\"ResourceIdentifier\": {…: \"\(name)\"}}]",
              path: arriving.entry.path, line: other.line,
              subject: "\(resource.logicalId) \(other.logicalId) \(name)"))
        }
      }
    }
    undeclared = found
  }
}
