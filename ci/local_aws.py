#!/usr/bin/env python3
"""A local AWS for tests and the demo: ministack, and a proxy in front of it.

usage: ci/local_aws.py FOLDER [--auth]

Keeps its state in FOLDER, prints one line of JSON when it is ready ({"endpoint": "http://127.0.0.1:PORT", ...})
and ends when its standard input closes. The proxy adds what ministack does not show by itself:

- faults, set by POST /_faults with a JSON list of
  {"action": NAME or "*", "do": KIND, "times": N, "seconds": S}
  throttle, quota, expired, failure (500), unavailable (503), refuse (400) and page (a login page with 200) answer in AWS's place; reset
  ends the connection before the call is made; drop and half make the call and give no answer or half of it; drip gives it
  slowly; express lets all stacks have been deployed in EXPRESS mode; delay waits before the call. GET /_faults tells what is left.
  failed is no call's but a state: what was updated last was left in UPDATE_FAILED, in EXPRESS mode with "express": true. It lasts
  until an update with rollback disabled is accepted; RollbackStack, and updates that roll back, are refused.
- a log of the calls, by GET /_calls: [{"action": ..., "stack": ..., "requestId": ...}].
- API Gateway's metrics: each answer of a deployed API is recorded as AWS/ApiGateway Count, 4XXError, 5XXError and
  Latency with the dimensions ApiName and Stage.
"""
import asyncio
import ctypes
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

folder = os.path.abspath(sys.argv[1])
with_authorisation = "--auth" in sys.argv[2:]
faults, calls, api_names = [], [], {}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


upstream_port = free_port()


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def start_upstream():
    for name in ("state", "s3", "tmp"):
        os.makedirs(os.path.join(folder, name), exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if name != "DOCKER_HOST"}
    environment.update(
        GATEWAY_PORT=str(upstream_port), BIND_HOST="127.0.0.1", MINISTACK_HOST="127.0.0.1",
        STATE_DIR=os.path.join(folder, "state"), S3_DATA_DIR=os.path.join(folder, "s3"),
        TMPDIR=os.path.join(folder, "tmp"), PERSIST_STATE="0", LAMBDA_EXECUTOR="local",
        RDS_BASE_PORT=str(free_port()), LOG_LEVEL="INFO", PYTHONDONTWRITEBYTECODE="1")
    if with_authorisation:
        environment["AUTH"] = "true"
    log = open(os.path.join(folder, "ministack.log"), "wb")
    return subprocess.Popen(
        [sys.executable, "-m", "ministack"], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        start_new_session=True, preexec_fn=die_with_parent)


def wait_until_ready(process):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{upstream_port}/_ministack/health", timeout=2):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"local_aws: ministack did not start; its log is {folder}/ministack.log")


async def read_message(reader, is_answer=False, has_body=True):
    """The head, its fields, and the body of one message; the answer to HEAD has none, whatever its fields say."""
    head = await reader.readuntil(b"\r\n\r\n")
    fields = {}
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, colon, value = line.partition(":")
        if colon:
            fields[name.strip().lower()] = value.strip()
    body = b""
    if not has_body:
        return head, fields, body
    if fields.get("transfer-encoding", "").lower() == "chunked":
        while True:
            size = int((await reader.readline()).split(b";")[0], 16)
            chunk = await reader.readexactly(size + 2)
            if size == 0:
                break
            body += chunk[:-2]
    elif "content-length" in fields:
        body = await reader.readexactly(int(fields["content-length"]))
    elif is_answer:
        body = await reader.read()
    return head, fields, body


def framed(head, body, connection):
    """The message with lengths and connection of its own; everything else, signatures included, as it was."""
    head = re.sub(rb"(?i)\r\n(connection|expect|transfer-encoding|content-length):[^\r\n]*", b"", head)
    return head[:-2] + b"Connection: %s\r\nContent-Length: %d\r\n\r\n" % (connection, len(body)) + body


