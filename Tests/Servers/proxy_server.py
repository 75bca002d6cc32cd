"""Proxies for http addresses: one for each of 403, 407 and 503 that answers everything with it itself, and one that works.

The one that works says in other words that a name has no address and that nobody listens. Prints one line of JSON with
its ports and ends when its standard input does.
"""
import http.server
import json
import os
import socket
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Handler(http.server.BaseHTTPRequestHandler):
    status = 0

    def answer(self, status, body):
        self.send_response(status)
        if status == 407:
            self.send_header("Proxy-Authenticate", 'Basic realm="proxy"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle_any(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else None
        if self.status:
            return self.answer(self.status, f"<title>{self.status}: {self.path} is not for you</title>".encode())
        host = urllib.parse.urlsplit(self.path).hostname
        try:
            socket.getaddrinfo(host, None)
        except OSError:
            return self.answer(502, b"<title>there is no such host</title>")
        headers = {key: value for key, value in self.headers.items() if key.lower() not in ("proxy-connection", "connection")}
        request = urllib.request.Request(self.path, data=body, headers=headers, method=self.command)
        try:
            with DIRECT.open(request, timeout=20) as answer:
                return self.answer(answer.status, answer.read())
        except urllib.error.HTTPError as error:
            return self.answer(error.code, error.read())
        except OSError:
            return self.answer(502, b"<title>nobody listens</title>")

    do_GET = do_HEAD = do_POST = do_PUT = do_OPTIONS = handle_any

    def log_message(self, *_):
        pass


ports = {}
for status in (403, 407, 503, 0):
    handler = type("Proxy", (Handler,), {"status": status})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ports[str(status) if status else "works"] = server.server_port
print(json.dumps({"ports": ports}), flush=True)
sys.stdin.read()
os._exit(0)
