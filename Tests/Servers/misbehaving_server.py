"""An HTTP server that misbehaves on demand: the path says how.

Prints one line of JSON with its ports and ends when its standard input does. Needs the openssl command for the
certificates of the TLS ports.
"""
from email.utils import formatdate
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


def answer_bytes(status, body=b"{}", headers=()):
    head = b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n" % (status, len(body))
    for field in headers:
        head += field + b"\r\n"
    return head + b"\r\n" + body


def answer(conn, status, body=b"{}", headers=()):
    conn.sendall(answer_bytes(status, body, headers))


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
def dated_2020(conn): answer(conn, 200, b"{}", [b"Date: Wed, 15 Jan 2020 10:00:00 GMT"])
def dated_2090(conn): answer(conn, 200, b"{}", [b"Date: Sun, 15 Jan 2090 10:00:00 GMT"])
def dated_now(conn): answer(conn, 200, b"{}", [b"Date: " + formatdate(usegmt=True).encode()])
def good(conn): answer(conn, 200, b'{"status":"ok"}')
def keeps_connection(conn):
    answer(conn, 200)
    while read_head(conn):
        answer(conn, 200)
def one_byte_a_second(conn): conn.sendall(OK + b"Content-Length: 100\r\n\r\n"); trickle(conn, b"x" * 100, 1)
def two_lengths(conn): conn.sendall(OK + b"Content-Length: 2\r\nContent-Length: 5\r\n\r\n{}")
def length_and_chunks(conn): conn.sendall(OK + b"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(b"{}") + b"0\r\n\r\n")
def overflowing_length(conn): conn.sendall(OK + b"Content-Length: 99999999999999999999\r\n\r\n{}")
def unknown_transfer_encoding(conn): conn.sendall(OK + b"Transfer-Encoding: sdch9\r\n\r\n{}")
def endless_chunk_extension(conn): conn.sendall(CHUNKED + b"5;"); forever(conn, b"a" * 65536)
def endless_trailers(conn): conn.sendall(CHUNKED + chunk(b"{}") + b"0\r\n"); forever(conn, b"X-A: " + b"a" * 1000 + b"\r\n")
def bad_chunk_end(conn): conn.sendall(CHUNKED + b"2\r\n{}xx2\r\n{}\r\n0\r\n\r\n")
def trailers(conn): conn.sendall(CHUNKED + chunk(b"{}") + b"0\r\nX-Sum: 1\r\n\r\n")
# Both at once: what comes after a connection was given back is the next request's answer for every client.
def trailing_answer(conn): conn.sendall(answer_bytes(200) + answer_bytes(500))
def switching_protocols(conn): conn.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"); time.sleep(60)
def informational_then_close(conn): conn.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n")
def informational_then_silence(conn): conn.sendall(b"HTTP/1.1 102 Processing\r\n\r\n"); time.sleep(60)
def no_colon(conn): conn.sendall(OK + b"this is no header\r\nContent-Length: 2\r\n\r\n{}")
def folded_header(conn): conn.sendall(OK + b"X-A: a\r\n b\r\nContent-Length: 2\r\n\r\n{}")
def no_reason(conn): conn.sendall(b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n{}")
def small_letters(conn): conn.sendall(b"http/1.1 200 ok\r\ncontent-length: 2\r\n\r\n{}")
def zero_status(conn): conn.sendall(b"HTTP/1.1 000 X\r\nContent-Length: 0\r\n\r\n")
def not_modified_with_body(conn): conn.sendall(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nbody")
def http_1_0(conn): conn.sendall(b"HTTP/1.0 200 OK\r\n\r\n{}")
def nested_encoding(conn): answer(conn, 200, gzip.compress(gzip.compress(b"{}")), [b"Content-Encoding: gzip, gzip"])
def nested_bomb(conn): answer(conn, 200, gzip.compress(gzip.compress(b"\0" * (256 << 20), 1), 1), [b"Content-Encoding: gzip, gzip"])
def many_encodings(conn): answer(conn, 200, b"{}", [b"Content-Encoding: " + b"gzip, " * 50 + b"gzip"])
def gzip_with_more(conn): answer(conn, 200, gzip.compress(b"{}") + b"more", [b"Content-Encoding: gzip"])
def not_compressed(conn): answer(conn, 200, b"{}", [b"Content-Encoding: identity"])
def cookie_flood(conn): answer(conn, 200, b"{}", [b"Set-Cookie: c%d=%s" % (i, b"v" * 100) for i in range(1500)])
def giant_cookie(conn): answer(conn, 200, b"{}", [b"Set-Cookie: big=" + b"v" * 60000])
def unauthorized_loop(conn): answer(conn, 401, b"{}", [b'WWW-Authenticate: Digest realm="r", nonce="%d", qop="auth"' % count("nonce")])
def too_many_retries(conn): answer(conn, 503, b"{}", [b"Retry-After: 99999999999999999999"])


def read_head(conn):
    """A request without a body; nothing where the other side has closed."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = conn.recv(65536)
        if not part:
            return b""
        data += part
    return data


def serve_plain(conn):
    with conn:
        conn.settimeout(90)
        data = read_head(conn)
        if not data:
            return
        path = data.split(b" ")[1].decode().strip("/").split("?")[0]
        mode = globals().get(path.replace("-", "_"))
        if mode is None:
            return answer(conn, 404)
        mode(conn)


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


# HPACK's static table: 0x88 is ":status: 200".
H2_HEAD = frame(1, 4, 1, b"\x88")


def h2_good(conn): conn.sendall(H2_HEAD + frame(0, 1, 1, b"{}"))
def h2_reset_stream(conn): conn.sendall(frame(3, 0, 1, struct.pack(">I", 2)))
def h2_reset_in_body(conn): conn.sendall(H2_HEAD + frame(0, 0, 1, b"{") + frame(3, 0, 1, struct.pack(">I", 2)))
def h2_refused_stream(conn): conn.sendall(frame(3, 0, 1, struct.pack(">I", 7))); conn.close()
def h2_go_away(conn): conn.sendall(frame(7, 0, 0, struct.pack(">II", 0, 11) + b"calm down")); conn.unwrap()
def h2_go_away_in_body(conn): conn.sendall(H2_HEAD + frame(0, 0, 1, b"{") + frame(7, 0, 0, struct.pack(">II", 1, 2))); conn.close()
def h2_garbage(conn): conn.sendall(b"\xff" * 64); conn.close()
def h2_bad_header_block(conn): conn.sendall(frame(1, 4, 1, b"\xff" * 16))
def h2_giant_frame(conn): conn.sendall(frame(1, 4, 1, b"\x88" + b"\0" * 70000))
def h2_endless_settings(conn): forever(conn, frame(4, 0, 0))
def h2_endless_headers(conn):
    conn.sendall(frame(1, 0, 1, b"\x88"))
    forever(conn, frame(9, 0, 1, (b"\x00\x03x-a\x7f\x81\x06" + b"a" * 256) * 40))
def h2_silent(conn): time.sleep(60)
def h2_silent_after_head(conn): conn.sendall(H2_HEAD); time.sleep(60)
def h2_closed_in_body(conn): conn.sendall(H2_HEAD + frame(0, 0, 1, b"{")); conn.close()
def h2_endless_body(conn):
    # No more than the client allows: what it lets us send is its own affair.
    conn.sendall(H2_HEAD)
    forever(conn, frame(0, 0, 1, b"x" * 16384))


def serve_h2(mode):
    """A server that knows just enough of HTTP/2 to misbehave in it."""
    def handle(conn):
        with conn:
            conn.settimeout(90)
            conn.sendall(frame(4, 0, 0))
            data = conn.recv(65536)
            # The request's HEADERS frame follows the preface and the first frames.
            while not has_headers(data):
                part = conn.recv(65536)
                if not part:
                    return
                data += part
            conn.sendall(frame(4, 1, 0))
            mode(conn)
            if mode is h2_good:
                conn.recv(65536)
    return handle


def has_headers(data):
    rest = data[len(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):]
    while len(rest) >= 9:
        if rest[3] == 1:
            return True
        rest = rest[9 + int.from_bytes(rest[:3], "big"):]
    return False


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


def h2(path, mode):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    context.set_alpn_protocols(["h2"])
    handle = serve_h2(mode)
    return listen(lambda conn: handle(context.wrap_socket(conn, server_side=True)))


def alert_in_body(path):
    """TLS whose record in the middle of the body is broken: the client's library ends the connection with an alert."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)

    def handle(conn):
        with context.wrap_socket(conn, server_side=True) as secure:
            secure.recv(65536)
            secure.sendall(OK + b"Content-Length: 100\r\n\r\nxx")
            os.write(secure.fileno(), b"\x17\x03\x03\x00\x20" + b"\0" * 32)
            time.sleep(5)
    return listen(handle)


def dated(folder, name, start, end):
    """A certificate of a CA of its own that is valid between two times, which only `openssl ca` lets one say."""
    authority = certificate(folder, name + "-ca.pem", "-days", "30")
    path = os.path.join(folder, name)
    with open(path + ".cnf", "w") as file:
        file.write(
            f"[ca]\ndefault_ca=a\n[a]\ndatabase={path}.db\nnew_certs_dir={folder}\nserial={path}.serial\n"
            "default_md=sha256\npolicy=p\nx509_extensions=e\n[p]\ncommonName=supplied\n"
            "[e]\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n")
    open(path + ".db", "w").close()
    with open(path + ".serial", "w") as file:
        file.write("1000\n")
    run = lambda *command: subprocess.run(["openssl", *command], check=True, capture_output=True)
    run("req", "-newkey", "rsa:2048", "-nodes", "-keyout", path, "-out", path + ".csr", "-subj", "/CN=localhost")
    run("ca", "-batch", "-notext", "-config", path + ".cnf", "-cert", authority + ".crt", "-keyfile", authority,
        "-in", path + ".csr", "-out", path + ".pem", "-startdate", start, "-enddate", end)
    with open(path, "ab") as file, open(path + ".pem", "rb") as pem:
        file.write(pem.read())
    return path, authority + ".crt"


def no_accept():
    """A port whose queue is full: who connects hears nothing."""
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen(0)
    kept.append(server)
    for _ in range(8):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex(server.getsockname())
        kept.append(client)
    return server.getsockname()[1]


kept = []


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
    expired, expired_ca = dated(folder, "expired", "20200101000000Z", "20200201000000Z")
    not_yet, not_yet_ca = dated(folder, "not-yet", "20900101000000Z", "20910101000000Z")
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
        "no-accept": no_accept(),
        "tls-alert": alert_in_body(good),
        "tls-expired": tls(expired),
        "tls-not-yet": tls(not_yet),
        **{"h2-" + name[3:].replace("_", "-"): h2(good, mode)
           for name, mode in list(globals().items()) if name.startswith("h2_")},
    }
    print(json.dumps({"ports": ports, "good": good + ".crt", "soon": soon + ".crt", "other": other + ".crt",
                      "expired": expired_ca, "not-yet": not_yet_ca}),
          flush=True)
    sys.stdin.read()
    shutil.rmtree(folder)


main()
