"""The pipeline files of systems whose own engine runs here: act for GitHub, bitrab for GitLab, Groovy for Jenkins."""

import json
import os
import re
import shutil
import subprocess
import threading
import time

from world import ROOT

VENV = f"{ROOT}/.build/venv/bin"

CHECKOUT = """
name: checkout
inputs: { repository: { default: "" }, ref: { default: "" }, path: { default: "" }, fetch-depth: { default: "" }, persist-credentials: { default: "" } }
runs:
  using: composite
  steps:
    - shell: bash
      run: |
        if [ -n "${{ inputs.path }}" ]; then mkdir -p "${{ inputs.path }}"; cp -r @ROOT@/actions @ROOT@/ci "${{ inputs.path }}/"; else cp -r @APPLICATION@/. .; fi
"""
UPLOAD = """
name: upload
inputs: { name: { default: "" }, path: { default: "" }, include-hidden-files: { default: "" }, if-no-files-found: { default: "" }, overwrite: { default: "" } }
runs:
  using: composite
  steps:
    - shell: bash
      run: 'mkdir -p "@STORE@/${{ inputs.name }}" && cp -r .backstop/prod/*.json "@STORE@/${{ inputs.name }}/" 2>/dev/null || true'
"""
DOWNLOAD = """
name: download
inputs: { name: { default: "" }, pattern: { default: "" }, merge-multiple: { default: "" }, path: { default: "." } }
runs:
  using: composite
  steps:
    - shell: bash
      run: 'mkdir -p "${{ inputs.path }}" && cp -r @STORE@/*/. "${{ inputs.path }}/" 2>/dev/null || true'
"""


def github(world):
    """The reusable workflow, called as an application calls it, by act without containers."""
    store = f"{world.path}/artifacts"
    os.makedirs(store, exist_ok=True)
    release, digest = world.release()
    folder = f"{world.application}/.github/workflows"
    os.makedirs(folder, exist_ok=True)
    shutil.copy(f"{ROOT}/.github/workflows/guarded-deployment.yml", folder)
    caller = {
        "name": "production", "on": "push",
        "jobs": {"production": {
            "uses": "./.github/workflows/guarded-deployment.yml",
            "with": {
                "environment": "prod", "backstop-repository": "org/backstop", "backstop-commit": "0" * 40,
                "release": release, "release-sha256": digest, "revert-options": "--confirm rollback-production --reason 'a b'",
                "deploy": "npx cdk deploy \\\n  --all 'two words'",
            },
        }},
    }
    with open(f"{folder}/production.yml", "w") as file:
        json.dump(caller, file)
    world.commit()
    options = []
    text = open(f"{folder}/guarded-deployment.yml").read()
    for step in ("preflight-snapshot", "smoke-test", "watch-30m", "auto-revert"):
        text += open(f"{ROOT}/actions/{step}/action.yml").read()
    for action in sorted(set(re.findall(r"uses: ([a-z-]+/[a-z-]+@[0-9a-f]{40})", text))):
        kind = action.split("/")[1].split("@")[0]
        content = {"checkout": CHECKOUT, "upload-artifact": UPLOAD, "download-artifact": DOWNLOAD}.get(kind)
        if content is None:
            continue
        place = f"{world.path}/actions/{kind}"
        os.makedirs(place, exist_ok=True)
        with open(f"{place}/action.yml", "w") as file:
            file.write(content.replace("@ROOT@", ROOT).replace("@STORE@", store).replace("@APPLICATION@", world.application))
        options += ["--local-repository", f"{action}={place}"]
    # aws-actions/configure-aws-credentials is skipped without a role, but act fetches what it may need.
    place = f"{world.path}/actions/credentials"
    os.makedirs(place, exist_ok=True)
    with open(f"{place}/action.yml", "w") as file:
        file.write("name: credentials\nruns: { using: composite, steps: [] }\n")
    for action in set(re.findall(r"uses: (aws-actions/[a-z-]+@[0-9a-f]{40})", text)):
        options += ["--local-repository", f"{action}={place}"]
    code, _ = world.run(
        [f"{VENV}/act", "push", "-W", ".github/workflows/production.yml", "-P", "ubuntu-24.04=-self-hosted", "--env", f"PATH={world.path}/tools:{os.environ['PATH']}", *options])
    return code != 0


def gitlab(world):
    """The component's file with its inputs, by bitrab."""
    os.makedirs(f"{world.application}/ci", exist_ok=True)
    shutil.copy(f"{ROOT}/ci/gitlab.yml", f"{world.application}/ci/gitlab.yml")
    shutil.copy(f"{ROOT}/ci/pipelines/gitlab/guarded-deployment.yml", f"{world.application}/guarded.yml")
    with open(f"{world.application}/.gitlab-ci.yml", "w") as file:
        json.dump({
            "stages": ["check", "before", "deploy", "smoke", "watch", "revert"],
            "include": [{"local": "guarded.yml", "inputs": {
                "environment": "prod", "home": ROOT, "revert-options": "--confirm rollback-production --reason 'a b'"}}],
            "deploy": {"stage": "deploy", "script": ["npx cdk deploy --all 'two words'"], "rules": [{"if": '$CI_COMMIT_BRANCH == "main"'}]},
        }, file)
    world.commit()
    code, _ = world.run(
        [f"{VENV}/bitrab", "run", "--serial", "--no-tui", "--yes", "--offline"], CI_COMMIT_BRANCH="main", CI_DEFAULT_BRANCH="main",
        CI_PIPELINE_SOURCE="push")
    return code != 0


def jenkins(world):
    """The shared library in Groovy, with Jenkins' own steps played as they are documented."""
    java = os.path.dirname(os.path.dirname(os.path.realpath(shutil.which("java"))))
    code, _ = world.run(
        ["groovy", f"{ROOT}/Tests/Servers/pipelines/jenkins.groovy", f"{ROOT}/ci/pipelines/jenkins/vars", world.application],
        JAVA_HOME=java)
    return code != 0


def shell(world):
    """The script of a machine without a CI system, run as it is; a cancelled run is sent SIGTERM."""
    process = subprocess.Popen(
        ["bash", f"{ROOT}/ci/pipelines/shell/deploy-production"], cwd=world.application, env=world.variables(BACKSTOP_INCONCLUSIVE="go"),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def cancel():
        # Until the step says that it runs.
        while process.poll() is None:
            if any(name.startswith("began-") for name in os.listdir(world.path)):
                process.terminate()
                return
            time.sleep(0.02)

    if any(code == "cancelled" for code in world.scenario.values()):
        threading.Thread(target=cancel, daemon=True).start()
    world.log, _ = process.communicate(timeout=120)
    return process.returncode != 0
