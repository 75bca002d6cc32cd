"""Routes with a state of their own, slow ones, endless ones, and APIs with and without a key.

Prints one line of JSON with its port and ends when its standard input does. /log lists what was asked, in order.
"""
import base64
import hashlib
import http.server
import json
import sys
import threading
import time
import urllib.parse

asked = []
state = {"overlap": 0, "most": 0}
lock = threading.Lock()
BODIES = {
    "/items": [{"n": "a", "state": "FAILED", "price": 300}, {"n": "b", "state": "OK", "price": 5}],
    "/status": {"status": "ok"}, "/version": {"status": "ok", "version": "2.0.0"},
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, body=b"", status=200, **fields):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
            fields.setdefault("Content_Type", "application/json")
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if url.path == "/log":
            with lock:
                return self.answer({"asked": [name for name in asked if name.startswith(query.get("of", ""))],
                                    "most": state["most"]})
        with lock:
            asked.append(self.path)
            state["overlap"] += 1
            state["most"] = max(state["most"], state["overlap"])
        try:
            self.route(url.path, query)
        finally:
            with lock:
                state["overlap"] -= 1

    do_POST = do_GET

    def route(self, path, query):
        cookie = self.headers.get("Cookie", "")
        if path in BODIES:
            self.answer(BODIES[path])
        elif path == "/setc":
            self.answer(Set_Cookie="session=1; Path=/")
        elif path == "/getc":
            self.answer(status=200 if "session=1" in cookie else 401)
        elif path == "/delc":
            self.answer(Set_Cookie="session=; Max-Age=0; Path=/")
        elif path == "/slow":
            time.sleep(float(query["s"]))
            self.answer(b"at last")
        elif path == "/echo":
            length = int(self.headers.get("Content-Length", 0))
            self.answer({"headers": {name.lower(): value for name, value in self.headers.items()},
                         "body": self.rfile.read(length).decode(), "path": self.path})
        elif path == "/token":
            self.token()
        elif path == "/api/private":
            self.answer({}, 200 if self.headers.get("Authorization") == "Bearer issued-token-0123456789" else 401)
        elif path.startswith("/api/"):
            self.answer({"path": self.path})
        elif path == "/late":
            if self.count(query["key"]) <= int(query["n"]):
                self.answer({"message": "Not Found"}, 404, apigw_requestid="late-request")
            else:
                self.answer({"status": "ok"})
        elif path == "/cached":
            isOld = self.count(query["key"]) <= int(query["n"])
            fields = {"Age": query["age"], "Cache_Control": f"max-age={query['max']}", "X_Cache": "Hit from cloudfront"}
            self.answer({"state": "old" if isOld else "new"}, **(fields if isOld else {}))
        elif path == "/letters":
            self.answer({"name": "Zoe\u0308 Mu\u0308ller", "space": "a\u00a0b"}, X_Name="plain")
        elif path == "/feed":
            self.answer(b'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:m="urn:m"><title>News</title>'
                        b'<entry m:kind="x"><id>1</id></entry><entry><id>2</id></entry></feed>',
                        Content_Type="application/atom+xml")
        elif path == "/failing":
            trace = {} if "untraced" in self.path else {"x_amzn_trace_id": "Root=1-0000-aaaa;Sampled=0"}
            self.answer({"message": "Internal server error"}, 500, x_amzn_RequestId=query["id"], Via="1.1 gateway", **trace)
        elif path == "/back":
            self.answer(self.rfile.read(int(self.headers["Content-Length"])), Content_Type="application/json")
        elif path == "/large":
            body = b"0123456789abcdef" * 65536 * int(query["mib"])
            self.answer(body, X_Sha256=hashlib.sha256(body).hexdigest())
        elif path == "/events":
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            for number in range(int(query.get("count", 3))):
                self.wfile.write(f"event: tick\ndata: {number}\n\n".encode())
                self.wfile.flush()
            self.wait()
        elif path == "/socket":
            key = self.headers.get("Sec-WebSocket-Key", "")
            digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
            self.send_response(101)
            self.send_header("Upgrade", "websocket")
            self.send_header("Connection", "Upgrade")
            self.send_header("Sec-WebSocket-Accept", base64.b64encode(digest).decode())
            self.end_headers()
            self.wait()
        elif path == "/public/":
            self.answer({"status": "ok"})
        elif path == "/public/orders":
            self.answer({"status": "ok"}, 403)
        elif path == "/private/":
            self.answer({"Message": "User: anonymous is not authorized to perform: execute-api:Invoke on resource: x"}, 403,
                        x_amzn_ErrorType="AccessDeniedException")
        elif path == "/guarded/":
            self.answer({"status": "ok"}, 200 if self.headers.get("x-api-key") == "0123456789abcdef" else 403)
        elif path.startswith("/gateway/") and path != "/gateway/health":
            self.answer({"message": "Missing Authentication Token"}, 403,
                        x_amzn_ErrorType="MissingAuthenticationTokenException")
        elif path == "/gateway/health":
            self.answer({"status": "ok"})
        else:
            self.answer(b"ok" if path.startswith("/ok") else b"no", 200 if path.startswith("/ok") else 404)

    def token(self):
        """A token by client credentials, the client named in the header or the body."""
        length = int(self.headers.get("Content-Length", 0))
        form = dict(urllib.parse.parse_qsl(self.rfile.read(length).decode()))
        pair = base64.b64encode(b"the-client:very-secret-client-word").decode()
        isKnown = self.headers.get("Authorization") == f"Basic {pair}" or (
            form.get("client_id"), form.get("client_secret")) == ("the-client", "very-secret-client-word")
        if isKnown and form["grant_type"] == "client_credentials":
            self.answer({"access_token": "issued-token-0123456789", "token_type": "Bearer"})
        else:
            self.answer({"error": "invalid_client"}, 401)

    def count(self, key):
        """How often there was a request with this key, this one included."""
        with lock:
            state[key] = state.get(key, 0) + 1
            return state[key]

    def wait(self):
        """Until the other side goes."""
        self.wfile.flush()
        self.connection.settimeout(60)
        try:
            self.connection.recv(1)
        except OSError:
            pass
        self.close_connection = True


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"ports": {"http": server.server_address[1]}}), flush=True)
sys.stdin.read()
