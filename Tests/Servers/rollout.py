#!/usr/bin/env python3
"""A function with two versions and what they count, for tests of gradual rollouts against a local AWS.

usage: rollout.py publish FUNCTION   other code under the next version; prints its number
       rollout.py alias FUNCTION NAME VERSION    another alias
       rollout.py metrics DOCUMENT   the points of a function, its versions by an alias, as JSON:
         {"function", "alias", "start" (seconds), "step" (seconds), "from", "to" (steps from the start on), "requests" (a step),
          "versions": {VERSION: {"share", "rate", "from", "to"}}}
       rollout.py counts DOCUMENT    points of any metrics, one a minute, as JSON:
         {"namespace", "start" (seconds), "series": [{"dimensions": {NAME: VALUE}, "from", "to" (minutes from the start on),
          "values": {METRIC: VALUE}}]}
"""
import datetime
import io
import json
import sys
import zipfile

import botocore.session


def client(service):
    return botocore.session.get_session().create_client(service, region_name="us-east-1")


def publish(function):
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("index.py", f"def handler(event, context):\n    return {{'statusCode': 200, 'of': {function!r}}}\n")
    answer = client("lambda").update_function_code(FunctionName=function, ZipFile=package.getvalue(), Publish=True)
    print(answer["Version"])


def alias(function, name, version):
    client("lambda").create_alias(FunctionName=function, Name=name, FunctionVersion=version)


def metrics(document):
    wanted = json.loads(document)
    function, alias = wanted["function"], wanted["alias"]
    data = []

    def put(dimensions, time, requests, errors):
        named = [{"Name": name, "Value": value} for name, value in dimensions]
        for name, value in (("Invocations", requests), ("Errors", errors), ("Duration", 100.0)):
            data.append({"MetricName": name, "Dimensions": named, "Timestamp": time, "Value": value})

    for step in range(wanted["from"], wanted["to"]):
        seconds = wanted["start"] + step * wanted["step"]
        time = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
        total, failed = 0, 0
        for version, share in wanted["versions"].items():
            if not share.get("from", -10**9) <= step < share.get("to", 10**9):
                continue
            requests = max(0, round(wanted["requests"] * share["share"]))
            errors = round(requests * share["rate"])
            total, failed = total + requests, failed + errors
            if step >= 0 and requests:
                put([("FunctionName", function), ("Resource", f"{function}:{alias}"), ("ExecutedVersion", version)],
                    time, requests, errors)
        put([("FunctionName", function)], time, total, failed)
    cloudwatch = client("cloudwatch")
    for start in range(0, len(data), 500):
        cloudwatch.put_metric_data(Namespace="AWS/Lambda", MetricData=data[start:start + 500])


def counts(document):
    wanted = json.loads(document)
    data = []
    for series in wanted["series"]:
        named = [{"Name": name, "Value": value} for name, value in series["dimensions"].items()]
        for minute in range(series["from"], series["to"]):
            time = datetime.datetime.fromtimestamp(wanted["start"] + minute * 60, datetime.timezone.utc)
            for name, value in series["values"].items():
                data.append({"MetricName": name, "Dimensions": named, "Timestamp": time, "Value": value})
    cloudwatch = client("cloudwatch")
    for start in range(0, len(data), 500):
        cloudwatch.put_metric_data(Namespace=wanted["namespace"], MetricData=data[start:start + 500])


{"publish": publish, "alias": alias, "metrics": metrics, "counts": counts}[sys.argv[1]](*sys.argv[2:])
