#!/usr/bin/env python3
"""A Prometheus server and a JSON document, as small as a watch needs them.

Answers /api/v1/query_range with one value a step: FAILED after the time that the query `failed(TIME)` holds, else 0; any
other query gives 20. /status gives {"queue": {"open": 7}}. Prints its port and ends with its standard input.
"""
import http.server
import json
import re
import sys
import threading
import urllib.parse

FAILED = 12


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        address = urllib.parse.urlsplit(self.path)
        query = {name: values[0] for name, values in urllib.parse.parse_qs(address.query).items()}
        if address.path == "/status":
            answer = {"queue": {"open": 7}}
        elif self.headers.get("Authorization") != "Bearer a-token-of-a-test":
            return self.send_error(401)
        else:
            begins = re.fullmatch(r"failed\((\d+)\)", query["query"])
            values, time = [], float(query["start"])
            while time <= float(query["end"]):
                value = 20 if not begins else FAILED if time > float(begins[1]) else 0
                values.append([time, str(value)])
                time += float(query["step"])
            answer = {"status": "success", "data": {"resultType": "matrix", "result": [{"metric": {}, "values": values}]}}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"ports": {"http": server.server_address[1]}}), flush=True)
sys.stdin.read()
