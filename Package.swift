// swift-tools-version: 6.2
import PackageDescription

/// A folder that `ci/release-libraries` made: a release carries its libraries, and asks no more than an old glibc of a
/// system. Without it the system's shared libcurl and OpenSSL are used.
let carried = Context.environment["BACKSTOP_RELEASE_LIBRARIES"]

let strict: [SwiftSetting] =
  [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    // What a newer library of a system would rather have is no fault of a build there.
    .treatWarning("DeprecatedDeclaration", as: .warning),
    .enableUpcomingFeature("MemberImportVisibility"),
  ] + (carried == nil ? [] : [.define("CARRIED_LIBRARIES")])

/// What a step does is wait for others; what counts is how soon it starts.
let small: [SwiftSetting] = strict + [.unsafeFlags(["-Osize"], .when(configuration: .release))]

/// What smoke-test does for each of thousands of checks.
let fast: Set<String> = [
  "SystemInterfaces", "JSONValues", "HTTPTransport", "CurlTransport", "CryptoDigests", "StepResults",
  "Redaction", "DeploymentRecords", "HurlFile",
  "SmokeChecks", "SmokeTest",
]

/// The layers of `Sources`, lowest first. A target imports targets of its own layer and of those below; rules and
/// clients never import each other, and no step imports a step. A test holds imports and folders against this.
enum Layer: String {
  case base = "Base", model = "Model", rules = "Rules", clients = "Clients", capabilities = "Capabilities",
    steps = "Steps"
}

/// A library target: the folder of its name in the folder of its layer.
func library(
  _ layer: Layer, _ name: String, _ dependencies: [Target.Dependency] = [], linked: [LinkerSetting] = []
) -> Target {
  .target(
    name: name, dependencies: dependencies, path: "Sources/\(layer.rawValue)/\(name)",
    swiftSettings: fast.contains(name) ? strict : small, linkerSettings: linked)
}

/// The libraries of a target: `shared` of the system, or in a release these archives.
func libraries(_ shared: [String], carried archives: [String]) -> [LinkerSetting] {
  (carried == nil ? shared : archives.map { ":lib\($0).a" }).map { .linkedLibrary($0) }
}

/// What links a release against the carried libraries and glibc.
let carriedSettings: [LinkerSetting] =
  carried.map {
    [
      .unsafeFlags(
        ["-L\($0)/lib", "-Xclang-linker", "--sysroot=\($0)/sysroot", "-Xlinker", "--strip-all"],
        .when(configuration: .release)),
      .linkedLibrary(":libcompatibility.a"),
    ]
  } ?? []

/// An executable that only parses, wires and exits; its behaviour is the library `library`.
func step(_ name: String, _ library: String) -> Target {
  .executableTarget(
    name: name, dependencies: [.init(stringLiteral: library), "StepRuntime"],
    path: "Sources/Executables/\(name)",
    swiftSettings: strict,
    // Without these the executables are a quarter larger; Decisions-Building.md says what each is for.
    linkerSettings: [
      .unsafeFlags(
        [
          "-use-ld=lld", "-Xclang-linker", "-static-libgcc", "-Xlinker", "--no-export-dynamic", "-Xlinker",
          "--icf=all", "-Xlinker", "-O2", "-L\(Context.packageDirectory)/Sources/C/static",
        ], .when(configuration: .release))
    ] + carriedSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.init(stringLiteral: name), "TestSupport"] + dependencies,
    swiftSettings: strict)
}

