import JSONValues
import Testing

@testable import AWSClients

/// What an API is set to as a whole, as a record holds it, and what turns one setting into the other.
@Suite struct APISettingsTests {
  private func rest(_ json: JSONValue) -> APISettings { APISettings(json, .rest) }

  @Test func `what is off is not said, and the order of media types means nothing`() {
    let off: JSONValue = [
      "id": "a", "disableExecuteApiEndpoint": false, "minimumCompressionSize": .null, "policy": "",
      "binaryMediaTypes": [],
    ]
    #expect(rest(off) == APISettings() && rest(off).text == "{}")
    let (one, other) = (
      rest(["binaryMediaTypes": ["image/png", "a/b"]]), rest(["binaryMediaTypes": ["a/b", "image/png"]])
    )
    #expect(one == other && APISettings(text: one.text) == one)
  }

  @Test func `a REST API's patch sets what was, and switches off what was not`() {
    let was = rest([
      "apiKeySource": "HEADER", "binaryMediaTypes": ["image/png"],
      "policy": #"{\"Version\":\"2012-10-17\"}"#,
    ])
    let now = rest([
      "apiKeySource": "AUTHORIZER", "binaryMediaTypes": ["*/*"], "minimumCompressionSize": 1024,
      "disableExecuteApiEndpoint": true,
    ])
    #expect(
      was.patch(from: now) == [
        ["op": "replace", "path": "/apiKeySource", "value": "HEADER"],
        ["op": "replace", "path": "/disableExecuteApiEndpoint", "value": "false"],
        ["op": "replace", "path": "/minimumCompressionSize"],
        ["op": "replace", "path": "/policy", "value": #"{"Version":"2012-10-17"}"#],
        ["op": "remove", "path": "/binaryMediaTypes/*~1*"],
        ["op": "add", "path": "/binaryMediaTypes/image~1png"],
      ])
    #expect(now.patch(from: was).contains(["op": "replace", "path": "/policy", "value": ""]))
    #expect(was.patch(from: was).isEmpty)
  }

  @Test func `cross-origin calls that were not permitted are taken away by a call of their own`() {
    let was = APISettings(["routeSelectionExpression": "$request.body.action"], .v2)
    let now = APISettings(
      [
        "routeSelectionExpression": "$request.method", "corsConfiguration": ["allowOrigins": ["*"]],
        "disableExecuteApiEndpoint": true,
      ], .v2)
    let back = was.update(from: now)
    #expect(back.removesCORS)
    #expect(
      JSONValue.object(back.body) == [
        "disableExecuteApiEndpoint": false, "routeSelectionExpression": "$request.body.action",
      ])
    #expect(!now.update(from: was).removesCORS)
  }
}
