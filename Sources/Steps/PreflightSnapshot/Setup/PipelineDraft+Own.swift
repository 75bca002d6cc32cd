/// Files for systems that people run themselves, and for none.
extension PipelineDraft {
  var jenkins: String {
    """
    @Library('backstop') _

    pipeline {
        agent any
        options { disableConcurrentBuilds(); timeout(time: 4, unit: 'HOURS') }
        stages {
            stage('\(environment)') {
                when { branch '\(branch)' }
                steps {
                    script {
                        guardedDeployment(environment: '\(environment)', revertOptions: '\(revert)') {
                            sh '\(deploy)'
                        }
                    }
                }
            }
        }
    }
    """
  }

  var buildkite: String {
    """
    steps:
      - label: \(environment)
        branches: \(branch)
        concurrency: 1
        concurrency_group: backstop/\(environment)
        timeout_in_minutes: 300
        retry: { automatic: [{ exit_status: 75, limit: 2 }] }
        soft_fail: [{ exit_status: 3 }]
        env:
          BACKSTOP_OPTIONS_AUTO_REVERT: \(revert)
        command: /opt/backstop/ci/guarded-deployment \(environment) \(deploy)
    """
  }

  var tekton: String {
    """
    apiVersion: tekton.dev/v1
    kind: PipelineRun
    metadata:
      generateName: backstop-\(environment)-
    spec:
      pipelineRef: { name: guarded-deployment }
      params:
        - { name: environment, value: \(environment) }
        - { name: revert-options, value: \(revert) }
      workspaces:
        - name: source
          volumeClaimTemplate:
            spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 2Gi } } }
    """
  }

  var woodpecker: String {
    """
    when:
      - { event: push, branch: \(branch) }
    steps:
      - name: preflight-snapshot
        image: registry.example.com/backstop:0.1.0
        settings: { step: preflight-snapshot, environment: \(environment) }
      - name: deploy
        image: node:22
        commands:
          - \(deploy)
      - name: smoke-test
        image: registry.example.com/backstop:0.1.0
        settings: { step: smoke-test, environment: \(environment), inconclusive: go }
      - name: watch-30m
        image: registry.example.com/backstop:0.1.0
        settings: { step: watch-30m, environment: \(environment), inconclusive: go }
      - name: auto-revert
        image: registry.example.com/backstop:0.1.0
        settings: { step: revert-on-stop, environment: \(environment), revert_options: \(revert) }
        when:
          - status: [failure]
    """
  }

  var drone: String {
    """
    kind: pipeline
    type: docker
    name: \(environment)
    trigger:
      branch: [\(branch)]
      event: [push]
    concurrency:
      limit: 1
    steps:
      - name: preflight-snapshot
        image: registry.example.com/backstop:0.1.0
        settings: { step: preflight-snapshot, environment: \(environment) }
      - name: deploy
        image: node:22
        commands:
          - \(deploy)
      - name: smoke-test
        image: registry.example.com/backstop:0.1.0
        settings: { step: smoke-test, environment: \(environment), inconclusive: go }
      - name: watch-30m
        image: registry.example.com/backstop:0.1.0
        settings: { step: watch-30m, environment: \(environment), inconclusive: go }
      - name: auto-revert
        image: registry.example.com/backstop:0.1.0
        settings: { step: revert-on-stop, environment: \(environment), revert_options: \(revert) }
        when:
          status: [failure]
    """
  }

  var shell: String {
    """
    set -eu
    cd "$(git rev-parse --show-toplevel)"
    export BACKSTOP_OPTIONS_AUTO_REVERT="\(revert)"
    exec "${BACKSTOP_HOME:-/opt/backstop}/ci/guarded-deployment" \(environment) \(deploy)
    """
  }
}
