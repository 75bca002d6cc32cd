#!/usr/bin/env python3
"""Prints, as one JSON document, every field of every resource of a stack that a deployment can change.

usage: aws_facts.py STACK      the endpoint and the credentials are those of the environment

Read by botocore, one call after the other, so that a comparison does not rest on the clients that are tested. Left out is
what changes by itself: times, request ids, revision ids, and the digest of code that stands in a template, since each
deployment packs that anew; the files of the package are there instead.
"""
import hashlib
import io
import json
import sys
import urllib.request
import zipfile

import botocore.session

stack = sys.argv[1]
session = botocore.session.get_session()
clients = {}
VOLATILE = {"ResponseMetadata", "LastModified", "RevisionId", "CodeSha256", "CodeSize", "creationDate", "updateDate",
            "revisionId", "createdDate", "lastUpdatedDate", "LastUpdatedTime", "CreationTime", "LastModifiedDate",
            "LastUpdatedTimestamp", "Timestamp", "StackStatusReason", "DriftInformation", "ChangeSetId",
            "LastOperations", "StackStatus", "StateReason", "StateReasonCode", "LastUpdateStatusReason",
            "LastUpdateStatusReasonCode", "LastChangedDate", "LastAccessedDate", "CreatedDate", "Version"}


def call(service, operation, **parameters):
    if service not in clients:
        clients[service] = session.create_client(service, region_name="us-east-1")
    return clients[service]._make_api_call(operation, parameters)


def plain(value):
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items() if name not in VOLATILE}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def package(url):
    archive = zipfile.ZipFile(io.BytesIO(urllib.request.urlopen(url).read()))
    return {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}


def function(name):
    found = call("lambda", "GetFunction", FunctionName=name)
    aliases = call("lambda", "ListAliases", FunctionName=name)["Aliases"]
    return {
        "configuration": plain(found["Configuration"]), "files": package(found["Code"]["Location"]),
        "aliases": {alias["Name"]: alias["FunctionVersion"] for alias in aliases},
        "answers": answers(name), "concurrency": plain(found.get("Concurrency"))}


def answers(name):
    """What the function and each of its aliases does."""
    names = [name] + [f"{name}:{alias['Name']}" for alias in call("lambda", "ListAliases", FunctionName=name)["Aliases"]]
    found = {}
    for one in names:
        answer = call("lambda", "Invoke", FunctionName=one, Payload=b"{}")
        found[one] = answer["Payload"].read().decode() if "FunctionError" not in answer else answer["FunctionError"]
    return found


def secret(arn):
    found = call("secretsmanager", "GetSecretValue", SecretId=arn)
    return {"value": found["SecretString"], "version": found["VersionId"]}


def api(identifier):
    stages = call("apigateway", "GetStages", restApiId=identifier)["item"]
    resources = call("apigateway", "GetResources", restApiId=identifier, embed=["methods"])["items"]
    return {"stages": plain(stages), "resources": plain(sorted(resources, key=lambda item: item["path"]))}


READERS = {
    "AWS::Lambda::Function": function,
    "AWS::SecretsManager::Secret": secret,
    "AWS::ApiGateway::RestApi": api,
    "AWS::StepFunctions::StateMachine": lambda arn: plain(call("stepfunctions", "DescribeStateMachine", stateMachineArn=arn)),
    "AWS::SSM::Parameter": lambda name: plain(call("ssm", "GetParameter", Name=name)["Parameter"]),
    "AWS::SQS::Queue": lambda url: plain(call("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=[
        "VisibilityTimeout", "DelaySeconds", "MessageRetentionPeriod"])),
}


def facts(name):
    described = call("cloudformation", "DescribeStacks", StackName=name)["Stacks"][0]
    template = call("cloudformation", "GetTemplate", StackName=name, TemplateStage="Original")["TemplateBody"]
    policy = call("cloudformation", "GetStackPolicy", StackName=name).get("StackPolicyBody")
    described["Parameters"] = sorted(described.get("Parameters", []), key=lambda item: item["ParameterKey"])
    described["Tags"] = sorted(described.get("Tags", []), key=lambda item: item["Key"])
    described["Outputs"] = sorted(described.get("Outputs", []), key=lambda item: item["OutputKey"])
    result = {"stack": plain(described), "template": template, "policy": policy, "resources": {}}
    members = call("cloudformation", "DescribeStackResources", StackName=name)["StackResources"]
    for member in sorted(members, key=lambda item: item["LogicalResourceId"]):
        if member["ResourceStatus"] == "DELETE_COMPLETE":
            continue
        identifier, kind = member["PhysicalResourceId"], member["ResourceType"]
        # A version and a deployment of an API are made anew where the template changes; what stands behind them is compared.
        known = kind in ("AWS::Lambda::Version", "AWS::ApiGateway::Deployment")
        entry = {"type": kind, "id": None if known else identifier}
        if kind in READERS:
            entry["is"] = READERS[kind](identifier)
        if kind == "AWS::CloudFormation::Stack":
            entry["is"] = facts(identifier)
        result["resources"][member["LogicalResourceId"]] = entry
    return result


print(json.dumps(facts(stack), sort_keys=True, default=str))
