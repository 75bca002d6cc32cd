/// A CI system whose pipeline file `--init` can write.
enum PipelineSystem: String, CaseIterable {
  case github, gitlab, jenkins, buildkite, circleci, azure, tekton, woodpecker, drone, bitbucket, codebuild,
    shell

  /// Which one runs for a repository: by its file, else by the remote's host; a script where neither tells.
  static func of(_ found: FoundRepository) -> (system: PipelineSystem, by: String) {
    for system in allCases {
      for mark in system.marks where found.has(mark) { return (system, mark) }
    }
    let host = found.remote ?? ""
    for (part, system) in [
      ("github", PipelineSystem.github), ("gitlab", .gitlab), ("bitbucket", .bitbucket),
      ("dev.azure.com", .azure),
    ]
    where host.contains(part) { return (system, "the remote origin") }
    return (.shell, "no file of a CI system")
  }

  /// What tells it.
  private var marks: [String] {
    switch self {
    case .github: [".github/workflows/"]
    case .gitlab: [".gitlab-ci.yml"]
    case .jenkins: ["Jenkinsfile"]
    case .buildkite: [".buildkite/"]
    case .circleci: [".circleci/config.yml"]
    case .azure: ["azure-pipelines.yml", ".azure-pipelines/"]
    case .tekton: [".tekton/"]
    case .woodpecker: [".woodpecker/", ".woodpecker.yml", ".woodpecker.yaml"]
    case .drone: [".drone.yml"]
    case .bitbucket: ["bitbucket-pipelines.yml"]
    case .codebuild: ["buildspec.yml", "buildspec.yaml"]
    case .shell: []
    }
  }

  /// The file that is written: beside what the system reads already, never in its place.
  func path(_ draft: PipelineDraft) -> String {
    switch self {
    case .github: ".github/workflows/backstop-\(draft.environment).yml"
    case .gitlab: ".gitlab/backstop-\(draft.environment).yml"
    case .jenkins: "Jenkinsfile.backstop-\(draft.environment)"
    case .buildkite: ".buildkite/backstop-\(draft.environment).yml"
    case .circleci: ".circleci/backstop-\(draft.environment).yml"
    case .azure: "azure-pipelines.backstop-\(draft.environment).yml"
    case .tekton: ".tekton/backstop-\(draft.environment).yaml"
    case .woodpecker: ".woodpecker/backstop-\(draft.environment).yml"
    case .drone: ".drone.backstop-\(draft.environment).yml"
    case .bitbucket: "bitbucket-pipelines.backstop-\(draft.environment).yml"
    case .codebuild: "buildspec.backstop-\(draft.environment).yml"
    case .shell: "deploy-\(draft.environment)"
    }
  }

  /// What a person does with it.
  var next: String {
    switch self {
    case .github:
      "replace ORG, COMMIT, ACCOUNT and ROLE in it: Backstop's repository on your server, a full commit id of it, and a role that trusts this repository by OIDC"
    case .gitlab:
      "replace GROUP and COMMIT in it, and include it in .gitlab-ci.yml: include: [{ local: PATH }]; the stages are before, deploy, smoke, watch, revert"
    case .jenkins:
      "register Backstop's repository as the shared library backstop (library path ci/pipelines/jenkins) and make a job of it"
    case .buildkite:
      "make it the steps of a pipeline, or copy them into yours; agents find Backstop in /opt/backstop"
    case .circleci:
      "publish the orb (ci/pipelines/circleci/orb.yml), replace org by your namespace, and take the workflow into config.yml"
    case .azure: "replace PROJECT in it, and make a pipeline of it; Azure's environment holds who approves"
    case .tekton:
      "apply ci/pipelines/tekton/task.yaml and pipeline.yaml of Backstop, and have a task deploy of your own"
    case .woodpecker, .drone: "replace the image by one of a release (ci/image)"
    case .bitbucket:
      "take the step into bitbucket-pipelines.yml, and replace the image by one of a release (ci/image)"
    case .codebuild: "name it as the buildspec of a project whose image has Backstop in /opt/backstop"
    case .shell:
      "run it where the deployment runs today; Backstop is in /opt/backstop, or BACKSTOP_HOME says where"
    }
  }
}

/// What a pipeline file is made from.
struct PipelineDraft {
  let environment: String, branch: String, deploy: String, revert: String

  private var head: String {
    "Written by preflight-snapshot \(environment) --init: gate, snapshot, deployment, checks, and a rollback on stop alone."
  }

  func text(_ system: PipelineSystem) -> String {
    (system == .jenkins ? "// " : "# ") + head + "\n" + body(system) + "\n"
  }

  private func body(_ system: PipelineSystem) -> String {
    switch system {
    case .github: github
    case .gitlab: gitlab
    case .jenkins: jenkins
    case .buildkite: buildkite
    case .circleci: circleci
    case .azure: azure
    case .tekton: tekton
    case .woodpecker: woodpecker
    case .drone: drone
    case .bitbucket: bitbucket
    case .codebuild: codebuild
    case .shell: shell
    }
  }
}
