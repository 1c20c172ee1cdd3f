"""Where tasks run: the caller's thread, daemon threads of our own, one private event loop, or any
concurrent.futures.Executor.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import cache
from queue import SimpleQueue
from typing import Final, Literal, Protocol, TypeAlias

from sfn_notebook.integrations.contract import Answer, Call, Failed, Handler

from .output import captured

Done: TypeAlias = Callable[[Answer, str], None]
"""Called with the answer and with what the task printed; from any thread, once."""

_REFUSED: Final = "Lambda.ServiceException"

MAX_THREADS: Final = 1000
"""As many tasks at once as AWS Lambda runs functions in a new account."""


class TaskExecutor(Protocol):
    """Runs the calls of handlers elsewhere. Never raises for what they do."""

    def submit(self, handler: Handler, call: Call, done: Done) -> None:
        """Run the call, later or elsewhere; then call `done`."""

    def abandon(self, call: Call) -> None:
        """Nobody waits for this call any more, but it may work on: another one may have its place."""


def perform(handler: Handler, call: Call) -> tuple[Answer, str]:
    """Make the call here and now; the answer, and what was printed."""
    with captured() as printed:
        try:
            answer = handler.call(call)
        except BaseException as error:
            answer = exit_error(error)
    return answer, printed.text()


def exit_error(error: BaseException) -> Failed:
    """What Lambda says of a function that left its runtime."""
    return Failed("Runtime.ExitError", f"Error: Runtime exited: {type(error).__name__}: {error}")


class Inline:
    """The caller's thread: for tests, benchmarks and plots. Prints go straight out; nothing can be timed out."""

    def perform(self, handler: Handler, call: Call) -> Answer:
        """Make the call here and now."""
        if handler.asynchronous:
            return asyncio.run_coroutine_threadsafe(handler.acall(call), event_loop()).result()
        try:
            return handler.call(call)
        except SystemExit as error:
            return exit_error(error)

    def abandon(self, call: Call) -> None: ...


class Threads:
    """Daemon threads, grown on demand; they never keep the interpreter from exiting."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[tuple[Handler, Call, Done]] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._given: set[Call] = set()
        self._abandoned: set[Call] = set()

    def submit(self, handler: Handler, call: Call, done: Done) -> None:
        if handler.asynchronous:
            asyncio.run_coroutine_threadsafe(_await(handler, call, done), event_loop())
            return
        with self._lock:
            self._given.add(call)
            grow = len(self._given) > self._threads < MAX_THREADS + len(self._abandoned)
            self._threads += grow
        self._queue.put((handler, call, done))
        if grow:
            threading.Thread(target=self._serve, name="sfn-task", daemon=True).start()

    def abandon(self, call: Call) -> None:
        with self._lock:
            if call in self._given:
                self._abandoned.add(call)

    def _serve(self) -> None:
        while True:
            handler, call, done = self._queue.get()
            done(*perform(handler, call))
            with self._lock:
                self._given.discard(call)
                self._abandoned.discard(call)
            del handler, call, done  # keep nothing alive while waiting


async def _await(handler: Handler, call: Call, done: Done) -> None:
    with captured() as printed:
        try:
            answer = await handler.acall(call)
        except BaseException as error:
            answer = exit_error(error)
    done(answer, printed.text())


class Pool:
    """An executor of the user's."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    def submit(self, handler: Handler, call: Call, done: Done) -> None:
        if handler.asynchronous:
            asyncio.run_coroutine_threadsafe(_await(handler, call, done), event_loop())
            return
        try:
            future = self._executor.submit(perform, handler, call)
        except RuntimeError as error:  # it was shut down
            done(Failed(_REFUSED, f"The executor takes no tasks: {error}"), "")
            return
        future.add_done_callback(lambda ended: done(*_outcome(ended)))

    def abandon(self, call: Call) -> None: ...


def _outcome(future: Future[tuple[Answer, str]]) -> tuple[Answer, str]:
    if future.cancelled():
        return Failed(_REFUSED, "The executor cancelled the task."), ""
    error = future.exception()  # not the task's own: it could not be sent there or back
    return future.result() if error is None else (Failed(_REFUSED, f"{type(error).__name__}: {error}"), "")


_threads = Threads()
_loop_lock = threading.Lock()


@cache
def _make_loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="sfn-async", daemon=True).start()
    return loop


def event_loop() -> asyncio.AbstractEventLoop:
    """The private loop on which async functions run, never the notebook's own."""
    with _loop_lock:
        return _make_loop()


def make_executor(choice: Literal["inline", "threads"] | Executor | None) -> TaskExecutor | Inline:
    """The executor for None or "threads", "inline", or an object of concurrent.futures. Raises: ValueError."""
    if choice is None or choice == "threads":
        return _threads
    if choice == "inline":
        return Inline()
    if isinstance(choice, Executor):
        return Pool(choice)
    raise ValueError(f"executor={choice!r}: use None (threads), 'inline' or a concurrent.futures.Executor.")
