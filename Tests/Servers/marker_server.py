"""An application whose health is what its stacks hold: GET /NAME/NAME answers 200 where the SSM parameter
/NAME/marker of each ends in "good", else 500.

usage: marker_server.py ENDPOINT-OF-THE-LOCAL-AWS

Prints one line of JSON with its port and ends when its standard input does.
"""
import http.server
import json
import os
import sys
import threading
import urllib.error
import urllib.request

HEADERS = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/ssm/aws4_request, SignedHeaders=host, Signature=x",
    "X-Amz-Target": "AmazonSSM.GetParameter",
    "Content-Type": "application/x-amz-json-1.1",
}


def marker(name):
    body = json.dumps({"Name": f"/{name}/marker"}).encode()
    request = urllib.request.Request(sys.argv[1], data=body, headers=HEADERS)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["Parameter"]["Value"]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            values = [marker(name) for name in self.path.strip("/").split("/")]
        except urllib.error.HTTPError:
            values = ["there is no such stack"]
        text = json.dumps(values).encode()
        self.send_response(200 if all(value.endswith("good") for value in values) else 500)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"ports": {"http": server.server_port}}), flush=True)
sys.stdin.read()
os._exit(0)
