/// A file that differs, with both its contents.
struct ChangedFile: Sendable {
  /// In the newer version, or in the older one where it is gone.
  var path: String
  /// In the older version, where it was called otherwise.
  var oldPath: String?
  /// nil where it is not there.
  var old: [UInt8]?, new: [UInt8]?
  /// Whether it is a symbolic link or a submodule in the newer version: its content is no template and no SQL.
  var isLink = false

  var name: String { path.split(separator: "/").last.map(String.init) ?? path }
  /// The file's name in the older version.
  var oldName: String { oldPath.flatMap { $0.split(separator: "/").last.map(String.init) } ?? name }
  var fileExtension: String {
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "" }
    return name[name.index(after: dot)...].lowercased()
  }
}

/// A path that differs, whatever it holds and whether or not anybody reads it.
struct ChangedPath: Hashable, Sendable {
  /// In the newer version, or in the older one where it is gone.
  var path: String
  /// In the older version, where it was called otherwise.
  var oldPath: String?
  /// What stands there before and after.
  var old: Kind?, new: Kind?
  /// Whether content and kind stay: only the name is another one.
  var isMoved = false

  /// What a path leads to.
  enum Kind: Hashable, Sendable { case file, link, submodule }
}

/// What is compared: the files that differ, and any other file of both versions when asked for.
struct Change {
  /// For people and for the record.
  var base: String, head: String, because: String
  /// All that differ, however many were read.
  var changedCount: Int
  /// All that differ.
  var all: [ChangedPath] = []
  /// The paths of all that differ.
  var paths: [String] { all.map(\.path) }
  /// Those that the judges may read.
  var files: [ChangedFile]
  /// Paths of changed files, judged or not: (old, new).
  var readOld: (String) throws -> [UInt8]?
  var readNew: (String) throws -> [UInt8]?
  /// Files of the base's tip, which no author of the change can choose.
  var readTip: (String) throws -> [UInt8]?
  /// Paths below a folder of the newer version.
  var listNew: (_ folder: String) throws -> [String]
  /// Paths of the files directly in a folder of the newer version.
  var listFolder: (_ folder: String) throws -> [String]
  /// The newest commits of the change: `HEAD`, and the commit that a CI's merge took in.
  var heads: Set<String> = []
  /// Commit messages of the change with their short ids.
  var messages: [(id: String, text: String)]
}
