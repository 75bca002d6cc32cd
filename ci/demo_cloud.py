#!/usr/bin/env python3
"""The deploy step of the demo, as an application would have one of its own: CloudFormation through botocore.

usage: ci/demo_cloud.py deploy ENVIRONMENT FOLDER   creates or updates the four stacks from FOLDER/infra and writes
                                                    FOLDER/deployment-ENVIRONMENT.config
       ci/demo_cloud.py traffic ENVIRONMENT FOLDER COUNT   as many requests, and what came back
       ci/demo_cloud.py users ENVIRONMENT FOLDER           four requests a second until standard input ends
       ci/demo_cloud.py templates ENVIRONMENT FOLDER       the digests of the deployed templates
       ci/demo_cloud.py alias ENVIRONMENT FOLDER           publishes the function and points the alias "live" to it
       ci/demo_cloud.py publish ENVIRONMENT FOLDER         publishes a version whose every call fails
       ci/demo_cloud.py callers ENVIRONMENT FOLDER         callers of the alias until standard input ends; every answer goes to
                                                           FOLDER/.git/answers
       ci/demo_cloud.py answers ENVIRONMENT FOLDER         what these callers were answered

The local AWS does not divide calls by an alias's weights. The callers therefore read the alias and draw the version of each call
by its weights, as Lambda would, and record for each version what Lambda would count. What a version answers is real.
"""
import collections
import concurrent.futures
import datetime
import hashlib
import io
import itertools
import json
import os
import random
import secrets
import select
import sys
import threading
import time
import urllib.error
import urllib.request
import zipfile

import botocore.session
from botocore.exceptions import ClientError

ORDER = ("Database", "Api", "Workflow", "Monitoring")
REGION = "us-east-1"


def cloudformation():
    return botocore.session.get_session().create_client("cloudformation", region_name=REGION)


def secret(folder, name):
    """A value of this run alone, kept where git does not see it."""
    path = os.path.join(folder, ".git", name)
    if not os.path.exists(path):
        with open(path, "w", opener=lambda file, flags: os.open(file, flags, 0o600)) as file:
            file.write(secrets.token_hex(16))
    with open(path) as file:
        return file.read()


def stack_name(role, environment):
    return f"CiraInvoice-{role}-{environment}"


def wait(client, name):
    while True:
        stack = client.describe_stacks(StackName=name)["Stacks"][0]
        status = stack["StackStatus"]
        if status.endswith("_IN_PROGRESS"):
            time.sleep(0.2)
        elif status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            return stack
        else:
            sys.exit(f"deploy: {name} ended {status}: {stack.get('StackStatusReason', '')}")


def deploy(environment, folder):
    client = cloudformation()
    outputs = {}
    for role in ORDER:
        name = stack_name(role, environment)
        with open(os.path.join(folder, "infra", role.lower() + ".yaml")) as file:
            template = file.read()
        values = {"Environment": environment}
        if role == "Database":
            values["MasterPassword"] = secret(folder, "master-password")
        if role == "Api":
            values["ApiKey"] = secret(folder, "api-key")
        call = {
            "StackName": name, "TemplateBody": template, "Capabilities": ["CAPABILITY_NAMED_IAM"],
            "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
        }
        try:
            try:
                client.update_stack(**call)
            except ClientError as error:
                if "does not exist" not in str(error):
                    raise
                client.create_stack(**call)
        except ClientError as error:
            if "No updates are to be performed" not in str(error):
                raise
        stack = wait(client, name)
        print(f"{name}: {stack['StackStatus']}")
        outputs.update({output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])})
    write_config(environment, folder, outputs)


def write_config(environment, folder, outputs):
    endpoint = f"{os.environ['AWS_ENDPOINT_URL']}/restapis/{outputs['ApiId']}/{environment}/_user_request_/"
    text = f"""# CIRA Invoice AWS - {environment} Deployment Configuration

ENVIRONMENT={environment}
AWS_REGION={REGION}

# API Configuration
API_ENDPOINT={endpoint}
API_KEY={secret(folder, 'api-key')}

# Stack Names
API_STACK={stack_name('Api', environment)}
WORKFLOW_STACK={stack_name('Workflow', environment)}
MONITORING_STACK={stack_name('Monitoring', environment)}

# State Machine
STATE_MACHINE_ARN={outputs['WorkflowArn']}
"""
    with open(os.path.join(folder, f"deployment-{environment}.config"), "w") as file:
        file.write(text)


def configuration(environment, folder):
    config = {}
    with open(os.path.join(folder, f"deployment-{environment}.config")) as file:
        for line in file:
            key, equals, value = line.strip().partition("=")
            if equals and not key.startswith("#"):
                config[key] = value
    return config


def ask(config, number):
    """The status of one request that a real user would send."""
    request = urllib.request.Request(config["API_ENDPOINT"] + ("jobs" if number % 2 else ""),
                                     headers={"x-api-key": config["API_KEY"]})
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code


def traffic(environment, folder, count):
    config = configuration(environment, folder)
    answers = {}
    for number in range(int(count)):
        status = ask(config, number)
        answers[status] = answers.get(status, 0) + 1
    print("answers:", ", ".join(f"{count} x {status}" for status, count in sorted(answers.items())))


def users(environment, folder):
    config = configuration(environment, folder)
    number = 0
    while not select.select([sys.stdin], [], [], 0.25)[0]:
        try:
            ask(config, number)
        except OSError:
            pass  # the cloud may be gone: users go on trying
        number += 1


