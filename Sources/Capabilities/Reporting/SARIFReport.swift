import DeploymentRecords
import JSONValues
import StepResults
import SystemInterfaces

/// SARIF 2.1.0, as GitHub's and GitLab's code scanning read it: stable rule ids, relative paths, fingerprints.
public enum SARIFReport: ReportFormat {
  /// GitHub takes at most 25,000 results a run.
  static let resultLimit = 25_000

  public static func render(_ report: Report) -> String {
    let codes = Set(report.findings.map(\.code))
    let described = report.catalog.filter { codes.contains($0.code) }
    let undescribed = codes.subtracting(described.map(\.code)).sorted().map { FindingDescription($0, $0) }
    let rules = described + undescribed
    let positions = Dictionary(
      rules.enumerated().map { ($1.code, $0) }, uniquingKeysWith: { first, _ in first })
    let document: JSONValue = [
      "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
      "version": "2.1.0",
      "runs": [
        [
          "tool": [
            "driver": [
              "name": .string("backstop \(report.step.rawValue)"),
              "semanticVersion": .string(ToolVersion.current.version),
              "rules": .array(rules.map(rule)),
            ]
          ],
          "automationDetails": ["id": .string("backstop/\(report.step.rawValue)/\(report.environment)/")],
          "invocations": [
            [
              "executionSuccessful": true, "startTimeUtc": .string(report.startedAt.description),
              "endTimeUtc": .string(report.finishedAt.description),
            ]
          ],
          "columnKind": "utf16CodeUnits",
          "results": .array(report.findings.prefix(resultLimit).map { result($0, positions[$0.code] ?? 0) }),
        ]
      ],
    ]
    return document.serialized(pretty: true) + "\n"
  }

  private static func rule(_ description: FindingDescription) -> JSONValue {
    var rule: [JSONObject.Member] = [
      .init("id", .string(description.code)),
      .init("shortDescription", ["text": .string(description.meaning)]),
    ]
    if !description.remedy.isEmpty { rule.append(.init("help", ["text": .string(description.remedy)])) }
    return .object(JSONObject(rule))
  }

  private static func result(_ finding: Finding, _ rule: Int) -> JSONValue {
    var members: [JSONObject.Member] = [
      .init("ruleId", .string(finding.code)),
      .init("ruleIndex", .number(JSONNumber(rule))),
      .init("level", .string(level(finding.severity))),
      .init("message", ["text": .string(OutsideText.sarif(finding.message))]),
      .init("partialFingerprints", ["backstop/v1": .string(finding.fingerprint)]),
    ]
    if let path = finding.path {
      members.append(
        .init(
          "locations",
          [
            [
              "physicalLocation": [
                "artifactLocation": ["uri": .string(uri(path))],
                "region": ["startLine": .number(JSONNumber(max(1, finding.line ?? 1)))],
              ]
            ]
          ]))
    }
    return .object(JSONObject(members))
  }

  private static func level(_ severity: Severity) -> String {
    switch severity {
    case .error: "error"
    case .warning: "warning"
    case .notice: "note"
    }
  }

  /// A path as a relative URI: everything but unreserved characters and slashes is escaped.
  private static func uri(_ path: String) -> String {
    let hex = Array("0123456789ABCDEF".utf8)
    var out: [UInt8] = []
    for byte in path.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "-"), UInt8(ascii: "_"),
        UInt8(ascii: "."), UInt8(ascii: "~"):
        out.append(byte)
      default: out += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
      }
    }
    return String(decoding: out, as: UTF8.self)
  }
}
