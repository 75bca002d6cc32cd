import AWSClients
import CurlTransport
import HTTPTransport
import SystemInterfaces
import TestSupport

/// One real transport for all tests.
let curl = CurlTransport(environment: Environment(["NO_PROXY": "127.0.0.1"]))

extension AWSConfiguration {
  /// Variables and no shared files.
  static func of(_ variables: [String: String] = [:]) -> AWSConfiguration {
    AWSConfiguration(environment: Environment(variables), files: LocalFileSystem())
  }
}

extension AWSClient {
  /// A client with fixed credentials over `transport`.
  static func over(
    _ transport: any HTTPTransport, _ variables: [String: String] = [:], clock: any WallClock = ManualClock(),
    credentials: (any AWSCredentialsProvider)? = nil
  ) -> AWSClient {
    AWSClient(
      transport: transport, clock: clock, random: Randomness(), configuration: .of(variables),
      region: "us-east-1",
      credentials: credentials
        ?? StaticCredentials(AWSCredentials(accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI")))
  }

  /// A client of a local AWS.
  static func of(_ aws: LocalAWS, id: String = "test", key: String = "test") -> AWSClient {
    AWSClient(
      transport: curl, clock: SystemClock(), random: Randomness(),
      configuration: AWSConfiguration(environment: aws.environment, files: LocalFileSystem()),
      region: "us-east-1",
      credentials: StaticCredentials(AWSCredentials(accessKeyId: id, secretAccessKey: key)))
  }
}

extension HTTPResponse {
  /// An answer with a text body.
  static func text(_ status: Int, _ body: String, _ headers: [HTTPField] = []) -> HTTPResponse {
    HTTPResponse(status: status, headers: headers, body: Array(body.utf8))
  }
}

/// A name that no other test uses.
func unique(_ prefix: String) -> String { "\(prefix)-\(Randomness().hex(8))" }
