#!/usr/bin/env python3
"""The deploy step of the demo, as an application would have one of its own: CloudFormation through botocore.

usage: ci/demo_cloud.py deploy ENVIRONMENT FOLDER   creates or updates the four stacks from FOLDER/infra and writes
                                                    FOLDER/deployment-ENVIRONMENT.config
       ci/demo_cloud.py traffic ENVIRONMENT FOLDER COUNT   as many requests, and what came back
       ci/demo_cloud.py users ENVIRONMENT FOLDER           four requests a second until standard input ends
       ci/demo_cloud.py templates ENVIRONMENT FOLDER       the digests of the deployed templates
"""
import hashlib
import os
import secrets
import select
import sys
import time
import urllib.error
import urllib.request

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


if __name__ == "__main__":
    commands = {"deploy": deploy, "traffic": traffic, "users": users, "templates": templates}
    if len(sys.argv) < 4 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    commands[sys.argv[1]](*sys.argv[2:])
