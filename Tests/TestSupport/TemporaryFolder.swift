import Glibc

/// A folder of its own for one test, removed when the value goes.
public final class TemporaryFolder: Sendable {
  /// Absolute, without a slash at the end.
  public let path: String

  /// A new empty folder.
  public init() {
    var template = Array("/tmp/backstop-test-XXXXXX".utf8CString)
    path = template.withUnsafeMutableBufferPointer { buffer in
      guard let made = mkdtemp(buffer.baseAddress!) else { preconditionFailure("no temporary folder") }
      return String(cString: made)
    }
  }

  /// The path of `name` inside.
  public func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  deinit { removeTree(path) }
}

private func removeTree(_ path: String) {
  var found = stat()
  guard lstat(path, &found) == 0 else { return }
  if found.st_mode & S_IFMT == S_IFDIR {
    if let folder = opendir(path) {
      while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) {
          String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { removeTree("\(path)/\(name)") }
      }
      closedir(folder)
    }
    rmdir(path)
  } else {
    unlink(path)
  }
}
