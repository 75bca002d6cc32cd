#!/usr/bin/env python3
"""Where people are told: three SMTP servers (aiosmtpd) and an HTTP server that is a webhook and Slack's Web API.

Prints {"ports": {"plain": N, "starttls": N, "smtps": N, "http": N}, "ca": PATH} and ends with its standard input. `plain` knows no
TLS; `starttls` wants TLS and then AUTH; both of the latter show a certificate of localhost that `ca` signs. Addresses that begin
with `refused` are refused.

GET /_mails tells the messages as Python's own mail parser reads them; GET /_posts the requests, in order. POST /hook takes
anything, POST /broken answers 500. POST /api/chat.postMessage and /api/chat.update want a channel and the token; the bot may not
post to C0FORBIDDEN.
"""
import email
import email.policy
import http.server
import json
import ssl
import subprocess
import sys
import tempfile
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

folder = tempfile.TemporaryDirectory()
certificate, key = folder.name + "/cert.pem", folder.name + "/key.pem"
subprocess.run(
    ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
     "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
    check=True, stderr=subprocess.DEVNULL)
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(certificate, key)

mails, posts = [], []


class Mailbox:
    def __init__(self, name):
        self.name = name

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused"):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        mails.append({
            "server": self.name, "from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": session.ssl is not None,
            "user": session.auth_data.login.decode() if session.auth_data else None,
            "fields": {name.lower(): str(value) for name, value in message.items()},
            "defects": [str(defect) for defect in message.defects], "text": message.get_content()})
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    return AuthResult(success=data.login == b"backstop" and data.password == b"mail p@ss/word?", auth_data=data)


class OnAnyPort(Controller):
    """A controller that takes a free port and knows it."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def open_server(name, **options):
    controller = OnAnyPort(Mailbox(name), hostname="127.0.0.1", port=0, **options)
    controller.start()
    return controller.port


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def answer(self, status, document):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        known = {"/_mails": mails, "/_posts": posts}
        if self.path == "/allow":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"allow\n")
            return
        self.answer(200 if self.path in known else 404, known.get(self.path))

    def do_POST(self):
        raw = self.rfile.read(int(self.headers["Content-Length"] or 0))
        document = json.loads(raw)
        posts.append({"path": self.path, "body": document})
        if self.path == "/broken":
            return self.answer(500, {})
        if not self.path.startswith("/api/"):
            return self.answer(200, {})
        if self.headers["Authorization"] != "Bearer xoxb-a-bots-token":
            return self.answer(200, {"ok": False, "error": "invalid_auth"})
        if document.get("channel") == "C0FORBIDDEN":
            return self.answer(200, {"ok": False, "error": "not_in_channel"})
        return self.answer(200, {"ok": True, "channel": document["channel"], "ts": f"1700000000.{len(posts):06}"})


web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=web.serve_forever, daemon=True).start()
ports = {
    "plain": open_server("plain"),
    "starttls": open_server(
        "starttls", tls_context=tls, require_starttls=True, authenticator=authenticate, auth_required=True),
    "smtps": open_server("smtps", ssl_context=tls, authenticator=authenticate, auth_required=True, auth_require_tls=False),
    "http": web.server_port,
}
print(json.dumps({"ports": ports, "ca": certificate}), flush=True)
sys.stdin.read()
