"""Answers what the public Hurl files expect, derived from the files themselves.

The folder of the files is the first argument: bodies that a file names for an answer are read from it. Prints one line
of JSON with its ports and ends when its standard input does.
"""
import base64
import email
import gzip
import http.client
import http.server
import json
import pathlib
import re
import sys
import threading
import time
import urllib.parse
import zlib

FOLDER = pathlib.Path(sys.argv[1])
HELLO = b"Hello World!"
LINES = b"line1\nline2\nline3\n"
HTML = "text/html; charset=utf-8"
jobs, delays = {}, [0.0]


def brotli(data):
    """A Brotli stream that stores `data` as it is (RFC 7932, section 9.2)."""
    out = bytearray()
    for start in range(0, len(data), 65536):
        part = data[start:start + 65536]
        # Window size in front of the first block; then no last block, four nibbles of length, stored.
        bits, width = (0, 1) if start == 0 else (0, 0)
        bits |= (len(part) - 1) << (width + 3) | 1 << (width + 19)
        out += bits.to_bytes((width + 20 + 7) // 8, "little") + part
    return bytes(out) + b"\x03"


# The form that other encoders give, which the files name by its length.
BROTLI_HELLO = bytes.fromhex("212c0004") + HELLO + b"\x03"
CAT = bytes.fromhex("ffd8ffe0") + bytes(range(256)) * 600


def expected_json(name, path):
    """The JSON object that the file `name` expects as the answer of `path`."""
    entries = re.split(r"^(?=[A-Z]+ http)", (FOLDER / name).read_text(), flags=re.M)
    first = f"GET http://localhost:8000{path}\n"
    lines = next(entry for entry in entries if entry.startswith(first) and "\n{\n" in entry).split("\n")
    return "\n".join(lines[lines.index("{"):lines.index("}") + 1]).encode()


CHARSETS = {
    "default": (HTML, HELLO.join([b"<p>", b"</p>"])), "uppercase-value": ("text/html; charset=UTF-8", b"<p>Hello World!</p>"),
    "many-keys": ("text/plain; version=0.0.4; charset=utf-8; escaping=values", b"<p>Hello World!</p>"),
    "latin1": ("text/html; charset=latin1", "<p>caf\u00e9</p>".encode("latin1")),
    "latin1/uppercase-key": ("text/html; CHARSET=latin1", "<p>caf\u00e9</p>".encode("latin1")),
    "gb2312": ("text/html; charset=gb2312", "<p>\u4f60\u597d\u4e16\u754c</p>".encode("gb2312")),
    "cp1256": ("text/html; charset=cp1256", "<p>\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645</p>".encode("cp1256")),
}
FLOATS = (b"[ -2.2, 0.0, 0.0000000000000001, 0.000000000000001, 0.333, 0.3333333333333333, 0.333333333333333333, 1.0, "
          b"1.001, 1.07, 1.070, 1.1, 1.5 ]")
MATCH = b'{\n  "date1": "2014-01-01",\n  "date2": "x2014-01-01",\n  "path1": "aa/bb",\n  "path2": "aa\\\\bb"\n}'
TYPES = (b'{"status":true,"count":1,"message":"Hello","empty":"","number":1.0,"list":[1,2,3],'
         b'"not_a_date":"hello","is_a_date":"2022-10-31T09:00:00.594Z"}')
PLAIN = {
    "/hello": HELLO, "/assert-body": LINES, "/assert-body-with-crlf": b"line1\nline2\r\nline3\n", "/assert-match": MATCH,
    "/assert-regex": HELLO, "/assert-json/index": b"1", "/capture-and-assert": HELLO, "/float": FLOATS, "/resolve": HELLO,
    "/connect-to": HELLO, "/predicates-string": HELLO, "/predicates-string-empty": b"",
    "/predicates-string-unicode": "\u2708".encode(), "/redirected": b"", "/cookie-storage/assert-that-cookie1-is-not-in-session": b"",
    "/get-name": b"Bob", "/get-bob-age": b"10", "/output/endpoint1": b"Response endpoint1\n",
    "/output/endpoint2": b"Response endpoint2\n", "/output/endpoint3": b"Response endpoint3\n", "/ignore_asserts": b"",
    "/variable/country": b"Italy", "/variable/planet": b"The Earth", "/error-assert-bytearray": b"\xff",
    "/error-assert-value": b'{"values":[1,2,3],"count":2,"id":"0001","line_terminator":"\\n"}', "/error-assert-newline": b"<p>Hello</p>\n\n",
    "/error-assert/match-utf8": b"\xff", "/error-filter-in-capture": b'{"id":"123x"}', "/error-invalid-jsonpath": b'{"tags":[]}',
    "/error-query-invalid-json": b"<no json", "/error-assert-header-value": b"", "/error-assert-query-cookie": b"",
    "/error-assert-template-variable-not-found": b"", "/error-assert-invalid-predicate-type": b"", "/fail-at-end": b"",
    "/continue-on-error": b"", "/predicate/error/type": TYPES, "/error-output-decompress": b"", "/max-filesize-fail": b"",
    "/assert-json/list": b'[{"id":1,"name":"Bob"},{"id":2,"name":"Bill"}]',
    "/assert-json/big-number": b'{\n  "big_integer": 1000000000000000000000\n}',
}
# What a request must carry to be answered with 200.
POSTED = {
    "/post-json-array": b"[1,2,3]", "/post-json-array-empty": b"[]", "/post-json-string": b'"Hello"', "/post-json-number": b"100",
    "/post-json-boolean": b"true", "/check_name": b'{\n    "name": "Bob"\n}', "/multilines/plain-text": LINES,
    "/multilines/json": b'{\n  "foo": "bar"\n  "baz": 123456\n}\n',
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body leave together: in two small packets the second would wait for the first one's receipt.
    wbufsize = -1

    def log_message(self, *arguments):
        pass

    def answer(self, body=b"", status=200, kind=HTML, **fields):
        self.send_response_only(status)
        self.send_header("Server", "Flask Server")
        self.send_header("Date", self.date_time_string())
        if kind:
            self.send_header("Content-Type", kind)
        for name, values in fields.items():
            for value in values if isinstance(values, list) else [values]:
                self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def check(self, holds, body=b""):
        self.answer(body if holds else b"not as expected", 200 if holds else 400)

    def authorized(self, user):
        token = base64.b64encode(user.encode()).decode()
        self.check(self.headers.get("Authorization") == f"Basic {token}", b"You are authenticated")

    def cookie_route(self, name):
        pairs = [tuple(part.strip().split("=", 1)) for part in self.headers.get("Cookie", "").split(";") if "=" in part]
        wanted = {
            "set-request-cookie1-valueA": pairs == [("cookie1", "valueA")],
            "assert-that-cookie1-is-not-in-session": "cookie1" not in dict(pairs),
            "set-multiple-request-cookies": dict(pairs) == {"user1": "Bob", "user2": "Bill", "user3": "Bruce"},
            "assert-that-cookie2-is-valueA": pairs == [("cookie2", "valueA")],
            "assert-that-cookie2-is-valueA-and-valueB": pairs == [("cookie2", "valueA"), ("cookie2", "valueB")],
            "assert-that-cookie2-is-not-in-session": "cookie2" not in dict(pairs),
        }
        until = "Expires=Wed, 13 Jan 2021 22:23:01 GMT"
        given = {
            "set-session-cookie2-valueA": "cookie2=valueA; Path=/", "delete-cookie2": "cookie2=; Max-Age=0; Path=/",
            "set": [f"LSID=DQAAAKEaem_vYg; {until}; Secure; HttpOnly; Path=/accounts",
                    f"HSID=AYQEVnDKrdst; Domain=localhost; {until}; HttpOnly; Path=/",
                    f"SSID=Ap4PGTEq; Domain=localhost; {until}; Secure; HttpOnly; Path=/"],
        }
        if name in given:
            self.answer(Set_Cookie=given[name])
        else:
            self.check(wanted.get(name, False))

    def compressed(self, name):
        forms = {"none": (HELLO, None), "gzip": (gzip.compress(HELLO), "gzip"), "zlib": (zlib.compress(HELLO), "deflate"),
                 "brotli": (BROTLI_HELLO, "br"), "brotli_identity": (BROTLI_HELLO, "br, identity"),
                 "brotli_large": (brotli(CAT), "br")}
        body, coding = forms[name]
        fields = {"Content_Encoding": coding} if coding else {}
        self.answer(body, kind="image/jpeg" if name == "brotli_large" else HTML, **fields)

    def header_route(self, name):
        fields = self.headers
        wanted = {
            "default-headers": fields.get("Host", "").startswith("localhost") and fields.get("User-Agent") is not None,
            "custom-headers": fields.get_all("Fruit") == ["Raspberry", "Apple", "Banana", "Grape"] and fields.get("Color") == "Green",
            "custom-headers-utf8": fields.get("Beverage", "").encode("latin1").decode() == "caf\u00e9",
            "custom-headers-value": fields.get("Id") == "#123", "custom-headers-quote": fields.get("Header1") == "'",
        }
        self.check(wanted[name])

    def job(self, name, body):
        if self.command == "POST":
            jobs["1"] = 0
            return self.answer(b'{"id":"1","state":"RUNNING"}', 201)
        if self.command == "DELETE":
            return self.check(jobs.pop(name, None) is not None)
        if name not in jobs:
            return self.answer(status=404)
        jobs[name] += 1
        self.answer(b'{"state":"COMPLETED"}' if jobs[name] > 3 else b'{"state":"RUNNING"}')

    def post_json(self, body):
        value = json.loads(body)
        self.check(value["items"] == [True, "true", 1] and value["g_clef"] == "\U0001d11e" and value["spacing"] == "\n"
                   and value["variable"] == '\\' and value["password"] == "&secret\\'<>" and body.startswith(b'{\n    "name": "Bob",'))

    def variables(self, body):
        value = json.loads(body)
        wanted = {"name": "Jennifer", "age": 30, "height": 1.7, "female": True, "id": "123", "a_null": None,
                  "country": "Italy", "planet": "The Earth", "galaxy": "Milky Way"}
        self.check(value == wanted and self.headers.get("A-Null") == "null" and self.headers.get("Female") == "true")

    def multipart(self, body):
        kind = self.headers.get("Content-Type", "")
        message = email.message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
        parts = [(part.get_param("name", header="Content-Disposition"), part.get_filename(), part.get("Content-Type"),
                  part.get_payload(decode=True).strip()) for part in message.get_payload()]
        html = b"<div>Hello <b>World</b>!</div>"
        self.check(kind.startswith("multipart/form-data; boundary=") and parts == [
            ("key1", None, None, b"value1"), ("upload1", "data.txt", "text/plain", HELLO),
            ("upload2", "data.html", "text/html", html), ("upload3", "data.txt", "text/html", HELLO)])

    def post_xml(self, path, body):
        wanted = {"/post-xml": '<?xml version="1.0"?>\n<drink>caf\u00e9</drink>', "/post-xml-no-prolog": "<drink>caf\u00e9</drink>"}
        is_large = body.startswith(b"<?xml version='1.0' ?>\n<root>") and body.endswith(b"</root>") and len(body) > 10_000
        holds = is_large if path == "/post-xml-large" else body == wanted[path].encode()
        self.check(holds and self.headers.get("Content-Type") == "application/xml")

    def large(self):
        self.send_response_only(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(536870912))
        self.end_headers()
        block = bytes(1 << 20)
        for _ in range(512):
            self.wfile.write(block)

    def route(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path, _, query = self.path.partition("?")
        name = path.strip("/")
        pairs = urllib.parse.parse_qsl(query, keep_blank_values=True)
        if path in POSTED:
            self.check(body == POSTED[path], body if path.startswith("/multilines") else b"")
        elif path == "/assert-header":
            self.answer(Set_Cookie=["cookie1=value1; Path=/", "cookie2=value2; Path=/", "cookie3=value3; Path=/"], Header1="value1",
                        ETag='"33a64df551425fcc55e4d42a148795d9f25f89d4"', Expires="Wed, 21 Oct 2015 07:28:00 GMT",
                        X_Fruit=["Banana", "Lemon", "Grape", "Strawberry"])
        elif path in ("/assert-json", "/assert-json/filter", "/assert-json/filter-by-name"):
            self.answer(expected_json("assert_json.hurl", path))
        elif path in ("/basic-authentication", "/basic-authentication-per-request"):
            self.authorized("bob@email.com:secret")
        elif path == "/bytes":
            self.answer(b"\1\2\3", kind="application/octet-stream")
        elif path == "/empty_bytes":
            self.answer(kind="application/octet-stream")
        elif path.startswith("/charset/"):
            kind, text = CHARSETS[path.removeprefix("/charset/")]
            self.answer(text, kind=kind)
        elif path.startswith("/compressed/"):
            self.compressed(path.removeprefix("/compressed/"))
        elif path.startswith("/cookies/"):
            self.cookie_route(path.removeprefix("/cookies/"))
        elif path.startswith("/encoding/"):
            label = path.removeprefix("/encoding/")
            self.answer("caf\u00e9".encode(label), kind="text/html; charset=" + {"utf8": "utf-8", "latin1": "ISO-8859-1"}[label])
        elif path == "/get_large":
            self.large()
        elif path == "/head":
            self.answer(b"0123456789")
        elif name in ("default-headers", "custom-headers", "custom-headers-utf8", "custom-headers-value", "custom-headers-quote"):
            self.header_route(name)
        elif path == "/response-headers":
            self.answer(Beverage="cafe")
        elif path in ("/multilines/xml",):
            self.check(body.startswith(b'<?xml version="1.0"?>\n<catalog>'), body)
        elif path == "/redirect-absolute":
            self.answer(status=302, Location=f"http://localhost:{self.server.server_port}/redirected")
        elif path.startswith("/redirect/"):
            left = int(path.removeprefix("/redirect/")) - 1
            self.answer(status=302, Location=f"/redirect/{left}" if left else "/redirected")
        elif path in ("/delay-init", "/delay"):
            earlier, delays[0] = delays[0], time.monotonic()
            self.check(path == "/delay-init" or delays[0] - earlier >= 1)
        elif path == "/parallel/hello":
            self.answer(f"Hello {dict(pairs)['name']} from a parallel world!\n".encode())
        elif path == "/post-file":
            self.check(body == b"\1\2\3\r\n")
        elif path == "/post-json":
            self.post_json(body)
        elif path == "/post-json-numbers":
            self.check(b"100e100" in body and json.loads(body)["negative"] == -1)
        elif path == "/multilines/graphql":
            self.check(json.loads(body)["query"].startswith("{\n  hero {\n    name\n    # Queries can have comments!\n"), body)
        elif path == "/multipart-form-data":
            self.multipart(body)
        elif path.startswith("/post-xml"):
            self.post_xml(path, body)
        elif path == "/post_large":
            self.answer(str(len(body)).encode())
        elif path == "/post-multilines":
            self.check(body == b"name,age\nbob,10\nbill,22\n")
        elif path == "/querystring-params":
            self.check(pairs == [("param1", "value1"), ("param2", ""), ("param3", "a=b"), ("param4", "1,2,3"), ("$top", "5")])
        elif path == "/querystring-params-encoded":
            self.check(query == "value1=/&value2=%2F&value3=%2F")
        elif path == "/jobs" or path.startswith("/jobs/"):
            self.job(path.removeprefix("/jobs/"), body)
        elif path == "/variables":
            self.variables(body)
        elif path == "/proxy":
            self.answer(From_Proxy=self.headers.get("From-Proxy", "no"))
        elif path == "/error/content-encoding":
            self.answer(HELLO, Content_Encoding="unknown")
        elif path == "/error-assert-decompress":
            self.answer(HELLO, Content_Encoding="br")
        elif path == "/timeout":
            time.sleep(2)
            self.answer()
        elif path in PLAIN:
            self.answer(PLAIN[path])
        else:
            self.answer(status=404)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = route


class Proxy(http.server.BaseHTTPRequestHandler):
    """Passes GET requests on and marks them on the way."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        parts = urllib.parse.urlsplit(self.path)
        connection = http.client.HTTPConnection(parts.hostname, parts.port)
        connection.request("GET", parts.path, headers={"Host": parts.netloc, "From-Proxy": "Hello"})
        response = connection.getresponse()
        body = response.read()
        self.send_response_only(response.status)
        self.send_header("From-Proxy", response.getheader("From-Proxy", ""))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 512
    daemon_threads = True

    def handle_error(self, request, client_address):
        # A client that hangs up is no news.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


servers = {"http": Server(("127.0.0.1", 0), Handler), "proxy": Server(("127.0.0.1", 0), Proxy)}
for server in servers.values():
    threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"ports": {name: server.server_port for name, server in servers.items()}}), flush=True)
sys.stdin.read()
