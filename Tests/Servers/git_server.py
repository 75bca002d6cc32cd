#!/usr/bin/env python3
"""Serves git repositories as hosts do: `git http-backend` behind HTTP with a password, and sshd.

usage: git_server.py FOLDER

FOLDER/repositories holds the bare repositories; FOLDER/ssh gets the host key, its line of known_hosts, and two clients'
keys: `id_ed25519` may log in, `stranger` may not. Prints one line of JSON when it is ready and ends when its standard
input closes. The same is served behind TLS as localhost and 127.0.0.1, and as another name and address (`elsewhere`);
`authority` signs for it, and `authorities` is a folder with it. Over HTTP the user is `ci` and the password `planted-ledger-token`; /open/… asks for none, /status/NNN/…
answers that status, /silent/… never answers, /lost/… does what is pushed and closes the connection without an answer.
"""
import base64
import ctypes
import getpass
import json
import os
import shutil
import signal
import socket
import ssl as tls
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

folder = os.path.abspath(sys.argv[1])
repositories, ssh = os.path.join(folder, "repositories"), os.path.join(folder, "ssh")
expected = base64.b64encode(b"ci:planted-ledger-token").decode()
closing = threading.Event()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, headers=(), body=b""):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def body(self):
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def serve(self):
        sent = self.body()
        path, _, query = self.path.partition("?")
        first, _, rest = path.lstrip("/").partition("/")
        if first == "status":
            return self.reply(int(rest.split("/")[0]))
        if first == "silent":
            closing.wait()
            return
        if first == "lost":
            path = "/" + rest
        if first == "open":
            path = "/" + rest
        elif self.headers.get("Authorization", "").split() not in (["Basic", expected], ["basic", expected]):
            return self.reply(401, [("WWW-Authenticate", 'Basic realm="git"')])
        variables = dict(
            os.environ, GIT_PROJECT_ROOT=repositories, GIT_HTTP_EXPORT_ALL="1", PATH_INFO=path, QUERY_STRING=query,
            REQUEST_METHOD=self.command, CONTENT_TYPE=self.headers.get("Content-Type", ""), REMOTE_USER="ci",
            REMOTE_ADDR="127.0.0.1", CONTENT_LENGTH=str(len(sent)),
            HTTP_CONTENT_ENCODING=self.headers.get("Content-Encoding", ""), GIT_CONFIG_NOSYSTEM="1")
        answer = subprocess.run(["git", "http-backend"], input=sent, env=variables, stdout=subprocess.PIPE).stdout
        if first == "lost" and self.command == "POST" and path.endswith("/git-receive-pack"):
            self.close_connection = True
            return
        head, _, content = answer.partition(b"\r\n\r\n")
        status, headers = 200, []
        for line in head.decode().split("\r\n"):
            name, _, value = line.partition(": ")
            if name == "Status":
                status = int(value.split()[0])
            elif name:
                headers.append((name, value))
        self.reply(status, headers, content)

    do_GET = do_POST = serve


def start_sshd():
    sshd = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if not sshd:
        return None, 0
    os.makedirs(ssh, exist_ok=True)
    for name in ("host", "id_ed25519", "stranger"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", os.path.join(ssh, name)], check=True)
    shutil.copy(os.path.join(ssh, "id_ed25519.pub"), os.path.join(ssh, "authorized_keys"))
    if os.geteuid() == 0:
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with open(os.path.join(ssh, "config"), "w") as file:
        file.write(
            f"Port {port}\nListenAddress 127.0.0.1\nHostKey {ssh}/host\nAuthorizedKeysFile {ssh}/authorized_keys\n"
            f"PidFile none\nUsePAM no\nStrictModes no\nPasswordAuthentication no\nPermitRootLogin yes\nLogLevel ERROR\n")
    with open(os.path.join(ssh, "host.pub")) as key, open(os.path.join(ssh, "known_hosts"), "w") as file:
        file.write(f"[127.0.0.1]:{port} {' '.join(key.read().split()[:2])}\n")
    server = subprocess.Popen(
        [sshd, "-D", "-e", "-f", os.path.join(ssh, "config")], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=open(os.path.join(ssh, "log"), "wb"),
        preexec_fn=lambda: ctypes.CDLL(None).prctl(1, signal.SIGKILL))  # PR_SET_PDEATHSIG
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return server, port
        time.sleep(0.02)
    sys.exit(f"sshd did not start; its log is {ssh}/log")


os.makedirs(repositories, exist_ok=True)
http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
http.daemon_threads = True
threading.Thread(target=http.serve_forever, daemon=True).start()
authorities = os.path.join(folder, "authorities")
authority, authority_key = os.path.join(authorities, "authority.pem"), os.path.join(folder, "authority.key")


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def serve_tls(name, names):
    """Serves behind TLS with a certificate for `names`; the port."""
    key, request, certificate = (os.path.join(folder, f"{name}.{ending}") for ending in ("key", "csr", "pem"))
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
            "-addext", f"subjectAltName={names}", "-keyout", key, "-out", request)
    openssl("x509", "-req", "-in", request, "-CA", authority, "-CAkey", authority_key, "-copy_extensions", "copy",
            "-days", "2", "-out", certificate)
    https = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    https.daemon_threads = True
    context = tls.SSLContext(tls.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    # Agreed by the thread that serves it: who breaks off keeps nobody waiting.
    https.socket = context.wrap_socket(https.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=https.serve_forever, daemon=True).start()
    return https.server_port


os.makedirs(authorities, exist_ok=True)
openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
        "-subj", "/CN=authority of the tests", "-keyout", authority_key, "-out", authority)
openssl("rehash", authorities)
https_port = serve_tls("localhost", "DNS:localhost,IP:127.0.0.1")
elsewhere_port = serve_tls("elsewhere", "DNS:elsewhere.example,IP:127.0.0.9")
sshd, ssh_port = start_sshd()
ports = {"http": http.server_port, "https": https_port, "elsewhere": elsewhere_port, "ssh": ssh_port}
print(json.dumps({"ports": ports, "user": getpass.getuser(), "authority": authority, "authorities": authorities}),
      flush=True)
sys.stdin.read()
closing.set()
if sshd:
    sshd.kill()
    sshd.wait()
