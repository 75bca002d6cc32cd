import AWSClients
import DeploymentConfig
import DeploymentRecords
import JSONValues
import Redaction
import StepResults
import SystemInterfaces

/// The document of `--show-config`: what a step would work with, and where each value came from.
struct ShownConfig {
  let document: JSONValue

  init(_ session: StepSession) {
    let redactor = session.redactor
    var values: [JSONValue] = session.config.entries.map { entry in
      [
        "name": .string(entry.name), "value": .string(redactor.redact(entry.value, named: entry.name)),
        "source": .string("\(session.config.path):\(entry.line)"),
      ]
    }
    for stack in session.config.stacks where stack.isDerived {
      values.append([
        "name": .string("\(stack.role.uppercased())_STACK"), "value": .string(stack.name),
        "source": "derived from the other stacks' names",
      ])
    }
    let policy = session.policy
    document = [
      "environment": .string(session.environment),
      "application": .string(session.application),
      "production": .bool(session.isProduction),
      "config": .string(session.config.path),
      "values": .array(values),
      "stacks": .array(
        policy.sorted(session.config.stacks.map(\.role)).compactMap { role in
          session.config.stack(role).map { ShownConfig.stack($0, session) }
        }),
      "policy": policy.path.map { .string($0) } ?? .null,
      "nonProduction": .array(policy.nonProduction.sorted().map { .string($0) }),
      "order": .array(policy.order.map { .string($0) }),
      "repository": session.repositoryRoot.map { .string($0) } ?? .null,
      "records": .string(session.records.root),
      "run": .string(session.records.run),
      "store": session.storeName.map { .string(redactor.redact($0)) } ?? .null,
      "ledger": [
        "recorded": .bool(policy.ledger.isRecorded), "pushed": .bool(session.pushesLedger),
        "remote": .string(redactor.redact(session.ledgerRemoteName)),
      ],
    ]
  }

  /// A stack, with whose credentials and where it is asked about.
  private static func stack(_ stack: ConfiguredStack, _ session: StepSession) -> JSONValue {
    let account = session.policy.account(of: stack.role, in: session.environment)
    var shown = JSONObject([.init("role", .string(stack.role)), .init("name", .string(stack.name))])
    let region =
      account?.region ?? session.config.region
      ?? AWSConfiguration(environment: session.context.environment, files: session.context.files).region
    shown["region"] = region.map { .string($0) } ?? .null
    guard let account else { return .object(shown) }
    if let role = account.role {
      shown["account"] = AmazonResourceName(role).map { .string($0.account) } ?? .null
      shown["assumedRole"] = .string(role)
      shown["externalId"] = account.externalId.map { .string(session.redactor.redact($0)) } ?? .null
      shown["sessionName"] = account.sessionName.map { .string($0) } ?? .null
    }
    shown["source"] = .string("\(session.policy.path ?? ""):\(account.line)")
    return .object(shown)
  }
}
