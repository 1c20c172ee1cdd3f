"""The driver: stops from outside, many runs at once, and what happens when something of ours breaks."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from house import ENDLESS, HOURS, LONG, PASS, House, chain, outcome, parallel, task

from sfn_notebook.service.api import StepFunctions
from sfn_notebook.service.origins import Repeatable
from sfn_notebook.store.memory import MemoryStore

# ------------------------------------------------------------ stopping


def stop(house, run, error=None, cause=None):
    house.service.stop_execution(run, error, cause)
    assert run.wait(LONG)
    return run.execution.status, run.execution.failure.error, run.execution.failure.cause


def test_stop_a_wait_of_hours(house):
    run = house.start(HOURS, clock="real")
    assert stop(house, run, "Enough", "said so") == ("ABORTED", "Enough", "said so")


@pytest.mark.parametrize("clock", ["real", "virtual"])
def test_stop_an_endless_loop(house, clock):
    run = house.start(ENDLESS, clock=clock, limits="none")
    house.run(PASS)
    assert run.execution.transitions > 0
    assert stop(house, run) == ("ABORTED", None, None)


@pytest.mark.parametrize("clock", ["real", "virtual"])
def test_stop_a_task_that_hangs(house, clock):
    begun, told = threading.Event(), threading.Event()

    def work(event, context):
        begun.set()
        while not context.cancelled and not house.gate.wait(0.001):
            pass
        told.set()

    run = house.start({"T": task()}, tasks={"f": work}, clock=clock)
    assert begun.wait(LONG)
    assert not told.is_set()
    assert stop(house, run)[0] == "ABORTED"
    assert told.wait(LONG)


def test_stop_what_has_ended_changes_nothing(house):
    run = house.run(PASS, 1)
    history = run.execution.history()
    house.service.stop_execution(run, "Late")
    house.run(PASS)
    assert outcome(run) == ("SUCCEEDED", 1)
    assert run.execution.history() == history


def test_an_answer_after_the_stop_changes_nothing(house):
    begun, go_on = threading.Event(), threading.Event()

    def work(event):
        begun.set()
        go_on.wait(LONG)

    run = house.start({"T": task()}, tasks={"f": work}, clock="real")
    assert begun.wait(LONG)
    stop(house, run)
    history = run.execution.history()
    go_on.set()
    house.run({"T": task("g")}, tasks={"g": lambda event: None})
    assert run.execution.history() == history


# ------------------------------------------------------------ many at once


def test_an_endless_loop_holds_nobody_up(house):
    loop = house.start(ENDLESS, clock="real", limits="none")
    assert outcome(house.run({"T": task()}, tasks={"f": lambda event: 2})) == ("SUCCEEDED", 2)
    assert house.run(HOURS, clock=1_000_000).execution.status == "SUCCEEDED"  # timers are served too
    assert not loop.done


def test_two_thousand_executions_at_once(house):
    count = 2000
    arrived, all_here = [], asyncio.Event()
    before = threading.active_count()

    async def meet(event):
        arrived.append(event["n"])
        if len(arrived) == count:
            all_here.set()
        await all_here.wait()
        return event["n"]

    runs = [house.start({"T": task()}, {"n": n}, tasks={"f": meet}) for n in range(count)]
    assert all(run.wait(LONG) for run in runs)
    assert [run.execution.output for run in runs] == list(range(count))
    assert threading.active_count() <= before + 2  # the driver and the loop of async functions


def test_two_thousand_executions_with_functions_on_threads(house):
    runs = [house.start({"T": task()}, n, tasks={"f": lambda n: n + 1}, clock="real") for n in range(2000)]
    assert all(run.wait(LONG) for run in runs)
    assert [run.execution.output for run in runs] == list(range(1, 2001))


def test_no_thread_per_state(house):
    before = threading.active_count()
    run = house.run(chain(*({f"T{n}": task()} for n in range(200))), 0, tasks={"f": lambda n: n + 1})
    assert outcome(run) == ("SUCCEEDED", 200)
    assert threading.active_count() <= before + 2  # one for the driver, one for the task


def test_no_thread_per_iteration(house):
    before = threading.active_count()
    processor = {"StartAt": "P", "States": {"P": {"Type": "Wait", "Seconds": 5, "End": True}}}
    run = house.run({"M": {"Type": "Map", "ItemProcessor": processor, "End": True}}, list(range(500)))
    assert run.execution.output == list(range(500))
    assert threading.active_count() <= before + 1


def test_a_task_may_run_a_machine(house):
    def outer(event):
        return [house.run(PASS, n).execution.output for n in range(3)]

    assert outcome(house.run({"T": task()}, tasks={"f": outer})) == ("SUCCEEDED", [0, 1, 2])


# ------------------------------------------------------------ who waits


def test_wait_gives_up_after_its_time(house):
    run = house.start(HOURS, clock="real")
    assert run.wait(0.01) is False


def test_everybody_who_waits_is_told(house):
    run = house.start(HOURS, clock="real")
    told = []
    run.when_ended(lambda: told.append("first"))
    with ThreadPoolExecutor(5) as waiters:
        waiting = [waiters.submit(run.wait, LONG) for _ in range(5)]
        house.service.stop_execution(run)
        assert [waiter.result(LONG) for waiter in waiting] == [True] * 5
    run.when_ended(lambda: told.append("late"))
    assert told == ["first", "late"]


def test_somebody_who_is_gone_spoils_nothing(house):
    run = house.start(HOURS, clock="real")
    told = threading.Event()
    loop = asyncio.new_event_loop()
    run.when_ended(lambda: loop.call_soon_threadsafe(told.set))
    run.when_ended(told.set)
    loop.close()
    assert stop(house, run)[0] == "ABORTED"
    assert told.wait(LONG)
    assert run.broken is None


# ------------------------------------------------------------ a store that breaks


class DiskFull(OSError):
    pass


class TornStore(MemoryStore):
    """Fails in one of its verbs for executions called torn, and counts endings."""

    def __init__(self, verb):
        super().__init__()
        self._verb = verb
        self.endings = []

    def tear(self, verb, arn):
        if verb == self._verb and arn.endswith(":torn"):
            raise DiskFull("no room")

    def start(self, start, definition):
        self.tear("start", start.execution_arn)
        return TornJournal(self, start.execution_arn, super().start(start, definition))


class TornJournal:
    def __init__(self, store, arn, journal):
        self.store, self.arn, self.journal = store, arn, journal

    def append(self, after, stimulus):
        self.store.tear("append", self.arn)
        self.journal.append(after, stimulus)

    def commit(self):
        self.store.tear("commit", self.arn)
        self.journal.commit()

    def finish(self, ending):
        self.store.tear("finish", self.arn)
        self.store.endings.append(self.arn)
        self.journal.finish(ending)


class TornHouse(House):
    """A house whose store breaks; its runs are not checked when it closes."""

    def __init__(self, verb):
        super().__init__()
        self.service = StepFunctions(TornStore(verb), Repeatable())

    def __exit__(self, *_):
        self.gate.set()


TWO_TASKS = parallel({"A": task()}, chain({"B": task()}, {"W": {"Type": "Wait", "Seconds": 9, "End": True}}))


@pytest.mark.parametrize("executor", ["threads", "inline"])
@pytest.mark.parametrize("clock", ["virtual", "real"])
@pytest.mark.parametrize("verb", ["append", "commit", "finish"])
def test_a_store_that_raises_breaks_the_run_and_no_other(verb, clock, executor):
    with TornHouse(verb) as house:
        tasks = {"f": lambda event: event}
        other = house.start({"T": task()}, 1, tasks=tasks, name="other")
        states = TWO_TASKS if verb != "finish" else {"T": task()}
        torn = house.start(states, 1, tasks=tasks, name="torn", clock=clock, executor=executor)
        for _ in range(2):  # whoever waits, and again
            with pytest.raises(DiskFull):
                torn.wait(LONG)
        assert torn.done
        assert other.wait(LONG)
        assert outcome(other) == ("SUCCEEDED", 1)
        assert outcome(house.run({"T": task()}, 2, tasks=tasks, name="later")) == ("SUCCEEDED", 2)


def test_nothing_goes_on_in_a_run_that_broke_down():
    with TornHouse("append") as house:
        told, both_here = threading.Event(), threading.Barrier(2)

        def fine(event):
            both_here.wait(LONG)

        def watch(event, context):
            both_here.wait(LONG)
            while not context.cancelled and not house.gate.wait(0.001):
                pass
            told.set()

        states = parallel({"A": task("fine")}, {"B": task("watch")})
        torn = house.start(states, tasks={"fine": fine, "watch": watch}, name="torn", clock="real")
        with pytest.raises(DiskFull):
            torn.wait(LONG)
        assert told.wait(LONG)
        assert torn.execution.status == "RUNNING"
        assert [event["type"] for event in torn.execution.history()].count("LambdaFunctionSucceeded") == 0


def test_a_store_that_takes_no_start_is_the_callers_business():
    with TornHouse("start") as house:
        with pytest.raises(DiskFull):
            house.start(PASS, name="torn")
        assert house.service.list_executions() == []


def test_an_ending_is_kept_once():
    with TornHouse("never") as house:
        for clock in ("virtual", 100_000):
            run = house.run(chain({"T": task()}, HOURS), tasks={"f": lambda event: 1}, clock=clock)
            house.run(PASS)  # the driver has come round again
            assert house.service.store.endings.count(run.execution.start.execution_arn) == 1


def test_what_has_come_is_kept_before_anything_follows_from_it():
    """When a task is asked for, the answers that led to it are in the journal."""
    seen = []
    with House() as house:

        def look(event, context):
            run = house.started[0]
            seen.append(len(house.service.store.read(run.execution.start.execution_arn).journal))

        begun = threading.Event()
        states = chain({"Gate": task("gate")}, *({f"T{n}": task("look")} for n in range(3)))
        house.start(states, tasks={"gate": lambda event: begun.wait(LONG) and None, "look": look}, clock="real")
        begun.set()
        assert house.started[0].wait(LONG)
    assert seen == [1, 2, 3]
