"""A server of gRPC health checks over HTTP/2 without TLS. The service that is asked for says how it answers.

Needs h2. Prints one line of JSON with its port and ends when its standard input does.
"""
import json
import socketserver
import sys
import threading

import h2.config
import h2.connection
import h2.events

# By service: HTTP's status, the content type, the health (None: no message), the trailers (None: none come).
ANSWERS = {
    "": ("200", "application/grpc", 1, [("grpc-status", "0")]),
    "orders": ("200", "application/grpc+proto", 1, [("grpc-status", "0")]),
    "down": ("200", "application/grpc", 2, [("grpc-status", "0")]),
    "starting": ("200", "application/grpc", 0, [("grpc-status", "0")]),
    "gone": ("200", "application/grpc", None, [("grpc-status", "5"), ("grpc-message", "no such%20service")]),
    "broken": ("200", "application/grpc", 1, [("grpc-status", "13")]),
    "busy": ("200", "application/grpc", 1, [("grpc-status", "14")]),
    "cut": ("200", "application/grpc", 1, None),
    "page": ("200", "text/html", None, [("grpc-status", "0")]),
    "proxy": ("502", "text/plain", None, []),
}


def frame(message):
    return b"\0" + len(message).to_bytes(4, "big") + message


class Connection(socketserver.BaseRequestHandler):
    def handle(self):
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        connection.initiate_connection()
        self.request.sendall(connection.data_to_send())
        asked = {}
        while data := self.request.recv(65536):
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    asked[event.stream_id] = (dict(event.headers), b"")
                elif isinstance(event, h2.events.DataReceived):
                    headers, body = asked[event.stream_id]
                    asked[event.stream_id] = (headers, body + event.data)
                elif isinstance(event, h2.events.StreamEnded):
                    self.answer(connection, event.stream_id, *asked.pop(event.stream_id))
            self.request.sendall(connection.data_to_send())

    def answer(self, connection, stream, headers, body):
        fields = {name.decode() if isinstance(name, bytes) else name: value.decode() if isinstance(value, bytes) else value
                  for name, value in headers.items()}
        message = body[5:]
        service = message[2:].decode() if message else ""
        isCall = fields[":method"] == "POST" and fields.get("content-type", "").startswith("application/grpc")
        if not isCall or fields.get("te") not in (None, "trailers") or len(message) != int.from_bytes(body[1:5], "big"):
            return connection.send_headers(stream, [(":status", "415")], end_stream=True)
        if not fields[":path"].endswith("/Check"):
            return connection.send_headers(
                stream, [(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "12")], end_stream=True)
        status, kind, health, trailers = ANSWERS[service]
        connection.send_headers(stream, [(":status", status), ("content-type", kind)])
        if health is not None:
            connection.send_data(stream, frame(b"\x08" + bytes([health]) if health else b""))
        if trailers:
            connection.send_headers(stream, trailers, end_stream=True)
        else:
            connection.end_stream(stream)


class Threads(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


server = Threads(("127.0.0.1", 0), Connection)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"ports": {"grpc": server.server_address[1]}}), flush=True)
sys.stdin.read()
