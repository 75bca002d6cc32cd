/// One inbound rule of a security group.
struct NetworkRule: Hashable {
  /// `tcp`, `udp`, `icmp`, a number, or `-1` for all.
  let protocolName: String
  /// Nil where the ports are not known.
  let ports: ClosedRange<Int>?
  /// The address block or group that may come in.
  let source: ResolvedValue

  /// The rules in the properties of a security group or of a single inbound rule.
  static func inbound(_ type: String, _ properties: ResolvedValue) -> [NetworkRule] {
    switch type {
    case "AWS::EC2::SecurityGroup": rules(properties["SecurityGroupIngress"])
    case "AWS::EC2::SecurityGroupIngress": rules(properties)
    default: []
    }
  }

  private static func rules(_ value: ResolvedValue) -> [NetworkRule] {
    switch value {
    case .list(let elements): elements.flatMap(rules)
    case .choice(_, let then, let otherwise): rules(then) + rules(otherwise)
    case .map: [NetworkRule(value)]
    default: []
    }
  }

  private init(_ value: ResolvedValue) {
    let name = value["IpProtocol"].text ?? "-1"
    protocolName = ["6": "tcp", "17": "udp", "1": "icmp", "all": "-1"][name] ?? name
    let from = value["FromPort"].text.flatMap { Int($0) }
    let to = value["ToPort"].text.flatMap { Int($0) }
    if protocolName == "-1" {
      ports = 0...65535
    } else if let from, let to, from <= to {
      ports = from == -1 ? 0...65535 : from...to
    } else {
      ports = from == nil && value["FromPort"] == .absent ? 0...65535 : nil
    }
    let keys = [
      "CidrIp", "CidrIpv6", "SourcePrefixListId", "SourceSecurityGroupId", "SourceSecurityGroupName",
    ]
    source = keys.map { value[$0] }.first { $0 != .absent } ?? .absent
  }

  /// Whether anyone on the Internet may come in.
  var isWorld: Bool { source == .text("0.0.0.0/0") || source == .text("::/0") }

  /// Whether it is a rule for web servers, which the world is meant to reach.
  var isWeb: Bool { protocolName == "tcp" && (ports == 80...80 || ports == 443...443) }

  /// Whether this rule lets in whatever `other` does.
  func covers(_ other: NetworkRule) -> Bool {
    guard protocolName == "-1" || protocolName == other.protocolName else { return false }
    guard self.ports == other.ports || contains(other.ports) else { return false }
    if source == other.source { return true }
    guard let wide = source.text, let narrow = other.source.text else { return false }
    if wide == "::/0" { return narrow.contains(":") }
    guard let block = IPv4Block(wide), let inner = IPv4Block(narrow) else { return false }
    return block.contains(inner)
  }

  private func contains(_ other: ClosedRange<Int>?) -> Bool {
    guard let ports, let other else { return false }
    return ports.lowerBound <= other.lowerBound && other.upperBound <= ports.upperBound
  }

  /// As `tcp 22 from 0.0.0.0/0`.
  var description: String {
    let range = ports.map { $0.count == 1 ? " \($0.lowerBound)" : " \($0.lowerBound)-\($0.upperBound)" }
    let name = protocolName == "-1" ? "everything" : protocolName + (range ?? " (ports not known)")
    return "\(name) from \(source.text ?? source.summary)"
  }
}
