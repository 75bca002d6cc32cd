import JSONValues

/// Where a PostgreSQL database is and who asks: as variables of libpq, so that no secret stands on a command line.
public struct DatabaseAddress: Hashable, Sendable {
  /// Variables such as `PGHOST`; `PGPASSWORD` is the secret one.
  public private(set) var variables: [String: String]
  /// Where it was found, such as `DATABASE_URL`.
  public var source: String

  /// The password, for the redactor.
  public var password: String? { variables["PGPASSWORD"] }

  /// Host, port and database for messages, without user and password.
  public var shown: String {
    let host = variables["PGHOST"] ?? "the local socket"
    return (variables["PGDATABASE"].map { "\($0) on " } ?? "") + host
      + (variables["PGPORT"].map { ":\($0)" } ?? "")
  }

  /// An address of variables.
  public init(variables: [String: String], source: String) {
    self.variables = variables
    self.source = source
  }

  /// Reads `postgresql://user:password@host:port/database?sslmode=require`, as libpq does, several hosts included.
  ///
  /// A driver's name (`postgresql+asyncpg`) is passed over, as are parameters that libpq does not know: they speak to
  /// the application's driver.
  /// - Throws: `PsqlError` of kind `badAddress`, whose message does not quote the URL.
  public init(url: String, source: String) throws(PsqlError) {
    func wrong(_ what: String) -> PsqlError {
      PsqlError(
        .badAddress, "\(source): \(what)",
        advice: "write it as postgresql://user:password@host:5432/database?sslmode=require")
    }
    guard let mark = url.firstRange(of: "://") else { throw wrong("is no URL") }
    let scheme = url[..<mark.lowerBound].prefix { $0 != "+" }.lowercased()
    guard scheme == "postgresql" || scheme == "postgres" else {
      throw wrong("'\(scheme)' is not PostgreSQL")
    }
    var rest = url[mark.upperBound...].prefix { $0 != "#" }
    var found: [String: String] = [:]
    func decoded(_ text: Substring) throws(PsqlError) -> String {
      guard let text = PercentDecoding.decoded(text) else { throw wrong("has a malformed % escape") }
      return text
    }
    var query = Substring()
    if let start = rest.firstIndex(of: "?") {
      query = rest[rest.index(after: start)...]
      rest = rest[..<start]
    }
    let authority = rest.prefix { $0 != "/" }
    if authority.endIndex < rest.endIndex {
      let database = try decoded(rest[rest.index(after: authority.endIndex)...])
      if !database.isEmpty { found["PGDATABASE"] = database }
    }
    var hosts = authority
    // A password may hold an @ that nobody escaped: the last one parts it from the host.
    if let at = authority.lastIndex(of: "@") {
      hosts = authority[authority.index(after: at)...]
      let user = authority[..<at]
      let name = user.prefix { $0 != ":" }
      if !name.isEmpty { found["PGUSER"] = try decoded(name) }
      if name.endIndex < user.endIndex {
        found["PGPASSWORD"] = try decoded(user[user.index(after: name.endIndex)...])
      }
    }
    let places = hosts.split(separator: ",", omittingEmptySubsequences: false).map(DatabaseAddress.place)
    if !hosts.isEmpty {
      var names: [String] = []
      for place in places { names.append(try decoded(place.host)) }
      if names.contains(where: { !$0.isEmpty }) { found["PGHOST"] = names.joined(separator: ",") }
      let ports = places.map { String($0.port) }
      guard ports.allSatisfy({ $0.isEmpty || UInt16($0) != nil }) else {
        throw wrong("the port is no number from 1 to 65535")
      }
      if ports.contains(where: { !$0.isEmpty }) { found["PGPORT"] = ports.joined(separator: ",") }
    }
    for pair in query.split(separator: "&") {
      let name = pair.prefix { $0 != "=" }
      let value = name.endIndex < pair.endIndex ? pair[pair.index(after: name.endIndex)...] : ""
      guard let variable = DatabaseAddress.parameters[try decoded(name)] else { continue }
      let text = try decoded(value)
      // asyncpg and node-postgres say ssl=true where libpq says sslmode=require.
      found[variable] = name == "ssl" && ["true", "1"].contains(text) ? "require" : text
    }
    self.init(variables: found, source: source)
  }

