import Synchronization
import SystemInterfaces

/// What the SDKs' variables and shared files say. The files are read when first asked for.
public final class AWSConfiguration: Sendable {
  /// The variables.
  public let environment: Environment
  let files: any FileSystem
  private let read = Mutex<Result<AWSProfiles, ProfileError>?>(nil)

  /// - Parameter files: `~/.aws/config` and `~/.aws/credentials`, or the files that `AWS_CONFIG_FILE` and
  ///   `AWS_SHARED_CREDENTIALS_FILE` name, are read from it.
  public init(environment: Environment, files: any FileSystem) {
    self.environment = environment
    self.files = files
  }

  /// The profile in use: `AWS_PROFILE`, else `default`.
  public var profileName: String {
    environment.nonEmpty("AWS_PROFILE") ?? environment.nonEmpty("AWS_DEFAULT_PROFILE") ?? "default"
  }

  /// `AWS_REGION`, else `AWS_DEFAULT_REGION`, else the profile's region; nil where none is named.
  public var region: String? {
    environment.nonEmpty("AWS_REGION") ?? environment.nonEmpty("AWS_DEFAULT_REGION")
      ?? profile?["region"]
  }

  /// The file of authorities that AWS's tools trust: `AWS_CA_BUNDLE`, else the profile's `ca_bundle`.
  public var authoritiesFile: (setting: String, path: String)? {
    if let path = environment.nonEmpty("AWS_CA_BUNDLE") { return ("AWS_CA_BUNDLE", path) }
    guard let path = profile?["ca_bundle"], !path.isEmpty else { return nil }
    return ("ca_bundle of the profile \(profileName)", path)
  }

  /// The profile's own `endpoint_url`.
  var profileEndpoint: String? { profile?["endpoint_url"] }

  /// The profile in use; nil where there is none or the files cannot be read. Who needs credentials from it asks `profiles`.
  private var profile: [String: String]? {
    switch Result(catching: { () throws(ProfileError) in try profiles() }) {
    case .success(let profiles): profiles[profileName]
    case .failure: nil
    }
  }

  /// All profiles of both files.
  func profiles() throws(ProfileError) -> AWSProfiles {
    try read.withLock { known in
      if let known { return known }
      let made = Result(catching: { () throws(ProfileError) in try readProfiles() })
      known = made
      return made
    }.get()
  }

  private func readProfiles() throws(ProfileError) -> AWSProfiles {
    var profiles = AWSProfiles()
    for (variable, name, isConfig) in [
      ("AWS_CONFIG_FILE", "config", true), ("AWS_SHARED_CREDENTIALS_FILE", "credentials", false),
    ] {
      guard let path = path(variable, name) else { continue }
      do {
        try profiles.add(try files.readText(path), path: path, isConfig: isConfig)
      } catch let error as FileError {
        // An absent file says nothing; one that cannot be read may say everything.
        if !error.isNotFound { throw ProfileError(message: error.description) }
      } catch let error as ProfileError {
        throw error
      } catch {
        throw ProfileError(message: "\(path): \(error)")
      }
    }
    return profiles
  }

  private func path(_ variable: String, _ name: String) -> String? {
    let home = environment.nonEmpty("HOME")
    guard let given = environment.nonEmpty(variable) else { return home.map { "\($0)/.aws/\(name)" } }
    if given.hasPrefix("~/"), let home { return home + given.dropFirst() }
    return given
  }
}

/// A shared file that cannot be read or understood.
struct ProfileError: Error, Hashable, Sendable {
  var message: String
}

/// The profiles of the shared files: names and settings.
struct AWSProfiles: Hashable, Sendable {
  private var settings: [String: [String: String]] = [:]
  private(set) var paths: [String] = []

  /// The settings of the profile `name`; those of the credentials file win.
  subscript(_ name: String) -> [String: String]? { settings[name] }

  /// Reads one file: `[profile NAME]` in the config file, `[NAME]` in the credentials file, `key = value`, comments.
  mutating func add(_ text: String, path: String, isConfig: Bool) throws(ProfileError) {
    paths.append(path)
    var section: String?
    for (position, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    {
      // An indented line belongs to the setting before it (`s3 =`), and holds nothing for us.
      guard let first = line.first, !first.isWhitespace, first != "#", first != ";" else { continue }
      if first == "[" {
        guard let end = line.firstIndex(of: "]") else {
          throw ProfileError(message: "\(path) line \(position + 1): a section name ends in ]")
        }
        section = AWSProfiles.profileName(line[line.index(after: line.startIndex)..<end], isConfig: isConfig)
        if let section, settings[section] == nil { settings[section] = [:] }
        continue
      }
      guard let mark = line.firstIndex(of: "=") else {
        throw ProfileError(message: "\(path) line \(position + 1): expected a section or key = value")
      }
      guard let section else { continue }
      let key = line[..<mark].split(whereSeparator: \.isWhitespace).joined().lowercased()
      settings[section, default: [:]][key] = AWSProfiles.value(line[line.index(after: mark)...])
    }
  }

  /// Nil for sections that are no profile, such as `[sso-session x]`.
  private static func profileName(_ section: Substring, isConfig: Bool) -> String? {
    let words = section.split(maxSplits: 1, whereSeparator: \.isWhitespace).map(String.init)
    guard let first = words.first else { return nil }
    if words.count == 2, first == "profile" {
      return String(words[1].drop(while: \.isWhitespace).split(whereSeparator: \.isWhitespace).first ?? "")
        .split { $0 == "\"" }.joined()
    }
    if words.count > 1 { return nil }
    return !isConfig || first == "default" ? first : nil
  }

  /// Without surrounding white space and without a comment that follows white space.
  private static func value(_ text: Substring) -> String {
    var end = text.endIndex
    for mark in text.indices where text[mark] == "#" || text[mark] == ";" {
      if mark > text.startIndex, text[text.index(before: mark)].isWhitespace {
        end = mark
        break
      }
    }
    let kept = text[..<end].drop(while: \.isWhitespace)
    return String(
      kept.prefix(upTo: kept.lastIndex { !$0.isWhitespace }.map { kept.index(after: $0) } ?? kept.startIndex))
  }
}
