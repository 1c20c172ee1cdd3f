"""Virtual time: the clock jumps when nothing is in flight, and histories do not show how threads happened to run."""

import subprocess
import sys
import threading
import time

import pytest
from house import ENDLESS, HOURS, LONG, PASS, chain, left, outcome, parallel, story, task

from sfn_notebook.runners.clock import RunningClock, VirtualClock, make_clock
from sfn_notebook.service.origins import FIXED_START


def wait(name, seconds):
    return {name: {"Type": "Wait", "Seconds": seconds, "End": True}}


# ------------------------------------------------------------ the clock


def test_hours_pass_at_once(house):
    run = house.run(chain(wait("A", 7200), wait("B", 60)))
    assert story(run, "WaitStateExited") == [("WaitStateExited", 7200), ("WaitStateExited", 7260)]


def test_a_function_takes_no_time(house):
    run = house.run({"T": task()}, tasks={"f": lambda event: 1})
    assert {seconds for _, seconds in story(run)} == {0}


def test_retries_wait_their_time(house):
    def fail(event):
        raise RuntimeError

    retry = {"ErrorEquals": ["RuntimeError"], "IntervalSeconds": 3, "BackoffRate": 2, "MaxAttempts": 2}
    run = house.run({"T": task(Retry=[retry])}, tasks={"f": fail})
    assert [seconds for _, seconds in story(run, "LambdaFunctionScheduled")] == [0, 3, 9]


def test_the_clock_stands_still_while_a_task_works(house):
    def work(event):
        house.run(HOURS)  # the driver has time for another whole run, and could move this one's clock

    run = house.run(parallel({"T": task()}, wait("W", 3600)), tasks={"f": work})
    assert story(run, "LambdaFunctionSucceeded", "WaitStateExited") == [
        ("LambdaFunctionSucceeded", 0),
        ("WaitStateExited", 3600),
    ]


def test_each_run_has_its_own_time(house):
    runs = [house.start(wait("W", hours * 3600)) for hours in (5, 1, 3)]
    assert all(run.wait(LONG) for run in runs)
    assert [run.execution.now - FIXED_START for run in runs] == [18_000_000, 3_600_000, 10_800_000]


# ------------------------------------------------------------ what happens at one instant


def backwards(house, count):
    """Tasks f0, f1, … of which the last answers first, and the order in which they did."""
    answered = [threading.Event() for _ in range(count + 1)]
    answered[count].set()
    order = []

    def function(index):
        def work(event):
            assert answered[index + 1].wait(LONG)
            print(index)
            order.append(index)
            answered[index].set()
            return index

        return work

    return {f"f{index}": function(index) for index in range(count)}, order


def outputs(run):
    return [
        event["lambdaFunctionSucceededEventDetails"]["output"]
        for event in run.execution.history()
        if event["type"] == "LambdaFunctionSucceeded"
    ]


def test_answers_come_in_the_order_in_which_tasks_were_given_out(house):
    tasks, order = backwards(house, 5)
    run = house.run(parallel(*({f"T{index}": task(f"f{index}")} for index in range(5))), tasks=tasks)
    assert order == [4, 3, 2, 1, 0]
    assert outputs(run) == ["0", "1", "2", "3", "4"]


def test_prints_are_shown_in_the_order_of_the_answers(house):
    tasks, _ = backwards(house, 3)
    run = house.run(parallel(*({f"T{index}": task(f"f{index}")} for index in range(3))), tasks=tasks)
    assert run.printed == ["0\n", "1\n", "2\n"]


def test_the_branch_that_fails_first_in_order_is_the_one_that_counts(house):
    last_has_failed = threading.Event()

    def first(event):
        assert last_has_failed.wait(LONG)
        raise KeyError

    def last(event):
        last_has_failed.set()
        raise ValueError

    run = house.run(parallel({"A": task("first")}, {"B": task("last")}), tasks={"first": first, "last": last})
    assert outcome(run) == ("FAILED", "KeyError")


@pytest.mark.parametrize("clock", ["virtual", 5000])
def test_timers_due_together_fire_in_the_order_of_their_creation(house, clock):
    run = house.run(parallel(*(wait(f"W{index}", 100) for index in range(20))), clock=clock)
    assert left(run) == [*(f"W{index}" for index in range(20)), "Both"]


def test_the_older_of_two_timers_goes_first(house):
    run = house.run(parallel(chain(wait("A1", 5), wait("A2", 5)), wait("B", 10)))
    assert left(run) == ["A1", "B", "A2", "Both"]


def test_a_timer_that_is_due_goes_before_an_answer(house):
    past = {"Past": {"Type": "Wait", "Timestamp": "2020-01-01T00:00:00Z", "End": True}}
    run = house.run(parallel({"T": task()}, past), tasks={"f": lambda event: None})
    assert left(run) == ["Past", "T", "Both"]


def test_tasks_given_out_by_answers_hold_the_clock_too(house):
    one_after_the_other = chain({"T1": task()}, {"T2": task()}, {"T3": task()})
    run = house.run(parallel(wait("W", 1), one_after_the_other), tasks={"f": lambda event: None})
    assert left(run) == ["T1", "T2", "T3", "W", "Both"]


# ------------------------------------------------------------ timeouts in real time


