/// Files for the systems of the large hosts.
extension PipelineDraft {
  var github: String {
    """
    name: backstop \(environment)
    on:
      pull_request:
      push:
        branches: [\(branch)]
    permissions:
      contents: read
    jobs:
      diff-gate:
        if: github.event_name == 'pull_request'
        runs-on: ubuntu-24.04
        steps:
          - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
            with:
              fetch-depth: 0
              persist-credentials: false
          - uses: ORG/backstop/actions/diff-gate@COMMIT
            with:
              environment: \(environment)
      \(environment):
        if: github.event_name == 'push'
        uses: ORG/backstop/.github/workflows/guarded-deployment.yml@COMMIT
        permissions:
          contents: read
          id-token: write
        with:
          environment: \(environment)
          backstop-repository: ORG/backstop
          backstop-commit: COMMIT
          role: arn:aws:iam::ACCOUNT:role/ROLE
          deploy: \(deploy)
          revert-options: \(revert)
        secrets:
          store-key: ${{ secrets.BACKSTOP_STORE_KEY }}
    """
  }

  var gitlab: String {
    """
    include:
      - project: GROUP/backstop
        ref: COMMIT
        file: /ci/pipelines/gitlab/guarded-deployment.yml
        inputs:
          environment: \(environment)
          branch: \(branch)
          revert-options: \(revert)
    deploy-\(environment):
      stage: deploy
      script:
        - \(deploy)
      rules:
        - if: $CI_COMMIT_BRANCH == "\(branch)"
    """
  }

  var circleci: String {
    """
    version: 2.1
    orbs:
      backstop: org/backstop@0.1.0
    workflows:
      \(environment):
        jobs:
          - backstop/diff-gate:
              environment: \(environment)
              filters: { branches: { ignore: \(branch) } }
          - backstop/guarded-deployment:
              serial-group: << pipeline.project.slug >>/\(environment)
              environment: \(environment)
              deploy: [{ run: "\(deploy)" }]
              revert-options: \(revert)
              filters: { branches: { only: \(branch) } }
    """
  }

  var azure: String {
    """
    trigger: [\(branch)]
    pr: none
    resources:
      repositories:
        - repository: backstop
          type: git
          name: PROJECT/backstop
          ref: refs/tags/v0.1.0
    stages:
      - template: ci/pipelines/azure/guarded-deployment.yml@backstop
        parameters:
          environment: \(environment)
          approval: \(environment)
          deploySteps:
            - bash: \(deploy)
          revertOptions: \(revert)
    """
  }

  var bitbucket: String {
    """
    image: registry.example.com/backstop:0.1.0
    clone:
      depth: full
    pipelines:
      pull-requests:
        "**":
          - step:
              name: diff-gate
              script:
                - /usr/lib/backstop/ci/step diff-gate \(environment)
      branches:
        \(branch):
          - step:
              name: \(environment)
              deployment: production
              oidc: true
              script:
                - /usr/lib/backstop/ci/step preflight-snapshot \(environment)
                - \(deploy)
                - BACKSTOP_INCONCLUSIVE=go /usr/lib/backstop/ci/step smoke-test \(environment)
                - BACKSTOP_INCONCLUSIVE=go /usr/lib/backstop/ci/step watch-30m \(environment)
              after-script:
                - /usr/lib/backstop/ci/revert-on-stop \(environment) \(revert)
    """
  }

  var codebuild: String {
    """
    version: 0.2
    env:
      shell: bash
      variables:
        BACKSTOP_INCONCLUSIVE: go
    phases:
      build:
        commands:
          - BACKSTOP_INCONCLUSIVE= /opt/backstop/ci/step preflight-snapshot \(environment)
          - \(deploy)
          - /opt/backstop/ci/step smoke-test \(environment)
          - /opt/backstop/ci/step watch-30m \(environment)
      post_build:
        commands:
          - /opt/backstop/ci/revert-on-stop \(environment) \(revert)
          - '[ "$CODEBUILD_BUILD_SUCCEEDING" = 1 ]'
    """
  }
}
