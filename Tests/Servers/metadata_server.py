#!/usr/bin/env python3
"""The places where credentials are found: container, instance metadata (version 2 alone), GitHub's identity tokens, and an STS
that knows one role and two tokens.

Prints {"ports": {"http": N}} and ends with its standard input. GET /_seen tells the paths asked for so far.
"""
import http.server
import json
import sys
import threading
import urllib.parse

seen = []
EXPIRES = "2030-01-01T00:00:00Z"
PREFIX = "/latest/meta-data/iam/security-credentials/"


def document(name):
    return {"AccessKeyId": f"ID-{name}", "SecretAccessKey": f"SECRET-{name}", "Token": f"TOKEN-{name}", "Expiration": EXPIRES}


def sts(form):
    def error(code):
        return 400, f"<ErrorResponse><Error><Code>{code}</Code><Message>told so by a test</Message></Error></ErrorResponse>"

    action = form["Action"]
    if action == "AssumeRoleWithWebIdentity" and form["WebIdentityToken"] == "old-identity-token":
        return error("ExpiredTokenException")
    if action == "AssumeRoleWithWebIdentity" and form["WebIdentityToken"] != "new-identity-token":
        return error("AccessDenied")
    if not form["RoleArn"].endswith("role/known"):
        return error("AccessDenied")
    name = form.get("ExternalId") or action
    return 200, (f"<{action}Response><{action}Result><Credentials><AccessKeyId>ID-{name}</AccessKeyId>"
                 f"<SecretAccessKey>SECRET-{name}</SecretAccessKey><SessionToken>TOKEN-{name}</SessionToken>"
                 f"<Expiration>{EXPIRES}</Expiration></Credentials></{action}Result></{action}Response>")


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def find(self, body):
        path, fields = self.path, self.headers
        if path == "/_seen":
            return 200, json.dumps(seen)
        seen.append(f"{self.command} {path}")
        if path == "/latest/api/token":
            is_right = self.command == "PUT" and fields["X-aws-ec2-metadata-token-ttl-seconds"]
            return (200, "instance-session") if is_right else (400, "")
        if path.startswith(PREFIX):
            if fields["X-aws-ec2-metadata-token"] != "instance-session":
                return 401, ""
            return 200, "the-role\n" if path == PREFIX else json.dumps(document("instance"))
        if path.split("?")[0] == "/container":
            return (200, json.dumps(document("container"))) if fields["Authorization"] == "container-authorisation" else (403, "")
        if path == "/container-empty":
            return 200, "{}"
        if path.startswith("/identity"):
            is_right = fields["Authorization"] == "bearer github-bearer" and "audience=sts.amazonaws.com" in path
            return (200, '{"value":"new-identity-token"}') if is_right else (401, "{}")
        if path == "/" and self.command == "POST":
            form = dict(urllib.parse.parse_qsl(body.decode()))
            seen.append(f"{form['Action']} {fields['Authorization'].split('/')[0] if fields['Authorization'] else 'unsigned'}")
            return sts(form)
        return 404, ""

    def respond(self):
        status, text = self.find(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    do_GET = do_POST = do_PUT = respond


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(json.dumps({"ports": {"http": server.server_port}}), flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
