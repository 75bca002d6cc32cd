"""The pipeline files of systems whose engine does not run here, played by what their documentation says of order and conditions.

Each takes the very file: its scripts run in a shell, its conditions are evaluated. What is played is named in the report of the
tests, so that nobody takes it for the engine.
"""

import copy
import os
import re
import shutil
import stat

import yaml

from world import ROOT

PIPELINES = f"{ROOT}/ci/pipelines"


class Lost(Exception):
    """The runner of a job is gone; nothing that it held is left."""


class Cancelled(Exception):
    """Somebody ended the run."""


def load(path):
    with open(f"{PIPELINES}/{path}") as file:
        return yaml.safe_load(file)


def outcome(world, code):
    """A job's exit code; a lost or cancelled step ends the job in its own way."""
    if "lost" in world.scenario.values() and code == 137:
        raise Lost
    if "cancelled" in world.scenario.values() and code == 143:
        raise Cancelled
    return code


def cancelled_code(world):
    """Where a system's cancelling is played by the step's own end, no signal is sent."""
    for name, code in world.scenario.items():
        if code == "cancelled":
            with open(f"{world.path}/codes/{name}", "w") as file:
                file.write("143")


# --- Buildkite -----------------------------------------------------------------------------------------------------------

AGENT = """#!/usr/bin/env bash
store="@WORLD@/artifacts"
mkdir -p "$store"
case "$1 $2" in
  "artifact download") (cd "$store" && find . -type f | while IFS= read -r file; do case "${file#./}" in $3) mkdir -p "$OLDPWD/$4/$(dirname "$file")"; cp "$file" "$OLDPWD/$4/$file" ;; esac; done) ;;
  "artifact upload") IFS=';'; for pattern in $3; do for file in $pattern; do [ -f "$file" ] || continue; mkdir -p "$store/$(dirname "$file")"; cp "$file" "$store/$file"; done; done ;;
  *) exit 1 ;;
esac
"""


def buildkite(world):
    """Jobs by their dependencies, each in a clean checkout; the plugin's own hook runs."""
    agent = f"{world.path}/tools/buildkite-agent"
    with open(agent, "w") as file:
        file.write(AGENT.replace("@WORLD@", world.path))
    os.chmod(agent, 0o755)
    shutil.rmtree(f"{world.path}/artifacts", ignore_errors=True)
    done, failed = {}, False
    for step in load("buildkite/pipeline.yml")["steps"]:
        if "block" in step or "if" in step:
            continue
        needed = step.get("depends_on", [])
        needed = [{"step": needed}] if isinstance(needed, str) else needed
        if any(done[need["step"]] not in ("passed", "soft") and not need.get("allow_failure") for need in needed):
            done[step["key"]] = "not run"
            continue
        checkout = f"{world.path}/checkout"
        shutil.rmtree(checkout, ignore_errors=True)
        os.makedirs(checkout)
        variables = {"BUILDKITE": "true", "BUILDKITE_BUILD_ID": "b-1", "BUILDKITE_RETRY_COUNT": "0"}
        if "plugins" in step:
            for name, value in step["plugins"][0]["./ci/pipelines/buildkite"].items():
                name = "BUILDKITE_PLUGIN_BACKSTOP_" + name.upper().replace("-", "_")
                for number, word in enumerate(value if isinstance(value, list) else []):
                    variables[f"{name}_{number}"] = word
                if not isinstance(value, list):
                    variables[name] = value
            command = ["bash", f"{PIPELINES}/buildkite/hooks/command"]
        else:
            command = ["bash", "-e", "-c", step["command"]]
        try:
            code = outcome(world, world.run(command, checkout, **variables)[0])
        except Lost:
            shutil.rmtree(f"{world.path}/artifacts", ignore_errors=True)
            code = -1
        except Cancelled:
            return True
        soft = any(entry["exit_status"] == code for entry in step.get("soft_fail", []))
        done[step["key"]] = "passed" if code == 0 else "soft" if soft else "failed"
        failed = failed or done[step["key"]] == "failed"
    return failed or "not run" in done.values()


# --- CircleCI ------------------------------------------------------------------------------------------------------------

