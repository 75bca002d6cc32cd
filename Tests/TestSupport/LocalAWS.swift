import Foundation
import HTTPTransport
import JSONValues
import SystemInterfaces

/// A local AWS in a process of its own, with faults on demand: `ci/local_aws.py`. It ends with this process.
public final class LocalAWS: Sendable {
  /// Where it answers, such as `http://127.0.0.1:40123`.
  public let endpoint: String
  /// The emulator itself, without the faults in front.
  public let upstream: String
  private let server: ServerProcess
  private let folder = TemporaryFolder()

  private static let python = Repository.root + "/.build/venv/bin/python"

  /// Whether `ci/install-python` was run: without it these tests are skipped.
  public static let isInstalled = FileManager.default.isExecutableFile(atPath: python)

  private static let one = Result { try LocalAWS() }
  private static let oneWithAuthorisation = Result { try LocalAWS(checksSignatures: true) }

  /// The one that all tests of this process share; started when first asked for. Tests name what they make uniquely.
  public static func shared() throws -> LocalAWS { try one.get() }

  /// The one that checks signatures, permissions and capabilities.
  public static func sharedWithAuthorisation() throws -> LocalAWS { try oneWithAuthorisation.get() }

  /// Starts one for a test alone, such as one that stops it.
  /// - Parameter checksSignatures: signatures of users' keys, permissions and capabilities are checked; the root's key
  ///   (`test`) never is.
  public init(checksSignatures: Bool = false) throws {
    server = try ServerProcess(
      LocalAWS.python,
      arguments: [Repository.root + "/ci/local_aws.py", folder("aws")] + (checksSignatures ? ["--auth"] : []))
    guard let endpoint = server.ready["endpoint"]?.string, let upstream = server.ready["upstream"]?.string
    else { throw CocoaError(.fileReadCorruptFile) }
    self.endpoint = endpoint
    self.upstream = upstream
  }

  /// What a step needs to speak to it; PATH and HOME are those of this process.
  public var environment: Environment {
    let own = ProcessInfo.processInfo.environment
    return Environment([
      "AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
      "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true", "NO_PROXY": "127.0.0.1",
      "PATH": own["PATH"] ?? "", "HOME": own["HOME"] ?? "",
    ])
  }

  /// A fault that the proxy in front shows the next `times` calls of `action` (`*` means any).
  public struct Fault: Sendable {
    /// What it does.
    public enum Kind: String, Sendable {
      /// Answers "rate exceeded".
      case throttle
      /// Answers that a quota is used up.
      case quota
      /// Answers with a page for people, as a proxy does that wants a password.
      case page
      /// Answers 503.
      case unavailable
      /// Answers that the call is not permitted as things stand.
      case refuse
      /// Says of all stacks that they were deployed in EXPRESS mode.
      case express
      /// Lets what was updated last have been left in failure, until an update with rollback disabled.
      case failed
      /// Does what was asked and closes the connection without an answer.
      case drop
      /// Waits before it asks the emulator.
      case delay
    }
    let json: JSONValue

    /// A fault.
    public init(_ kind: Kind, _ action: String, times: Int = 1, seconds: Double = 1, isExpress: Bool = false)
    {
      json = [
        "do": .string(kind.rawValue), "action": .string(action), "times": .number(JSONNumber(times)),
        "seconds": .number(JSONNumber(seconds)), "express": .bool(isExpress),
      ]
    }
  }

  /// Replaces the faults. They hold for all who use this instance: tests of faults run on one of their own.
  public func setFaults(_ faults: [Fault], over transport: any HTTPTransport) async throws {
    _ = try await transport.send(
      HTTPRequest(
        "POST", endpoint + "/_faults", body: Array(JSONValue.array(faults.map(\.json)).serialized().utf8)))
  }

  /// The calls so far: `action`, `stack`, `requestId`.
  public func calls(over transport: any HTTPTransport) async throws -> [JSONValue] {
    let response = try await transport.send(HTTPRequest("GET", endpoint + "/_calls"))
    return try JSONValue(parsing: response.body).array ?? []
  }
}
