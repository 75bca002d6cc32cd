#!/usr/bin/env python3
"""Answers AWS calls by botocore's service models alone: every request is held against the model of its operation, its
signature is made again by botocore, and the answer has every member that the model knows, on two pages where there are pages.

Prints {"ports": {"http": N}} and ends with its standard input. A request that the model does not allow is answered
400 ModelMismatch with the reason.
"""
import base64
import http.server
import json
import re
import sys
import threading
import urllib.parse
from xml.sax.saxutils import escape

import botocore.session
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

SERVICES = {"cloudformation": ["cloudformation"], "monitoring": ["cloudwatch"], "rds": ["rds"], "sts": ["sts"],
            "logs": ["logs"], "secretsmanager": ["secretsmanager"], "states": ["stepfunctions"], "ssm": ["ssm"],
            "lambda": ["lambda"], "iam": ["iam"], "ecr": ["ecr"], "apigateway": ["apigatewayv2", "apigateway"],
            "ecs": ["ecs"], "events": ["events"], "appconfig": ["appconfig"], "dynamodb": ["dynamodb"], "codedeploy": ["codedeploy"],
            "elasticloadbalancing": ["elbv2"]}
QUERY = {"cloudformation", "cloudwatch", "rds", "sts", "iam", "elbv2"}
PAGE_MEMBERS = {"NextToken", "nextToken", "Marker", "NextMarker", "position"}
# Where the first value of an enumeration, or any text, would leave something out.
CHOSEN = {"ActionTypeEnum": "forward", "ComputePlatform": "Lambda", "TargetLabel": "Green", "TargetId": "cluster:service"}
TIME = "2026-01-12T10:00:00Z"
EPOCH = 1768212000
session = botocore.session.get_session()
models = {name: session.get_service_model(name) for names in SERVICES.values() for name in names}
TYPES = {"string": str, "integer": int, "long": int, "boolean": bool, "double": (int, float), "float": (int, float),
         "list": list, "map": dict, "structure": dict, "blob": str, "timestamp": (int, float, str)}


class Mismatch(Exception):
    pass


# Requests against the model


def scalar_from_text(shape, text, place):
    if shape.type_name in ("integer", "long"):
        return int(text)
    if shape.type_name in ("double", "float"):
        return float(text)
    if shape.type_name == "boolean":
        if text not in ("true", "false"):
            raise Mismatch(f"{place}: {text!r} is no boolean")
        return text == "true"
    return text


def from_form(shape, prefix, form, used):
    """The value of `shape` in a query protocol form; None where it is missing."""
    if shape.type_name == "structure":
        value = {}
        for name, member in shape.members.items():
            wire = member.serialization.get("name", name)
            found = from_form(member, f"{prefix}.{wire}" if prefix else wire, form, used)
            if found is not None:
                value[name] = found
        return value if value or not prefix else None
    if shape.type_name == "list":
        if form.get(prefix) == "":
            used.add(prefix)
            return []
        base = f"{prefix}.{shape.member.serialization.get('name', 'member')}"
        values = []
        while any(key == f"{base}.{len(values) + 1}" or key.startswith(f"{base}.{len(values) + 1}.") for key in form):
            values.append(from_form(shape.member, f"{base}.{len(values) + 1}", form, used))
        return values or None
    if prefix in form:
        used.add(prefix)
        return scalar_from_text(shape, form[prefix], prefix)
    return None


def check(shape, value, place):
    if not isinstance(value, TYPES[shape.type_name]) or isinstance(value, bool) != (shape.type_name == "boolean"):
        raise Mismatch(f"{place}: {value!r} is no {shape.type_name}")
    if shape.type_name == "structure":
        wires = {member.serialization.get("name", name): name for name, member in shape.members.items()}
        for wire in value:
            if wire not in wires:
                raise Mismatch(f"{place}: no member {wire}")
        for name in shape.required_members:
            if shape.members[name].serialization.get("name", name) not in value:
                raise Mismatch(f"{place}: {name} is missing")
        for wire, item in value.items():
            check(shape.members[wires[wire]], item, f"{place}.{wire}")
    elif shape.type_name == "list":
        for item in value:
            check(shape.member, item, f"{place}[]")
    elif shape.type_name == "map":
        for item in value.values():
            check(shape.value, item, f"{place}{{}}")
    elif shape.type_name == "string" and getattr(shape, "enum", None) and value not in shape.enum:
        raise Mismatch(f"{place}: {value!r} is none of {shape.enum}")
    elif shape.type_name == "blob":
        base64.b64decode(value, validate=True)


