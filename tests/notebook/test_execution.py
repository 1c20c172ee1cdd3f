"""Execution: what a run gives back, and how one waits for it."""

import _thread
import asyncio
import threading

import pytest

import sfn_notebook as sfn
from sfn_notebook.notebook.workspace import service

ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"
TASK = {"Type": "Task", "Resource": ARN, "End": True}


def machine(state, **fields):
    return sfn.StateMachine({"StartAt": "S", "States": {"S": state}}, **fields)


def test_it_says_what_it_is():
    run = machine(TASK, name="orders").run(tasks={"f": lambda event: 1}, name="mine")
    assert repr(run) == "<Execution mine of orders: SUCCEEDED>"


def test_awaiting_does_not_block_the_loop():
    gate = threading.Event()
    run = machine(TASK).start(tasks={"f": lambda event: gate.wait(30)})

    async def somebody_else():
        assert not run.done()
        gate.set()

    async def both():
        awaited, _ = await asyncio.gather(waiting(run), somebody_else())
        return awaited

    async def waiting(execution):
        return await execution

    assert asyncio.run(both()) is run
    assert run.output is True


def test_awaiting_what_has_ended_and_what_has_failed():
    async def both():
        return [
            (await machine({"Type": "Pass", "End": True}).start()).status,
            (await machine({"Type": "Fail", "Error": "E"}).start()).status,
        ]

    assert asyncio.run(both()) == ["SUCCEEDED", "FAILED"]


def test_a_timeout_says_what_it_waits_for():
    run = machine({"Type": "Wait", "Seconds": 3600, "End": True}).start(name="mine")
    with pytest.raises(TimeoutError, match=r"mine still runs after 0\.01 s; it waits for S\."):
        run.wait(0.01)
    run.stop()


@pytest.mark.parametrize("executor", ["threads", "inline"])
def test_ctrl_c_stops_the_run(executor, capsys):
    never = threading.Event()
    contexts = []

    def f(event, context):
        contexts.append(context)
        _thread.interrupt_main()  # the person presses Ctrl-C while the task works
        never.wait(30 if executor == "threads" else 0)
        # Inline, Python raises it here, in the caller's thread.

    stopping = machine(TASK, name=f"interrupted-{executor}")
    with pytest.raises(KeyboardInterrupt):
        stopping.run(tasks={"f": f}, executor=executor, name="mine")
    never.set()
    [run] = [
        run for run in service().list_executions()
        if run.execution.start.state_machine_name == stopping.name
    ]  # fmt: skip
    assert run.wait(10)
    assert run.execution.status == "ABORTED"
    if executor == "threads":
        assert contexts[0].cancelled
        assert "still working, for nobody: S" in capsys.readouterr().err


def test_prints_are_shown_to_whoever_waits(capsys):
    done = threading.Event()

    def f(event):
        print("hello")
        done.set()

    run = machine(TASK).start(tasks={"f": f})
    assert done.wait(10)
    assert capsys.readouterr().out == ""
    run.wait(10)
    assert capsys.readouterr().out == "hello\n"
    run.wait(10)
    assert capsys.readouterr().out == ""


def test_a_history_can_be_read_while_it_grows():
    gates = [threading.Event() for _ in range(3)]
    here = [threading.Event() for _ in range(3)]
    calls = iter(range(3))

    def f(event):
        call = next(calls)
        here[call].set()
        gates[call].wait(30)
        raise ValueError

    state = {**TASK, "Retry": [{"ErrorEquals": ["ValueError"], "MaxAttempts": 2}]}
    run = machine(state).start(tasks={"f": f}, clock="virtual")
    seen = []
    for call in range(3):
        assert here[call].wait(10)
        history = run.history
        seen.append(len(history))
        assert [event["id"] for event in history] == list(range(1, len(history) + 1))
        assert run.transitions.loc[0, "status"] == "RUNNING"
        assert "<svg" in run.svg()
        gates[call].set()
    assert seen == [4, 7, 10]
    assert run.wait(10).status == "FAILED"
