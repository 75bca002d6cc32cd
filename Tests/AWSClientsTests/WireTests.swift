import CloudFormationModel
import HTTPTransport
import JSONValues
import SystemInterfaces
import TestSupport
import Testing

@testable import AWSClients

/// How values are written and read, without any network.
@Suite struct WireTests {
  @Test func `a query is encoded anew for signing, byte by byte, and sorted`() {
    #expect(
      SigV4Signer.canonicalQuery("b=%c3%a9&a=x+y&a&c=%FF/&a=%41")
        == "a=&a=A&a=x%2By&b=%C3%A9&c=%FF%2F")
  }

  @Test func `lists and structures of the query protocol`() {
    var parameters: QueryParameters = ["A": "1 2", "B": nil]
    parameters.set("C", true)
    parameters.set("D", 7)
    parameters.set("E", Timestamp("2026-01-12T10:00:00.5Z"))
    parameters.set(list: "F", ["x", "y"])
    parameters.set(list: "G", [] as [String])
    parameters.set(list: "H", nil)
    parameters.set(list: "I", ["v"], element: "Tag") { value, members in members["Key"] = value }
    #expect(
      parameters.encoded(action: "Do", version: "1")
        == "Action=Do&Version=1&A=1%202&C=true&D=7&E=2026-01-12T10%3A00%3A00Z&F.member.1=x&F.member.2=y&G="
        + "&I.Tag.1.Key=v")
  }

  @Test func `times in JSON are numbers or texts`() throws {
    let json = try JSONValue(parsing: #"{"a": 1768212000.5, "b": "2026-01-12T10:00:00Z", "c": "soon"}"#)
    #expect(json.time("a") == Timestamp("2026-01-12T10:00:00.5Z"))
    #expect(json.time("b") == Timestamp("2026-01-12T10:00:00Z"))
    #expect(json.time("c") == nil)
    #expect(json.time("d") == nil)
  }

  @Test(arguments: [
    ("Wed, 21 Oct 2015 07:28:00 GMT", Duration.seconds(3)), ("Wed, 21 Oct 2015 07:27:00 GMT", .zero),
    ("5", .seconds(5)),
  ]) func `when to come back`(text: String, wait: Duration) throws {
    let now = try #require(Timestamp("2015-10-21T07:27:57Z"))
    #expect(AWSRetries.retryAfter([HTTPField("Retry-After", text)], now: now) == wait)
  }

  @Test func `what is no time to come back`() {
    let now = Timestamp(microseconds: 0)
    #expect(AWSRetries.retryAfter([HTTPField("Retry-After", "soon")], now: now) == nil)
    #expect(AWSRetries.retryAfter([HTTPField("Retry-After", "-1")], now: now) == nil)
    #expect(AWSRetries.retryAfter([], now: now) == nil)
  }

  @Test func `what is filled and what is not`() {
    let stack = Stack(id: "i", name: "", status: .createComplete)
    let missing = unfilled(stack)
    #expect(missing.contains("name"))
    #expect(missing.contains("statusReason"))
    #expect(missing.contains("parameters"))
    #expect(!missing.contains("id"))
    #expect(unfilled([AWSTag("a", "")]) == ["[].value"])
  }
}

@Suite struct CloudFormationValuesTests {
  @Test func `the statuses of the service model`() {
    #expect(Set(StackStatus.allCases).count == 23)
    #expect(
      Set(StackStatus.allCases.filter(\.isInProgress).map(\.rawValue)) == [
        "CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "DELETE_IN_PROGRESS", "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "IMPORT_IN_PROGRESS",
        "IMPORT_ROLLBACK_IN_PROGRESS",
      ])
    #expect(StackStatus.allCases.count(where: \.isFailed) == 6)
    #expect(!StackStatus(rawValue: "NEW_IN_PROGRESS").isKnown)
    #expect(StackStatus(rawValue: "NEW_IN_PROGRESS").isInProgress)
  }

  @Test(arguments: [
    (
      "The submitted information didn't contain changes. Submit different information to create a change set.",
      true
    ),
    ("No updates are to be performed.", true), ("Transform AWS::Serverless failed", false), (nil, false),
  ]) func `a failed change set is empty only by known words`(reason: String?, isEmpty: Bool) {
    var changeSet = ChangeSet(
      id: "i", name: "n", stackId: "s", stackName: "s", status: "FAILED", executionStatus: "UNAVAILABLE")
    changeSet.statusReason = reason
    #expect(changeSet.isEmpty == isEmpty)
  }

  @Test func `events are read no further than asked`() async throws {
    let transport = ScriptedTransport { request in
      let isSecond = String(decoding: request.body, as: UTF8.self).contains("NextToken=")
      let ids = isSecond ? [3, 4] : [1, 2]
      let members = ids.map {
        "<member><EventId>\($0)</EventId><Timestamp>2026-01-12T10:00:0\(5 - $0)Z</Timestamp></member>"
      }
      let token = isSecond ? "" : "<NextToken>more</NextToken>"
      return .text(
        200,
        "<DescribeStackEventsResponse><DescribeStackEventsResult><StackEvents>\(members.joined())</StackEvents>\(token)</DescribeStackEventsResult></DescribeStackEventsResponse>"
      )
    }
    let service = CloudFormationClient(.over(transport))
    #expect(try await service.describeStackEvents("s", after: "2").map(\.id) == ["1"])
    #expect(transport.requests.count == 1)
    #expect(try await service.describeStackEvents("s", after: "4").map(\.id) == ["1", "2", "3"])
    let time = try #require(Timestamp("2026-01-12T10:00:02Z"))
    #expect(try await service.describeStackEvents("s", since: time).map(\.id) == ["1", "2", "3"])
    #expect(try await service.describeStackEvents("s").count == 4)
  }
}
