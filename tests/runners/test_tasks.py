"""How functions run: where, how many at once, with what of their own, and what becomes of their misbehaviour."""

import asyncio
import concurrent.futures
import json
import subprocess
import sys
import threading

import pytest
from stage import inner

import sfn_notebook as sfn

ARN = "arn:aws:lambda:us-east-1:123456789012:function:"


def task(name="f", **fields):
    return {"Type": "Task", "Resource": ARN + name, **({} if "Next" in fields else {"End": True}), **fields}


def machine(states, **fields):
    return sfn.StateMachine({"StartAt": next(iter(states)), "States": states, **fields})


def mapped(states, **fields):
    return machine({"M": {"Type": "Map", "ItemProcessor": inner(states), "End": True, **fields}})


@pytest.fixture(params=["threads", "inline", "pool"])
def executor(request):
    if request.param != "pool":
        yield request.param
        return
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        yield pool


def run(function, value=None, *, executor="threads", **fields):
    return machine({"T": task(**fields)}).run(value, tasks={"f": function}, clock="virtual", executor=executor)


# ---------------------------------------------------------------- what functions do


def test_event_and_context(executor):
    def f(event, context):
        return [event, context.function_name, context.invoked_function_arn, context.function_version]

    ended = machine({"T": {"Type": "Task", "Resource": ARN + "f:live", "End": True}}).run(
        {"n": 1}, tasks={"f": f}, clock="virtual", executor=executor
    )
    assert ended.output == [{"n": 1}, "f", ARN + "f:live", "live"]


def test_async_functions(executor):
    async def f(event):
        await asyncio.sleep(0)
        return event + 1

    assert run(f, 1, executor=executor).output == 2


def test_async_functions_run_at_the_same_time():
    arrived = 0
    all_here = None

    async def f(event):
        nonlocal arrived, all_here
        if all_here is None:
            all_here = asyncio.Event()
        arrived += 1
        if arrived == 3:
            all_here.set()
        await asyncio.wait_for(all_here.wait(), 10)
        return event

    assert mapped({"T": task()}).run([1, 2, 3], tasks={"f": f}, clock="virtual").output == [1, 2, 3]


def test_functions_run_at_the_same_time():
    barrier = threading.Barrier(6)

    def f(event):
        barrier.wait(10)
        return event

    assert mapped({"T": task()}).run(list(range(6)), tasks={"f": f}, clock="virtual").output == list(range(6))


def test_each_gets_its_own_copy(executor):
    def f(event):
        event["list"].append(event.pop("n"))
        return event

    branches = [inner({name: task()}) for name in "AB"]
    ended = machine({"P": {"Type": "Parallel", "Branches": branches, "End": True}}).run(
        {"n": 1, "list": []}, tasks={"f": f}, clock="virtual", executor=executor
    )
    assert ended.output == [{"list": [1]}, {"list": [1]}]
    assert ended.input == {"n": 1, "list": []}


def test_what_it_keeps_of_its_result_is_its_own(executor):
    kept = {"n": [1]}
    ended = run(lambda event: kept, executor=executor)
    kept["n"].append(2)
    assert ended.output == {"n": [1]}


def test_an_exception_becomes_an_error(executor):
    class PaymentRefused(Exception):
        pass

    def f(event):
        raise PaymentRefused("card expired")

    ended = run(f, executor=executor)
    assert (ended.status, ended.error) == ("FAILED", "PaymentRefused")
    payload = json.loads(ended.cause)
    assert set(payload) == {"errorMessage", "errorType", "requestId", "stackTrace"}
    assert (payload["errorMessage"], payload["errorType"]) == ("card expired", "PaymentRefused")
    [frame] = payload["stackTrace"]  # of the user's code only
    assert "in f\n" in frame
    assert 'raise PaymentRefused("card expired")' in frame


@pytest.mark.parametrize(("result", "hint"), [
    ({1, 2}, "sorted"), (float("nan"), "null"), ({1: 2}, "str(key)"), (object(), "Return"), (b"x", "decode"),
    (lambda: 1, "Call it"), ({"deep": [{"when": {3}}]}, "$.deep[0].when"),
])  # fmt: skip
def test_a_result_that_is_no_json(executor, result, hint):
    ended = run(lambda event: result, executor=executor)
    assert ended.error == "Runtime.MarshalError"
    assert hint in json.loads(ended.cause)["errorMessage"]


class Unusual(BaseException):
    pass


