import JSONValues

/// What `cdk synth` writes about its output folder: which template is which stack, with which parameters and assets.
struct AssemblyManifest: Hashable, Sendable {
  /// A stack and its template.
  struct Stack: Hashable, Sendable {
    /// Relative to the manifest's folder.
    var file: String
    /// As it is called in the account.
    var name: String
    var parameters: [String: String]
  }

  /// In the manifest's order.
  let stacks: [Stack]
  /// Lists of assets, relative to the manifest's folder.
  let assetLists: [String]
  /// Folders of nested assemblies: an application's stages.
  let folders: [String]

  init?(_ bytes: [UInt8]) {
    guard bytes.count < 8 << 20, let root = try? JSONValue(parsing: bytes),
      let artifacts = root["artifacts"]?.object
    else { return nil }
    var stacks: [Stack] = []
    var assetLists: [String] = []
    var folders: [String] = []
    for member in artifacts.members {
      guard let properties = member.value["properties"] else { continue }
      switch member.value["type"]?.string {
      case "aws:cloudformation:stack":
        guard let file = properties["templateFile"]?.string else { continue }
        var parameters: [String: String] = [:]
        for parameter in properties["parameters"]?.object?.members ?? [] {
          parameters[parameter.name] = parameter.value.string
        }
        stacks.append(
          Stack(file: file, name: properties["stackName"]?.string ?? member.name, parameters: parameters))
      case "cdk:asset-manifest": if let file = properties["file"]?.string { assetLists.append(file) }
      case "cdk:cloud-assembly":
        if let folder = properties["directoryName"]?.string { folders.append(folder) }
      default: continue
      }
    }
    self.stacks = stacks
    self.assetLists = assetLists
    self.folders = folders
  }

  func stackName(of file: String) -> String? { stacks.first { $0.file == file }?.name }
  func parameters(of file: String) -> [String: String]? { stacks.first { $0.file == file }?.parameters }

  /// Files by the digest under which they are uploaded, from one list of assets.
  static func assets(_ bytes: [UInt8]) -> [String: String] {
    guard bytes.count < 8 << 20, let files = (try? JSONValue(parsing: bytes))?["files"]?.object else {
      return [:]
    }
    var found: [String: String] = [:]
    for member in files.members { found[member.name] = member.value["source"]?["path"]?.string }
    return found
  }
}