/// Every parser over mutated texts: a test, and for `ci/fuzz` a program of libFuzzer's.
let fuzzedParsers: Target = {
  let dependencies: [Target.Dependency] = [
    "CryptoDigests", "JSONValues", "SQLText", "YAMLDocuments", "DeploymentConfig", "DeploymentRecords",
    "Redaction",
    "HurlFile",
    "MigrationAnalysis", "TemplateAnalysis", "DatabaseAccess", "Reporting", "AWSClients", "HealthWatch",
    "GitHistory", "DeploymentLedger", "SmokeChecks", "SystemInterfaces",
  ]
  let path = "Tests/FuzzTests"
  return Context.environment["BACKSTOP_FUZZER"] == nil
    ? .testTarget(
      name: "FuzzTests", dependencies: dependencies, path: path, exclude: ["LibFuzzer.swift"],
      swiftSettings: strict)
    : .executableTarget(
      name: "fuzz-parsers", dependencies: dependencies, path: path, exclude: ["ParserFuzzTests.swift"],
      swiftSettings: strict)
}()

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
    // Non-variadic adapters of variadic C functions.
    .target(name: "CLibCurlShims", dependencies: ["CLibCurl"], path: "Sources/C/CLibCurlShims"),
    .target(name: "CGlibcShims", path: "Sources/C/CGlibcShims"),
    // XPath, over a library that is loaded only where it is asked for.
    .target(name: "CXMLAdapter", path: "Sources/C/CXMLAdapter"),
    .target(name: "CLibGit2Shims", dependencies: ["CLibGit2"], path: "Sources/C/CLibGit2Shims"),

    // What any program needs.
    library(.base, "CommandArguments", []),
    library(.base, "CryptoDigests", ["CLibCrypto"], linked: libraries(["crypto"], carried: ["crypto"])),
    library(.base, "JSONValues", []),
    library(.base, "SQLText", []),
    library(.base, "SystemInterfaces", []),
    library(.base, "YAMLDocuments", ["JSONValues", "CLibYAML"], linked: [.linkedLibrary(":libyaml.a")]),

    // What a deployment is, and what is known about it: values, files, no network.
    library(.model, "CloudFormationModel", []),
    library(
      .model, "DeploymentConfig", ["JSONValues", "SystemInterfaces", "YAMLDocuments", "CloudFormationModel"]),
    library(.model, "Redaction", ["CryptoDigests", "SystemInterfaces"]),
    library(.model, "StepResults", ["CryptoDigests"]),
    library(
      .model, "DeploymentEvidence", ["CryptoDigests", "JSONValues", "SystemInterfaces", "StepResults"]),
    library(
      .model, "DeploymentRecords",
      [
        "CryptoDigests", "JSONValues", "SystemInterfaces", "CloudFormationModel", "DeploymentEvidence",
        "Redaction", "StepResults",
      ]),

    // Rules: pure functions of values.
    library(.rules, "HealthAnalysis", ["SystemInterfaces"]),
    library(
      .rules, "HurlFile",
      ["CryptoDigests", "JSONValues", "SystemInterfaces", "CLibExpat", "CLibPcre2", "CXMLAdapter"],
      linked: [.linkedLibrary(":libpcre2-8.a"), .linkedLibrary(":libexpat.a")]),
    library(
      .rules, "MigrationAnalysis",
      ["JSONValues", "SQLText", "SystemInterfaces", "StepResults", "CLibPgQuery"],
      linked: [.linkedLibrary(":libpg_query.a")]),
    library(
      .rules, "RollbackPlanning", ["JSONValues", "SystemInterfaces", "CloudFormationModel", "StepResults"]),
    library(
      .rules, "TemplateAnalysis",
      ["JSONValues", "YAMLDocuments", "CloudFormationModel", "DeploymentRecords", "Redaction", "StepResults"]),

    // Adapters to the outside world.
    library(.clients, "CIEnvironment", ["SystemInterfaces"]),
    library(.clients, "CodeHosts", ["JSONValues", "SystemInterfaces", "HTTPTransport"]),
    library(.clients, "DatabaseAccess", ["JSONValues", "SQLText", "SystemInterfaces"]),
    library(
      .clients, "GitHistory", ["CLibGit2", "CLibGit2Shims", "SystemInterfaces"],
      // Static: libgit2's soname changes with every distribution.
      linked: libraries(
        [
          ":libgit2.a", ":libmbedtls.a", ":libmbedx509.a", ":libmbedcrypto.a", ":libhttp_parser.a",
          ":libssh2.a",
          ":libpcre2-8.a", "z", "ssl", "crypto", "gssapi_krb5",
        ], carried: ["git2", "http_parser", "ssh2", "pcre2-8", "ssl", "crypto", "z"])),
    library(.clients, "HTTPTransport", ["SystemInterfaces"]),
    library(
      .clients, "AWSClients",
      [
        "CryptoDigests", "JSONValues", "SystemInterfaces", "CloudFormationModel", "HTTPTransport",
        "CLibExpat",
      ], linked: [.linkedLibrary(":libexpat.a")]),
    library(.clients, "MailTransport", ["CryptoDigests", "SystemInterfaces"]),
    library(
      .clients, "CurlTransport",
      ["SystemInterfaces", "CryptoDigests", "HTTPTransport", "MailTransport", "CLibCurl", "CLibCurlShims"],
      linked: libraries(
        ["curl"],
        carried: [
          "curl", "nghttp2", "brotlidec", "brotlicommon", "zstd", "psl", "idn2", "unistring", "ssl", "crypto",
          "z",
        ])),

    // What several steps do.
    library(
      .capabilities, "DeploymentLedger",
      [
        "JSONValues", "SystemInterfaces", "DeploymentEvidence", "DeploymentRecords", "Redaction",
        "StepResults", "GitHistory",
      ]),
    library(
      .capabilities, "Reporting",
      ["JSONValues", "SystemInterfaces", "DeploymentRecords", "Redaction", "StepResults"]),
    library(
      .capabilities, "StepRuntime",
      [
        "CommandArguments", "CryptoDigests", "JSONValues", "SystemInterfaces", "CloudFormationModel",
        "DeploymentConfig",
        "DeploymentEvidence",
        "DeploymentRecords", "Redaction", "StepResults", "AWSClients", "CIEnvironment", "CurlTransport",
        "DatabaseAccess", "GitHistory", "HTTPTransport", "MailTransport", "DeploymentLedger", "Reporting",
        "CGlibcShims",
      ]),
    library(
      .capabilities, "HealthWatch",
      [
        "CryptoDigests", "JSONValues", "SystemInterfaces", "CloudFormationModel", "DeploymentConfig",
        "DeploymentEvidence",
        "DeploymentRecords", "Redaction", "StepResults",
        "HealthAnalysis", "AWSClients", "HTTPTransport", "Reporting", "StepRuntime",
      ]),
    library(
      .capabilities, "RestorePoints",
      [
        "SystemInterfaces", "CloudFormationModel", "DeploymentConfig", "DeploymentRecords", "Redaction",
        "StepResults", "MigrationAnalysis", "TemplateAnalysis", "AWSClients", "DatabaseAccess", "Reporting",
        "StepRuntime",
      ]),
    library(
      .capabilities, "SmokeChecks",
      [
        "CryptoDigests", "JSONValues", "SystemInterfaces", "YAMLDocuments", "CloudFormationModel",
        "DeploymentConfig", "DeploymentRecords", "Redaction", "StepResults", "HurlFile", "AWSClients",
        "DatabaseAccess", "HTTPTransport", "Reporting", "StepRuntime",
      ]),

    // The five steps, one folder each.
    library(
      .steps, "AutoRevert",
      [
        "DeploymentEvidence",
        "CommandArguments", "CryptoDigests", "JSONValues", "SystemInterfaces", "YAMLDocuments",
        "CloudFormationModel", "DeploymentConfig", "DeploymentRecords", "Redaction", "StepResults",
        "MigrationAnalysis", "RollbackPlanning", "TemplateAnalysis", "AWSClients", "CodeHosts",
        "DatabaseAccess",
        "GitHistory",
        "HTTPTransport", "MailTransport", "DeploymentLedger", "HealthWatch", "Reporting", "RestorePoints",
        "SmokeChecks", "StepRuntime",
      ]),
    library(
      .steps, "DiffGate",
      [
        "CommandArguments", "CryptoDigests", "JSONValues", "SystemInterfaces", "YAMLDocuments",
        "CloudFormationModel", "DeploymentConfig", "DeploymentRecords", "Redaction", "DeploymentLedger",
        "StepResults",
        "MigrationAnalysis", "TemplateAnalysis", "AWSClients", "CIEnvironment", "GitHistory", "Reporting",
        "StepRuntime",
      ]),
    library(
      .steps, "PreflightSnapshot",
      [
        "CommandArguments", "CryptoDigests", "JSONValues", "SystemInterfaces", "CloudFormationModel",
        "DeploymentConfig", "DeploymentEvidence", "DeploymentRecords", "Redaction", "StepResults",
        "MigrationAnalysis",
        "TemplateAnalysis", "AWSClients", "CIEnvironment", "DatabaseAccess", "GitHistory", "DeploymentLedger",
        "HealthWatch", "Reporting", "RestorePoints", "SmokeChecks", "StepRuntime",
      ]),
    library(
      .steps, "SmokeTest",
      [
        "CommandArguments", "SystemInterfaces", "DeploymentConfig", "DeploymentRecords", "StepResults",
        "Reporting", "SmokeChecks", "StepRuntime",
      ]),
    library(
      .steps, "Watch30m",
      [
        "CommandArguments", "SystemInterfaces", "JSONValues", "DeploymentConfig", "DeploymentRecords",
        "Redaction",
        "AWSClients", "CloudFormationModel",
        "StepResults", "HealthAnalysis", "HealthWatch", "Reporting", "StepRuntime",
      ]),

    step("preflight-snapshot", "PreflightSnapshot"),
    step("diff-gate", "DiffGate"),
    step("smoke-test", "SmokeTest"),
    step("watch-30m", "Watch30m"),
    step("auto-revert", "AutoRevert"),

    // What tests share: manual clock, in-memory transport, temporary folders, real servers.
    .target(
      name: "TestSupport",
      dependencies: [
        "JSONValues", "SystemInterfaces", "CloudFormationModel", "AWSClients", "CurlTransport",
        "HTTPTransport",
      ],
      path: "Tests/TestSupport",
      swiftSettings: strict),
    tests(
      "AWSClients",
      ["JSONValues", "SystemInterfaces", "CloudFormationModel", "CurlTransport", "HTTPTransport"]),
    tests(
      "AutoRevert",
      [
        "CommandArguments", "CryptoDigests", "JSONValues", "SystemInterfaces", "YAMLDocuments",
        "CloudFormationModel", "DeploymentConfig", "DeploymentEvidence", "DeploymentRecords", "Redaction",
        "StepResults",
        "MigrationAnalysis", "RollbackPlanning", "AWSClients", "CurlTransport", "DatabaseAccess",
        "GitHistory",
        "HTTPTransport", "MailTransport", "DeploymentLedger", "Reporting", "StepRuntime",
      ]),
    tests("CIEnvironment", ["SystemInterfaces"]),
    tests("CodeHosts", ["JSONValues", "SystemInterfaces", "HTTPTransport"]),
    tests("CommandArguments", []),
    tests("CryptoDigests", []),
    tests("CurlTransport", ["JSONValues", "SystemInterfaces", "HTTPTransport"]),
    tests("DatabaseAccess", ["SQLText", "SystemInterfaces"]),
    tests("DeploymentConfig", ["JSONValues", "SystemInterfaces"]),
    tests(
      "DeploymentLedger",
      [
        "JSONValues", "SystemInterfaces", "DeploymentRecords", "Redaction",
        "StepResults", "GitHistory",
      ]),
    tests("DeploymentEvidence", ["JSONValues", "SystemInterfaces", "StepResults"]),
    tests("DeploymentRecords", ["JSONValues", "SystemInterfaces", "Redaction", "StepResults"]),
    tests(
      "DiffGate",
      [
        "YAMLDocuments", "CloudFormationModel", "DeploymentConfig", "DeploymentRecords", "Redaction",
        "StepResults", "TemplateAnalysis", "AWSClients",
      ]),
    tests("GitHistory", ["SystemInterfaces"]),
    tests("HealthAnalysis", ["SystemInterfaces"]),
    tests(
      "HealthWatch",
      [
        "JSONValues", "SystemInterfaces", "DeploymentEvidence", "DeploymentRecords", "Redaction",
        "StepResults", "HealthAnalysis", "AWSClients", "HTTPTransport", "Reporting",
      ]),
    tests("HurlFile", ["JSONValues", "SystemInterfaces"]),
    tests("JSONValues", []),
    tests("MailTransport", ["CryptoDigests", "SystemInterfaces"]),
    tests("MigrationAnalysis", ["JSONValues", "DeploymentRecords", "Redaction", "StepResults"]),
    tests(
      "PreflightSnapshot",
      [
        "DeploymentEvidence",
        "CryptoDigests", "JSONValues", "SystemInterfaces", "CloudFormationModel", "DeploymentConfig",
        "DeploymentRecords", "StepResults", "MigrationAnalysis", "TemplateAnalysis", "AWSClients",
        "DatabaseAccess", "GitHistory", "HTTPTransport", "Reporting", "RestorePoints",
        "StepRuntime",
      ]),
    tests("Redaction", []),
    tests("Reporting", ["JSONValues", "SystemInterfaces", "DeploymentRecords", "StepResults"]),
    tests(
      "RollbackPlanning",
      ["SystemInterfaces", "CloudFormationModel", "DeploymentRecords", "Redaction", "StepResults"]),
    tests(
      "SmokeChecks",
      [
        "JSONValues", "SystemInterfaces", "DeploymentConfig", "DeploymentRecords", "HurlFile",
        "CurlTransport", "DatabaseAccess", "HTTPTransport",
      ]),
    tests(
      "SmokeTest",
      [
        "JSONValues", "SystemInterfaces", "DeploymentConfig", "DeploymentRecords", "Redaction", "StepResults",
        "CurlTransport", "HTTPTransport", "SmokeChecks", "StepRuntime",
      ]),
    tests(
      "StepRuntime",
      [
        "CommandArguments", "JSONValues", "SystemInterfaces", "DeploymentConfig", "DeploymentRecords",
        "StepResults", "AWSClients", "HTTPTransport", "Reporting",
      ]),
    tests("SystemInterfaces", []),
    tests(
      "TemplateAnalysis",
      [
        "JSONValues", "YAMLDocuments", "CloudFormationModel", "DeploymentRecords", "Redaction", "StepResults",
        "MigrationAnalysis",
      ]),
    tests(
      "Watch30m",
      [
        "JSONValues", "SystemInterfaces", "StepResults", "DeploymentRecords", "Reporting", "HealthAnalysis",
        "HTTPTransport", "HealthWatch", "StepRuntime", "AWSClients", "CommandArguments", "CurlTransport",
      ]),
    tests("YAMLDocuments", ["JSONValues"]),
    fuzzedParsers,
    // The built binaries against real parts.
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "JSONValues", "SystemInterfaces", "CloudFormationModel", "DeploymentRecords", "AWSClients",
        "CurlTransport", "DatabaseAccess", "RollbackPlanning", "TestSupport", "preflight-snapshot",
        "diff-gate", "smoke-test",
        "watch-30m", "auto-revert",
      ],
      swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
