// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// What a step does is wait for others; what counts is how soon it starts.
let small: [SwiftSetting] = strict + [.unsafeFlags(["-Osize"], .when(configuration: .release))]

/// What smoke-test does for each of thousands of checks.
let fast: Set<String> = [
  "SystemInterfaces", "JSONValues", "HTTPTransport", "CurlTransport", "CryptoDigests", "Records", "HurlFile",
  "SmokeChecks", "SmokeTest",
]

/// A library target: one folder of `Sources`, arrows pointing down only.
func library(_ name: String, _ dependencies: [Target.Dependency] = [], linked: [LinkerSetting] = []) -> Target
{
  .target(
    name: name, dependencies: dependencies, swiftSettings: fast.contains(name) ? strict : small,
    linkerSettings: linked)
}

/// An executable that only parses, wires and exits; its behaviour is the library `library`.
func step(_ name: String, _ library: String) -> Target {
  .executableTarget(
    name: name, dependencies: [.init(stringLiteral: library), "StepCommand"],
    path: "Sources/Executables/\(name)",
    swiftSettings: strict,
    // Without these the executables are a quarter larger; the decisions page says what each is for.
    linkerSettings: [
      .unsafeFlags(
        [
          "-use-ld=lld", "-Xclang-linker", "-no-pie", "-Xclang-linker", "-static-libgcc", "-Xlinker",
          "--no-export-dynamic", "-Xlinker", "--icf=all", "-Xlinker", "--no-eh-frame-hdr", "-Xlinker", "-O2",
          "-L\(Context.packageDirectory)/Sources/C/static", "-Xlinker",
          "-T\(Context.packageDirectory)/Sources/C/without-unwinding.ld",
        ], .when(configuration: .release))
    ])
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.init(stringLiteral: name), "TestSupport"] + dependencies,
    swiftSettings: strict)
}

