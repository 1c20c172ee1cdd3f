"""The HTTP server: who may come in, and what goes back. Operations run on threads, never on the loop."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPServerRequest
from tornado.iostream import IOStream
from tornado.web import Application, RequestHandler

from sfn_notebook.integrations.aws import is_loopback
from sfn_notebook.service.faults import ServiceError
from sfn_notebook.service.pending import Answer, Pending
from sfn_notebook.service.service import Service

from .credentials import Credentials
from .protocol import (
    CONTENT_TYPE,
    MAX_BODY,
    Refused,
    Response,
    answer_response,
    error_response,
    failure_response,
    read_request,
)
from .signature import Signed, check_signature

log = logging.getLogger("sfn_notebook.server")

MAX_HEADERS: Final = 32 * 1024
MAX_CONNECTIONS: Final = 2000
_IDLE_SECONDS: Final = 300
_BODY_SECONDS: Final = 60
_THREADS: Final = 16
_BACKLOG: Final = 128
_HOST: Final = re.compile(r"(?P<name>\[[0-9a-f:]+\]|[0-9a-z.-]+)(?::\d{1,5})?", re.IGNORECASE)


class Server:
    """A service behind a socket.

    credentials: the key that requests are signed with, None to take unsigned ones; host, port: where to listen, port 0
    for any that is free.
    """

    def __init__(
        self, service: Service, credentials: Credentials | None, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        """Listen, and serve once the loop runs. Call it on the loop.

        Raises: OSError where nobody can listen; ValueError for unsigned requests from outside this machine.
        """
        if credentials is None and not is_loopback(f"http://{_bracketed(host)}/"):
            raise ValueError(f"unsigned requests are taken on loopback only, not on {host}.")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        listening.setblocking(False)
        self._pool = ThreadPoolExecutor(_THREADS, "sfn-server")
        settings = {"service": service, "credentials": credentials, "host": host, "pool": self._pool}
        routes = [(r"/.*", _Handler, settings)]
        application = Application(routes, log_function=lambda _handler: None)
        self._server = _HTTPServer(
            application,
            max_header_size=MAX_HEADERS,
            max_body_size=2 * MAX_BODY,
            max_buffer_size=4 * MAX_BODY,
            idle_connection_timeout=_IDLE_SECONDS,
            body_timeout=_BODY_SECONDS,
        )
        self._server.add_socket(listening)
        self.url = f"http://{_bracketed(host)}:{listening.getsockname()[1]}"

    async def close(self) -> None:
        """Listen no more, and hang up. Executions go on."""
        self._server.stop()
        await self._server.close_all_connections()
        self._pool.shutdown(wait=False, cancel_futures=True)


class _HTTPServer(HTTPServer):
    def handle_stream(self, stream: IOStream, address: Any) -> None:
        """Hang up on those who are too many."""
        if len(self._connections) >= MAX_CONNECTIONS:
            stream.close()
        else:
            super().handle_stream(stream, address)


class _Handler(RequestHandler):
    """Every path and every method; the API is at POST / alone."""

    def initialize(
        self, service: Service, credentials: Credentials | None, host: str, pool: ThreadPoolExecutor
    ) -> None:
        self._service, self._credentials, self._host, self._pool = service, credentials, host, pool
        self._awaited: Pending | None = None
        self._gone = False

    async def prepare(self) -> None:
        """Answer, whatever the method."""
        try:
            response = await self._respond()
        except ServiceError as error:
            response = error_response(error)
        except Exception:
            log.exception("a request broke")
            response = failure_response()
        self._write(response)

    async def _respond(self) -> Response:
        request = self.request
        self._check_origin(request)
        if request.method != "POST" or request.path != "/":
            raise Refused(404, "UnknownOperationException", "")
        if len(request.body) > MAX_BODY:
            raise Refused(413, "RequestEntityTooLargeException", f"A request has {MAX_BODY:,} bytes at most.")
        if self._credentials is not None:
            signed = Signed("POST", request.full_url(), dict(request.headers.get_all()), request.body)
            check_signature(signed, self._credentials, datetime.now(UTC))
        operation, parameters = read_request(request.headers, request.body)
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(self._pool, self._service.begin, operation, parameters)
        if isinstance(answer, Pending):
            self._awaited = answer
            if self._gone:
                answer.give_up()
            answer = await self._arrived(answer)
        return answer_response(answer)

    async def _arrived(self, pending: Pending) -> Answer:
        """The answer, once it is there. It is not asked for when nobody is left who would be given it."""
        try:
            await _ready(pending)
            if _has_hung_up(self.request.connection):
                pending.give_up()
        except BaseException:  # the server is closed
            pending.give_up()
            raise
        return pending.answer()

    def on_connection_close(self) -> None:
        """Whoever asked has hung up."""
        self._gone = True
        if self._awaited is not None:
            self._awaited.give_up()

    def _check_origin(self, request: HTTPServerRequest) -> None:
        """No web page may ask, whatever name it has given this machine. Raises: Refused."""
        if is_loopback(f"http://{_bracketed(self._host)}/") and not names_loopback(request.headers.get("Host", "")):
            raise Refused(403, "AccessDeniedException", "The Host header does not name this machine.")
        if "Origin" in request.headers:
            raise Refused(403, "AccessDeniedException", "Requests from web pages are not answered.")

    def _write(self, response: Response) -> None:
        self.set_status(response.status)
        self.clear_header("Server")
        self.set_header("Content-Type", CONTENT_TYPE)
        self.set_header("x-amzn-RequestId", str(uuid.uuid4()))
        for name, value in response.headers.items():
            self.set_header(name, value)
        self.finish(response.body)

    def write_error(self, status_code: int, **_: Any) -> None:
        """What tornado itself refuses: no page, no traceback."""
        self._write(failure_response() if status_code >= 500 else error_response(_unknown(status_code)))


def _unknown(status: int) -> Refused:
    return Refused(status, "UnknownOperationException", "")


def names_loopback(host: str) -> bool:
    """Does a Host header name this machine, with or without the prefix that botocore sets before it?"""
    found = _HOST.fullmatch(host)
    return found is not None and is_loopback(f"http://{found['name'].removeprefix('sync-')}/")


async def _ready(pending: Pending) -> None:
    """Wait until the answer is there, or will not come."""
    loop = asyncio.get_running_loop()
    ready = loop.create_future()

    def tell() -> None:
        if not ready.done():
            ready.set_result(None)

    def tell_loop() -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(tell)

    pending.when_ready(tell_loop)
    with suppress(TimeoutError):
        await asyncio.wait_for(ready, pending.seconds)


def _has_hung_up(connection: Any) -> bool:
    """Has the other side of an HTTP connection gone away, as far as this machine knows?"""
    stream = connection.stream
    if stream is None or stream.closed():
        return True
    try:
        return not stream.socket.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except OSError:
        return True


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
