import CryptoDigests
import JSONValues
import Synchronization
import SystemInterfaces

/// Paths that have been read: the checks of a file mostly look at the same few.
enum KnownPaths {
  private static let known = Mutex<[String: JSONPath]>([:])
  private static let most = 256

  /// The path that `text` is.
  static func path(_ text: String) throws(JSONPathError) -> JSONPath {
    if let path = known.withLock({ $0[text] }) { return path }
    let path = try JSONPath(text, mode: .lenient)
    known.withLock { if $0.count < most { $0[text] = path } }
    return path
  }
}

/// What a query or a filter gave.
struct FoundValue {
  /// Nil where there is nothing.
  var value: HurlValue?
  /// Whether a JSONPath that could have led to several places led to this one alone. Since version 8 Hurl takes the value
  /// itself, before it took a list of one: what only a list can be asked is answered for that list.
  var isOnlyOne = false

  init(_ value: HurlValue?, isOnlyOne: Bool = false) {
    self.value = value
    self.isOnlyOne = isOnlyOne
  }

  /// The list of one, where the value is no list itself.
  var asList: HurlValue? {
    guard isOnlyOne, let value, value.elements == nil else { return value }
    return .list([value])
  }
}

/// What a query gives, after its filters.
struct QueryEvaluation {
  let renderer: HurlRenderer

  func value(
    _ query: HurlQuery, _ filters: [HurlFilter], in reader: inout ResponseReader
  ) throws(HurlRuntimeError) -> FoundValue {
    var found: FoundValue
    do throws(EvaluationFailure) {
      if case .jsonpath(let path) = query.kind {
        found = try QueryEvaluation.value(
          at: try text(path), in: try reader.json(), coerces: renderer.context.coercesJSONPath)
      } else {
        found = FoundValue(try self.value(query, in: &reader))
      }
    } catch {
      throw HurlRuntimeError(position: query.position, message: error.message)
    }
    for (number, filter) in filters.enumerated() {
      if number == 0, case .bytes(let kept)? = found.value, filter.kind == .count,
        query.kind == .bytes || query.kind == .rawBytes
      {
        found = FoundValue(.integer(Int64(kept.count + reader.response.droppedBodyBytes)))
        continue
      }
      guard let input = found.value else {
        throw HurlRuntimeError(
          position: filter.position, message: "there is no value for the filter \(filter.name)")
      }
      found = try FilterEvaluation(renderer: renderer).apply(
        filter, to: filter.kind.isOfLists ? found.asList ?? input : input)
    }
    return found
  }

  private func value(
    _ query: HurlQuery, in reader: inout ResponseReader
  ) throws(EvaluationFailure) -> HurlValue? {
    let response = reader.response
    switch query.kind {
    case .status: return .integer(Int64(response.status))
    case .version: return .string(response.version)
    case .url: return .string(response.url)
    case .duration: return .integer(response.duration.microseconds / 1000)
    case .body: return .string(try reader.text())
    case .bytes: return .bytes(try reader.bytes())
    case .rawBytes: return .bytes(response.body)
    case .sha256:
      if let made = response.sha256 { return .bytes(made) }
      return .bytes(Digest.sha256(try reader.bytes()))
    case .md5:
      if let made = response.md5 { return .bytes(made) }
      return .bytes(Digest.md5(try reader.bytes()))
    case .ip: return response.address.map(HurlValue.string)
    case .redirects: return .list(response.redirects)
    case .certificate(let field): return reader.certificate(field)
    case .header(let name):
      let values = reader.values(of: try text(name))
      return values.count > 1 ? .list(values.map(HurlValue.string)) : values.first.map(HurlValue.string)
    case .cookie(let name, let attribute): return reader.cookie(try text(name), attribute ?? .value)
    case .variable(let name): return renderer.variables[try text(name)]
    case .jsonpath: return nil
    case .xpath(let expression): return try reader.markup().value(of: try text(expression))
    case .regex(let pattern):
      return try QueryEvaluation.group(1, of: try expression(pattern), in: try reader.text())
    }
  }

  private func text(_ template: HurlTemplate) throws(EvaluationFailure) -> String {
    do throws(HurlRuntimeError) { return try renderer.text(template) } catch {
      throw EvaluationFailure(message: error.message)
    }
  }

  private func expression(_ pattern: HurlPattern) throws(EvaluationFailure) -> RegularExpression {
    do throws(HurlRuntimeError) { return try renderer.regularExpression(pattern) } catch {
      throw EvaluationFailure(message: error.message)
    }
  }

  /// What a path leads to: nothing, the one value, or a list of all; where that is nothing although it could have been
  /// several, an empty list that does not count as existing. Without coercion a list always.
  static func value(
    at path: String, in document: JSONValue, coerces: Bool
  ) throws(EvaluationFailure) -> FoundValue {
    do throws(JSONPathError) {
      let path = try KnownPaths.path(path)
      if path.isSingular, coerces { return FoundValue(path.singleValue(in: document).map(HurlValue.init)) }
      let found = try path.values(in: document)
      if found.count == 1, coerces { return FoundValue(HurlValue(found[0]), isOnlyOne: true) }
      return FoundValue(found.isEmpty ? .nodeset(0) : .list(found.map(HurlValue.init)))
    } catch {
      throw EvaluationFailure(message: "the JSONPath \(path) cannot be used: \(error)")
    }
  }

  static func group(
    _ number: Int, of expression: RegularExpression, in text: String
  ) throws(EvaluationFailure) -> HurlValue? {
    do throws(PatternError) {
      guard let groups = try expression.groups(in: text), groups.indices.contains(number) else { return nil }
      return groups[number].map(HurlValue.string)
    } catch {
      throw EvaluationFailure(message: error.message)
    }
  }
}
