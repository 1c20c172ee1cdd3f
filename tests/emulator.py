"""AWS on this machine: the stand-in services of ../shared/conformance in a process of their own, one for all tests, and
a server that says what a test tells it to.
"""

import atexit
import os
import re
import socket
import subprocess
import sys
import threading
import time
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REGION = "us-east-1"
ACCOUNT = "123456789012"
LONG = 30


def away(monkeypatch):
    """No `AWS_…` variable, config file or credentials of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def free_port():
    """A port that nobody listens at just now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@lru_cache(maxsize=1)
def backing(shared):
    """The URL of moto and of a Lambda of named behaviours, started when it is first asked for, ended with the tests."""
    port = free_port()
    command = [sys.executable, str(shared / "conformance" / "backing.py"), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    atexit.register(_end, process)
    latest = time.monotonic() + LONG
    while not _listens(port):
        if process.poll() is not None or time.monotonic() > latest:
            _end(process)
            raise RuntimeError(f"backing.py did not start: {process.stderr.read().decode()[-2000:]}")
        time.sleep(0.05)
    return f"http://127.0.0.1:{port}"


def _end(process):
    process.terminate()
    process.wait(LONG)
    process.stderr.close()


def _listens(port):
    with socket.socket() as knocking:
        return knocking.connect_ex(("127.0.0.1", port)) == 0


def create_function(client, name, behaviour, timeout=30):
    """A function of the backing's Lambda; `behaviour`: its name in behaviours.py."""
    client.create_function(
        FunctionName=name,
        Handler=behaviour,
        Timeout=timeout,
        Runtime="python3.12",
        Role=f"arn:aws:iam::{ACCOUNT}:role/r",
        Code={"ZipFile": b""},
    )


class Scripted:
    """A server that gives the same answer to every request, and keeps what it was asked.

    asked: (method, path, headers in lower case, body). A status of None hangs up.
    """

    def __init__(self, status=200, headers=None, body=b""):
        self.answer(status, headers, body)
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # head and body are two writes: 40 ms otherwise

            def do_POST(self):
                status, headers, body = scripted.told  # once: it may be told another answer before this one has gone
                asked = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                lower = {name.lower(): value for name, value in self.headers.items()}
                scripted.asked.append((self.command, self.path, lower, asked))
                if status is None:
                    self.close_connection = True
                    return
                self.send_response_only(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST  # noqa: N815 - as http.server finds it

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, status=200, headers=None, body=b""):
        """What it says from now on, to what it has not been asked yet."""
        self.told, self.asked = (status, headers or {}, body), []

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


def unique(text):
    """Text in which every UUID is the same word."""
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<uuid>", text)
