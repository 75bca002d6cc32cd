import Glibc

/// The system's words for an `errno` value.
public enum SystemError {
  /// For instance `No space left on device`.
  public static func message(_ code: Int32) -> String { String(cString: strerror(code)) }
}

/// The machine's own files. Relative paths count from the working directory.
public struct LocalFileSystem: FileSystem {
  /// The machine's own files.
  public init() {}

  public func read(_ path: String) throws(FileError) -> [UInt8] { try read(path, FileReading()) }

  public func read(_ path: String, _ reading: FileReading) throws(FileError) -> [UInt8] {
    // Without waiting: a pipe that nobody writes to would keep the call for ever.
    let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | (reading.followsLinks ? 0 : O_NOFOLLOW)
    let descriptor = open(path, flags)
    guard descriptor >= 0 else {
      if errno == ELOOP, !reading.followsLinks { throw .link(path) }
      throw failure("read", path)
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure("read", path) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw FileError(operation: "read", path: path, code: EISDIR)
    // What a shell hands over (`<(…)`, standard input) has a name of its own, and is waited for.
    case S_IFIFO where reading.followsLinks && LocalFileSystem.isHandedOver(path):
      _ = fcntl(descriptor, F_SETFL, 0)
    case S_IFIFO: throw .noFile(path, "a pipe")
    case S_IFSOCK: throw .noFile(path, "a socket")
    default: throw .noFile(path, "a device")
    }
    guard Int(status.st_size) <= reading.limit else { throw .tooLarge(path, reading.limit) }
    return try LocalFileSystem.bytes(of: descriptor, path, expected: Int(status.st_size), reading.limit)
  }

  private static func isHandedOver(_ path: String) -> Bool {
    path == "/dev/stdin" || path.hasPrefix("/dev/fd/") || path.hasPrefix("/proc/self/fd/")
  }

  private static func bytes(
    of descriptor: Int32, _ path: String, expected: Int, _ limit: Int
  ) throws(FileError) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(expected)
    var failed: FileError?
    withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 1) { buffer in
      while true {
        let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        if count == 0 { return }
        if count < 0 {
          if errno == EINTR { continue }
          failed = FileError(operation: "read", path: path, code: errno)
          return
        }
        bytes.append(contentsOf: buffer[..<count])
        // It may grow while it is read, and files of the kernel tell no size.
        if bytes.count > limit {
          failed = .tooLarge(path, limit)
          return
        }
      }
    }
    if let failed { throw failed }
    return bytes
  }

  public func writeAtomically(_ bytes: [UInt8], to path: String, mode: UInt32) throws(FileError) {
    let temporary = "\(path).\(getpid()).\(UInt32.random(in: .min ... .max)).tmp"
    try createExclusively(bytes, at: temporary, mode: mode)
    guard Glibc.rename(temporary, path) == 0 else {
      let error = failure("replace", path)
      unlink(temporary)
      throw error
    }
    try syncFolder(of: path)
  }

  public func createExclusively(_ bytes: [UInt8], at path: String, mode: UInt32) throws(FileError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw failure("create", path) }
    do throws(FileError) {
      try write(bytes, to: descriptor, path: path)
    } catch {
      close(descriptor)
      unlink(path)
      throw error
    }
    close(descriptor)
  }

  public func append(_ bytes: [UInt8], to path: String, mode: UInt32) throws(FileError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw failure("append to", path) }
    defer { close(descriptor) }
    try write(bytes, to: descriptor, path: path)
  }

  public func createFolder(_ path: String, mode: UInt32) throws(FileError) {
    var prefix = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      prefix += prefix.isEmpty || prefix.hasSuffix("/") ? String(part) : "/\(part)"
      if mkdir(prefix, mode) != 0, errno != EEXIST { throw failure("create folder", prefix) }
    }
    guard let found = try status(of: path.isEmpty ? "." : path) else {
      throw FileError(operation: "create folder", path: path, code: ENOENT)
    }
    if found.kind == .file || found.kind == .other {
      throw FileError(operation: "create folder", path: path, code: ENOTDIR)
    }
  }

  public func names(in path: String) throws(FileError) -> [String] {
    guard let folder = opendir(path) else { throw failure("list", path) }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  public func status(of path: String) throws(FileError) -> FileStatus? {
    var found = stat()
    guard lstat(path, &found) == 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw failure("look at", path)
    }
    let kind: FileStatus.Kind =
      switch found.st_mode & S_IFMT {
      case S_IFREG: .file
      case S_IFDIR: .folder
      case S_IFLNK: .symbolicLink
      default: .other
      }
    return FileStatus(
      kind: kind, size: Int64(found.st_size), mode: found.st_mode & 0o7777, owner: found.st_uid)
  }

  public func rename(_ source: String, to destination: String) throws(FileError) {
    guard Glibc.rename(source, destination) == 0 else { throw failure("move \(source) to", destination) }
    try syncFolder(of: destination)
  }

  public func link(_ existing: String, to path: String) throws(FileError) {
    guard Glibc.link(existing, path) == 0 else { throw failure("link", path) }
  }

  public func replace(_ destination: String, with source: String) throws(FileError) {
    guard Glibc.rename(source, destination) == 0 else { throw failure("replace", destination) }
  }

  public func remove(_ path: String) throws(FileError) {
    guard let found = try status(of: path) else { return }
    if found.kind == .folder {
      for name in try names(in: path) { try remove("\(path)/\(name)") }
      guard rmdir(path) == 0 || errno == ENOENT else { throw failure("remove", path) }
    } else {
      guard unlink(path) == 0 || errno == ENOENT else { throw failure("remove", path) }
    }
  }

  public func realPath(_ path: String) throws(FileError) -> String {
    guard let resolved = realpath(path, nil) else { throw failure("resolve", path) }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  private func write(_ bytes: [UInt8], to descriptor: Int32, path: String) throws(FileError) {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress! + done, bytes.count - done)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw failure("write", path)
      }
      done += count
    }
    guard fsync(descriptor) == 0 || errno == EINVAL || errno == EROFS else { throw failure("sync", path) }
  }

  /// Makes a rename survive a power cut.
  private func syncFolder(of path: String) throws(FileError) {
    let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("sync folder", folder) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw failure("sync folder", folder) }
  }

  private func failure(_ operation: String, _ path: String) -> FileError {
    FileError(operation: operation, path: path, code: errno)
  }
}
