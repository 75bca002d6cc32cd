"""The routes that the public Hurl files ask for, as far as tests run them.

Prints one line of JSON with its port and ends when its standard input does.
"""
import base64
import gzip
import http.server
import json
import sys
import threading
import time
import urllib.parse
import zlib

HELLO = b"Hello World!"
jobs = {}
delayed = [0.0]
BASIC = "Basic " + base64.b64encode(b"bob@email.com:secret").decode()

CHARSETS = {
    "default": ("text/html; charset=utf-8", b"<p>Hello World!</p>"),
    "latin1": ("text/html; charset=latin1", "<p>caf\u00e9</p>".encode("latin1")),
    "latin1/uppercase-key": ("text/html; CHARSET=latin1", "<p>caf\u00e9</p>".encode("latin1")),
}
TEXTS = {
    "/predicates-string": HELLO, "/predicates-string-empty": b"", "/predicates-string-unicode": "\u2708".encode(),
    "/assert-regex": HELLO, "/empty_bytes": b"", "/bytes": b"\1\2\3", "/resolve": HELLO, "/connect-to": HELLO,
    "/delay-init": b"", "/redirected": b"", "/assert-body": b"line1\nline2\nline3\n",
    "/assert-match": b'{"date1":"2014-01-01","date2":"x2014-01-01","path1":"aa/bb","path2":"aa\\\\bb"}',
    "/encoding/utf8": "caf\u00e9".encode(), "/compressed/none": HELLO, "/continue-on-error": b"",
    "/error-query-invalid-json": b"<no json", "/parallel/hello": b"Hello A from a parallel world!\n",
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, body=b"", status=200, fields=()):
        fields = dict(fields)
        self.send_response(status)
        for name, values in fields.items():
            for value in values if isinstance(values, list) else [values]:
                self.send_header(name, value)
        if "Content-Type" not in fields:
            kind = "application/octet-stream" if "bytes" in self.path else "text/html; charset=utf-8"
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def check(self, holds, body=b""):
        self.answer(body if holds else b"not as expected", 200 if holds else 400)

    def cookies(self):
        pairs = [pair.strip().split("=", 1) for pair in self.headers.get("Cookie", "").split(";") if "=" in pair]
        return [tuple(pair) for pair in pairs]

    def cookie_route(self, path):
        cookies = self.cookies()
        session = "Set-Cookie"
        match path:
            case "set-request-cookie1-valueA": self.check(cookies == [("cookie1", "valueA")])
            case "assert-that-cookie1-is-not-in-session": self.check("cookie1" not in dict(cookies))
            case "set-multiple-request-cookies":
                self.check(dict(cookies) == {"user1": "Bob", "user2": "Bill", "user3": "Bruce"})
            case "set-session-cookie2-valueA": self.answer(fields={session: "cookie2=valueA; Path=/"})
            case "assert-that-cookie2-is-valueA": self.check(cookies == [("cookie2", "valueA")])
            case "assert-that-cookie2-is-valueA-and-valueB":
                self.check(cookies == [("cookie2", "valueA"), ("cookie2", "valueB")])
            case "delete-cookie2": self.answer(fields={session: "cookie2=; Max-Age=0; Path=/"})
            case "assert-that-cookie2-is-not-in-session": self.check("cookie2" not in dict(cookies))
            case "set":
                ends = "Expires=Wed, 13 Jan 2021 22:23:01 GMT"
                self.answer(fields={session: [
                    f"LSID=DQAAAKEaem_vYg; {ends}; Secure; HttpOnly; Path=/accounts",
                    f"HSID=AYQEVnDKrdst; Domain=localhost; {ends}; HttpOnly; Path=/",
                    f"SSID=Ap4PGTEq; Domain=localhost; {ends}; Secure; HttpOnly; Path=/"]})

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path, _, query = self.path.partition("?")
        if path == "/hello":
            self.answer(HELLO)
        elif path.startswith("/cookies/"):
            self.cookie_route(path.removeprefix("/cookies/"))
        elif path.startswith("/charset/") and path.removeprefix("/charset/") in CHARSETS:
            kind, text = CHARSETS[path.removeprefix("/charset/")]
            self.answer(text, fields={"Content-Type": kind})
        elif path == "/compressed/gzip":
            self.answer(gzip.compress(HELLO), fields={"Content-Encoding": "gzip"})
        elif path == "/compressed/zlib":
            self.answer(zlib.compress(HELLO), fields={"Content-Encoding": "deflate"})
        elif path.startswith("/basic-authentication"):
            self.check(self.headers.get("Authorization") == BASIC, b"You are authenticated")
        elif path == "/querystring-params":
            wanted = [("param1", "value1"), ("param2", ""), ("param3", "a=b"), ("param4", "1,2,3"), ("$top", "5")]
            self.check(urllib.parse.parse_qsl(query, keep_blank_values=True) == wanted)
        elif path == "/querystring-params-encoded":
            self.check(urllib.parse.parse_qs(query) == {"value1": ["/"], "value2": ["/"], "value3": ["/"]})
        elif path == "/redirect-absolute":
            self.answer(status=302, fields={"Location": f"http://localhost:{self.server.server_port}/redirected"})
        elif path == "/redirect-to-another-host":
            self.answer(status=int(query or 302), fields={"Location": f"http://localhost:{self.server.server_port}/echo"})
        elif path.startswith("/redirect/"):
            left = int(path.removeprefix("/redirect/")) - 1
            self.answer(status=302, fields={"Location": f"/redirect/{left}" if left else "/redirected"})
        elif path == "/delay":
            self.check(time.monotonic() - delayed[0] >= 1)
        elif path == "/jobs" and self.command == "POST":
            jobs[str(len(jobs))] = 0
            self.answer(json.dumps({"id": str(len(jobs) - 1), "state": "RUNNING"}).encode(), 201)
        elif path.startswith("/jobs/"):
            job = path.removeprefix("/jobs/")
            if self.command == "DELETE":
                self.check(jobs.pop(job, None) is not None)
            elif job in jobs:
                jobs[job] += 1
                state = "COMPLETED" if jobs[job] > 3 else "RUNNING"
                self.answer(json.dumps({"state": state}).encode())
            else:
                self.answer(status=404)
        elif path == "/" and self.command == "POST":
            # What AWS's query services say when a session is over.
            self.answer(b"<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>The security token "
                        b"included in the request is expired</Message></Error><RequestId>r-1</RequestId></ErrorResponse>",
                        403, {"Content-Type": "text/xml"})
        elif path == "/echo":
            self.answer(json.dumps({"method": self.command, "headers": [list(pair) for pair in self.headers.items()],
                                    "body": body.decode("latin1"), "query": query}).encode())
        elif path in TEXTS:
            if path == "/delay-init":
                delayed[0] = time.monotonic()
            self.answer(TEXTS[path])
        else:
            self.answer(status=404)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = handle_any


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 512
    daemon_threads = True


server = Server(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"ports": {"http": server.server_port}}), flush=True)
sys.stdin.read()
