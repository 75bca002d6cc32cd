import HurlFile
import Testing

@Suite struct `Evaluation` {
  @Test func `an entry without a response asks nothing`() throws {
    let evaluation = try Evaluating().evaluate("")
    #expect(evaluation.passed && evaluation.assertions.isEmpty)
  }

  @Test func `version and status come first, and nothing else where they are wrong`() throws {
    var evaluating = Evaluating()
    evaluating.response.status = 500
    let evaluation = try evaluating.evaluate("HTTP/2 200\n[Captures]\na: body\n[Asserts]\nstatus == 500")
    #expect(evaluation.assertions.map(\.passed) == [false, false])
    #expect(evaluation.assertions.map(\.description) == ["HTTP version 2", "status 200"])
    #expect(evaluation.assertions.map(\.actual) == ["HTTP/1.1", "500"])
    #expect(evaluation.assertions.map(\.column) == [1, 8])
    #expect(evaluation.captures.isEmpty && !evaluation.passed && evaluation.error == nil)
    #expect(try evaluating.evaluate("HTTP *").passed)
    #expect(try evaluating.evaluate("HTTP/1.1 500").passed)
    #expect(try evaluating.evaluate("HTTP/* 500").passed)
  }

  @Test func `captures are seen by later captures and by the asserts`() throws {
    let evaluating = Evaluating(#"{"id":7,"name":"x","secret":"hunter2"}"#)
    let evaluation = try evaluating.evaluate(
      """
      HTTP 200
      [Captures]
      id: jsonpath "$.id"
      word: jsonpath "$.name" replace "x" "{{id}}"
      pass: jsonpath "$.secret" redact
      list{{id}}: jsonpath "$.*"
      [Asserts]
      variable "word" == "7"
      jsonpath "$.id" == {{id}}
      variable "list7" count == 3
      """)
    #expect(evaluation.passed)
    #expect(evaluation.captures.map(\.name) == ["id", "word", "pass", "list7"])
    #expect(evaluation.captures.map(\.isRedacted) == [false, false, true, false])
    #expect(evaluation.captures[0].value == .integer(7))
  }

  @Test func `a capture that fails ends the entry with an error, not with a failed assertion`() throws {
    let evaluating = Evaluating(#"{"id":"abc"}"#)
    let evaluation = try evaluating.evaluate(
      "HTTP 200\n[Captures]\nid: jsonpath \"$.id\" toInt\n[Asserts]\njsonpath \"$.id\" == 1")
    #expect(evaluation.error?.position == HurlPosition(line: 4, column: 21))
    #expect(evaluation.error?.message == "the filter toInt: expected a whole number, not string \"abc\"")
    #expect(evaluation.assertions.map(\.description) == ["status 200"])
    let none = try evaluating.evaluate("HTTP 200\n[Captures]\nx: header \"Gone\"")
    #expect(none.error?.message == "nothing was found to capture as x")
    #expect(!none.passed)
  }

  @Test func `header lines: one of several values is enough`() throws {
    let evaluating = Evaluating(
      "", headers: [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Content-Type", "text/html")])
    #expect(try evaluating.evaluate("HTTP 200\nset-cookie: b=2\nContent-Type: text/html # comment").passed)
    let wrong = try evaluating.evaluate("HTTP 200\nSet-Cookie: c=3\nX-Gone: 1\nContent-Type: {{t}}")
    #expect(wrong.assertions.dropFirst().map(\.passed) == [false, false, false])
    #expect(
      wrong.assertions.dropFirst().map(\.actual) == [
        "a=1, b=2", "no header X-Gone", "the variable t is not set",
      ])
    #expect(wrong.assertions[1].description == "Set-Cookie: c=3" && wrong.assertions[1].line == 3)
  }

  @Test func `bodies: texts by text, bytes by bytes`() throws {
    var evaluating = Evaluating("line1\nline2\n")
    evaluating.files["data.txt"] = Array("line1\nline2\n".utf8)
    for body in [
      "```\nline1\nline2\n```", "`line1\\nline2\\n`", "base64,bGluZTEKbGluZTIK;", "file,data.txt;",
      "hex,6c696e65310a6c696e65320a;",
    ] {
      #expect(try evaluating.evaluate("HTTP 200\n\(body)").passed, "\(body)")
    }
    let wrong = try evaluating.evaluate("HTTP 200\n```\nline1\n```")
    #expect(wrong.assertions.last?.description == "body" && wrong.assertions.last?.line == 3)
    #expect(wrong.assertions.last?.expected == #"string "line1\n""#)
    #expect(!(try Evaluating(#"{"a": 1}"#).evaluate("HTTP 200\n{\"a\":1}").passed))
    #expect(try Evaluating(#"{"a": 1}"#).evaluate("HTTP 200\n{\"a\": 1}").passed)
    evaluating.response.body = [0xFF]
    #expect(try evaluating.evaluate("HTTP 200\n`x`").assertions.last?.actual.contains("UTF-8") == true)
    #expect(try evaluating.evaluate("HTTP 200\nhex,ff;").passed)
  }

  @Test func `an assertion with a variable that is not set fails, the others are judged`() throws {
    let evaluation = try Evaluating("x").evaluate("HTTP 200\n[Asserts]\nbody == \"{{gone}}\"\nbody == \"x\"")
    #expect(evaluation.assertions.map(\.passed) == [true, false, true])
    #expect(evaluation.assertions[1].actual == "the variable gone is not set")
    #expect(evaluation.assertions[1].line == 4 && evaluation.assertions[1].column == 12)
    #expect(evaluation.error == nil)
  }

  @Test(.enabled(if: PublicCases.arePresent))
  func `public files hold of the bodies that they themselves name`() throws {
    var entries = 0
    for name in try PublicCases.hurlFiles("tests_ok") {
      guard
        let document = try? HurlDocument(
          parsing: PublicCases.bytes("smoke/hurl/tests_ok/\(name)"), file: name)
      else {
        continue
      }
      for entry in document.entries {
        guard let expected = entry.response?.body, case .json(let template) = expected.content,
          template.variableNames.isEmpty
        else { continue }
        var evaluating = Evaluating(template.source)
        evaluating.response.headers = [.init(name: "Content-Type", value: "application/json")]
        for (offset, number) in ["one", "two", "three", "four", "five"].enumerated() {
          evaluating.variables[number] = .integer(Int64(offset + 1))
        }
        evaluating.variables["foo"] = .string("abc")
        let evaluation = entry.evaluate(evaluating.response, evaluating.variables, evaluating.context)
        entries += 1
        for assertion in evaluation.assertions {
          #expect(
            assertion.passed, "\(name):\(assertion.line): \(assertion.description): \(assertion.actual)")
        }
      }
    }
    #expect(entries >= 2)
    print("\(entries) entries of public files hold of their own bodies")
  }
}