def templates(environment, folder):
    client = cloudformation()
    for role in ORDER:
        name = stack_name(role, environment)
        body = client.get_template(StackName=name, TemplateStage="Original")["TemplateBody"]
        body = body if isinstance(body, str) else str(sorted(body.items()))
        print(name, hashlib.sha256(body.encode()).hexdigest())


def service(name):
    return botocore.session.get_session().create_client(name, region_name=REGION)


def function_name(environment):
    return f"CiraInvoice-JobManagement-{environment}"


def alias(environment, folder):
    client, function = service("lambda"), function_name(environment)
    version = client.publish_version(FunctionName=function)["Version"]
    client.create_alias(FunctionName=function, Name="live", FunctionVersion=version)
    print(f"{function}: the alias live stands for version {version}")


def package(code):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("index.py", code)
    return archive.getvalue()


def publish(environment, folder):
    client, function = service("lambda"), function_name(environment)
    bad = package("def handler(event, context):\n    raise RuntimeError('jobs table not found')\n")
    version = client.update_function_code(FunctionName=function, ZipFile=bad, Publish=True)["Version"]
    # The API calls the function itself, and not the alias: what is not published stays good.
    with open(os.path.join(folder, "infra", "api.yaml")) as file:
        lines = file.read().split("ZipFile: |\n")[1].splitlines()
    indent = len(lines[0]) - len(lines[0].lstrip())
    code = [line[indent:] for line in itertools.takewhile(lambda line: not line.strip() or line.startswith(" " * indent), lines)]
    client.update_function_code(FunctionName=function, ZipFile=package("\n".join(code) + "\n"))
    print(f"{function}: version {version} is published, and gets no calls yet")


def drawn(alias):
    """A version, by the alias's weights."""
    weights = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    rest = random.random()
    for version, weight in weights.items():
        rest -= weight
        if rest < 0:
            return version
    return alias["FunctionVersion"]


def callers(environment, folder):
    function = function_name(environment)
    event = json.dumps({"path": "/jobs", "headers": {"x-api-key": secret(folder, "api-key")}})
    counted, lock, stop = collections.defaultdict(list), threading.Lock(), threading.Event()
    answers = open(os.path.join(folder, ".git", "answers"), "w")

    def call():
        client = service("lambda")
        while not stop.is_set():
            try:
                version = drawn(client.get_alias(FunctionName=function, Name="live"))
                started = time.time()
                answer = client.invoke(FunctionName=function, Qualifier=version, Payload=event)
                body = json.loads(answer["Payload"].read() or "null") or {}
            except Exception:  # the cloud may be gone: callers go on trying
                stop.wait(0.2)
                continue
            good = "FunctionError" not in answer and body.get("statusCode") == 200
            with lock:
                counted[int(started), version].append((not good, (time.time() - started) * 1000))
                answers.write(json.dumps({"at": started, "version": version, "good": good}) + "\n")
                answers.flush()
            stop.wait(0.05)

    def record():
        client = service("cloudwatch")
        while not stop.wait(0.5):
            with lock:
                whole = [key for key in counted if key[0] < int(time.time()) - 1]
                points = {key: counted.pop(key) for key in whole}
            data = []
            for (second, version), calls in points.items():
                dimensions = [{"Name": "FunctionName", "Value": function}, {"Name": "Resource", "Value": f"{function}:live"},
                              {"Name": "ExecutedVersion", "Value": version}]
                slowest = sorted(milliseconds for _, milliseconds in calls)[int(0.95 * (len(calls) - 1))]
                for name, value in (("Invocations", len(calls)), ("Errors", sum(bad for bad, _ in calls)), ("Duration", slowest)):
                    data.append({"MetricName": name, "Dimensions": dimensions, "Value": value, "StorageResolution": 1,
                                 "Timestamp": datetime.datetime.fromtimestamp(second, datetime.timezone.utc)})
            if data:
                client.put_metric_data(Namespace="AWS/Lambda", MetricData=data)

    with concurrent.futures.ThreadPoolExecutor(9) as pool:
        for _ in range(8):
            pool.submit(call)
        pool.submit(record)
        sys.stdin.read()
        stop.set()


def answers(environment, folder):
    """Of the calls from the new version's first answer to its last: how many were bad, and how many it got."""
    with open(os.path.join(folder, ".git", "answers")) as file:
        all_answers = sorted((json.loads(line) for line in file), key=lambda answer: answer["at"])
    new = [answer["at"] for answer in all_answers if answer["version"] != "1"]
    if not new:
        sys.exit("answers: the new version was never asked")
    during = [answer for answer in all_answers if new[0] <= answer["at"] <= new[-1]]
    after = [answer for answer in all_answers if answer["at"] > new[-1]]
    bad = sum(not answer["good"] for answer in during)
    print(f"{len(during)} calls while the new version got some, for {new[-1] - new[0]:.0f} s: {len(new)} went to it, "
          f"{bad} failed ({100 * bad / len(during):.1f} %)")
    print(f"{len(after)} calls afterwards: {sum(not answer['good'] for answer in after)} failed")
    wrong = bad > 0.2 * len(during) or any(not answer["good"] for answer in after) or not after
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    commands = {"deploy": deploy, "traffic": traffic, "users": users, "templates": templates,
                "alias": alias, "publish": publish, "callers": callers, "answers": answers}
    if len(sys.argv) < 4 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    commands[sys.argv[1]](*sys.argv[2:])