def filled(value, parameters):
    if isinstance(value, str):
        whole = re.fullmatch(r"<< *parameters\.([a-z-]+) *>>", value)
        if whole:
            return parameters[whole[1]]
        return re.sub(r"<< *parameters\.([a-z-]+) *>>", lambda found: str(parameters[found[1]]), value)
    if isinstance(value, list):
        return [filled(entry, parameters) for entry in value]
    if isinstance(value, dict):
        return {key: filled(entry, parameters) for key, entry in value.items()}
    return value


def circle_steps(orb, steps, parameters):
    for entry in steps:
        if entry == "checkout" or "store_artifacts" in entry:
            continue
        if "run" in entry:
            run = filled(entry["run"], parameters)
            yield run if isinstance(run, dict) else {"command": run}
        elif "steps" in entry:
            yield from circle_steps(orb, filled(entry["steps"], parameters), {})
        else:
            (name, given), = filled(entry, parameters).items()
            command = orb["commands"][name]
            known = {key: value.get("default") for key, value in command.get("parameters", {}).items()}
            yield from circle_steps(orb, command["steps"], known | given)


def circleci(world):
    """The job of the example's workflow, its commands put in; steps by `when`."""
    orb, config = load("circleci/orb.yml"), load("circleci/config.yml")
    (given,) = (entry["backstop/guarded-deployment"] for entry in config["workflows"]["production"]["jobs"] if "backstop/guarded-deployment" in entry)
    job = orb["jobs"]["guarded-deployment"]
    parameters = {key: value.get("default") for key, value in job["parameters"].items()} | given
    failed = False
    try:
        for run in circle_steps(orb, job["steps"], parameters):
            when = run.get("when", "on_success")
            if when == "always" or failed == (when == "on_fail"):
                variables = {key: str(value).replace("/opt/backstop", ROOT) for key, value in run.get("environment", {}).items()}
                code = outcome(world, world.shell(run["command"], CIRCLECI="true", CIRCLE_WORKFLOW_ID="w", **variables)[0])
                failed = failed or code != 0
    except (Lost, Cancelled):
        return True
    return failed


# --- Azure Pipelines -----------------------------------------------------------------------------------------------------

def azure_filled(value, known):
    if isinstance(value, str):
        whole = re.fullmatch(r"\$\{\{ *(?:parameters\.)?(\w+) *\}\}", value)
        if whole and whole[1] in known:
            return copy.deepcopy(known[whole[1]])
        return re.sub(r"\$\{\{ *(?:parameters\.)?(\w+) *\}\}", lambda found: str(known.get(found[1], found[0])), value)
    if isinstance(value, dict):
        return {key: azure_filled(entry, known) for key, entry in value.items()}
    if isinstance(value, list):
        out = []
        for entry in value:
            each = isinstance(entry, dict) and len(entry) == 1 and re.fullmatch(r"\$\{\{ *each (\w+) in parameters\.(\w+) *\}\}", next(iter(entry)))
            if each:
                for item in known[each[2]]:
                    out += [azure_filled(part, known | {each[1]: item}) for part in next(iter(entry.values()))]
            else:
                out.append(azure_filled(entry, known))
        return out
    return value


def azure_template():
    """The template with an application's parameters, as the server expands it."""
    template = load("azure/guarded-deployment.yml")
    known = {entry["name"]: entry.get("default") for entry in template["parameters"]}
    known |= {
        "environment": "prod", "approval": "production", "revertOptions": "--confirm rollback-production --reason 'a b'",
        "deploySteps": [{"bash": "npx cdk deploy --all 'two words'"}],
    }
    return azure_filled({"stages": template["stages"]}, known)


