import Foundation
import JSONValues
import TestSupport
import Testing

/// `ci/image`, the plugin for asdf and mise, and `ci/step` taking a release: over a release made of stand-ins.
@Suite(.blocking) struct PackagingScriptTests {
  private let folder = TemporaryFolder()

  /// A tarball as `ci/release` lays it out, with a script in each executable's place.
  private func release(_ version: String = "0.1.0") throws -> (path: String, sum: String) {
    let name = "backstop-\(version)-linux-\(try machine())"
    let root = folder("release-\(version)/\(name)")
    for place in ["bin", "ci", "share/doc/backstop"] {
      try FileManager.default.createDirectory(atPath: "\(root)/\(place)", withIntermediateDirectories: true)
    }
    for step in ["preflight-snapshot", "diff-gate", "smoke-test", "watch-30m", "auto-revert"] {
      try "#!/bin/sh\necho \"\(step) \(version) $*\"\n".write(
        toFile: "\(root)/bin/\(step)", atomically: true, encoding: .utf8)
    }
    for script in ["step", "plugin", "entry", "revert-on-stop", "said-stop", "guarded-deployment", "task"] {
      try FileManager.default.copyItem(
        atPath: Repository.root + "/ci/\(script)", toPath: "\(root)/ci/\(script)")
    }
    #expect(try runProgram("chmod", ["-R", "u+x", "\(root)/bin"]).status == 0)
    let tarball = folder("\(name).tar.gz")
    let packed = try runProgram(
      "tar",
      [
        "--sort=name", "--mtime=@1700000000", "--owner=0", "--group=0", "-czf", tarball, "-C",
        folder("release-\(version)"), name,
      ])
    #expect(packed.status == 0, "\(packed.error)")
    return (
      tarball, String(decoding: try runProgram("sha256sum", [tarball]).output.prefix(64), as: UTF8.self)
    )
  }

  private func machine() throws -> String {
    String(decoding: try runProgram("uname", ["-m"]).output, as: UTF8.self).trimmingCharacters(
      in: .whitespacesAndNewlines)
  }

  private func json(_ path: String) throws -> JSONValue {
    try JSONValue(parsing: String(contentsOfFile: path, encoding: .utf8))
  }

