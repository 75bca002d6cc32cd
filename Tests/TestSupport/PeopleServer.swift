import CurlTransport
import Foundation
import HTTPTransport
import JSONValues
import SystemInterfaces

/// The servers of `Tests/Servers/people_server.py`: webhook, Slack's Web API, SMTP.
public struct PeopleServer: Sendable {
  private static let python = Repository.root + "/.build/venv/bin/python"
  /// Whether `ci/install-python` was run.
  public static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: python) }
  private let process: ServerProcess

  /// Starts them.
  public init() throws {
    process = try ServerProcess(
      PeopleServer.python, arguments: [Repository.root + "/Tests/Servers/people_server.py"])
  }

  /// Where the HTTP server answers.
  public var web: String { "http://127.0.0.1:\(process.port("http"))" }
  /// The file of the authority that vouches for the mail servers.
  public var authority: String { process.ready["ca"]?.string ?? "" }
  /// The port of the mail server `name`.
  public func port(_ name: String) -> Int { process.port(name) }
  /// The requests that were posted, in order: `path` and `body`.
  public func posts() async throws -> [JSONValue] { try await get("/_posts") }
  /// The messages that came, as another program parses them.
  public func mails() async throws -> [JSONValue] { try await get("/_mails") }

  private func get(_ path: String) async throws -> [JSONValue] {
    let answer = try await CurlTransport(environment: Environment([:])).send(HTTPRequest("GET", web + path))
    return try JSONValue(parsing: answer.body).array ?? []
  }
}
