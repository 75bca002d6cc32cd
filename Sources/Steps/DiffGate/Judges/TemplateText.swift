import Glibc

/// What the bytes of a file tell before anything is parsed.
enum TemplateText {
  /// Whether a file takes part by its name alone.
  static func isOfInterest(_ path: String) -> Bool {
    let lower = path.lowercased()
    return [".yaml", ".yml", ".json", ".template", ".snap"].contains { lower.hasSuffix($0) }
  }

  /// The words that every template has: a section of resources, and a type or the format's version.
  static func mentionsResources(_ bytes: [UInt8]) -> Bool {
    if contains("AWSTemplateFormatVersion", in: bytes) { return true }
    guard contains("AWS::", in: bytes) || contains("Custom::", in: bytes) else { return false }
    return bytes.starts(with: "Resources:".utf8) || contains("\nResources:", in: bytes)
      || contains("\"Resources\"", in: bytes) || contains("'Resources'", in: bytes)
  }

  /// The words of a stack inside a stack.
  static func mentionsNestedStacks(_ bytes: [UInt8]) -> Bool {
    contains("AWS::CloudFormation::Stack", in: bytes) || contains("AWS::Serverless::Application", in: bytes)
  }

  /// Whether the bytes hold `name` anywhere.
  static func mentions(_ name: String, in bytes: [UInt8]) -> Bool {
    var name = name
    return name.withUTF8 { needle in contains(UnsafeRawBufferPointer(needle), in: bytes) }
  }

  private static func contains(_ word: StaticString, in bytes: [UInt8]) -> Bool {
    contains(UnsafeRawBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount), in: bytes)
  }

  private static func contains(_ word: UnsafeRawBufferPointer, in bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { haystack in
      guard let base = haystack.baseAddress, let start = word.baseAddress, word.count > 0 else {
        return false
      }
      var position = 0
      while position + word.count <= haystack.count {
        let rest = haystack.count - word.count + 1 - position
        guard let found = memchr(base + position, Int32(word[0]), rest) else { return false }
        position = UnsafeRawPointer(found) - base
        if memcmp(found, start, word.count) == 0 { return true }
        position += 1
      }
      return false
    }
  }
}
