"""Where tasks run: the caller's thread, daemon threads of our own, one private event loop, or any
concurrent.futures.Executor.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import cache
from queue import SimpleQueue
from typing import Any, Final, Literal, Protocol, TypeAlias

from sfn_notebook.integrations.contract import Call, Failed, Handler, Outcome
from sfn_notebook.integrations.functions import text_of

from .output import captured

Done: TypeAlias = Callable[[Outcome, str], None]
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


def perform(handler: Handler, call: Call) -> tuple[Outcome, str]:
    """Make the call here and now; the answer, and what was printed. A call that was cancelled is not begun."""
    if call.cancelled:
        return Failed(None, None), ""
    with captured() as printed:
        try:
            answer = handler.call(call)
        except BaseException as error:
            answer = exit_error(error)
    return answer, printed.text()


def exit_error(error: BaseException) -> Failed:
    """What Lambda says of a function that left its runtime."""
    return Failed("Runtime.ExitError", f"Error: Runtime exited: {type(error).__name__}: {text_of(error)}")


class Inline:
    """The caller's thread: for tests, benchmarks and plots. Prints go straight out; nothing can be timed out."""

    def perform(self, handler: Handler, call: Call) -> Outcome:
        """Make the call here and now."""
        if handler.asynchronous:
            return asyncio.run_coroutine_threadsafe(_acall(handler, call), event_loop()).result()
        try:
            return handler.call(call)
        except KeyboardInterrupt:  # the caller's own
            raise
        except BaseException as error:
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
            _submit_async(handler, call, done)
            return
        with self._lock:
            self._given.add(call)
            grow = len(self._given) > self._threads < MAX_THREADS + len(self._abandoned)
            self._threads += grow
        self._queue.put((handler, call, done))
        if grow:
            threading.Thread(target=self._serve, name="sfn-task", daemon=True).start()

    def abandon(self, call: Call) -> None:
        _cancel_async(call)
        with self._lock:
            if call in self._given:
                self._abandoned.add(call)

    def _serve(self) -> None:
        while True:
            handler, call, done = self._queue.get()
            answer, printed = perform(handler, call)
            with self._lock:  # before the answer is known: what follows from it shall find this thread free
                self._given.discard(call)
                self._abandoned.discard(call)
            done(answer, printed)
            del handler, call, done, answer, printed  # keep nothing alive while waiting


_awaited: dict[Call, Future[None]] = {}
"""What runs on the loop, which itself holds it weakly."""


def _submit_async(handler: Handler, call: Call, done: Done) -> None:
    future = asyncio.run_coroutine_threadsafe(_await(handler, call, done), event_loop())
    _awaited[call] = future
    future.add_done_callback(lambda _ended: _awaited.pop(call, None))


def _cancel_async(call: Call) -> None:
    """A coroutine, unlike a function, can be ended where it awaits."""
    future = _awaited.get(call)
    if future is not None:
        future.cancel()


async def _await(handler: Handler, call: Call, done: Done) -> None:
    with captured() as printed:
        answer = await _acall(handler, call)
    done(answer, printed.text())


async def _acall(handler: Handler, call: Call) -> Outcome:
    try:
        return await handler.acall(call)
    except BaseException as error:  # a SystemExit would end the loop for everybody
        return exit_error(error)


class _Job:
    """Implements `integrations.contract.Handler` with a piece of our own work, and is its own call."""

    instant = asynchronous = cancelled = False

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work = work

    def call(self, _call: Any) -> Any:
        try:
            return self._work()
        except Exception as error:  # a defect of ours: whoever wanted the result must know
            return error


def do_elsewhere(work: Callable[[], Any], done: Callable[[Any], None]) -> None:
    """Have a piece of our own work done by one of our threads; `done` is called there with its result or exception."""
    job: Any = _Job(work)
    _threads.submit(job, job, lambda result, _printed: done(result))


class Pool:
    """An executor of the user's."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._futures: dict[Call, Future[tuple[Outcome, str]]] = {}

    def submit(self, handler: Handler, call: Call, done: Done) -> None:
        if handler.asynchronous:
            _submit_async(handler, call, done)
            return
        try:
            future = self._executor.submit(perform, handler, call)
        except RuntimeError as error:  # it was shut down
            done(Failed(_REFUSED, f"The executor takes no tasks: {error}"), "")
            return
        self._futures[call] = future
        future.add_done_callback(lambda ended: self._ended(call, ended, done))

    def abandon(self, call: Call) -> None:
        _cancel_async(call)
        future = self._futures.get(call)
        if future is not None:
            future.cancel()

    def _ended(self, call: Call, future: Future[tuple[Outcome, str]], done: Done) -> None:
        self._futures.pop(call, None)
        done(*_outcome(future))


def _outcome(future: Future[tuple[Outcome, str]]) -> tuple[Outcome, str]:
    if future.cancelled():
        return Failed(_REFUSED, "The executor cancelled the task."), ""
    error = future.exception()  # not the task's own: it could not be sent there or back
    return future.result() if error is None else (Failed(_REFUSED, f"{type(error).__name__}: {error}"), "")


_threads = Threads()
_loop_lock = threading.Lock()


@cache
def _make_loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    atexit.register(loop.set_exception_handler, lambda _loop, _context: None)  # coroutines that hang till then
    threading.Thread(target=loop.run_forever, name="sfn-async", daemon=True).start()
    return loop


def event_loop() -> asyncio.AbstractEventLoop:
    """The private loop on which async functions run, never the notebook's own."""
    with _loop_lock:
        return _make_loop()


def _after_fork() -> None:
    """A forked child has none of its parent's threads: it begins with its own."""
    global _threads, _loop_lock
    _threads, _loop_lock = Threads(), threading.Lock()
    _make_loop.cache_clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def make_executor(choice: Literal["inline", "threads"] | Executor | None) -> TaskExecutor | Inline:
    """The executor for None or "threads", "inline", or an object of concurrent.futures. Raises: ValueError."""
    if choice is None or choice == "threads":
        return _threads
    if choice == "inline":
        return Inline()
    if isinstance(choice, Executor):
        return Pool(choice)
    raise ValueError(f"executor={choice!r}: use None (threads), 'inline' or a concurrent.futures.Executor.")