def azure_condition(text, outputs, cancelled):
    """and, or, not, eq, canceled() and outputs: what the template's condition has."""
    words = re.findall(r"'[^']*'|[\w.]+|\[|\]|\(|\)|,", text)

    def value():
        word = words.pop(0)
        if word.startswith("'"):
            return word[1:-1]
        if words and words[0] == "(":
            words.pop(0)
            arguments = []
            while words[0] != ")":
                arguments.append(value())
                if words[0] == ",":
                    words.pop(0)
            words.pop(0)
            return {
                "and": lambda: all(arguments), "or": lambda: any(arguments), "not": lambda: not arguments[0],
                "eq": lambda: str(arguments[0]).lower() == str(arguments[1]).lower(), "canceled": lambda: cancelled,
            }[word]()
        assert word == "dependencies.deploy.outputs" and words.pop(0) == "[", word
        name = words.pop(0)[1:-1]
        assert words.pop(0) == "]"
        return outputs.get(name, "")

    return value()


def azure(world):
    """The two jobs, each in a folder of its own; outputs by the commands that tasks print."""
    stage = azure_template()["stages"][0]
    jobs = {job.get("job", job.get("deployment")): job for job in stage["jobs"]}
    variables = {key: value.replace("/opt/backstop", ROOT) for key, value in stage["variables"].items()}
    places = {"$(Pipeline.Workspace)": f"{world.path}/pipeline", "$(Build.ArtifactStagingDirectory)": f"{world.path}/staging", "$(System.JobAttempt)": "1"}
    for place in ("pipeline", "staging"):
        shutil.rmtree(f"{world.path}/{place}", ignore_errors=True)
        os.makedirs(f"{world.path}/{place}")

    def macros(text):
        for name, value in places.items():
            text = text.replace(name, value)
        return text

    def job(name, outputs):
        folder = f"{world.path}/agent"
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        failed = False
        for step in jobs[name]["steps"]:
            if failed and step.get("condition") != "always()":
                continue
            if "publish" in step:
                shutil.copytree(macros(step["publish"]), f"{world.path}/pipeline/{macros(step['artifact'])}", dirs_exist_ok=True)
            if "bash" not in step:
                continue
            given = {key: str(value) for key, value in step.get("env", {}).items()}
            code, printed = world.run(["bash", "-c", macros(step["bash"])], folder, TF_BUILD="True", **variables, **given)
            for key, value in re.findall(r"##vso\[task\.setvariable variable=(\w+);isOutput=true\](.*)", printed):
                outputs[f"{step.get('name')}.{key}"] = value
            failed = failed or outcome(world, code) != 0
        return failed

    outputs, cancelled = {}, False
    try:
        failed = job("deploy", outputs)
    except Lost:
        failed, outputs = True, {}
    except Cancelled:
        failed = cancelled = True
    if azure_condition(jobs["revert"]["condition"], outputs, cancelled):
        failed = job("revert", {}) or True
    return failed


# --- Tekton --------------------------------------------------------------------------------------------------------------

def tekton(world):
    """The pipeline's order, `when` and `finally`; the task's script runs with its results as files."""
    with open(f"{PIPELINES}/tekton/pipeline.yaml") as file:
        pipeline = yaml.safe_load(file)["spec"]
    with open(f"{PIPELINES}/tekton/task.yaml") as file:
        task = yaml.safe_load(file)["spec"]
    given = {entry["name"]: entry.get("default", "") for entry in pipeline["params"]} | {
        "environment": "prod", "revert-options": "--confirm rollback-production --reason 'a b'"}
    results = {}

    class Missing(Exception):
        pass

    def text(value, own=None):
        def one(found):
            path = found[1]
            if own is not None and path in own:
                return own[path]
            if path.startswith("params."):
                return given[path[7:]]
            if path == "context.pipelineRun.uid":
                return "uid-1"
            name, _, result = path.removeprefix("tasks.").partition(".results.")
            if result not in results.get(name, {}):
                raise Missing(path)
            return results[name][result]
        return re.sub(r"\$\(([a-zA-Z0-9.-]+)\)", one, value)

    def wanted(entry):
        for condition in entry.get("when", []):
            found = text(condition["input"]) in condition["values"]
            if found != (condition["operator"] == "in"):
                return False
        return True

    def run(entry):
        if "taskSpec" in entry:
            return 1
        if entry["taskRef"]["name"] == "deploy":
            return outcome(world, world.shell("npx cdk deploy --all 'two words'")[0])
        own = {f"params.{p['name']}": p.get("default", "") for p in task["params"]}
        own |= {f"params.{p['name']}": text(p["value"]) for p in entry["params"]}
        own |= {"workspaces.store-key.path": "", "workspaces.source.path": world.application}
        for result in task["results"]:
            own[f"results.{result['name']}.path"] = f"{world.path}/result-{result['name']}"
        (step,) = task["steps"]
        variables = {e["name"]: text(e["value"], own) for e in step["env"]}
        script = step["script"].replace("/tmp/outputs", f"{world.path}/outputs")
        shutil.rmtree(f"{world.path}/outputs", ignore_errors=True)
        # A script stands in a file of the pod.
        path = f"{world.path}/script"
        with open(path, "w") as file:
            file.write(script)
        os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
        code = outcome(world, world.run([path], **variables)[0])
        # Without the pod there are no results; of a failed one they are not relied on.
        results[entry["name"]] = {
            result["name"]: open(f"{world.path}/result-{result['name']}").read() for result in task["results"]} if code == 0 else {}
        return code

    failed, skipped = False, set()
    try:
        for entry in pipeline["tasks"]:
            if skipped & set(entry.get("runAfter", [])) or not wanted(entry):
                skipped.add(entry["name"])
                continue
            if run(entry) != 0:
                failed = True
                break
    except Lost:
        failed = True
    except Cancelled:
        return True
    for entry in pipeline["finally"]:
        try:
            if wanted(entry):
                failed = run(entry) != 0 or failed
        except Missing:
            continue
    return failed


