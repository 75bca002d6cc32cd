import AWSClients
import DeploymentConfig
import HTTPTransport
import Reporting
import Synchronization
import SystemInterfaces
import TestSupport

@testable import PreflightSnapshot

typealias SnapshotPolicyWord = SnapshotPolicy.DatabaseSnapshot

extension AWSClient {
  /// A client with fixed credentials over `transport`, whose clock never waits.
  static func scripted(_ transport: any HTTPTransport, clock: any WallClock = ManualClock()) -> AWSClient {
    AWSClient(
      transport: transport, clock: clock, random: Randomness(),
      configuration: AWSConfiguration(environment: Environment(), files: LocalFileSystem()),
      region: "us-east-1",
      credentials: StaticCredentials(
        AWSCredentials(accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI")))
  }
}

extension HTTPResponse {
  /// An answer in XML or JSON.
  static func xml(_ text: String, status: Int = 200) -> HTTPResponse {
    HTTPResponse(status: status, headers: [], body: Array(text.utf8))
  }
}

extension Progress {
  /// Nobody listens.
  static var silent: Progress {
    Progress(terminal: CapturingTerminal(), clock: ManualClock(), level: .quiet)
  }
}

/// Words one after the other; the last is repeated.
final class Script: Sendable {
  private let words: Mutex<[String]>
  init(_ words: [String]) { self.words = Mutex(words) }
  func next() -> String { words.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] } }
}

extension HTTPRequest {
  /// A value of the form in the body.
  func form(_ name: String) -> String? {
    String(decoding: body, as: UTF8.self).split(separator: "&").first { $0.hasPrefix("\(name)=") }
      .map { String($0.dropFirst(name.count + 1)) }
  }
}
