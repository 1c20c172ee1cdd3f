"""Executors: what happens to calls that are handed to threads, pools and processes.  (What functions themselves may do
is in test_tasks.)
"""

import asyncio
import multiprocessing
import os
import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import pytest
from house import LONG, arn, invoke, leave_at_once, outcome, parallel, process_of, task
from stage import start_record

from sfn_notebook.asl.resources import parse_resource
from sfn_notebook.engine.commands import RunTask
from sfn_notebook.engine.stimuli import Target
from sfn_notebook.integrations.contract import Call, Failed, Succeeded
from sfn_notebook.runners import executors
from sfn_notebook.runners.executors import Inline, Pool, Threads, make_executor


class Work:
    """A handler that does what it is told."""

    instant = asynchronous = False

    def __init__(self, work):
        self._work = work

    def call(self, call):
        return Succeeded(self._work())


class Answers:
    """Answers by their order, for whoever waits for them."""

    def __init__(self):
        self._here = threading.Condition()
        self.all = []

    def __call__(self, answer, printed):
        with self._here:
            self.all.append((answer, printed))
            self._here.notify_all()

    def wait_for(self, count):
        with self._here:
            assert self._here.wait_for(lambda: len(self.all) >= count, LONG)
        return self.all


@pytest.fixture
def answers():
    return Answers()


@pytest.fixture
def gate():
    gate = threading.Event()
    yield gate
    gate.set()


class Defined:
    definition_sha256 = ""


def call(payload=None):
    start = start_record(Defined)
    return Call(RunTask(Target((), "T", 1, 0), parse_resource(arn("f")), payload, None), payload, start)


# ------------------------------------------------------------ threads of our own


def serving():
    return [thread for thread in threading.enumerate() if thread.name == "sfn-task"]


def test_one_thread_serves_calls_that_follow_each_other(answers):
    threads = Threads()
    names = []
    for count in range(1, 51):
        threads.submit(Work(lambda: names.append(threading.get_ident())), call(), answers)
        answers.wait_for(count)
    assert len(set(names)) == 1


def test_threads_are_daemons(answers):
    Threads().submit(Work(lambda: threading.current_thread().daemon), call(), answers)
    assert answers.wait_for(1) == [(Succeeded(True), "")]


def test_as_many_threads_as_calls_at_once(answers):
    together = threading.Barrier(20)
    threads = Threads()
    before = len(serving())
    for _ in range(20):
        threads.submit(Work(lambda: together.wait(LONG)), call(), answers)
    assert sorted(answer.output for answer, _ in answers.wait_for(20)) == list(range(20))
    assert len(serving()) == before + 20


def test_calls_over_the_ceiling_wait_for_a_thread(answers, gate, monkeypatch):
    monkeypatch.setattr(executors, "MAX_THREADS", 2)
    threads = Threads()
    begun = threading.Barrier(3)
    for _ in range(2):
        threads.submit(Work(lambda: (begun.wait(LONG), gate.wait(LONG)) and "held"), call(), answers)
    begun.wait(LONG)
    threads.submit(Work(lambda: "waited"), call(), answers)
    assert answers.all == []
    gate.set()
    assert sorted(answer.output for answer, _ in answers.wait_for(3)) == ["held", "held", "waited"]


def test_an_abandoned_call_gives_its_place_away(answers, gate, monkeypatch):
    monkeypatch.setattr(executors, "MAX_THREADS", 1)
    threads = Threads()
    hanging = call()
    threads.submit(Work(lambda: gate.wait(LONG)), hanging, answers)
    threads.abandon(hanging)
    threads.submit(Work(lambda: "next"), call(), answers)
    assert answers.wait_for(1) == [(Succeeded("next"), "")]


def test_to_abandon_what_has_answered_changes_nothing(answers, gate, monkeypatch):
    monkeypatch.setattr(executors, "MAX_THREADS", 1)
    threads = Threads()
    answered = call()
    threads.submit(Work(lambda: 1), answered, answers)
    answers.wait_for(1)
    threads.abandon(answered)
    begun = threading.Event()
    threads.submit(Work(lambda: (begun.set(), gate.wait(LONG)) and 2), call(), answers)
    assert begun.wait(LONG)
    threads.submit(Work(lambda: 3), call(), answers)
    assert len(answers.all) == 1  # there is one place, and it is taken
    gate.set()
    assert [answer.output for answer, _ in answers.wait_for(3)] == [1, 2, 3]


# ------------------------------------------------------------ async functions


def test_async_functions_share_one_loop_of_their_own(house):
    async def loop(event):
        return [threading.current_thread().name, id(asyncio.get_running_loop())]

    runs = [house.run({"T": task()}, tasks={"f": loop}, executor=executor) for executor in (None, "inline")]
    assert runs[0].execution.output == runs[1].execution.output
    assert runs[0].execution.output[0] == "sfn-async"


