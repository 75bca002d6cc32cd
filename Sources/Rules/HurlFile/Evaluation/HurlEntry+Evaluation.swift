extension HurlEntry {
  /// Judges an answer: version and status first, and no more where they are wrong; then captures, of which the first that
  /// fails ends it; then headers, body and `[Asserts]`. Captured values are visible to what follows in the same entry; the
  /// caller adds them to its variables.
  public func evaluate(
    _ response: HurlResponseValues, _ variables: HurlVariables, _ context: HurlContext
  ) -> HurlEvaluation {
    guard let expected = self.response else { return HurlEvaluation() }
    var evaluation = HurlEvaluation()
    var reader = ResponseReader(response)
    evaluation.assertions.reserveCapacity(3 + expected.headers.count + expected.asserts.count)
    evaluation.assertions += expected.firstLine(response)
    guard evaluation.passed else { return evaluation }
    var known = variables
    for capture in expected.captures {
      do throws(HurlRuntimeError) {
        let made = try capture.capture(HurlRenderer(variables: known, context: context), &reader)
        evaluation.captures.append(made)
        if made.isRedacted { known.setSecret(made.name, made.value) } else { known[made.name] = made.value }
      } catch {
        evaluation.error = error
        return evaluation
      }
    }
    let renderer = HurlRenderer(variables: known, context: context)
    evaluation.assertions += expected.headers.map { $0.judged(renderer, reader) }
    if let body = expected.body { evaluation.assertions.append(body.judged(renderer, &reader)) }
    // By number: an element that is looped over is copied.
    for number in expected.asserts.indices {
      evaluation.assertions.append(expected.asserts[number].judged(renderer, &reader))
    }
    evaluation.json = reader.parsedJSON
    return evaluation
  }
}

extension HurlResponseSpec {
  /// The version and the status judged.
  fileprivate func firstLine(_ response: HurlResponseValues) -> [HurlEvaluation.Assertion] {
    var assertions: [HurlEvaluation.Assertion] = []
    if let version {
      assertions.append(
        .init(
          position, "HTTP version \(version)", passed: version == response.version,
          expected: "HTTP/\(version)",
          actual: "HTTP/\(response.version)"))
    }
    if let status {
      let passed = status == response.status
      assertions.append(
        .init(
          statusPosition, "status \(status)", passed: passed, expected: passed ? "" : String(status),
          actual: passed ? "" : String(response.status)))
    }
    return assertions
  }
}

extension HurlCaptureSpec {
  fileprivate func capture(
    _ renderer: HurlRenderer, _ reader: inout ResponseReader
  ) throws(HurlRuntimeError) -> HurlEvaluation.Capture {
    let name = try renderer.text(name)
    guard let value = try QueryEvaluation(renderer: renderer).value(query, filters, in: &reader).value else {
      throw HurlRuntimeError(position: query.position, message: "nothing was found to capture as \(name)")
    }
    return HurlEvaluation.Capture(
      name: name, value: value == .nodeset(0) ? .list([]) : value, isRedacted: isRedacted)
  }
}

extension HurlKeyValue {
  /// A header field that the answer must have; where it has several of the name, one of them must fit.
  fileprivate func judged(_ renderer: HurlRenderer, _ reader: ResponseReader) -> HurlEvaluation.Assertion {
    let line = "\(key.source): \(value.source)"
    do throws(HurlRuntimeError) {
      let (name, expected) = (try renderer.text(key), try renderer.text(value))
      let found = reader.values(of: name)
      return .init(
        position, line, passed: found.contains { $0.isExactly(expected) }, expected: expected,
        actual: found.isEmpty ? "no header \(name)" : found.joined(separator: ", "),
        hint: found.lazy.compactMap { LookAlike.difference(expected: expected, actual: $0) }.first)
    } catch {
      return .init(line, failing: error)
    }
  }
}

extension HurlBody {
  /// The body that must come: text is compared with the decoded text, bytes with the bytes.
  fileprivate func judged(
    _ renderer: HurlRenderer, _ reader: inout ResponseReader
  ) -> HurlEvaluation.Assertion {
    do throws(HurlRuntimeError) {
      let expected = try self.expected(renderer)
      let actual = try actual(asText: expected.typeName == "string", &reader)
      if actual.isSame(as: expected) {
        return .init(position, "body", passed: true, expected: "", actual: "")
      }
      return .init(
        position, "body", passed: false, expected: expected.summary,
        actual: actual.summary, hint: actual.unseenDifference(from: expected))
    } catch {
      return .init("body", failing: error)
    }
  }

  private func expected(_ renderer: HurlRenderer) throws(HurlRuntimeError) -> HurlValue {
    switch content {
    case .json(let template), .text(let template), .multiline(_, let template):
      .string(try renderer.text(template))
    case .xml(let text): .string(text)
    case .bytes, .file: .bytes(try bytes(renderer))
    }
  }

  /// The body that came, as text or as bytes.
  private func actual(
    asText isText: Bool, _ reader: inout ResponseReader
  ) throws(HurlRuntimeError) -> HurlValue {
    do throws(EvaluationFailure) {
      return isText ? .string(try reader.text()) : .bytes(try reader.bytes())
    } catch {
      throw HurlRuntimeError(position: position, message: error.message)
    }
  }
}

extension HurlAssertSpec {
  fileprivate func judged(
    _ renderer: HurlRenderer, _ reader: inout ResponseReader
  ) -> HurlEvaluation.Assertion {
    do throws(HurlRuntimeError) {
      let value = try QueryEvaluation(renderer: renderer).value(query, filters, in: &reader)
      let result = try PredicateEvaluation(renderer: renderer).judge(predicate, value)
      return .init(
        position, source, passed: result.passed, expected: result.expected, actual: result.actual,
        hint: result.hint)
    } catch {
      return .init(source, failing: error)
    }
  }
}

extension HurlEvaluation.Assertion {
  fileprivate init(
    _ position: HurlPosition, _ description: String, passed: Bool, expected: String, actual: String,
    hint: String? = nil
  ) {
    self.init(
      line: position.line, column: position.column, description: description, passed: passed,
      expected: expected,
      actual: actual)
    self.hint = passed ? nil : hint
  }

  /// An assertion that could not be judged, which counts as failed.
  fileprivate init(_ description: String, failing error: HurlRuntimeError) {
    self.init(
      line: error.position.line, column: error.position.column, description: description, passed: false,
      expected: "a value to judge", actual: error.message)
  }
}
