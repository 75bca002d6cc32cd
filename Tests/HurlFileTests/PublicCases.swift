import Foundation
import HurlFile
import TestSupport
import Testing

/// The public Hurl files and JSONPath cases, read in place.
enum PublicCases {
  static let arePresent = SharedData.exists("smoke/hurl/tests_ok")

  /// The names of the Hurl files of one group.
  static func hurlFiles(_ group: String) throws -> [String] {
    let folder = try #require(SharedData.path("smoke/hurl/\(group)"))
    return try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".hurl") }
      .sorted()
  }

  /// The bytes of a file.
  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: try #require(SharedData.path(name)))))
  }
}
