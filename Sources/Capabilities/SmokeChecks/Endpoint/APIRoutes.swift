import DeploymentConfig

/// What is asked about the routes of an API.
public protocol APIPlane: Sendable {
  /// The routes of an API, or nil where there is none of that id.
  func routes(
    ofAPI id: String, isREST: Bool, of stack: String?
  ) async throws(ControlPlaneError) -> [APIRoute]?
  /// The template that a stack was deployed from; nil where there is no such stack.
  func template(ofStack name: String) async throws(ControlPlaneError) -> String?
}

/// A method of a path, and what it wants of a caller.
public struct APIRoute: Hashable, Sendable {
  /// Such as `GET`, `ANY` or `$default`.
  public var method: String
  /// Such as `/orders/{id}`.
  public var path: String
  /// Whether a request without the API key is refused.
  public var wantsKey: Bool
  /// Whether a caller needs other credentials than the key: a signature, a token.
  public var wantsMore: Bool
  /// Whether a resource policy may keep a caller out, whatever it proves.
  public var mayBeKeptOut = false

  /// A route.
  public init(method: String, path: String, wantsKey: Bool, wantsMore: Bool = false) {
    self.method = method
    self.path = path
    self.wantsKey = wantsKey
    self.wantsMore = wantsMore
  }
}

/// The routes of the API behind an endpoint.
struct APIRoutes: Hashable, Sendable {
  private let routes: [APIRoute]

  /// - Parameter base: the part of the paths that the endpoint holds already.
  init(_ routes: [APIRoute], base: String = "") {
    self.routes = routes.compactMap { route in
      guard route.path.isEmpty || base.isEmpty || (route.path + "/").hasPrefix(base + "/") else { return nil }
      var route = route
      if !route.path.isEmpty { route.path.removeFirst(base.count) }
      if route.path.isEmpty, route.method != "$default" { route.path = "/" }
      return route
    }
  }

  /// Those that answer GET.
  private var readable: [APIRoute] { routes.filter { ["GET", "ANY"].contains($0.method) } }

  /// What answers `GET path`; nil where nothing does.
  func route(_ path: String) -> APIRoute? {
    readable.first { $0.path == path && $0.method == "GET" } ?? readable.first { $0.path == path }
      ?? readable.first { APIRoutes.isGreedy($0.path, over: path) }
      ?? routes.first { $0.method == "$default" }
  }

  private static func isGreedy(_ pattern: String, over path: String) -> Bool {
    guard pattern.hasSuffix("+}"), let brace = pattern.lastIndex(of: "{") else { return false }
    return path.count > pattern[..<brace].count && path.hasPrefix(pattern[..<brace])
  }

  /// The path that tells best whether the API is well: its root, else what is called like a health check.
  var healthPath: String? {
    let usual = ["/", "/health", "/healthz", "/status", "/ping", "/ready", "/live", "/version", "/info"]
    return usual.first { path in route(path).map { !$0.wantsMore } ?? false }
  }

  /// A path whose GET wants the key: the root before others, one without parameters before one with them.
  var guardedPath: String? {
    func rank(_ path: String) -> Int { path == "/" ? 0 : path.contains("{") ? 2 : 1 }
    let guarded = readable.filter { $0.wantsKey && !$0.path.isEmpty }.map(\.path).sorted { left, right in
      rank(left) == rank(right) ? left < right : rank(left) < rank(right)
    }
    // The key is asked for before anything looks at a parameter.
    return guarded.first.map { path in
      path.split(separator: "/", omittingEmptySubsequences: false)
        .map { $0.hasPrefix("{") ? "0" : String($0) }.joined(separator: "/")
    }
  }

  /// Whether a resource policy may keep callers out.
  var mayKeepOut: Bool { routes.contains(where: \.mayBeKeptOut) }

  /// Whether any method wants the key.
  var wantsKeyAnywhere: Bool { routes.contains(where: \.wantsKey) }
}

extension APIRoutes {
  /// The routes of the API at `endpoint`, or nil where they cannot be known: its id stands in the host's name, or one of
  /// the stacks owns it. What AWS does not tell is no fault: the checks then say less.
  static func find(
    endpoint: String, stacks: [ConfiguredStack], plane: any ControlPlane, apis: any APIPlane
  ) async -> APIRoutes? {
    let host = WebAddress(endpoint)?.host.lowercased() ?? ""
    let parts = host.split(separator: ".")
    let named = parts.count > 2 && parts[1].hasPrefix("execute-api") ? String(parts[0]) : nil
    let owners = stacks.filter { $0.role == "api" } + stacks.filter { $0.role != "api" }
    for stack in owners {
      do throws(ControlPlaneError) {
        let owned = try await plane.resources(ofStack: stack.name).filter {
          $0.type == "AWS::ApiGateway::RestApi" || $0.type == "AWS::ApiGatewayV2::Api"
        }
        guard
          let api = named == nil
            ? owned.count == 1 ? owned.first : nil : owned.first(where: { $0.physicalId == named })
        else { continue }
        let found = try await routes(of: api, in: stack.name, apis, isAlone: owned.count == 1)
        // The first part of the path is the stage's name there.
        let path = WebAddress(endpoint)?.path.split { "/?".contains($0) }.map(String.init) ?? []
        let base = named == nil ? "" : path.dropFirst().map { "/\($0)" }.joined()
        if let found { return APIRoutes(found, base: base) }
      } catch {
        // The stack's own check tells of it.
        continue
      }
    }
    return nil
  }

  /// What the live API says; where it may not be asked, what the template says that it was made from.
  private static func routes(
    of api: StackMember, in stack: String, _ apis: any APIPlane, isAlone: Bool
  ) async throws(ControlPlaneError) -> [APIRoute]? {
    let isREST = api.type == "AWS::ApiGateway::RestApi"
    do throws(ControlPlaneError) {
      return try await apis.routes(ofAPI: api.physicalId, isREST: isREST, of: stack)
    } catch {
      guard isAlone, let text = try await apis.template(ofStack: stack),
        let found = APITemplate.routes(text)
      else { throw error }
      return found
    }
  }
}
