#!/usr/bin/env python3
"""A PostgreSQL server of its own for tests: prints one line of JSON when it answers, ends when its standard input closes.

usage: postgresql.py

The user is `app`, the password `it's s3cret/word`, the database `app`; users must show their password.
"""
import glob
import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile

folder = tempfile.mkdtemp(prefix="backstop-postgresql-")
programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
# The server refuses to run as root.
as_user = []
if os.getuid() == 0:
    os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
    as_user = ["runuser", "-u", "postgres", "--"]


def run(name, *arguments, **more):
    subprocess.run([*as_user, f"{programs}/{name}", *arguments], check=True, stdout=sys.stderr, cwd="/", **more)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


password = "it's s3cret/word"
try:
    word = f"{folder}/password"
    with open(word, "w") as file:
        file.write(password)
    os.chmod(word, 0o644)
    run("initdb", "-D", f"{folder}/data", "-U", "app", "-A", "scram-sha-256", f"--pwfile={word}", "-E", "UTF8",
        "--no-sync")
    port = free_port()
    run("pg_ctl", "-w", "-D", f"{folder}/data", "-l", f"{folder}/log", "-o",
        f"-p {port} -h 127.0.0.1 -k {folder} -F", "start")
    try:
        run("createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "app", "app",
            env={**os.environ, "PGPASSWORD": password})
        print(json.dumps({"ports": {"postgresql": port}, "folder": folder}), flush=True)
        sys.stdin.read()
    finally:
        run("pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "stop")
finally:
    shutil.rmtree(folder, ignore_errors=True)
