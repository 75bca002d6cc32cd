"""Servers that ask something of a client: a certificate of its own, HTTP/2, a signature, a digest, a way through a proxy.

Needs h2 and botocore. Prints one line of JSON with its ports and files and ends when its standard input does.
"""
import base64
import hashlib
import http.server
import itertools
import json
import os
import re
import select
import shutil
import socket
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading

import h2.config
import h2.connection
import h2.events
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
FOLDER = tempfile.mkdtemp()
accepted = itertools.count(1)


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], cwd=FOLDER, check=True, capture_output=True)


def certificates():
    """An authority, and certificates of it for the server and for a client."""
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=Test CA",
            "-days", "2")
    for name, subject, extra in [("server", "/CN=localhost", "subjectAltName=DNS:localhost,IP:127.0.0.1,DNS:api.example.test"),
                                 ("client", "/CN=the client", "extendedKeyUsage=clientAuth")]:
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", subject)
        with open(os.path.join(FOLDER, f"{name}.ext"), "w") as file:
            file.write(extra)
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                "-extfile", f"{name}.ext", "-out", f"{name}.crt")
    # The client's certificate and its key under a passphrase, in one file.
    openssl("rsa", "-aes256", "-in", "client.key", "-passout", "pass:open-sesame-word", "-out", "client.locked.key")
    with open(os.path.join(FOLDER, "client.pem"), "w") as file:
        for name in ["client.crt", "client.locked.key"]:
            with open(os.path.join(FOLDER, name)) as part:
                file.write(part.read())
    public = subprocess.run(["openssl", "x509", "-in", "server.crt", "-pubkey", "-noout"], cwd=FOLDER, check=True,
                            capture_output=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "der"], input=public, check=True,
                         capture_output=True).stdout
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


def is_signed(request, body):
    """Whether botocore computes the same signature for what came."""
    match = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request, ?"
                         r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})", request.headers.get("Authorization", ""))
    if not match:
        return False
    access, region, service, names, signature = match.groups()
    host = request.headers["Host"]
    made = AWSRequest(method=request.command, url=f"http://{host}{request.path}", data=body,
                      headers={name: request.headers[name] for name in names.split(";")})
    made.context["timestamp"] = request.headers["X-Amz-Date"]
    signer = SigV4Auth(Credentials(access, SECRET), service, region)
    wanted = signer.signature(signer.string_to_sign(made, signer.canonical_request(made)), made)
    return (wanted, region, service) == (signature, "eu-central-1", "execute-api") and "host" in names.split(";")


def is_digest(request):
    fields = dict(re.findall(r'(\w+)="?([^",]*)"?', request.headers.get("Authorization", "")))
    if fields.get("nonce") != "n0nce":
        return False
    hashed = lambda text: hashlib.md5(text.encode()).hexdigest()
    first = hashed(f"bob:here:{request.headers.get('X-Password', 'opensesame')}")
    second = hashed(f"{request.command}:{request.path}")
    middle = f"n0nce:{fields['nc']}:{fields['cnonce']}:{fields['qop']}" if "qop" in fields else "n0nce"
    return fields["response"] == hashed(f"{first}:{middle}:{second}")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def setup(self):
        super().setup()
        self.number = next(accepted)

    def log_message(self, *arguments):
        pass

    def address_string(self):
        return "client"

    def answer(self, value, status=200, **fields):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        for name, text in fields.items():
            self.send_header(name.replace("_", "-"), text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def route(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = self.path.partition("?")[0]
        if path == "/signed":
            self.answer({"signed": is_signed(self, body)}, 200 if is_signed(self, body) else 403)
        elif path == "/digest":
            if is_digest(self):
                self.answer({"user": "bob"})
            else:
                self.answer({}, 401, WWW_Authenticate='Digest realm="here", nonce="n0nce", qop="auth", algorithm=MD5')
        elif path == "/sized":
            self.answer({"text": "x" * 20_000})
        else:
            certificate = self.connection.getpeercert() if isinstance(self.connection, ssl.SSLSocket) else None
            subject = dict(pair for part in (certificate or {}).get("subject", ()) for pair in part)
            self.answer({"connection": self.number, "client": subject.get("commonName"), "host": self.headers.get("Host"),
                         "headers": {name.lower(): value for name, value in self.headers.items()}})

    do_GET = do_POST = do_PUT = route


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # A client that is refused hangs up.


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class TLSServer(Server):
    def __init__(self, context):
        super().__init__(("127.0.0.1", 0), Handler)
        self.context = context

    def finish_request(self, request, client_address):
        with self.context.wrap_socket(request, server_side=True) as wrapped:
            super().finish_request(wrapped, client_address)


def context(*protocols, asks=False):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(os.path.join(FOLDER, "server.crt"), os.path.join(FOLDER, "server.key"))
    if protocols:
        made.set_alpn_protocols(list(protocols))
    if asks:
        made.verify_mode = ssl.CERT_REQUIRED
        made.load_verify_locations(os.path.join(FOLDER, "ca.crt"))
    return made


class HTTP2(socketserver.BaseRequestHandler):
    """One connection of HTTP/2; every answer says how many streams the connection has had."""

    def handle(self):
        with context("h2").wrap_socket(self.request, server_side=True) as wrapped:
            connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
            connection.initiate_connection()
            wrapped.sendall(connection.data_to_send())
            streams = 0
            while data := wrapped.recv(65536):
                for event in connection.receive_data(data):
                    if isinstance(event, h2.events.RequestReceived):
                        streams += 1
                        connection.send_headers(event.stream_id, [(":status", "200"), ("content-type", "application/json")])
                        connection.send_data(event.stream_id, json.dumps({"streams": streams}).encode(), end_stream=True)
                wrapped.sendall(connection.data_to_send())


class Proxy(http.server.BaseHTTPRequestHandler):
    """Leads every tunnel to the TLS server, whatever host it is asked for, where the client gives its name."""

    def log_message(self, *arguments):
        pass

    def do_CONNECT(self):
        if self.headers.get("Proxy-Authorization") != "Basic " + base64.b64encode(b"me:through").decode():
            return self.send_error(407)
        self.send_response(200)
        self.end_headers()
        with socket.create_connection(("127.0.0.1", ports["tls"])) as other:
            ends = {self.connection: other, other: self.connection}
            while True:
                for end in select.select(list(ends), [], [])[0]:
                    data = end.recv(65536)
                    if not data:
                        return
                    ends[end].sendall(data)


class Threads(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


pin = certificates()
shown = subprocess.run(["openssl", "x509", "-in", os.path.join(FOLDER, "server.crt"), "-serial", "-noout"], check=True,
                       capture_output=True, text=True).stdout.strip().partition("=")[2].lower()
serial = ":".join(shown[position:position + 2] for position in range(0, len(shown), 2))
path = os.path.join(FOLDER, "socket")
servers = {
    "plain": Server(("127.0.0.1", 0), Handler), "tls": TLSServer(context()), "mtls": TLSServer(context(asks=True)),
    "http2": Threads(("127.0.0.1", 0), HTTP2), "proxy": Server(("127.0.0.1", 0), Proxy),
    "socket": UnixServer(path, Handler),
}
ports = {name: server.server_address[1] for name, server in servers.items() if name != "socket"}
for server in servers.values():
    threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"ports": ports, "folder": FOLDER, "socket": path, "pin": pin, "serial": serial}), flush=True)
sys.stdin.read()
shutil.rmtree(FOLDER)
