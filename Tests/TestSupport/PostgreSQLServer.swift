import Foundation

/// A real PostgreSQL that all tests of this process share; it ends with the process. Tests name what they make uniquely.
public final class PostgreSQLServer: Sendable {
  /// Whether the server's programs are on this machine: without them these tests are skipped.
  public static let isInstalled = FileManager.default.fileExists(atPath: "/usr/lib/postgresql")
  /// The password of `app`, with characters that need escapes.
  public static let password = "it's s3cret/word"
  /// Where it listens, on 127.0.0.1.
  public let port: Int
  private let server: ServerProcess

  private static let one = Result { try PostgreSQLServer() }

  /// The shared one, started when first asked for.
  public static func shared() throws -> PostgreSQLServer { try one.get() }

  private init() throws {
    server = try ServerProcess(python: "postgresql.py")
    port = server.port("postgresql")
  }

  /// The address of its database.
  public var url: String { "postgresql://app:it%27s%20s3cret%2Fword@127.0.0.1:\(port)/app" }
}