async def forward(head, body):
    reader, writer = await asyncio.open_connection("127.0.0.1", upstream_port, limit=1 << 26)
    try:
        writer.write(framed(head, body, b"close"))
        await writer.drain()
        return await read_message(reader, is_answer=True, has_body=not head.startswith(b"HEAD "))
    finally:
        writer.close()


def answer(status, body, content_type="application/json"):
    body = body.encode()
    return framed(f"HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\n\r\n".encode(), body, b"keep-alive")


def take_fault(action):
    for fault in faults:
        if fault["do"] != "failed" and fault["action"] in (action, "*") and fault.get("times", 1) > 0:
            fault["times"] = fault.get("times", 1) - 1
            return fault
    return None


def error_answer(fields, status, code):
    if "json" in fields.get("content-type", ""):
        return answer(status, json.dumps({"__type": code, "message": "asked for by a test"}), "application/x-amz-json-1.1")
    body = f"<ErrorResponse><Error><Code>{code}</Code><Message>asked for by a test</Message></Error></ErrorResponse>"
    return answer(status, body, "text/xml")


def failed_update(action, form, fields):
    """The state that an update left in failure, and the refusal of what it does not permit."""
    state = next((fault for fault in faults if fault["do"] == "failed"), None)
    if state and action == "RollbackStack":
        return state, error_answer(fields, 400, "ValidationError")
    if state and action in ("UpdateStack", "ExecuteChangeSet"):
        if form.get("DisableRollback") != ["true"]:
            return state, error_answer(fields, 400, "ValidationError")
        faults.remove(state)
        state = None
    return state, None


def as_failed(state, action, content):
    """What CloudFormation tells of stacks in that state."""
    if action == "DescribeStackEvents":
        return content.replace(b"<ResourceStatus>UPDATE_COMPLETE<", b"<ResourceStatus>UPDATE_FAILED<", 1)
    mode = b"<DeploymentConfig><Mode>EXPRESS</Mode></DeploymentConfig>" if state.get("express") else b""
    return content.replace(b"<StackStatus>UPDATE_COMPLETE<", mode + b"<StackStatus>UPDATE_FAILED<")


async def put_metrics(api, stage, status, milliseconds):
    if api not in api_names:
        signed = "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/apigateway/aws4_request, SignedHeaders=host, Signature=0"
        _, _, found = await forward(f"GET /restapis/{api} HTTP/1.1\r\nHost: apigateway.us-east-1.amazonaws.com\r\n{signed}\r\n\r\n".encode(), b"")
        try:
            api_names[api] = json.loads(found)["name"]
        except (ValueError, KeyError):
            return
    form = {"Action": "PutMetricData", "Version": "2010-08-01", "Namespace": "AWS/ApiGateway"}
    values = (("Count", 1, "Count"), ("4XXError", int(400 <= status < 500), "Count"),
              ("5XXError", int(status >= 500), "Count"), ("Latency", milliseconds, "Milliseconds"))
    for index, (name, value, unit) in enumerate(values, 1):
        prefix = f"MetricData.member.{index}."
        form.update({prefix + "MetricName": name, prefix + "Value": value, prefix + "Unit": unit})
        for place, (dimension, text) in enumerate((("ApiName", api_names[api]), ("Stage", stage)), 1):
            form.update({f"{prefix}Dimensions.member.{place}.Name": dimension, f"{prefix}Dimensions.member.{place}.Value": text})
    signed = "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/monitoring/aws4_request, SignedHeaders=host, Signature=0"
    await forward(
        f"POST / HTTP/1.1\r\nHost: monitoring.us-east-1.amazonaws.com\r\nContent-Type: application/x-www-form-urlencoded\r\n{signed}\r\n\r\n".encode(),
        urllib.parse.urlencode(form).encode())


