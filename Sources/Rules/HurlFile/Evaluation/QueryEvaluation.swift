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

/// What a query gives, after its filters; nil where there is nothing.
struct QueryEvaluation {
  let renderer: HurlRenderer

  func value(
    _ query: HurlQuery, _ filters: [HurlFilter], in reader: inout ResponseReader
  ) throws(HurlRuntimeError) -> HurlValue? {
    var value: HurlValue?
    do throws(EvaluationFailure) {
      value = try self.value(query, in: &reader)
    } catch {
      throw HurlRuntimeError(position: query.position, message: error.message)
    }
    for filter in filters {
      guard let input = value else {
        throw HurlRuntimeError(
          position: filter.position, message: "there is no value for the filter \(filter.name)")
      }
      value = try FilterEvaluation(renderer: renderer).apply(filter, to: input)
    }
    return value
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
    case .sha256: return .bytes(Digest.sha256(try reader.bytes()))
    case .md5: return .bytes(Digest.md5(try reader.bytes()))
    case .ip: return response.address.map(HurlValue.string)
    case .redirects: return .list(response.redirects)
    case .certificate(let field): return reader.certificate(field)
    case .header(let name):
      let values = reader.values(of: try text(name))
      return values.count > 1 ? .list(values.map(HurlValue.string)) : values.first.map(HurlValue.string)
    case .cookie(let name, let attribute): return reader.cookie(try text(name), attribute ?? .value)
    case .variable(let name): return renderer.variables[try text(name)]
    case .jsonpath(let path): return try QueryEvaluation.value(at: try text(path), in: try reader.json())
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

  /// What a path leads to: a value where it leads to one place alone, else a list of all that was found; an empty list that
  /// does not count as existing where that is nothing.
  static func value(at path: String, in document: JSONValue) throws(EvaluationFailure) -> HurlValue? {
    do throws(JSONPathError) {
      let path = try KnownPaths.path(path)
      if path.isSingular { return path.singleValue(in: document).map(HurlValue.init) }
      let found = try path.values(in: document)
      return found.isEmpty ? .nodeset(0) : .list(found.map(HurlValue.init))
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
