import AWSClients
import HTTPTransport
import HurlFile
import Redaction
import Synchronization
import SystemInterfaces

/// What all Hurl files of a run share.
public struct HurlEnvironment: Sendable {
  /// Files are read from below this folder and from nowhere else; absolute.
  public var root: String
  /// Where they are read.
  public var files: any FileSystem
  /// Where `newUuid` comes from.
  public var random: Randomness
  /// Where answers name their version.
  public var versionSource = VersionSource.usual
  /// Told of every captured secret before anything is written.
  public var learnSecret: @Sendable (String) -> Void
  /// Whether a name covers a secret.
  public var isSecretName: @Sendable (String) -> Bool
  /// Signs a request as `aws-sigv4` asks; nil where that cannot be done.
  public var sign: (@Sendable (HTTPRequest, SigningOrder) async throws -> HTTPRequest)?
  /// Told of requests and answers of entries that ask for it.
  public var log: @Sendable (String) -> Void = { _ in }
  /// Whether this machine has what XPath needs.
  public var hasXPath: @Sendable () -> Bool = { XPathLibrary.isPresent }
  /// Whether the last body of each file is kept.
  public var keepsLastBody = false

  /// An environment that signs nothing unless told how.
  public init(
    root: String, files: any FileSystem, random: Randomness,
    learnSecret: @escaping @Sendable (String) -> Void = { _ in },
    isSecretName: @escaping @Sendable (String) -> Bool = { _ in false }
  ) {
    self.root = root
    self.files = files
    self.random = random
    self.learnSecret = learnSecret
    self.isSecretName = isSecretName
  }
}

extension HurlEnvironment {
  /// An environment whose captured secrets `redactor` learns and whose signatures are made with `client`'s credentials,
  /// unless a file gives others.
  public init(
    root: String, files: any FileSystem, random: Randomness, redactor: Redactor,
    client: @escaping @Sendable (_ region: String?) throws -> AWSClient
  ) {
    self.init(
      root: root, files: files, random: random, learnSecret: { redactor.learn($0) },
      isSecretName: Redactor.isSecretName)
    sign = { request, order in
      let scope = order.scope(host: WebAddress(request.url)?.host ?? "")
      var given: AWSCredentials?
      if let id = order.accessId, let secret = order.secret {
        given = AWSCredentials(accessKeyId: id, secretAccessKey: secret)
      }
      return try await client(scope.region).signed(
        request, service: scope.service, region: scope.region, with: given)
    }
  }
}

/// What an `aws-sigv4` option asks for.
public struct SigningOrder: Hashable, Sendable {
  /// The region and service; nil means: from the host's name.
  public var region: String?, service: String?
  /// `user` as access key id and secret key; nil means the run's own AWS credentials.
  public var accessId: String?, secret: String?

  /// The signing name and region for `host`: what the file says, else what the host's name says
  /// (`x.execute-api.REGION.amazonaws.com`, `x.lambda-url.REGION.on.aws`), else `execute-api` and none.
  public func scope(host: String) -> (service: String, region: String?) {
    let parts = host.lowercased().split(separator: ".").map(String.init)
    let mark = parts.firstIndex { $0 == "execute-api" || $0 == "lambda-url" }
    let named = mark.map { parts[$0] == "lambda-url" ? "lambda" : "execute-api" }
    let place = mark.flatMap { $0 + 1 < parts.count ? parts[$0 + 1] : nil }
    return (service ?? named ?? "execute-api", region ?? place)
  }
}

/// The state that the entries of one file share: variables and cookies.
public final class HurlSession: Sendable {
  struct State: Sendable {
    var variables: HurlVariables
    var cookies = CookieJar()
    /// The body of the entry that stands last among those answered so far, and its line.
    var lastBody: (line: Int, bytes: [UInt8])?
    /// Captures that did not come about, and the line that should have made them.
    var missing: [String: Int] = [:]
  }
  let environment: HurlEnvironment
  /// The folder of the file, absolute.
  let folder: String
  private let state: Mutex<State>

  /// A session with `variables` for the file at `path` (absolute).
  public init(path: String, variables: HurlVariables, environment: HurlEnvironment) {
    self.environment = environment
    folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    state = Mutex(State(variables: variables))
  }

  /// The variables as they stand.
  public var variables: HurlVariables { state.withLock { $0.variables } }

  /// The body that answered the last entry, where it is kept.
  public var lastBody: [UInt8]? { state.withLock { $0.lastBody?.bytes } }

  /// Takes over what another file captured.
  public func adopt(_ variables: HurlVariables) {
    state.withLock { state in
      for name in variables.names where state.variables[name] == nil {
        guard let value = variables[name] else { continue }
        if variables.secretNames.contains(name) {
          state.variables.setSecret(name, value)
        } else {
          state.variables[name] = value
        }
      }
    }
  }

  func update<Value: Sendable>(_ change: (inout State) -> Value) -> Value {
    state.withLock { change(&$0) }
  }

  /// What is known of this file's surroundings before its first request.
  func foreknowledge(
    _ variables: HurlVariables, comingNames: Set<String>, requiresVariables: Bool
  ) -> HurlForeknowledge {
    let access = FileAccess(root: environment.root, folder: folder, files: environment.files)
    return HurlForeknowledge(
      variables: variables, comingNames: comingNames, requiresVariables: requiresVariables,
      whyUnreadable: { access.whyUnreadable($0) },
      whyOptionUnreadable: { [environment, folder] name in
        let beside = name.hasPrefix("/") ? name : "\(folder)/\(name)"
        if environment.files.exists(beside) || environment.files.exists(name) { return nil }
        return "there is no file \(name)"
      })
  }

  /// What rendering and judging need.
  func context(now: Timestamp) -> HurlContext {
    HurlContext(now: now, randomness: environment.random) { [environment, folder] name in
      try FileAccess(root: environment.root, folder: folder, files: environment.files).read(name)
    }
  }
}

/// Reads files that a Hurl file names: relative to its folder, and never outside the project.
struct FileAccess {
  let root: String
  let folder: String
  let files: any FileSystem

  /// Why a file was not read.
  struct Refusal: Error, CustomStringConvertible {
    let description: String
  }

  /// Why `name` cannot be read; nil where it can.
  func whyUnreadable(_ name: String) -> String? {
    do {
      _ = try real(name)
      return nil
    } catch {
      return "\(error)"
    }
  }

  func read(_ name: String) throws -> [UInt8] {
    let real = try real(name)
    do throws(FileError) {
      return try files.read(real)
    } catch {
      throw Refusal(description: "cannot read file \(name): \(error.reason)")
    }
  }

  /// The file that `name` leads to, which is there and inside the project.
  private func real(_ name: String) throws -> String {
    let path = name.hasPrefix("/") ? name : "\(folder)/\(name)"
    let real: String
    do throws(FileError) {
      real = try files.realPath(path)
    } catch {
      throw Refusal(description: "cannot read file \(name): \(error.reason)")
    }
    let realRoot = try files.realPath(root)
    guard real.hasPrefix(realRoot == "/" ? "/" : realRoot + "/") else {
      throw Refusal(description: "file \(name) lies outside the project's folder \(root) and is not read")
    }
    return real
  }
}