# --- Woodpecker, Drone ---------------------------------------------------------------------------------------------------

def plugins(world, file, **variables):
    failed = False
    try:
        for step in load(file)["steps"]:
            when = step.get("when", {})
            states = [state for entry in (when if isinstance(when, list) else [when]) for state in entry.get("status", [])] or ["success"]
            if ("failure" if failed else "success") not in states:
                continue
            if "commands" in step:
                code = world.shell("\n".join(step["commands"]), **variables)[0]
            else:
                settings = {
                    f"PLUGIN_{key.upper()}": "key-of-a-store" if isinstance(value, dict) else str(value)
                    for key, value in step["settings"].items()}
                code = world.run(["bash", f"{ROOT}/ci/plugin", "PLUGIN_"], **variables, **settings)[0]
            failed = outcome(world, code) != 0 or failed
    except (Lost, Cancelled):
        return True
    return failed


def woodpecker(world):
    """Steps by their status conditions; settings as PLUGIN_ variables."""
    return plugins(world, "woodpecker/guarded-deployment.yml", CI="woodpecker", CI_REPO_ID="1", CI_PIPELINE_NUMBER="7")


def drone(world):
    """Steps by their status conditions; settings as PLUGIN_ variables."""
    return plugins(world, "drone/guarded-deployment.yml", CI="true", DRONE="true", DRONE_BUILD_NUMBER="7")


# --- Bitbucket -----------------------------------------------------------------------------------------------------------

def bitbucket(world):
    """The step's script up to its first failure, then what comes after it; that is run for a cancelled step too."""
    (entry,) = load("bitbucket/bitbucket-pipelines.yml")["pipelines"]["branches"]["main"]
    variables = {"BITBUCKET_BUILD_NUMBER": "7", "CI": "true"}
    failed = False
    try:
        for line in entry["step"]["script"]:
            if outcome(world, world.shell(line, **variables)[0]) != 0:
                failed = True
                break
    except Lost:
        return True
    except Cancelled:
        failed = True
    world.shell("\n".join(entry["step"]["after-script"]), BITBUCKET_EXIT_CODE=str(int(failed)), **variables)
    return failed


# --- CodeBuild -----------------------------------------------------------------------------------------------------------

def codebuild(world):
    """The phases: post_build follows a build that failed, and not one that was stopped."""
    spec = load("codepipeline/buildspec.yml")
    variables = {key: value.replace("/opt/backstop", ROOT) for key, value in spec["env"]["variables"].items()} | {"CODEBUILD_BUILD_ID": "p:1"}
    failed = False
    try:
        for command in spec["phases"]["build"]["commands"]:
            if outcome(world, world.run(["bash", "-c", command], **variables)[0]) != 0:
                failed = True
                break
    except (Lost, Cancelled):
        return True
    for command in spec["phases"]["post_build"]["commands"]:
        code = world.run(["bash", "-c", command], CODEBUILD_BUILD_SUCCEEDING=str(int(not failed)), **variables)[0]
        failed = failed or code != 0
    return failed


