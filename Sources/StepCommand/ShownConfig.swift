import DeploymentConfig
import JSONValues
import Records

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
      "production": .bool(session.isProduction),
      "config": .string(session.config.path),
      "values": .array(values),
      "stacks": .array(
        policy.sorted(session.config.stacks.map(\.role)).compactMap { role in
          session.config.stack(role).map { ["role": .string($0.role), "name": .string($0.name)] }
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
}