  @Test func `an image is an OCI layout whose every part has its digest, and two are the same bytes`() throws
  {
    let (tarball, _) = try release()
    let base = folder("base")
    try FileManager.default.createDirectory(atPath: base + "/etc", withIntermediateDirectories: true)
    try "ID=debian\n".write(toFile: base + "/etc/os-release", atomically: true, encoding: .utf8)
    var digests: [String] = []
    for number in 1...2 {
      let made = try runProgram(
        Repository.root + "/ci/image", [tarball, folder("image\(number)"), base],
        variables: ["SOURCE_DATE_EPOCH": "1700000000"])
      #expect(made.status == 0, "\(made.error)")
      digests.append(String(decoding: made.output, as: UTF8.self))
    }
    #expect(digests[0] == digests[1])
    let image = folder("image1")
    #expect(try json(image + "/oci-layout")["imageLayoutVersion"]?.string == "1.0.0")
    func blob(_ digest: String?) throws -> String {
      let hex = try #require(digest).replacing("sha256:", with: "")
      let path = "\(image)/blobs/sha256/\(hex)"
      let sum = String(decoding: try runProgram("sha256sum", [path]).output.prefix(64), as: UTF8.self)
      #expect(sum == hex)
      return path
    }
    let manifest = try json(try blob(try json(image + "/index.json")["manifests"]?[0]?["digest"]?.string))
    let config = try json(try blob(manifest["config"]?["digest"]?.string))
    #expect(config["os"]?.string == "linux")
    #expect(config["config"]?["Entrypoint"]?[0]?.string == "/usr/lib/backstop/ci/entry")
    let root = folder("root")
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    let layers = try #require(manifest["layers"]?.array)
    #expect(layers.count == 2)
    for layer in layers {
      let path = try blob(layer["digest"]?.string)
      #expect(try runProgram("tar", ["-xzf", path, "-C", root]).status == 0)
    }
    for place in ["etc/os-release", "usr/lib/backstop/ci/step", "usr/lib/backstop/bin/watch-30m"] {
      #expect(FileManager.default.fileExists(atPath: "\(root)/\(place)"), "\(place)")
    }
    // The entry point, where it stands: a plugin by its settings, a step by its words.
    let entry = root + "/usr/lib/backstop/ci/entry"
    let asPlugin = try runProgram(
      entry, [], in: folder.path,
      variables: ["PLUGIN_STEP": "watch-30m", "PLUGIN_ENVIRONMENT": "prod", "PLUGIN_OPTIONS": "--for '1 m'"])
    #expect(
      String(decoding: asPlugin.output, as: UTF8.self) == "watch-30m 0.1.0 prod --for 1 m\n",
      "\(asPlugin.error)")
    let asStep = try runProgram(entry, ["smoke-test", "prod", "--quiet"], in: folder.path)
    #expect(
      String(decoding: asStep.output, as: UTF8.self) == "smoke-test 0.1.0 prod --quiet\n", "\(asStep.error)")
    #expect(try runProgram(entry, [], variables: ["PLUGIN_STEP": "", "STEP": ""]).status == 64)
  }

  @Test func `ci step runs from a release by its sum, once fetched, and from no other`() throws {
    let (tarball, sum) = try release()
    // A copy of the script beside which there is no release: what it runs is the one that is named.
    try FileManager.default.createDirectory(atPath: folder("home/ci"), withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: Repository.root + "/ci/step", toPath: folder("home/ci/step"))
    func step(_ sum: String, _ address: String) throws -> ProgramResult {
      try runProgram(
        folder("home/ci/step"), ["watch-30m", "prod"], in: folder.path,
        variables: [
          "BACKSTOP_RELEASE": address, "BACKSTOP_RELEASE_SHA256": sum, "XDG_CACHE_HOME": folder("cache"),
          "BACKSTOP_BIN": "",
        ])
    }
    let wrong = try step(String(repeating: "0", count: 64), tarball)
    #expect(wrong.status == 65 && wrong.error.contains("nothing of it is run"), "\(wrong.error)")
    #expect(try step("", tarball).status == 64)
    let first = try step(sum, tarball)
    #expect(
      first.status == 0 && String(decoding: first.output, as: UTF8.self) == "watch-30m 0.1.0 prod\n",
      "\(first.error)")
    let again = try step(sum, "https://nowhere.invalid/release.tar.gz")
    #expect(again.status == 0, "\(again.error)")
  }

  @Test func `asdf and mise find the versions, and install what has its sum`() throws {
    let (tarball, sum) = try release("0.2.0")
    let place = folder("releases/0.2.0")
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    let name = String(tarball.split(separator: "/").last!)
    try FileManager.default.copyItem(atPath: tarball, toPath: "\(place)/\(name)")
    try "0.1.0\n0.2.0\n".write(toFile: folder("releases/versions"), atomically: true, encoding: .utf8)
    try "\(sum)  \(name)\n".write(toFile: "\(place)/SHA256SUMS", atomically: true, encoding: .utf8)
    func plugin(_ script: String) throws -> ProgramResult {
      try runProgram(
        Repository.root + "/ci/packaging/asdf/bin/\(script)", [],
        variables: [
          "BACKSTOP_RELEASES": folder("releases"), "ASDF_INSTALL_VERSION": "0.2.0",
          "ASDF_DOWNLOAD_PATH": folder("download"),
          "ASDF_INSTALL_PATH": folder("install"),
        ])
    }
    #expect(String(decoding: try plugin("list-all").output, as: UTF8.self) == "0.1.0 0.2.0 ")
    #expect(try plugin("download").status == 0)
    #expect(try plugin("install").status == 0)
    #expect(FileManager.default.isExecutableFile(atPath: folder("install/bin/auto-revert")))
    try "\(String(repeating: "0", count: 64))  \(name)\n".write(
      toFile: "\(place)/SHA256SUMS", atomically: true, encoding: .utf8)
    #expect(try plugin("download").status != 0)
  }

  @Test(.enabled(if: PipelineEngines.areInstalled, "ci/install installs the SPDX tools"))
  func `a release is packed the same each time, and its SPDX list is valid`() throws {
    let bin = folder("bin"), libraries = folder("libraries")
    for place in [bin, libraries + "/licences"] {
      try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    }
    for step in ["preflight-snapshot", "diff-gate", "smoke-test", "watch-30m", "auto-revert"] {
      try "#!/bin/sh\necho '\(step) 0.1.0'\n".write(
        toFile: "\(bin)/\(step)", atomically: true, encoding: .utf8)
    }
    #expect(try runProgram("chmod", ["-R", "u+x", bin]).status == 0)
    try "curl\t7.88.1-10+deb12u14\tcurl\nopenssl\t3.0.17-1~deb12u3\tlibssl-dev\n".write(
      toFile: libraries + "/libraries.tsv", atomically: true, encoding: .utf8)
    try "MIT\n".write(toFile: libraries + "/licences/curl.txt", atomically: true, encoding: .utf8)
    for number in 1...2 {
      let packed = try runProgram(
        Repository.root + "/ci/packaging/pack", [bin, libraries, folder("dist\(number)")],
        variables: ["SOURCE_DATE_EPOCH": "1700000000"])
      #expect(packed.status == 0, "\(packed.error)")
    }
    let sums = try (1...2).map { try String(contentsOfFile: folder("dist\($0)/SHA256SUMS"), encoding: .utf8) }
    #expect(sums[0] == sums[1])
    #expect(
      try runProgram("sha256sum", ["--check", "--quiet", "SHA256SUMS"], in: folder("dist1")).status == 0)
    let name = "backstop-0.1.0-linux-\(try machine())"
    let spdx = try runProgram(
      Repository.root + "/.build/venv/bin/pyspdxtools", ["--infile", folder("dist1/\(name).spdx.json")])
    #expect(spdx.status == 0, "\(String(decoding: spdx.output, as: UTF8.self))\(spdx.error)")
    let listed = String(
      decoding: try runProgram("tar", ["-tzf", folder("dist1/\(name).tar.gz")]).output, as: UTF8.self)
    for path in [
      "bin/auto-revert", "ci/step", "ci/revert-on-stop", "ci/entry",
      "ci/pipelines/jenkins/vars/guardedDeployment.groovy",
      "share/man/man1/watch-30m.1", "share/doc/backstop/schemas/policy.schema.json",
      "share/doc/backstop/licences/curl.txt",
    ] { #expect(listed.contains("\(name)/\(path)\n"), "\(path)") }
    let package = try #require(
      FileManager.default.contentsOfDirectory(atPath: folder("dist1")).first { $0.hasSuffix(".deb") })
    let fields = try runProgram(
      "dpkg-deb", ["--field", folder("dist1/\(package)"), "Package", "Version", "Depends"])
    #expect(
      String(decoding: fields.output, as: UTF8.self)
        == "Package: backstop\nVersion: 0.1.0\nDepends: libc6 (>= 2.31)\n")
    // The package, put in place without a system around it: the scripts find the executables.
    #expect(
      try runProgram("dpkg-deb", ["--extract", folder("dist1/\(package)"), folder("root")]).status == 0)
    let step = try runProgram(
      folder("root/usr/lib/backstop/ci/step"), ["watch-30m", "prod"], in: folder.path,
      variables: ["BACKSTOP_BIN": ""])
    #expect(String(decoding: step.output, as: UTF8.self) == "watch-30m 0.1.0\n", "\(step.error)")
  }
}