def test_a_task_that_hangs_is_timed_out_at_its_start_plus_timeout(house):
    states = chain(wait("W", 60), {"T": task(TimeoutSeconds=1)})
    run = house.run(states, tasks={"f": house.hang})
    assert outcome(run) == ("FAILED", "States.Timeout")
    assert story(run, "LambdaFunctionTimedOut", "ExecutionFailed") == [
        ("LambdaFunctionTimedOut", 61),
        ("ExecutionFailed", 61),
    ]


def test_a_task_that_hangs_can_be_tried_again_and_holds_nobody(house):
    calls = []

    def work(event):
        calls.append(event)
        return house.hang(event) if len(calls) == 1 else "well"

    retry = {"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 100}
    run = house.run(parallel({"T": task(TimeoutSeconds=1, Retry=[retry])}, wait("W", 50)), value=1, tasks={"f": work})
    assert outcome(run) == ("SUCCEEDED", ["well", 1])
    assert story(run, "LambdaFunctionTimedOut", "WaitStateExited", "LambdaFunctionSucceeded") == [
        ("LambdaFunctionTimedOut", 1),
        ("WaitStateExited", 50),
        ("LambdaFunctionSucceeded", 101),
    ]


def test_a_machine_whose_task_hangs_is_timed_out(house):
    run = house.run({"T": task()}, tasks={"f": house.hang}, machine={"TimeoutSeconds": 1})
    assert run.execution.status == "TIMED_OUT"
    assert story(run)[-1] == ("ExecutionTimedOut", 1)


def test_a_task_that_begins_after_the_real_timeout_does_not_hold_the_clock(house):
    then_hang = chain(wait("W", 1), {"T2": task()})
    run = house.run(parallel({"T1": task()}, then_hang), tasks={"f": house.hang}, machine={"TimeoutSeconds": 2})
    assert story(run, "WaitStateExited", "ExecutionTimedOut") == [("WaitStateExited", 1), ("ExecutionTimedOut", 2)]


@pytest.mark.parametrize("clock", ["virtual", "real"])
def test_a_machine_that_loops_for_ever_is_timed_out(house, clock):
    run = house.run(ENDLESS, machine={"TimeoutSeconds": 1}, clock=clock, limits="none")
    assert run.execution.status == "TIMED_OUT"
    assert 1000 <= run.execution.now - FIXED_START < 1000 * (1 if clock == "virtual" else LONG) + 1


def test_a_virtual_timeout_does_not_wait_for_real_time(house):
    run = house.run(HOURS, machine={"TimeoutSeconds": 3600})
    assert story(run)[-1] == ("ExecutionTimedOut", 3600)


EXITS = """
import threading
import sfn_notebook as sfn

def task(resource, **fields):
    return {"Type": "Task", "Resource": "arn:aws:lambda:r:1:function:" + resource, "End": True, **fields}

def machine(state):
    return sfn.StateMachine({"StartAt": "S", "States": {"S": state}})

async def forever(event):
    import asyncio
    await asyncio.Event().wait()

tasks = {"hang": lambda event: threading.Event().wait(), "forever": forever}
for name in tasks:
    print(machine(task(name, TimeoutSeconds=1)).run(tasks=tasks, clock="virtual").error)
    machine(task(name)).start(tasks=tasks)
print(machine({"Type": "Wait", "Seconds": 7200, "End": True}).start().status)
"""


def test_the_interpreter_exits_though_tasks_hang():
    done = subprocess.run([sys.executable, "-c", EXITS], capture_output=True, text=True, timeout=LONG, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["States.Timeout", "States.Timeout", "RUNNING"]


# ------------------------------------------------------------ real time, and faster


def test_a_real_second_is_a_second(house):
    begun = time.monotonic()
    run = house.run(wait("W", 1), clock="real")
    assert time.monotonic() - begun >= 0.99
    [(_, seconds)] = story(run, "WaitStateExited")
    assert 1 <= seconds < LONG


def test_two_hours_at_ten_thousand_times_the_speed(house):
    begun = time.monotonic()
    run = house.run(HOURS, clock=10_000)
    assert 0.71 <= time.monotonic() - begun < LONG
    [(_, seconds)] = story(run, "WaitStateExited")
    assert seconds >= 7200


def test_functions_have_their_real_time_on_a_fast_clock(house):
    def work(event):
        house.run(PASS)
        return "in time"

    run = house.run({"T": task(TimeoutSeconds=20)}, tasks={"f": work}, clock=1_000_000)
    assert outcome(run) == ("SUCCEEDED", "in time")


def test_clocks_by_their_names():
    assert isinstance(make_clock("virtual", 7), VirtualClock)
    assert isinstance(make_clock("real", 7), RunningClock)
    assert isinstance(make_clock(60, 7), RunningClock)
    assert [make_clock(choice, 7).is_virtual for choice in ("virtual", "real", 0.5)] == [True, False, False]


@pytest.mark.parametrize("choice", ["fast", 0, -1, float("inf"), float("nan"), None])
def test_other_clocks_are_refused(choice):
    with pytest.raises(ValueError, match=r"use 'real', 'virtual' or a speed factor"):
        make_clock(choice, 0)


def test_a_virtual_clock_never_goes_back():
    clock = VirtualClock(10)
    clock.move_to(20)
    clock.move_to(15)
    assert clock.now() == 20


def test_a_running_clock_shows_a_time_at_its_moment():
    clock = RunningClock(1000, 60)
    assert clock.moment(61_000) - clock.moment(1000) == pytest.approx(1.0)
    assert clock.moment(clock.now() + 1) > clock.moment(1000)
