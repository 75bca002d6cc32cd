import DeploymentConfig
import HurlFile
import Redaction
import SystemInterfaces

/// Where the variables of Hurl files come from; later ones win.
public enum SmokeVariables {
  /// The configuration, the policy, `HURL_…` of the environment, those `given` on the command line. What is secret
  /// among them is learned by `redactor`.
  public static func make(
    config: DeploymentConfig, policy: SmokePolicy, environment: Environment,
    given: [(name: String, value: String)] = [], secretNames: Set<String> = [], redactor: Redactor
  ) -> HurlVariables {
    var variables = HurlVariables()
    func set(_ name: String, _ value: HurlValue, _ text: String) {
      redactor.learn(text, named: name)
      if secretNames.contains(name) || Redactor.isSecretName(name) {
        variables.setSecret(name, value)
      } else {
        variables[name] = value
      }
    }
    for entry in config.entries { set(entry.name, .string(entry.value), entry.value) }
    for (name, text) in policy.variables { set(name, HurlValue(inferredFrom: text), text) }
    for (name, text) in environment.variables.sorted(by: { $0.key < $1.key })
    where name.hasPrefix("HURL_") {
      let bare = name.dropFirst(name.hasPrefix("HURL_VARIABLE_") ? "HURL_VARIABLE_".count : "HURL_".count)
      if !bare.isEmpty { set(String(bare), HurlValue(inferredFrom: text), text) }
    }
    for (name, text) in given { set(name, HurlValue(inferredFrom: text), text) }
    return variables
  }
}