async def exchange(head, fields, body):
    """What goes back to the client, or None for a connection that just closes."""
    method, path = head.split(b"\r\n")[0].decode("latin-1").split(" ")[:2]
    if path == "/_faults":
        if method == "POST":
            faults[:] = json.loads(body)
        return answer(200, json.dumps(faults))
    if path == "/_calls":
        return answer(200, json.dumps(calls))
    form = urllib.parse.parse_qs(body.decode("utf-8", "replace")) if b"Action=" in body else {}
    action = (form.get("Action") or [fields.get("x-amz-target", "").split(".")[-1]])[0] or path.split("?")[0]
    calls.append({"action": action, "stack": (form.get("StackName") or [None])[0],
                  "requestId": (form.get("ClientRequestToken") or [None])[0]})
    state, refusal = failed_update(action, form, fields)
    if refusal:
        return refusal
    fault = take_fault(action)
    kind = fault["do"] if fault else None
    if kind == "throttle":
        return error_answer(fields, 400, "ThrottlingException" if "json" in fields.get("content-type", "") else "Throttling")
    if kind == "quota":
        return error_answer(fields, 400, "LimitExceededException")
    if kind == "expired":
        return error_answer(fields, 403, "ExpiredTokenException" if "json" in fields.get("content-type", "") else "ExpiredToken")
    if kind == "failure":
        return error_answer(fields, 500, "InternalFailure")
    if kind == "reset":
        return Broken(b"", resets=True)
    if kind == "page":
        return answer(200, "<html><body>Login</body></html>", "text/html")
    if kind == "refuse":
        return error_answer(fields, 400, "ValidationError")
    if kind == "unavailable":
        return error_answer(fields, 503, "ServiceUnavailable")
    if kind == "delay":
        await asyncio.sleep(fault.get("seconds", 1))
    started = time.monotonic()
    answered, _, content = await forward(head, body)
    if kind == "drop":
        return None
    if state and action in ("DescribeStacks", "DescribeStackEvents"):
        content = as_failed(state, action, content)
    if kind == "express":
        content = content.replace(b"<StackStatus>", b"<DeploymentConfig><Mode>EXPRESS</Mode></DeploymentConfig><StackStatus>")
    if kind in ("half", "drip"):
        whole = framed(answered, content, b"close")
        return Broken(whole[:len(whole) // 2]) if kind == "half" else Broken(whole, seconds=fault.get("seconds", 1))
    if method == "HEAD":
        return re.sub(rb"(?i)\r\n(connection|transfer-encoding):[^\r\n]*", b"", answered)
    user_request = re.match(r"/restapis/([^/]+)/([^/]+)/_user_request_", path)
    if user_request:
        await put_metrics(*user_request.groups(), int(answered.split(b" ")[1]), (time.monotonic() - started) * 1000)
    return framed(answered, content, b"keep-alive")


class Broken:
    """An answer that does not come as it should, after which the connection ends."""

    def __init__(self, content, seconds=0, resets=False):
        self.content, self.seconds, self.resets = content, seconds, resets

    async def send(self, writer):
        if self.resets:
            # No lingering: the other side sees a reset instead of an end.
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        pieces = 20 if self.seconds else 1
        size = max(1, -(-len(self.content) // pieces))
        for start in range(0, len(self.content), size):
            writer.write(self.content[start:start + size])
            await writer.drain()
            await asyncio.sleep(self.seconds / pieces)


async def serve(reader, writer):
    try:
        while True:
            message = await read_message(reader)
            result = await exchange(*message)
            if isinstance(result, Broken):
                await result.send(writer)
                result = None
            if result is None:
                break
            writer.write(result)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main():
    process = start_upstream()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def watch_input():
        while sys.stdin.buffer.read(4096):
            pass
        loop.call_soon_threadsafe(stop.set)

    try:
        await asyncio.to_thread(wait_until_ready, process)
        server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1 << 26)
        port = server.sockets[0].getsockname()[1]
        print(json.dumps({"endpoint": f"http://127.0.0.1:{port}", "upstream": f"http://127.0.0.1:{upstream_port}",
                          "pid": os.getpid()}), flush=True)
        threading.Thread(target=watch_input, daemon=True).start()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await stop.wait()
    finally:
        # It may never answer a polite signal while functions run.
        os.killpg(process.pid, signal.SIGKILL)
    os._exit(0)


asyncio.run(main())
