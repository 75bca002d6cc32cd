import AWSClients
import DeploymentRecords
import JSONValues

/// What a function ran with, compared with what it runs with now. Variables' values may be secrets: they are compared, and
/// never told.
struct RecordedFunction {
  let state: FunctionState

  init(_ state: FunctionState) { self.state = state }

  /// What differs, each in words and with how it was and is; empty where nothing does.
  struct Difference {
    var recorded: String, live: String
    /// Sets all of it again.
    var change = FunctionChange()
    /// The limit on calls at once to set; nil takes it away. Only where it differs.
    var concurrency: Int??

    var isEmpty: Bool { change.isEmpty && concurrency == nil }
  }

  /// - Parameter isWrittenByStack: whether CloudFormation wrote the function last. Then what a template takes from other
  ///   resources, such as the address of a queue in a variable or the role, is CloudFormation's word, and may well be another
  ///   than recorded; only what no other resource decides is compared.
  func difference(
    _ now: FunctionConfiguration, concurrency: Int??, isWrittenByStack: Bool
  ) -> Difference {
    var found = Difference(recorded: "", live: "")
    var parts: [(recorded: String, live: String)] = []
    func compare<Value: Equatable>(
      _ name: String, _ recorded: Value?, _ live: Value?, _ field: WritableKeyPath<FunctionChange, Value?>
    ) {
      guard let recorded, recorded != live else { return }
      found.change[keyPath: field] = recorded
      parts.append(("\(name)=\(recorded)", "\(name)=\(live.map { "\($0)" } ?? "none")"))
    }
    compare("timeout", state.timeout, now.timeoutSeconds, \.timeoutSeconds)
    compare("memory", state.memory, now.memoryMegabytes, \.memoryMegabytes)
    if let settings = state.settings {
      compare("handler", settings.handler, now.handler, \.handler)
      compare("runtime", settings.runtime, now.runtime, \.runtime)
      for name in ["EphemeralStorage", "TracingConfig"] { further(name, settings, now, &found, &parts) }
      if case .some(let live) = concurrency, live != settings.reservedConcurrency {
        found.concurrency = .some(settings.reservedConcurrency)
        parts.append(
          (
            "reserved concurrency=\(settings.reservedConcurrency.map { "\($0)" } ?? "none")",
            "reserved concurrency=\(live.map { "\($0)" } ?? "none")"
          ))
      }
      if !isWrittenByStack {
        compare("role", settings.role, now.role, \.role)
        if settings.layers != now.layers {
          found.change.layers = settings.layers
          parts.append(("layers=\(Self.list(settings.layers))", "layers=\(Self.list(now.layers))"))
        }
        if settings.environment != now.environment {
          found.change.environment = settings.environment
          let names = Self.changed(settings.environment, now.environment)
          parts.append(("variables as recorded", "other variables (\(names.joined(separator: ", ")))"))
        }
        for name in ["DeadLetterConfig", "FileSystemConfigs", "KMSKeyArn", "VpcConfig"] {
          further(name, settings, now, &found, &parts)
        }
      }
    }
    found.recorded = parts.map(\.recorded).joined(separator: ", ")
    found.live = parts.map(\.live).joined(separator: ", ")
    return found
  }

  private func further(
    _ name: String, _ settings: FunctionSettings, _ now: FunctionConfiguration, _ found: inout Difference,
    _ parts: inout [(recorded: String, live: String)]
  ) {
    // A restore point of an earlier version does not hold it.
    guard let recorded = settings.further?[name], recorded != now.further[name] else { return }
    found.change.further[name] = recorded
    parts.append(
      ("\(name)=\(recorded.serialized())", "\(name)=\(now.further[name]?.serialized() ?? "none")"))
  }

  private static func list(_ parts: [String]) -> String {
    parts.isEmpty ? "none" : parts.joined(separator: " ")
  }

  /// Names of variables that are not in both with one value.
  private static func changed(_ one: [String: String], _ other: [String: String]) -> [String] {
    Set(one.keys).union(other.keys).filter { one[$0] != other[$0] }.sorted()
  }
}