def rest_operation(names, method, path):
    for name in names:
        for operation in models[name].operation_names:
            operation = models[name].operation_model(operation)
            template = operation.http["requestUri"].split("?")[0]
            pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template))
            found = re.fullmatch(pattern, path)
            if operation.http["method"] == method and found:
                return operation, {key: urllib.parse.unquote(text) for key, text in found.groupdict().items()}
    raise Mismatch(f"no operation for {method} {path}")


def rest_parameters(operation, path_values, query, body):
    shape, value = operation.input_shape, {}
    known = set()
    for name, member in shape.members.items():
        wire, location = member.serialization.get("name", name), member.serialization.get("location")
        if location == "uri":
            value[wire] = path_values[wire]
        elif location == "querystring":
            known.add(wire)
            if wire in query:
                value[wire] = scalar_from_text(member, query[wire], wire)
    for wire in query:
        if wire not in known:
            raise Mismatch(f"no query parameter {wire}")
    document = json.loads(body) if body else {}
    return {**value, **document}


# Answers made from the model


def has_pages(shape):
    return any(name in PAGE_MEMBERS for name in shape.members)


def sample(shape, name, is_json, depth=0):
    if shape.type_name == "structure":
        if depth > 8:
            return {}
        return {member: sample(child, member, is_json, depth + 1) for member, child in shape.members.items()}
    if shape.type_name == "list":
        return [sample(shape.member, name, is_json, depth + 1) for _ in range(2)]
    if shape.type_name == "map":
        return {"a": sample(shape.value, name, is_json, depth + 1), "b": sample(shape.value, name, is_json, depth + 1)}
    if shape.type_name == "boolean":
        return True
    if shape.type_name in ("integer", "long"):
        return 7
    if shape.type_name in ("double", "float"):
        return 1.5
    if shape.type_name == "timestamp":
        return TIME if not is_json or shape.serialization.get("timestampFormat") == "iso8601" else EPOCH
    if shape.type_name == "blob":
        return base64.b64encode(b"bytes").decode()
    if shape.name in CHOSEN:
        return CHOSEN[shape.name]
    if getattr(shape, "enum", None):
        return shape.enum[0]
    return f"{name} <é> & \"q\""


