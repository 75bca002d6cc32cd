import Foundation
import TestSupport

extension TestRepository {
  /// A repository with two commits: the files of `base`, then those of `head`, of which nil takes one away.
  convenience init(base: [String: String], head: [String: String?]) throws {
    try self.init()
    try write(".backstop/\n", to: ".gitignore")
    for (path, text) in base { try write(text, to: path) }
    try commit("First", at: 1)
    for (path, text) in head {
      if let text {
        try write(text, to: path)
      } else {
        try FileManager.default.removeItem(atPath: "\(self.path)/\(path)")
      }
    }
    try commit("Second", at: 2)
  }
}
