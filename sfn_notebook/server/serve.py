"""Running a server: in the foreground until a signal comes, or on a thread beside a notebook."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress

from sfn_notebook.service.service import Service

from .app import Server
from .credentials import Credentials


def serve(
    service: Service,
    credentials: Credentials | None,
    host: str,
    port: int,
    ready: Callable[[str], None],
) -> None:
    """Serve until SIGTERM or SIGINT. `ready` is told the URL. Raises: OSError, ValueError."""
    asyncio.run(_serve(service, credentials, host, port, ready))


async def _serve(
    service: Service,
    credentials: Credentials | None,
    host: str,
    port: int,
    ready: Callable[[str], None],
) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # Windows: Ctrl-C is a KeyboardInterrupt there
            loop.add_signal_handler(number, stopped.set)
    server = Server(service, credentials, host, port)
    try:
        ready(server.url)
        await stopped.wait()
    finally:
        await server.close()


class ServerThread:
    """A server beside a notebook. `url`: where it listens; `stop`: ends it."""

    def __init__(
        self, service: Service, credentials: Credentials | None, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        """Start to serve. Raises: OSError, ValueError."""
        self._begun: Future[str] = Future()
        self._stopped = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        arguments = (service, credentials, host, port)
        self._thread = threading.Thread(target=self._run, args=arguments, name="sfn-server", daemon=True)
        self._thread.start()
        self.url = self._begun.result()

    def stop(self) -> None:
        """Listen no more. Executions go on. Nothing happens the second time."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopped.set)
            self._thread.join()

    def _run(self, service: Service, credentials: Credentials | None, host: str, port: int) -> None:
        try:
            self._loop.run_until_complete(self._serve(service, credentials, host, port))
        except (OSError, ValueError) as error:
            self._begun.set_exception(error)
        finally:
            self._loop.close()

    async def _serve(self, service: Service, credentials: Credentials | None, host: str, port: int) -> None:
        server = Server(service, credentials, host, port)
        self._begun.set_result(server.url)
        try:
            await self._stopped.wait()
        finally:
            await server.close()