  /// Reads the JSON of a Secrets Manager secret for RDS: `host`, `port`, `username`, `password`, `dbname`; or `url`.
  /// - Parameters:
  ///   - host: the database's own address where the secret names none, as those that RDS manages do.
  ///   - port: its port.
  ///   - database: its name.
  public init(
    secret: String, source: String, host: String? = nil, port: Int? = nil, database: String? = nil
  ) throws(PsqlError) {
    // What a secret holds is never quoted, not even where it cannot be read.
    let parsed = try? JSONValue(parsing: Array(secret.utf8))
    guard let object = parsed?.object else {
      if secret.contains("://") {
        self = try DatabaseAddress(url: secret, source: source)
        return
      }
      throw PsqlError(
        .badAddress, "\(source) is neither a JSON object nor a URL", advice: DatabaseAddress.secretAdvice)
    }
    func text(_ names: String...) -> String? {
      for name in names {
        switch object[name] {
        case .string(let text) where !text.isEmpty: return text
        case .number(let number): return number.text
        default: continue
        }
      }
      return nil
    }
    if let url = text("url", "DATABASE_URL", "connectionString") {
      self = try DatabaseAddress(url: url, source: source)
      return
    }
    if let engine = text("engine"), !engine.lowercased().contains("postgres") {
      throw PsqlError(
        .badAddress, "\(source) is for \(engine), not for PostgreSQL", advice: DatabaseAddress.secretAdvice)
    }
    guard let user = text("username", "user"), let password = text("password") else {
      throw PsqlError(
        .badAddress, "\(source) has no username and password", advice: DatabaseAddress.secretAdvice)
    }
    guard let host = text("host", "hostname") ?? host else {
      throw PsqlError(.badAddress, "\(source) names no host", advice: DatabaseAddress.secretAdvice)
    }
    var found = ["PGHOST": host, "PGUSER": user, "PGPASSWORD": password]
    found["PGPORT"] = text("port") ?? port.map(String.init)
    found["PGDATABASE"] = text("dbname", "database", "dbName") ?? database
    self.init(variables: found, source: source)
  }

  private static let secretAdvice =
    "set DATABASE_URL, or keep host, port, username, password and dbname in the secret, as RDS does"

  private static func place(_ text: Substring) -> (host: Substring, port: Substring) {
    if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
      let rest = text[text.index(after: end)...]
      return (text[text.index(after: text.startIndex)..<end], rest.hasPrefix(":") ? rest.dropFirst() : "")
    }
    guard let colon = text.lastIndex(of: ":") else { return (text, "") }
    return (text[..<colon], text[text.index(after: colon)...])
  }

  /// Parameters of a URL and the variables that mean the same (PostgreSQL's manual, "Environment Variables").
  private static let parameters = [
    "host": "PGHOST", "hostaddr": "PGHOSTADDR", "port": "PGPORT", "dbname": "PGDATABASE", "user": "PGUSER",
    "password": "PGPASSWORD", "passfile": "PGPASSFILE", "channel_binding": "PGCHANNELBINDING",
    "service": "PGSERVICE", "options": "PGOPTIONS", "sslmode": "PGSSLMODE", "ssl": "PGSSLMODE",
    "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY", "sslrootcert": "PGSSLROOTCERT", "sslcrl": "PGSSLCRL",
    "sslsni": "PGSSLSNI", "requirepeer": "PGREQUIREPEER", "krbsrvname": "PGKRBSRVNAME",
    "gssencmode": "PGGSSENCMODE", "connect_timeout": "PGCONNECT_TIMEOUT",
    "client_encoding": "PGCLIENTENCODING",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
  ]
}

/// `%41` as `A`.
enum PercentDecoding {
  /// nil where an escape is malformed or what comes out is not UTF-8.
  static func decoded(_ text: Substring) -> String? {
    guard text.contains("%") else { return String(text) }
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      else { return nil }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }
}
