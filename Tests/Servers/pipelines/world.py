"""A world for the pipeline files under ci/pipelines: an application, stand-ins for the five steps and for the deployment.

A stand-in answers as the scenario says: with an exit code and the outputs that go with it, as the steps themselves do; or it is
lost, as with its runner: killed before it answered. What ran is written down in order.
"""

import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
STEPS = ["preflight-snapshot", "diff-gate", "smoke-test", "watch-30m", "auto-revert"]
WORDS = {
    0: "go", 1: "stop", 3: "inconclusive", 64: "usage", 65: "data", 69: "unavailable", 70: "software", 75: "busy",
    77: "refused", 130: "interrupted", 143: "terminated",
}

# Written as the step itself would: the outputs of GitHub and of BACKSTOP_OUTPUTS, and 3 mapped by BACKSTOP_INCONCLUSIVE.
STAND_IN = """#!/usr/bin/env bash
name=$(basename "$0")
[ "$name" != npx ] || name=deploy
{ printf '%s' "$name"; printf '\\t%s' "$@"; echo; } >>"@WORLD@/ran"
code=$(cat "@WORLD@/codes/$name" 2>/dev/null || echo 0)
[ "$code" != lost ] || kill -9 $$
if [ "$code" = cancelled ]; then
  touch "@WORLD@/began-$name"
  trap 'code=143' TERM
  for ((i = 0; i < 600; i++)); do [ "$code" = 143 ] && break; sleep 0.05; done
fi
[ "$name" != deploy ] || exit "$code"
case "$code" in @CASES@ *) word=$code ;; esac
if [ "$code" = 3 ] && [ "${BACKSTOP_INCONCLUSIVE:-}" = go ]; then code=0; fi
[ -z "${GITHUB_OUTPUT:-}" ] || printf 'verdict=%s\\nexit-code=%s\\n' "$word" "$code" >>"$GITHUB_OUTPUT"
[ -z "${BACKSTOP_OUTPUTS:-}" ] || printf 'BACKSTOP_EXIT_CODE=%s\\nBACKSTOP_VERDICT=%s\\n' "$code" "$word" >>"$BACKSTOP_OUTPUTS"
mkdir -p .backstop/prod/runs/1
echo '{}' >".backstop/prod/$name.json"
exit "$code"
""".replace("@CASES@", " ".join(f"{code}) word={word} ;;" for code, word in WORDS.items()))


class World:
    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="pipelines.")
        self.bin = f"{self.path}/release/backstop/bin"
        self.application = f"{self.path}/application"
        os.makedirs(self.bin)
        os.makedirs(f"{self.path}/codes")
        os.makedirs(f"{self.path}/tools")
        os.makedirs(self.application)
        stand_in = STAND_IN.replace("@WORLD@", self.path)
        for path in [f"{self.bin}/{step}" for step in STEPS] + [f"{self.path}/tools/npx"]:
            with open(path, "w") as file:
                file.write(stand_in)
            os.chmod(path, 0o755)
        with open(f"{self.application}/deployment-prod.config", "w") as file:
            file.write("ENVIRONMENT=prod\n")
        self.git("init", "-q", "-b", "main")
        self.commit()

    def git(self, *arguments):
        subprocess.run(["git", *arguments], cwd=self.application, check=True, capture_output=True)

    def commit(self):
        self.git("add", "-A")
        self.git("-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "-q", "--allow-empty", "-m", "A change")

    def release(self):
        """The stand-ins as a release's tarball, and its sum."""
        path = f"{self.path}/backstop.tar.gz"
        if not os.path.exists(path):
            with tarfile.open(path, "w:gz") as tarball:
                tarball.add(f"{self.path}/release/backstop", arcname="backstop")
        with open(path, "rb") as file:
            return path, hashlib.sha256(file.read()).hexdigest()

    def begin(self, scenario):
        """Sets what the next run's steps answer."""
        shutil.rmtree(f"{self.path}/codes")
        os.makedirs(f"{self.path}/codes")
        for name, code in scenario.items():
            with open(f"{self.path}/codes/{name}", "w") as file:
                file.write(str(code))
        open(f"{self.path}/ran", "w").close()

    def ran(self):
        with open(f"{self.path}/ran") as file:
            return [line.rstrip("\n").split("\t") for line in file]

    def variables(self, **more):
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "LANG", "JAVA_HOME") if name in os.environ}
        kept["PATH"] = f"{self.path}/tools:{kept['PATH']}"
        return kept | {
            "HOME": f"{self.path}/home", "BACKSTOP_HOME": ROOT, "BACKSTOP_BIN": self.bin, "BACKSTOP_ENVIRONMENT": "prod",
            "PYTHONDONTWRITEBYTECODE": "1",
        } | more

    def run(self, command, folder=None, **variables):
        """Runs a command as a job's shell would; its exit code, and what it printed."""
        result = subprocess.run(
            command, cwd=folder or self.application, env=self.variables(**variables), text=True, capture_output=True, timeout=120)
        self.log = result.stdout + result.stderr
        return result.returncode, result.stdout

    def shell(self, script, folder=None, **variables):
        """A script as a job has it, with the places of an image replaced by those of this machine."""
        script = script.replace("/usr/lib/backstop/", ROOT + "/").replace("/opt/backstop/", ROOT + "/")
        return self.run(["bash", "-e", "-c", script], folder, **variables)

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)
