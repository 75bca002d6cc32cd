extension HurlEntry {
  /// Resolves `[Options]`; `variable:` lines are set in `variables`, in order, and stay set for later entries.
  public func resolvedOptions(
    _ variables: inout HurlVariables, _ context: HurlContext
  ) throws(HurlRuntimeError) -> HurlOptions {
    var resolved = HurlOptions()
    for option in options {
      let resolver = OptionResolver(
        option: option, renderer: HurlRenderer(variables: variables, context: context))
      if case .variable(let name, let value) = option.value {
        variables[name] = try resolver.value(of: value)
      } else {
        try resolver.apply(to: &resolved)
      }
    }
    return resolved
  }
}

private struct OptionResolver {
  let option: HurlOption
  let renderer: HurlRenderer

  func value(of variable: HurlOption.VariableValue) throws(HurlRuntimeError) -> HurlValue {
    switch variable {
    case .literal(let value): value
    case .text(let template): .string(try renderer.text(template))
    }
  }

  func apply(to options: inout HurlOptions) throws(HurlRuntimeError) {
    switch option.name {
    case .awsSigV4: options.awsSigV4 = try text()
    case .caCertificate: options.caCertificate = try text()
    case .clientCertificate: options.clientCertificate = try text()
    case .clientKey: options.clientKey = try text()
    case .compressed: options.compressed = try bool()
    case .connectTo: options.connectTo.append(try text())
    case .resolve: options.resolve.append(try text())
    case .connectTimeout: options.connectTimeout = try duration()
    case .maxTime: options.maxTime = try duration()
    case .digest: options.digest = try bool()
    case .header: options.headers.append(try text())
    case .pinnedPublicKey: options.pinnedPublicKey = try text()
    case .unixSocket: options.unixSocket = try text()
    case .delay: options.delay = try duration()
    case .retryInterval: options.retryInterval = try duration()
    case .http10: if try bool() { options.version = .http10 }
    // Switching a version off asks for the one before it.
    case .http11: options.version = try bool() ? .http11 : .http10
    case .http2: options.version = try bool() ? .http2 : .http11
    case .http3: options.version = try bool() ? .http3 : .http2
    case .insecure: options.insecure = try bool()
    case .ipv4: options.addressFamily = try bool() ? .ipv4 : .ipv6
    case .ipv6: options.addressFamily = try bool() ? .ipv6 : .ipv4
    case .limitRate: options.limitRate = try number(smallest: 0)
    case .location: options.followsRedirects = try bool()
    case .locationTrusted:
      let isOn = try bool()
      if isOn { options.followsRedirects = true }
      options.sendsCredentialsToOtherHosts = isOn
    case .maxRedirects: options.maxRedirects = try number(smallest: -1)
    case .netrc: options.netrc = try bool()
    case .netrcFile: options.netrcFile = try text()
    case .netrcOptional: options.netrcOptional = try bool()
    case .noHeader: options.withoutHeaders.append(try text())
    case .noJSONPathCoercion: options.keepsJSONPathLists = try bool()
    case .output: options.output = try text()
    case .pathAsIs: options.pathAsIs = try bool()
    case .proxy: options.proxy = try text()
    case .repeat: options.repetitions = try number(smallest: -1)
    case .retry: options.retries = try number(smallest: -1)
    case .skip: options.skip = try bool()
    case .user: options.user = try text()
    case .variable: break
    case .verbose: if try bool() { options.verbosity = .verbose }
    case .veryVerbose: if try bool() { options.verbosity = .debug }
    case .verbosity:
      guard let verbosity = HurlOptions.Verbosity(rawValue: try text()) else {
        throw unexpected("brief, verbose or debug")
      }
      options.verbosity = verbosity
    }
  }

  private func text() throws(HurlRuntimeError) -> String {
    guard case .text(let template) = option.value else { throw unexpected("a text") }
    return try renderer.text(template)
  }

  private func bool() throws(HurlRuntimeError) -> Bool {
    switch option.value {
    case .bool(let value): return value
    case .placeholder(let expression, _):
      let value = try renderer.value(expression)
      guard case .bool(let bool) = value else { throw unexpected("true or false", value) }
      return bool
    default: throw unexpected("true or false")
    }
  }

  private func number(smallest: Int) throws(HurlRuntimeError) -> Int {
    switch option.value {
    case .number(let value): return value
    case .placeholder(let expression, _):
      let value = try renderer.value(expression)
      guard case .integer(let integer) = value, integer >= smallest, let number = Int(exactly: integer) else {
        throw unexpected("a whole number of at least \(smallest)", value)
      }
      return number
    default: throw unexpected("a whole number")
    }
  }

  private func duration() throws(HurlRuntimeError) -> Duration {
    switch option.value {
    case .duration(let value): return value
    case .placeholder(let expression, let unit):
      let value = try renderer.value(expression)
      guard case .integer(let integer) = value, (0...1_000_000_000).contains(integer) else {
        throw unexpected("a length of time as a whole number", value)
      }
      return (unit ?? .milliseconds(1)) * integer
    default: throw unexpected("a length of time")
    }
  }

  private func unexpected(_ expected: String, _ value: HurlValue? = nil) -> HurlRuntimeError {
    HurlRuntimeError(
      position: option.position,
      message:
        "the option \(option.name.rawValue) expects \(expected)\(value.map { ", not \($0.summary)" } ?? "")")
  }
}