# --- Argo ----------------------------------------------------------------------------------------------------------------

def argo(world):
    """The graph by `depends` and `when`; output parameters as files."""
    spec = load("argo/workflow-template.yaml")["spec"]
    templates = {entry["name"]: entry for entry in spec["templates"]}
    given = {entry["name"]: entry.get("value", "") for entry in spec["arguments"]["parameters"]} | {
        "environment": "prod", "revert-options": "--confirm rollback-production --reason 'a b'"}
    known = {f"workflow.parameters.{key}": value for key, value in given.items()} | {"workflow.uid": "uid-1"}
    state = {}

    def text(value, more=None):
        return re.sub(r"\{\{([a-zA-Z0-9._-]+)\}\}", lambda found: (known | (more or {}))[found[1]], value)

    def step(arguments):
        more = {f"inputs.parameters.{entry['name']}": text(entry["value"]) for entry in arguments}
        container = templates["step"]["container"]
        variables = {entry["name"]: text(entry["value"], more) for entry in container["env"] if "value" in entry}
        shutil.rmtree(f"{world.path}/outputs", ignore_errors=True)
        command = [text(word, more).replace("/tmp/outputs", f"{world.path}/outputs") for word in container["command"] + container["args"]]
        code = outcome(world, world.run(command, **variables)[0])
        outputs = {}
        for parameter in templates["step"]["outputs"]["parameters"]:
            path = parameter["valueFrom"]["path"].replace("/tmp/outputs", f"{world.path}/outputs")
            outputs[parameter["name"]] = open(path).read() if os.path.exists(path) else parameter["valueFrom"]["default"]
        return code, outputs

    def run(task):
        if "templateRef" in task:
            return outcome(world, world.shell("npx cdk deploy --all 'two words'")[0])
        if task["template"] == "clone":
            return 0
        if task["template"] == "failed":
            return 1
        if task["template"] == "revert":
            return step(templates["revert"]["steps"][0][0]["arguments"]["parameters"])[0]
        code, outputs = step(task["arguments"]["parameters"])
        if code == 0:
            known.update({f"tasks.{task['name']}.outputs.parameters.{key}": value for key, value in outputs.items()})
        return code

    failed = False
    for task in templates["chain"]["dag"]["tasks"]:
        alternatives = [word.strip().rpartition(".") for word in task.get("depends", "").split("||") if word.strip()]
        if alternatives and not any(state[name] == wanted for name, _, wanted in alternatives):
            state[task["name"]] = "Omitted"
            continue
        if "when" in task:
            left, operator, right = text(task["when"]).split()
            if (left == right) != (operator == "=="):
                state[task["name"]] = "Skipped"
                continue
        try:
            state[task["name"]] = "Succeeded" if run(task) == 0 else "Failed"
        except Lost:
            state[task["name"]] = "Errored"
        except Cancelled:
            return True
        failed = failed or state[task["name"]] != "Succeeded"
    return failed


def argocd(world):
    """A sync: the hook before it, the deployment, the hook after it; a failed hook ends the sync."""
    with open(f"{PIPELINES}/argo/sync-hooks.yaml") as file:
        hooks = {job["metadata"]["annotations"]["argocd.argoproj.io/hook"]: job for job in yaml.safe_load_all(file)}

    def hook(name):
        (container,) = hooks[name]["spec"]["template"]["spec"]["containers"]
        variables = {entry["name"]: entry["value"] for entry in container["env"] if "value" in entry}
        command = [word.replace("/usr/lib/backstop", ROOT) for word in container["command"]]
        return outcome(world, world.run(command, **variables)[0])

    try:
        return hook("PreSync") != 0 or outcome(world, world.shell("npx cdk deploy --all 'two words'")[0]) != 0 or hook("PostSync") != 0
    except (Lost, Cancelled):
        return True
