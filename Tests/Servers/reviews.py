"""The comments and approvals of one GitHub pull request and one GitLab merge request, kept in memory.

`/calls` lists what was asked so far. A comment can only be changed by the token that wrote it; the token `reader` may
write nothing, `busy` is answered 429 twice before it is heard, `drowned` always.
"""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

comments, calls = [], []


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, value, status=200, headers={}):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def handle_any(self):
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        length = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length)) if length else None
        if path == "/calls":
            return self.answer(calls)
        calls.append(f"{self.command} {path}")
        token = self.headers.get("PRIVATE-TOKEN") or self.headers.get("Authorization", "")[len("Bearer "):]
        if self.command != "GET" and token == "reader":
            return self.answer({"message": "Resource not accessible by integration"}, 403)
        if token == "drowned" or (token == "busy" and calls.count(calls[-1]) < 3):
            return self.answer({"message": "You have exceeded a secondary rate limit"}, 429, {"Retry-After": "0"})
        if path.endswith("/reviews"):
            return self.answer([{"user": {"login": "dba"}, "state": "APPROVED"}])
        if path.endswith("/approvals"):
            return self.answer({"approved_by": [{"user": {"username": "dba"}}]})
        if self.command == "GET":
            page, size = int(query["page"][0]), int(query["per_page"][0])
            return self.answer(comments[(page - 1) * size:page * size])
        if self.command == "POST":
            comments.append({"id": len(comments) + 1, "body": body["body"]})
            return self.answer(comments[-1], 201)
        comment = comments[int(path.rsplit("/", 1)[1]) - 1]
        comment["body"] = body["body"]
        self.answer(comment)

    do_GET = do_POST = do_PATCH = do_PUT = handle_any


# Other people's comments fill more than a page.
comments += [{"id": number + 1, "body": f"remark {number}"} for number in range(150)]
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"ports": {"reviews": server.server_address[1]}}), flush=True)
sys.stdin.read()