@pytest.mark.parametrize("error", [SystemExit(3), Unusual("odd"), GeneratorExit()])
def test_what_is_no_exception_leaves_the_runtime(executor, error):
    def f(event):
        raise error

    async def g(event):
        raise error

    for function in (f, g):
        ended = run(function, executor=executor)
        assert ended.error == "Runtime.ExitError"
        assert type(error).__name__ in ended.cause
    assert run(lambda event: "still here", executor=executor).output == "still here"

    async def fine(event):
        return "the loop too"

    assert run(fine, executor=executor).output == "the loop too"


def test_a_function_may_run_a_machine_of_its_own():
    def f(event):
        return run(lambda inner_event: inner_event * 2, event).output

    assert run(f, 4).output == 8


# ---------------------------------------------------------------- what they print


def test_what_tasks_print_is_shown_in_the_order_of_their_answers(capsys):
    gates = [threading.Event(), threading.Event(), threading.Event()]

    def f(event):
        print(f"begin {event}")
        if event < 2:
            assert gates[event].wait(10)
        print(f"end {event}")
        if event:
            gates[event - 1].set()
        return event

    ended = mapped({"T": task()}).start([0, 1, 2], tasks={"f": f}, clock="virtual").wait(10)
    assert ended.output == [0, 1, 2]
    lines = capsys.readouterr().out.split("\n")[:-1]
    # Each attempt's lines stand together.
    assert sorted(lines[::2]) == ["begin 0", "begin 1", "begin 2"]
    assert [line.replace("begin", "end") for line in lines[::2]] == lines[1::2]


def test_each_attempt_prints(capsys):
    calls = []

    def f(event):
        calls.append(1)
        print("attempt", len(calls))
        if len(calls) < 3:
            raise ValueError

    run(f, Retry=[{"ErrorEquals": ["ValueError"]}])
    assert capsys.readouterr().out == "attempt 1\nattempt 2\nattempt 3\n"


def test_a_megabyte_is_cut(capsys):
    run(lambda event: print("x" * 1_000_000))
    out = capsys.readouterr().out
    assert len(out) < 20_000
    assert "more characters were printed" in out


def test_the_streams_are_given_back(capsys):
    before = sys.stdout, sys.stderr
    run(lambda event: print("hello", file=sys.stderr))
    assert (sys.stdout, sys.stderr) == before


# ---------------------------------------------------------------- executors of the user's


def test_an_executor_that_was_shut_down():
    pool = concurrent.futures.ThreadPoolExecutor(1)
    pool.shutdown()
    ended = run(lambda event: 1, executor=pool)
    assert ended.error == "Lambda.ServiceException"
    assert "takes no tasks" in ended.cause


PROCESSES = """
import concurrent.futures, multiprocessing, os
import sfn_notebook as sfn

def pid(event):
    print("from a process")
    return os.getpid()

def fail(event):
    raise KeyError("gone")

def odd(event):
    return lambda: 1

if __name__ == "__main__":
    spawn = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=spawn) as pool:
        def run(name):
            resource = "arn:aws:lambda:us-east-1:123456789012:function:" + name
            states = {"T": {"Type": "Task", "Resource": resource, "End": True}}
            machine = sfn.StateMachine({"StartAt": "T", "States": states})
            return machine.run(tasks=globals(), executor=pool, clock="virtual")
        print(run("pid").output not in (None, os.getpid()))
        print(run("fail").error)
        print(run("odd").error)
"""


def test_processes(tmp_path):
    script = tmp_path / "processes.py"
    script.write_text(PROCESSES)
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.split("\n") == ["from a process", "True", "KeyError", "Runtime.MarshalError", ""], done.stderr


# ---------------------------------------------------------------- their places


def test_a_stopped_run_begins_no_more_of_its_tasks():
    """What still waited for one of the thousand places is not begun for nobody."""
    working, never, begun = threading.Event(), threading.Event(), []

    def f(event):
        begun.append(event)
        working.set()
        never.wait(60)

    one = mapped({"T": task()}).start(list(range(1500)), tasks={"f": f}, limits="none")
    assert working.wait(60)
    one.stop()
    assert one.wait(60).status == "ABORTED"
    never.set()
    assert run(lambda event: "next").output == "next"  # behind them in the queue
    assert len(begun) <= 1000


def test_a_timed_out_function_does_not_take_anybodys_place():
    never = threading.Event()

    def f(event):
        if event == "hang":
            never.wait(60)
        return event

    hanging = run(f, "hang", TimeoutSeconds=1)
    assert hanging.error == "States.Timeout"
    assert run(f, "next").output == "next"
    never.set()


def test_a_timeout_is_recorded_as_start_plus_timeout_however_fast_the_clock(house):
    run = house.run({"T": task(TimeoutSeconds=1)}, tasks={"f": house.hang}, clock=10)
    assert run.execution.failure.error == "States.Timeout"
    assert run.execution.now - run.execution.start.now == 1000