def to_xml(shape, value, wire):
    if shape.type_name == "structure":
        inner = "".join(to_xml(shape.members[name], item, shape.members[name].serialization.get("name", name))
                        for name, item in value.items())
        return f"<{wire}>\n{inner}</{wire}>\n"
    if shape.type_name == "list":
        element = shape.member.serialization.get("name", "member")
        inner = "".join(to_xml(shape.member, item, element) for item in value)
        return f"<{wire}>{inner}</{wire}>"
    if shape.type_name == "map":
        return ""
    text = {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value
    return f"<{wire}>{escape(str(text))}</{wire}>"


def to_json(shape, value):
    if shape.type_name == "structure":
        return {shape.members[name].serialization.get("name", name): to_json(shape.members[name], item)
                for name, item in value.items()}
    if shape.type_name == "list":
        return [to_json(shape.member, item) for item in value]
    if shape.type_name == "map":
        return {key: to_json(shape.value, item) for key, item in value.items()}
    return value


# The server


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def verify_signature(self, body, scope, signed_names):
        request = AWSRequest(self.command, f"http://{self.headers['Host']}{self.path}", data=body)
        for name in signed_names:
            if name != "host":
                request.headers[name] = ",".join(self.headers.get_all(name))
        request.context["timestamp"] = self.headers["X-Amz-Date"]
        auth = (S3SigV4Auth if scope[3] == "s3" else SigV4Auth)(Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI"), scope[3], scope[2])
        # Only what the client signed counts; botocore would take all.
        auth.headers_to_sign = lambda r: {**{n: request.headers[n] for n in signed_names if n != "host"}, "host": self.headers["Host"]}
        canonical = "\n".join([
            self.command, auth._normalize_url_path(self.path.split("?")[0]),
            auth.canonical_query_string(request),
            auth.canonical_headers(Headers(auth.headers_to_sign(request))) + "\n", ";".join(signed_names),
            auth.payload(request)])
        expected = auth.signature(auth.string_to_sign(request, canonical), request)
        given = self.headers["Authorization"].split("Signature=")[1]
        if given != expected:
            raise Mismatch(f"signature {given}, botocore makes {expected} of\n{canonical}")

    def handle_call(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        authorization = self.headers.get("Authorization")
        if authorization:
            scope = re.search(r"Credential=([^,]+)", authorization)[1].split("/")
            names = re.search(r"SignedHeaders=([^,]+)", authorization)[1].split(";")
            self.verify_signature(body, scope, names)
            services = SERVICES[scope[3]]
        else:
            services = ["sts"]
        path, _, query = self.path.partition("?")
        query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        target = self.headers.get("X-Amz-Target")
        if services[0] in QUERY:
            form = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))
            operation = models[services[0]].operation_model(form.pop("Action"))
            if form.pop("Version") != models[services[0]].api_version:
                raise Mismatch("another version of the API")
            used = set()
            value = from_form(operation.input_shape, "", form, used) if operation.input_shape else {}
            if set(form) - used:
                raise Mismatch(f"unknown parameters {sorted(set(form) - used)}")
        elif target:
            model = models[services[0]]
            prefix, _, name = target.partition(".")
            expected = f"application/x-amz-json-{model.metadata['jsonVersion']}"
            if prefix != model.metadata["targetPrefix"] or self.headers["Content-Type"] != expected:
                raise Mismatch(f"{target} {self.headers['Content-Type']}")
            operation, value = model.operation_model(name), json.loads(body)
        else:
            operation, path_values = rest_operation(services, self.command, path)
            wires = {member.serialization.get("name", name): member for name, member in operation.input_shape.members.items()}
            path_values = {
                name: scalar_from_text(wires[name], text, name) if name in wires else text for name, text in path_values.items()}
            value = rest_parameters(operation, path_values, query, body)
        if operation.input_shape:
            check(operation.input_shape, value, operation.name)
        return self.render(operation, value, is_xml=services[0] in QUERY)

    def render(self, operation, value, is_xml):
        shape = operation.output_shape
        if shape is None:
            return f"<{operation.name}Response/>" if is_xml else ""
        answer = sample(shape, operation.name, not is_xml)
        is_second = any(member in value for member in ("NextToken", "nextToken", "next_token", "Marker", "position"))
        for name in PAGE_MEMBERS & set(answer):
            if is_second:
                del answer[name]
            else:
                answer[name] = "more & more"
        if is_xml:
            inner = to_xml(shape, answer, f"{operation.name}Result")
            return f'<?xml version="1.0"?>\n<{operation.name}Response xmlns="urn:x">{inner}</{operation.name}Response>'
        return json.dumps(to_json(shape, answer))

    def respond(self):
        try:
            status, text = 200, self.handle_call()
        except (Mismatch, KeyError, ValueError, TypeError, botocore.model.OperationNotFoundError) as error:
            status, text = 400, json.dumps({"__type": "ModelMismatch", "message": f"{type(error).__name__}: {error}"})
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amzn-RequestId", "model-request")
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = respond


class Headers:
    """What botocore's canonical_headers asks of a header object."""

    def __init__(self, fields):
        self.fields = fields

    def __iter__(self):
        return iter(self.fields)

    def get_all(self, name):
        return [self.fields[name]]

    def __contains__(self, name):
        return name in self.fields


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(json.dumps({"ports": {"http": server.server_port}}), flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