def test_async_functions_may_be_run_from_a_running_loop(house):
    async def double(event):
        return event * 2

    async def main():
        return house.run({"T": task()}, 4, tasks={"f": double}, executor="inline")

    assert outcome(asyncio.run(main())) == ("SUCCEEDED", 8)


def test_an_async_function_that_hangs_is_timed_out(house):
    async def forever(event):
        await asyncio.to_thread(house.gate.wait, LONG)

    async def fine(event):
        return "fine"

    run = house.run({"T": task(TimeoutSeconds=1)}, tasks={"f": forever})
    assert outcome(run) == ("FAILED", "States.Timeout")
    assert outcome(house.run({"T": task()}, tasks={"f": fine})) == ("SUCCEEDED", "fine")


# ------------------------------------------------------------ inline


def test_inline_runs_in_the_callers_thread(house):
    run = house.run({"T": task()}, tasks={"f": lambda event: threading.get_ident()}, executor="inline")
    assert run.execution.output == threading.get_ident()


class Grumpy(Exception):
    def __str__(self):
        raise RuntimeError("no text")


@pytest.mark.parametrize("executor", ["inline", "threads"])
def test_an_exception_without_text_is_still_an_answer(house, executor):
    def work(event):
        raise Grumpy

    run = house.run({"T": task()}, tasks={"f": work}, executor=executor)
    assert outcome(run) == ("FAILED", "Grumpy")  # its class names the error, as for any exception


# ------------------------------------------------------------ executors of the user's


def test_a_thread_pool_runs_what_it_is_given(house):
    with ThreadPoolExecutor(1, thread_name_prefix="mine") as pool:
        run = house.run(
            parallel({"A": task()}, {"B": task()}),
            tasks={"f": lambda event: threading.current_thread().name},
            executor=pool,
        )
    assert run.execution.output == ["mine_0", "mine_0"]


@pytest.fixture(scope="module")
def processes():
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


def test_a_process_runs_a_function_it_can_import(house, processes):
    run = house.run({"T": task()}, {"n": 1}, tasks={"f": process_of}, executor=processes)
    output = run.execution.output
    assert output.pop("pid") not in (None, os.getpid())
    assert output == {"event": {"n": 1}, "name": "f"}
    assert run.printed == ["from afar\n"]


def test_a_process_needs_nothing_else_of_the_notebook(house, processes):
    notebook = {"__name__": "__main__", "lock": threading.Lock()}
    run = house.run({"T": invoke()}, {"n": 1}, tasks={"f": process_of}, notebook=notebook, executor=processes)
    assert run.execution.status == "SUCCEEDED", run.execution.failure
    assert run.execution.output["Payload"]["event"] == {"n": 1}


def test_a_function_that_cannot_be_sent_is_a_failure(house, processes):
    run = house.run({"T": task()}, tasks={"f": lambda event: 1}, executor=processes)
    assert outcome(run) == ("FAILED", "Lambda.ServiceException")
    assert "pickle" in run.execution.failure.cause


def test_a_process_that_dies_is_a_failure(house):
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        run = house.run({"T": task()}, tasks={"f": leave_at_once}, executor=pool)
        assert outcome(run) == ("FAILED", "Lambda.ServiceException")
        again = house.run({"T": task()}, tasks={"f": process_of}, executor=pool)  # the pool is broken now
        assert outcome(again) == ("FAILED", "Lambda.ServiceException")


def test_an_executor_that_was_shut_down_is_a_failure_that_can_be_caught(house):
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    catch = [{"ErrorEquals": ["Lambda.ServiceException"], "Next": "Caught"}]
    states = {"T": task(Catch=catch), "Caught": {"Type": "Pass", "Result": "caught", "End": True}}
    run = house.run(states, tasks={"f": lambda event: 1}, executor=pool)
    assert outcome(run) == ("SUCCEEDED", "caught")


class Cancelling(Executor):
    """Takes a task and never does it."""

    def submit(self, *_):
        future = Future()
        future.cancel()
        return future


def test_a_cancelled_task_is_a_failure(house):
    run = house.run({"T": task()}, tasks={"f": lambda event: 1}, executor=Cancelling())
    assert outcome(run) == ("FAILED", "Lambda.ServiceException")
    assert run.execution.failure.cause == "The executor cancelled the task."


def test_a_pool_that_refuses_answers_at_once(answers):
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    Pool(pool).submit(Work(lambda: 1), call(), answers)
    [(answer, printed)] = answers.all
    assert (answer.error, printed) == ("Lambda.ServiceException", "")
    assert isinstance(answer, Failed)


def test_executors_by_their_names():
    assert isinstance(make_executor(None), Threads)
    assert make_executor("threads") is make_executor(None)
    assert isinstance(make_executor("inline"), Inline)
    with ThreadPoolExecutor(1) as pool:
        assert isinstance(make_executor(pool), Pool)


@pytest.mark.parametrize("choice", ["process", 4, ThreadPoolExecutor])
def test_other_executors_are_refused(choice):
    with pytest.raises(ValueError, match=r"use None \(threads\), 'inline' or a concurrent.futures.Executor"):
        make_executor(choice)
