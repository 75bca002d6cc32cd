"""An HTTP server that misbehaves on demand: the path says how.

Prints one line of JSON with its ports and ends when its standard input does. Needs the openssl command for the
certificates of the TLS ports.
"""
import gzip
import json
import os
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import warnings

OK = b"HTTP/1.1 200 OK\r\n"
counts = {}
lock = threading.Lock()


def count(name):
    with lock:
        counts[name] = counts.get(name, 0) + 1
        return counts[name]


def answer(conn, status, body=b"{}", headers=()):
    head = b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n" % (status, len(body))
    for field in headers:
        head += field + b"\r\n"
    conn.sendall(head + b"\r\n" + body)


def reset(conn):
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.close()


def trickle(conn, data, pause=0.1):
    for position in range(len(data)):
        conn.sendall(data[position:position + 1])
        time.sleep(pause)


def chunk(data):
    return b"%x\r\n" % len(data) + data + b"\r\n"


def forever(conn, data, pause=0.0):
    while True:
        conn.sendall(data)
        if pause:
            time.sleep(pause)


CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
BOMB = gzip.compress(b"\0" * (64 << 20))


def no_answer(conn): time.sleep(60)
def slow_status_line(conn): trickle(conn, b"HTTP/1.1 200 OK\r\n" * 20)
def slow_headers(conn): conn.sendall(OK); forever(conn, b"X-A: 1\r\n", 0.2)
def slow_body(conn): conn.sendall(OK + b"Content-Length: 1000\r\n\r\n"); trickle(conn, b"x" * 1000)
def slow_chunks(conn): conn.sendall(CHUNKED); forever(conn, chunk(b"x"), 0.2)
def silent_after_headers(conn): conn.sendall(OK + b"Content-Length: 5\r\n\r\n"); time.sleep(60)
def endless_body(conn): conn.sendall(OK + b"\r\n"); forever(conn, b"x" * 65536)
def endless_chunks(conn): conn.sendall(CHUNKED); forever(conn, chunk(b"x" * 65536))
def ten_gigabytes(conn): conn.sendall(OK + b"Content-Length: 10737418240\r\n\r\n"); forever(conn, b"x" * 65536)
def endless_headers(conn): conn.sendall(OK); forever(conn, b"X-A: " + b"a" * 1000 + b"\r\n")
def endless_header_line(conn): conn.sendall(OK + b"X-A: "); forever(conn, b"a" * 65536)
def many_headers(conn): conn.sendall(OK + b"X-A: 1\r\n" * 200 + b"Content-Length: 2\r\n\r\n{}")
def short_body(conn): conn.sendall(OK + b"Content-Length: 100\r\n\r\nshort")
def long_body(conn): conn.sendall(OK + b"Content-Length: 2\r\n\r\n{}and more than was said")
def reset_at_once(conn): reset(conn)
def reset_in_headers(conn): conn.sendall(OK + b"X-A: "); time.sleep(0.05); reset(conn)
def reset_in_body(conn): conn.sendall(OK + b"Content-Length: 100\r\n\r\nxx"); time.sleep(0.05); reset(conn)
def close_at_once(conn): conn.close()
def close_in_headers(conn): conn.sendall(OK + b"X-A: 1\r\n")
def half_closed(conn): conn.sendall(OK + b"Content-Length: 100\r\n\r\nxx"); conn.shutdown(socket.SHUT_WR); time.sleep(5)
def half_closed_at_once(conn): conn.shutdown(socket.SHUT_WR); time.sleep(5)
def no_http(conn): conn.sendall(b"220 mail.example ESMTP ready\r\n")
def binary(conn): conn.sendall(bytes(range(256)) * 10)
def old_http(conn): conn.sendall(b"<html>no head</html>")
def bad_status(conn): conn.sendall(b"HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n")
def huge_status(conn): conn.sendall(b"HTTP/1.1 99999 OK\r\nContent-Length: 0\r\n\r\n")
def bad_version(conn): conn.sendall(b"HTTP/7.3 200 OK\r\nContent-Length: 0\r\n\r\n")
def bad_chunk_size(conn): conn.sendall(CHUNKED + b"zz\r\nxx\r\n0\r\n\r\n")
def huge_chunk_size(conn): conn.sendall(CHUNKED + b"ffffffffffffffffff\r\nxx\r\n")
def cut_chunk(conn): conn.sendall(CHUNKED + b"64\r\nxx")
def no_last_chunk(conn): conn.sendall(CHUNKED + chunk(b"{}"))
def negative_length(conn): conn.sendall(OK + b"Content-Length: -5\r\n\r\n{}")
def text_length(conn): conn.sendall(OK + b"Content-Length: two\r\n\r\n{}")
def gzip_bomb(conn): answer(conn, 200, BOMB, [b"Content-Encoding: gzip"])
def bad_gzip(conn): answer(conn, 200, b"no gzip at all", [b"Content-Encoding: gzip"])
def cut_gzip(conn): answer(conn, 200, gzip.compress(b"x" * 9999)[:-12], [b"Content-Encoding: gzip"])
def unknown_encoding(conn): answer(conn, 200, b"{}", [b"Content-Encoding: sdch9"])
def endless_informational(conn): forever(conn, b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
def early_hints(conn): conn.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"); answer(conn, 200)
def unasked_continue(conn): conn.sendall(b"HTTP/1.1 100 Continue\r\n\r\n"); answer(conn, 200)
def no_content_with_body(conn): conn.sendall(b"HTTP/1.1 204 No Content\r\n\r\nbody")
def nul_in_header(conn): conn.sendall(OK + b"X-A: a\0b\r\nContent-Length: 2\r\n\r\n{}")
def bare_line_feeds(conn): conn.sendall(b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}")
def redirect_loop(conn): answer(conn, 302, b"", [b"Location: /redirect_loop"])
def redirect_to_file(conn): answer(conn, 302, b"", [b"Location: file:///etc/passwd"])
def redirect_to_closed(conn): answer(conn, 302, b"", [b"Location: http://127.0.0.1:1/"])
def redirect_to_nothing(conn): answer(conn, 302, b"", [b"Location: http://"])
def missing_route(conn): answer(conn, 403, b'{"message":"Missing Authentication Token"}')
def forbidden(conn): answer(conn, 403, b'{"message":"Forbidden"}')
def throttled(conn): answer(conn, 429, b'{"message":"Too Many Requests"}', [b"Retry-After: 1"])
def server_error(conn): answer(conn, 500, b'{"message":"Internal Server Error"}')
def bad_gateway(conn): answer(conn, 502, b'{"message":"Internal server error"}')
def unavailable(conn): answer(conn, 503, b'{"message":"Service Unavailable"}')
def gateway_timeout(conn): answer(conn, 504, b'{"message":"Endpoint request timed out"}')
def closes_kept_connection(conn): answer(conn, 200)
def good_at_third(conn): answer(conn, 200 if count("good_at_third") >= 3 else 503)
def slow_start(conn): answer(conn, 504 if count("slow_start") == 1 else 200)
def good(conn): answer(conn, 200, b'{"status":"ok"}')


def serve_plain(conn):
    with conn:
        conn.settimeout(90)
        data = b""
        while b"\r\n\r\n" not in data:
            part = conn.recv(65536)
            if not part:
                return
            data += part
        path = data.split(b" ")[1].decode().strip("/").split("?")[0]
        mode = globals().get(path.replace("-", "_"))
        if mode is None:
            return answer(conn, 404)
        mode(conn)


def listen(handle):
    server = socket.create_server(("127.0.0.1", 0), backlog=512)

    def guarded(conn):
        try:
            handle(conn)
        except (OSError, ssl.SSLError):
            pass  # The client gave up, which is what it should do.

    def accept():
        while True:
            conn, _ = server.accept()
            threading.Thread(target=guarded, args=(conn,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return server.getsockname()[1]


def certificate(folder, name, *options):
    path = os.path.join(folder, name)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", path, "-out", path + ".crt",
         "-subj", "/CN=localhost", *options], check=True, capture_output=True)
    with open(path, "ab") as file, open(path + ".crt", "rb") as crt:
        file.write(crt.read())
    return path


def tls(path, prepare=lambda context: None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    prepare(context)
    return listen(lambda conn: serve_plain(context.wrap_socket(conn, server_side=True)))


def old_protocol(context):
    context.set_ciphers("ALL:@SECLEVEL=0")
    warnings.simplefilter("ignore", DeprecationWarning)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1


def main():
    folder = tempfile.mkdtemp()
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    good = certificate(folder, "good.pem", "-days", "30", *names)
    soon = certificate(folder, "soon.pem", "-days", "3", *names)
    other = certificate(folder, "other.pem", "-days", "30", "-addext", "subjectAltName=DNS:other.example")
    closed = socket.create_server(("127.0.0.1", 0))
    closed_port = closed.getsockname()[1]
    closed.close()
    ports = {
        "plain": listen(serve_plain),
        "tls": tls(good),
        "tls-ends-soon": tls(soon),
        "tls-other-name": tls(other),
        "tls-old-protocol": tls(good, old_protocol),
        "tls-silent": listen(lambda conn: time.sleep(60)),
        "tls-reset": listen(lambda conn: (conn.recv(10), reset(conn))),
        "tls-garbage": listen(lambda conn: (conn.recv(10), conn.sendall(b"\x15\x03\x01garbage"), conn.close())),
        "tls-no-tls": listen(lambda conn: (conn.recv(10), answer(conn, 400), conn.close())),
        "closed": closed_port,
    }
    print(json.dumps({"ports": ports, "good": good + ".crt", "soon": soon + ".crt", "other": other + ".crt"}),
          flush=True)
    sys.stdin.read()
    shutil.rmtree(folder)


main()