let package = Package(
  name: "backstop",
  products: [
    .executable(name: "preflight-snapshot", targets: ["preflight-snapshot"]),
    .executable(name: "diff-gate", targets: ["diff-gate"]),
    .executable(name: "smoke-test", targets: ["smoke-test"]),
    .executable(name: "watch-30m", targets: ["watch-30m"]),
    .executable(name: "auto-revert", targets: ["auto-revert"]),
  ],
  targets: [
    // C libraries of the system. The module maps name no library: what is linked, and how, stands here.
    .systemLibrary(name: "CLibGit2", path: "Sources/C/CLibGit2", providers: [.apt(["libgit2-dev"])]),
    .systemLibrary(name: "CLibCurl", path: "Sources/C/CLibCurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "CLibCrypto", path: "Sources/C/CLibCrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CLibExpat", path: "Sources/C/CLibExpat", providers: [.apt(["libexpat1-dev"])]),
    .systemLibrary(name: "CLibYAML", path: "Sources/C/CLibYAML", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(
      name: "CLibPgQuery", path: "Sources/C/CLibPgQuery", providers: [.apt(["libpg-query-dev"])]),
    .systemLibrary(name: "CLibPcre2", path: "Sources/C/CLibPcre2", providers: [.apt(["libpcre2-dev"])]),
    // Non-variadic doors to variadic C functions.
    .target(name: "CLibCurlShims", dependencies: ["CLibCurl"], path: "Sources/C/CLibCurlShims"),
    .target(name: "CGlibcShims", path: "Sources/C/CGlibcShims"),
    // XPath, over a library that is loaded only where it is asked for.
    .target(name: "CXMLDoor", path: "Sources/C/CXMLDoor"),
    .target(name: "CLibGit2Shims", dependencies: ["CLibGit2"], path: "Sources/C/CLibGit2Shims"),

    // Values and the doors to the outside world.
    library("CommandArguments"),
    library("SystemInterfaces"),
    library("JSONValues"),
    library("DatabaseAccess", ["SystemInterfaces", "JSONValues"]),
    library("CryptoDigests", ["CLibCrypto"], linked: [.linkedLibrary("crypto")]),
    library("YAMLDocuments", ["CLibYAML", "JSONValues"], linked: [.linkedLibrary(":libyaml.a")]),
    library("HTTPTransport", ["SystemInterfaces"]),
    library("MailTransport", ["SystemInterfaces", "CryptoDigests"]),
    library(
      "CurlTransport", ["HTTPTransport", "MailTransport", "SystemInterfaces", "CLibCurl", "CLibCurlShims"],
      linked: [.linkedLibrary("curl")]),
    library(
      "GitHistory", ["SystemInterfaces", "CLibGit2", "CLibGit2Shims"],
      linked: [
        // Static: libgit2's soname changes with every distribution.
        .linkedLibrary(":libgit2.a"), .linkedLibrary(":libmbedtls.a"), .linkedLibrary(":libmbedx509.a"),
        .linkedLibrary(":libmbedcrypto.a"), .linkedLibrary(":libhttp_parser.a"), .linkedLibrary(":libssh2.a"),
        .linkedLibrary(":libpcre2-8.a"), .linkedLibrary("z"), .linkedLibrary("ssl"), .linkedLibrary("crypto"),
        .linkedLibrary("gssapi_krb5"),
      ]),

    // Configuration, records and reports.
    library("DeploymentConfig", ["JSONValues", "SystemInterfaces", "YAMLDocuments"]),
    library("Records", ["SystemInterfaces", "JSONValues", "CryptoDigests"]),
    library("DeploymentLedger", ["GitHistory", "Records", "JSONValues", "SystemInterfaces"]),
    library("CIEnvironment", ["SystemInterfaces"]),
    library("Reporting", ["Records", "JSONValues", "CIEnvironment", "SystemInterfaces"]),
    library(
      "AWSClients",
      ["HTTPTransport", "SystemInterfaces", "JSONValues", "CryptoDigests", "CLibExpat"],
      linked: [.linkedLibrary(":libexpat.a")]),
    library(
      "StepCommand",
      [
        "SystemInterfaces", "JSONValues", "DeploymentConfig", "Records", "Reporting", "CIEnvironment",
        "GitHistory", "DeploymentLedger", "DatabaseAccess", "CryptoDigests",
        "HTTPTransport", "MailTransport", "CurlTransport", "AWSClients", "CGlibcShims", "CommandArguments",
      ]),

    // Rules: pure functions of values.
    library(
      "ChangeAnalysis", ["JSONValues", "YAMLDocuments", "CryptoDigests", "Records", "CLibPgQuery"],
      linked: [.linkedLibrary(":libpg_query.a")]),
    library("HealthJudgement", ["SystemInterfaces"]),
    library(
      "HurlFile",
      ["JSONValues", "CryptoDigests", "SystemInterfaces", "CLibPcre2", "CLibExpat", "CXMLDoor"],
      linked: [.linkedLibrary(":libpcre2-8.a"), .linkedLibrary(":libexpat.a")]),
    library("RollbackPlan", ["SystemInterfaces", "JSONValues", "Records"]),
    library(
      "SmokeChecks",
      [
        "HurlFile", "HTTPTransport", "SystemInterfaces", "JSONValues", "Records", "DeploymentConfig",
        "AWSClients", "DatabaseAccess", "CryptoDigests", "YAMLDocuments",
      ]),

    // The five steps, one folder each.
    library(
      "PreflightSnapshot",
      [
        "StepCommand", "CommandArguments", "SmokeChecks", "Watch30m", "AWSClients", "ChangeAnalysis",
        "CIEnvironment",
        "DatabaseAccess", "DeploymentLedger", "GitHistory", "HurlFile", "Records", "Reporting",
        "DeploymentConfig",
        "JSONValues", "CryptoDigests", "SystemInterfaces",
      ]),
    library(
      "DiffGate",
      [
        "StepCommand", "CommandArguments", "ChangeAnalysis", "AWSClients", "GitHistory", "Records",
        "Reporting", "CIEnvironment",
        "DeploymentConfig",
        "JSONValues", "YAMLDocuments", "CryptoDigests", "SystemInterfaces",
      ]),
    library(
      "SmokeTest",
      [
        "StepCommand", "CommandArguments", "SmokeChecks", "HurlFile", "AWSClients", "DatabaseAccess",
        "Records", "Reporting",
        "DeploymentConfig",
        "JSONValues", "CryptoDigests", "HTTPTransport", "CurlTransport", "SystemInterfaces",
      ]),
    library(
      "Watch30m",
      [
        "StepCommand", "CommandArguments", "HealthJudgement", "AWSClients", "Records", "Reporting",
        "DeploymentConfig",
        "JSONValues", "CryptoDigests",
        "HTTPTransport", "SystemInterfaces",
      ]),
    library(
      "AutoRevert",
      [
        "StepCommand", "RollbackPlan", "PreflightSnapshot", "SmokeTest", "SmokeChecks", "ChangeAnalysis",
        "DeploymentLedger", "DatabaseAccess", "AWSClients", "GitHistory", "Records",
        "Reporting",
        "DeploymentConfig", "JSONValues", "YAMLDocuments", "CryptoDigests", "HTTPTransport", "MailTransport",
        "SystemInterfaces", "Watch30m", "CommandArguments",
      ]),
    step("preflight-snapshot", "PreflightSnapshot"),
    step("diff-gate", "DiffGate"),
    step("smoke-test", "SmokeTest"),
    step("watch-30m", "Watch30m"),
    step("auto-revert", "AutoRevert"),

    // What tests share: manual clock, in-memory transport, temporary folders, real servers.
    .target(
      name: "TestSupport",
      dependencies: ["SystemInterfaces", "HTTPTransport", "JSONValues", "AWSClients", "CurlTransport"],
      path: "Tests/TestSupport",
      swiftSettings: strict),
    tests("CommandArguments", []),
    tests("SystemInterfaces", []),
    tests("JSONValues", []),
    tests("DatabaseAccess", ["SystemInterfaces"]),
    tests("CryptoDigests", []),
    tests("YAMLDocuments", ["JSONValues"]),
    tests("MailTransport", ["CryptoDigests", "SystemInterfaces"]),
    tests("CurlTransport", ["HTTPTransport", "MailTransport", "JSONValues", "SystemInterfaces"]),
    tests("GitHistory", ["SystemInterfaces"]),
    tests("DeploymentConfig", ["JSONValues", "SystemInterfaces"]),
    tests("Records", ["SystemInterfaces", "JSONValues"]),
    tests("DeploymentLedger", ["GitHistory", "Records", "JSONValues", "SystemInterfaces"]),
    tests("CIEnvironment", ["SystemInterfaces"]),
    tests("Reporting", ["Records", "JSONValues", "SystemInterfaces", "CIEnvironment"]),
    tests("AWSClients", ["HTTPTransport", "SystemInterfaces", "JSONValues", "CurlTransport"]),
    tests(
      "StepCommand",
      [
        "CommandArguments", "SystemInterfaces", "Records", "Reporting", "JSONValues", "DeploymentConfig",
        "HTTPTransport",
        "AWSClients",
      ]),
    tests("ChangeAnalysis", ["JSONValues", "YAMLDocuments", "Records"]),
    tests("HealthJudgement", ["SystemInterfaces"]),
    tests("HurlFile", ["JSONValues", "SystemInterfaces"]),
    tests("RollbackPlan", ["SystemInterfaces", "Records", "JSONValues"]),
    tests(
      "SmokeChecks",
      [
        "HTTPTransport", "CurlTransport", "SystemInterfaces", "HurlFile", "JSONValues", "Records",
        "DatabaseAccess", "DeploymentConfig",
      ]),
    tests(
      "PreflightSnapshot",
      [
        "AWSClients", "ChangeAnalysis", "CryptoDigests", "DeploymentConfig", "DeploymentLedger",
        "SystemInterfaces",
        "Records", "Reporting", "JSONValues", "StepCommand", "HTTPTransport",
      ]),
    tests(
      "DiffGate",
      ["SystemInterfaces", "Records", "JSONValues", "StepCommand", "ChangeAnalysis", "DeploymentConfig"]),
    tests(
      "SmokeTest",
      [
        "SystemInterfaces", "Records", "JSONValues", "StepCommand", "SmokeChecks", "HTTPTransport",
        "CurlTransport", "DeploymentConfig",
      ]),
    tests(
      "Watch30m",
      [
        "SystemInterfaces", "Records", "JSONValues", "StepCommand", "HealthJudgement", "HTTPTransport",
        "Reporting",
      ]),
    tests(
      "AutoRevert",
      [
        "CommandArguments", "AWSClients", "CryptoDigests", "DeploymentConfig", "DeploymentLedger",
        "GitHistory", "HTTPTransport",
        "JSONValues",
        "CurlTransport", "MailTransport", "Records", "Reporting",
        "RollbackPlan", "StepCommand", "SystemInterfaces", "YAMLDocuments",
      ]),
    // The built binaries against real parts.
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "TestSupport", "JSONValues", "Records", "SystemInterfaces", "CurlTransport", "AWSClients",
        "DatabaseAccess",
        "preflight-snapshot",
        "diff-gate", "smoke-test", "watch-30m", "auto-revert",
      ], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
