#!/usr/bin/env python3
"""Stand-ins for the APIs that open pull requests: GitHub's, GitLab's, Gitea's, Bitbucket Cloud's and Bitbucket Data Center's, in the
shapes of their published schemas, each with its own list of requests.

usage: host_server.py

Prints {"ports": {"http": N}} and ends with its standard input. /github/repos/…/pulls, /gitlab/projects/…/merge_requests,
/gitea/repos/…/pulls, /bitbucket/repositories/…/pullrequests and /bitbucket-data-center/projects/…/pull-requests want the token `planted-host-token`. GET /_seen tells what is
open, and how often each call came. POST /_mode takes {"limit": N, "lose": N}: the next N calls are limited, the answers to the next
N creations are lost although they are done.
"""
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "planted-host-token"
requests, calls, mode = {}, {}, {"limit": 0, "lose": 0}
lock = threading.Lock()


def need(body, *names):
    """The schemas' required members, as text."""
    for name in names:
        value = body
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if not isinstance(value, str) or not value:
            return name
    return None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, value, status=200, headers=()):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, text in headers:
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def authorized(self, host):
        value = self.headers.get("Authorization", "")
        return {
            "github": value in (f"Bearer {TOKEN}", f"token {TOKEN}"), "gitlab": self.headers.get("PRIVATE-TOKEN") == TOKEN,
            "gitea": value == f"token {TOKEN}", "bitbucket": value == f"Bearer {TOKEN}",
            "bitbucket-data-center": value == f"Bearer {TOKEN}"}[host]

    def handle_any(self):
        url = urlsplit(self.path)
        length = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length)) if length else {}
        with lock:
            if url.path == "/_seen":
                return self.answer({"open": requests, "calls": calls})
            if url.path == "/_mode":
                mode.update(body)
                return self.answer(mode)
            host = url.path.split("/")[1]
            if not self.authorized(host):
                return self.answer({"message": "Bad credentials"}, 401)
            calls[f"{host} {self.command}"] = calls.get(f"{host} {self.command}", 0) + 1
            if mode["limit"] > 0:
                mode["limit"] -= 1
                return self.answer({"message": "API rate limit exceeded"}, 429, [("Retry-After", "0")])
            getattr(self, host.replace("-", "_"))(url.path, parse_qs(url.query), body)

    do_GET = do_POST = do_PATCH = do_PUT = handle_any

    def make(self, host, entry):
        requests.setdefault(host, []).append(entry)
        if mode["lose"] > 0:
            mode["lose"] -= 1
            self.close_connection = True
            self.connection.close()
            return
        self.answer(entry, 201)

    def one(self, host, path, key):
        number = int(path.rsplit("/", 1)[1])
        return next(entry for entry in requests.get(host, []) if entry[key] == number)

    def github(self, path, query, body):
        if self.command == "GET":
            found = [entry for entry in requests.get("github", [])
                     if "acme:" + entry["head"]["ref"] == query["head"][0] and entry["base"]["ref"] == query["base"][0]]
            return self.answer(found if query.get("page", ["1"])[0] == "1" else [])
        if self.command == "PATCH":
            entry = self.one("github", path, "number")
            entry.update({name: body[name] for name in ("title", "body") if name in body})
            return self.answer(entry)
        if missing := need(body, "title", "head", "base"):
            return self.answer({"message": "Validation Failed", "errors": [{"field": missing, "code": "missing_field"}]}, 422)
        if any(entry["head"]["ref"] == body["head"] for entry in requests.get("github", [])):
            return self.answer({"message": "Validation Failed", "errors": [
                {"resource": "PullRequest", "code": "custom", "message": f"A pull request already exists for acme:{body['head']}."}]}, 422)
        self.make("github", {
            "number": 41, "html_url": "https://github.example/acme/app/pull/41", "state": "open", "title": body["title"],
            "body": body.get("body"), "head": {"ref": body["head"]}, "base": {"ref": body["base"]}})

    def gitlab(self, path, query, body):
        assert "/projects/acme%2Fapp/merge_requests" in path, path
        if self.command == "GET":
            found = [entry for entry in requests.get("gitlab", [])
                     if entry["source_branch"] == query["source_branch"][0] and entry["target_branch"] == query["target_branch"][0]]
            return self.answer(found if query.get("page", ["1"])[0] == "1" else [])
        if self.command == "PUT":
            entry = self.one("gitlab", path, "iid")
            entry.update({name: body[name] for name in ("title", "description") if name in body})
            return self.answer(entry)
        if missing := need(body, "title", "source_branch", "target_branch"):
            return self.answer({"error": f"{missing} is missing"}, 400)
        if any(entry["source_branch"] == body["source_branch"] for entry in requests.get("gitlab", [])):
            return self.answer({"message": ["Another open merge request already exists for this source branch: !41"]}, 409)
        self.make("gitlab", {
            "id": 9041, "iid": 41, "web_url": "https://gitlab.example/acme/app/-/merge_requests/41", "state": "opened",
            "title": body["title"], "description": body.get("description"), "source_branch": body["source_branch"],
            "target_branch": body["target_branch"]})

    def gitea(self, path, query, body):
        if self.command == "GET":
            others = [{"number": number, "html_url": "", "title": "", "body": "", "head": {"ref": f"x{number}"}, "base": {"ref": "main"}}
                      for number in range(1, 31)]
            page, size = int(query["page"][0]), min(int(query["limit"][0]), 20)
            return self.answer((others + requests.get("gitea", []))[(page - 1) * size:page * size])
        if self.command == "PATCH":
            entry = self.one("gitea", path, "number")
            entry.update({name: body[name] for name in ("title", "body") if name in body})
            return self.answer(entry, 201)
        if missing := need(body, "title", "head", "base"):
            return self.answer({"message": f"[{missing}]: Required"}, 422)
        if any(entry["head"]["ref"] == body["head"] for entry in requests.get("gitea", [])):
            return self.answer({"message": "pull request already exists for these targets"}, 409)
        self.make("gitea", {
            "id": 9041, "number": 41, "html_url": "https://gitea.example/acme/app/pulls/41", "state": "open",
            "title": body["title"], "body": body.get("body"), "head": {"ref": body["head"]}, "base": {"ref": body["base"]}})

    def bitbucket(self, path, query, body):
        if self.command == "GET":
            wish = unquote(query["q"][0])
            found = [entry for entry in requests.get("bitbucket", [])
                     if f'source.branch.name="{entry["source"]["branch"]["name"]}"' in wish
                     and f'destination.branch.name="{entry["destination"]["branch"]["name"]}"' in wish]
            return self.answer({"pagelen": 50, "page": 1, "size": len(found), "values": found})
        if self.command == "PUT":
            entry = self.one("bitbucket", path, "id")
            entry.update({name: body[name] for name in ("title",) if name in body})
            entry["summary"] = {"raw": body.get("description", "")}
            return self.answer(entry)
        if missing := need(body, "title", "source.branch.name"):
            return self.answer({"type": "error", "error": {"message": "Bad request", "fields": {missing: ["required key not provided"]}}}, 400)
        self.make("bitbucket", {
            "type": "pullrequest", "id": 41, "title": body["title"], "summary": {"raw": body.get("description", "")}, "state": "OPEN",
            "source": body["source"], "destination": body["destination"],
            "links": {"html": {"href": "https://bitbucket.example/acme/app/pull-requests/41"}}})

    def bitbucket_data_center(self, path, query, body):
        host = "bitbucket-data-center"
        assert "/projects/acme/repos/app/pull-requests" in path, path
        if self.command == "GET":
            assert query["direction"] == ["OUTGOING"], query
            found = [entry for entry in requests.get(host, []) if entry["fromRef"]["id"] == query["at"][0]]
            return self.answer({"size": len(found), "limit": 50, "start": 0, "isLastPage": True, "values": found})
        if self.command == "PUT":
            entry = self.one(host, path, "id")
            # Whoever reviews it is named again, or leaves.
            if body.get("version") != entry["version"]:
                return self.answer({"errors": [{"context": None, "message": "You are attempting to modify a pull request based on out-of-date information.",
                                                "exceptionName": "com.atlassian.bitbucket.pull.PullRequestOutOfDateException"}]}, 409)
            entry.update({name: body[name] for name in ("title", "description") if name in body})
            entry["reviewers"] = body.get("reviewers", [])
            entry["version"] += 1
            return self.answer(entry)
        if missing := need(body, "title", "fromRef.id", "toRef.id", "fromRef.repository.project.key", "toRef.repository.slug"):
            return self.answer({"errors": [{"context": missing, "message": f"{missing} is required", "exceptionName": None}]}, 400)
        if any(entry["fromRef"]["id"] == body["fromRef"]["id"] for entry in requests.get(host, [])):
            return self.answer({"errors": [{"context": None, "message": "Only one pull request may be open for a given source and target branch",
                                            "exceptionName": "com.atlassian.bitbucket.pull.DuplicatePullRequestException"}]}, 409)
        self.make(host, {
            "id": 41, "version": 3, "title": body["title"], "description": body.get("description", ""), "state": "OPEN", "open": True,
            "fromRef": body["fromRef"], "toRef": body["toRef"], "reviewers": [{"user": {"name": "grace"}, "role": "REVIEWER"}],
            "links": {"self": [{"href": "https://bitbucket.example/projects/acme/repos/app/pull-requests/41"}]}})


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"ports": {"http": server.server_port}}), flush=True)
sys.stdin.read()
