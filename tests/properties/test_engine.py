"""What holds for every machine, every order of events, and every script of its tasks."""

import json
from itertools import cycle

import pytest
from histories import check, details, is_entered, is_exited
from hypothesis import example, given, settings
from hypothesis import strategies as st
from machines import INPUTS, Outcome, machines, scripts
from stage import NOON, Stage, inner, rebuilt

from sfn_notebook.asl.parse import parse
from sfn_notebook.engine.execution import Execution
from sfn_notebook.engine.explain import explain
from sfn_notebook.engine.program import Program
from sfn_notebook.engine.stimuli import (
    Entry,
    Place,
    Stopped,
    Target,
    TaskFailed,
    TaskSubmitted,
    TaskSucceeded,
    TimerFired,
)
from sfn_notebook.graph.visits import read_visits
from sfn_notebook.values import dumps

MOST_STIMULI = 250


def compiled(definition):
    machine, diagnostics = parse(dumps(definition))
    assert machine is not None, [str(found) for found in diagnostics if found.severity == "error"]
    return Program(machine)


class Play:
    """An execution driven by a script of outcomes and an order of turns, both begun again at their ends."""

    def __init__(self, definition, value, script, order=(0,), budget=10_000):
        self.stage = Stage(None, value, given=compiled(definition), budget=budget)
        self.outcomes, self.order = cycle(script), cycle(order)
        self.silent = set()

    def step(self):
        """Somebody answers, or the next timer runs out."""
        stage = self.stage
        waiting = [target for target in stage.tasks if target not in self.silent]
        ways = len(waiting) + bool(stage.timers)
        assert ways, "it waits for nothing"
        chosen = next(self.order) % ways
        if len(stage.journal) >= MOST_STIMULI:
            stage.stop("Enough")
        elif chosen == len(waiting):
            stage.ring()
        else:
            self.answer(waiting[chosen], next(self.outcomes))

    def answer(self, target, outcome):
        stage = self.stage
        if outcome.kind == "silence" and any(timed == target for timed, _ in stage.timers):
            self.silent.add(target)
            return
        task = stage.tasks.pop(target)
        if outcome.kind == "error":
            stage.tell(TaskFailed(stage.now, target, outcome.value, None if outcome.value is None else "because"))
            return
        if task.resource.is_submitted:
            stage.tell(TaskSubmitted(stage.now, target, {"accepted": True}))
        stage.tell(TaskSucceeded(stage.now, target, outcome.value, len(dumps(outcome.value))))


def play(definition, value, script, order=(0,)):
    """An execution to its end."""
    player = Play(definition, value, script, order)
    while player.stage.status == "RUNNING":
        player.step()
    return player.stage


ORDERS = st.lists(st.integers(0, 5), min_size=1, max_size=12)


@settings(max_examples=200)
@given(machines(), INPUTS, scripts(silent=True), ORDERS)
def test_a_random_machine_runs_to_a_well_formed_end(definition, value, script, order):
    stage = play(definition, value, script, order)
    check(stage.history)
    assert stage.tasks == {}
    assert stage.timers == {}, "an ended execution wants no timer"


@settings(max_examples=200)
@given(machines(), INPUTS, scripts(silent=True), ORDERS, st.integers(1, 7))
def test_the_journal_rebuilds_the_same_history(definition, value, script, order, budget):
    stage = play(definition, value, script, order)
    execution = stage.execution
    again = rebuilt(stage.program, stage.start, stage.journal, execution.transitions)
    assert again.history() == execution.history()
    assert (again.status, again.output, again.failure) == (execution.status, execution.output, execution.failure)
    # However small the slices were in which it was run.
    sliced = Execution(stage.program, stage.start)
    for entry in stage.journal:
        while sliced.transitions < entry.after:
            sliced.advance(min(budget, entry.after - sliced.transitions))
        sliced.handle(entry.stimulus)
    while sliced.status == "RUNNING":
        sliced.advance(budget)
    assert sliced.history() == execution.history()


@settings(max_examples=100)
@given(machines(), INPUTS, scripts(silent=True), ORDERS, st.data())
def test_stimuli_between_transitions_are_replayed_where_they_came(definition, value, script, order, data):
    """Small budgets: the world speaks while states are still ready to run, and several times in a row."""
    player = Play(definition, value, script, order, budget=0)
    stage = player.stage
    while stage.status == "RUNNING":
        for _ in range(data.draw(st.integers(0, 2))):
            if stage.status == "RUNNING" and (stage.tasks or stage.timers):
                player.step()
        stage.advance(data.draw(st.integers(1, 4)))
    again = rebuilt(stage.program, stage.start, stage.journal, stage.execution.transitions)
    assert again.history() == stage.history
    check(stage.history)


@settings(max_examples=150)
@given(machines(calm=True), INPUTS, scripts(), st.lists(ORDERS, min_size=2, max_size=3))
def test_any_order_of_completion_gives_the_same_output(definition, value, script, orders):
    def outcome_of(target):
        # The same attempt at the same place does the same, whenever its turn comes.
        return script[(sum(map(ord, str(target))) + target.attempt) % len(script)]

    ends = []
    for order in orders:
        player = Play(definition, value, script, order)
        stage, player.answer = player.stage, lambda target, _, give=player.answer: give(target, outcome_of(target))
        while stage.status == "RUNNING":
            player.step()
        check(stage.history)
        ends.append((stage.status, stage.output))
    assert all(end == ends[0] for end in ends)
    assert ends[0][0] == "SUCCEEDED"


@settings(max_examples=100)
@given(machines(), INPUTS, scripts(silent=True), ORDERS, st.data())
def test_an_explanation_tells_what_the_history_tells(definition, value, script, order, data):
    stage = play(definition, value, script, order)
    history, machine = stage.history, stage.program.machine
    visits = read_visits(history, machine)
    chosen = visits[data.draw(st.integers(0, len(visits) - 1))] if visits else None
    if chosen is None:
        return
    visit = [each for each in visits if each.state == chosen.state].index(chosen)
    account = explain(machine, stage.start, stage.journal, chosen.state, visit, stage.execution.transitions)
    assert account.execution.history() == history
    assert account.moments[0].name == "input"
    assert account.moments[0].value == json.loads(chosen.input)
    last = account.moments[-1]
    assert (account.variables_after is not None) == (chosen.output is not None) == (last.name == "output")
    if chosen.output is not None:
        assert last.value == json.loads(chosen.output)
        left = next(e for e in history if is_exited(e) and e["timestamp"] == chosen.exited and is_of(e, chosen))
        assigned = details(left).get("assignedVariables", {})
        after = {**account.variables_before, **{name: json.loads(text) for name, text in assigned.items()}}
        assert account.variables_after == after
    elif chosen.status == "FAILED":
        assert last.name == "error"
    attempts = [moment.attempt for moment in account.moments]
    assert attempts == sorted(attempts)
    assert attempts[-1] >= chosen.retries
    assert sum(is_entered(e) and details(e)["name"] == chosen.state for e in history) > visit


def is_of(event, visit):
    """Is this how the visit was left, as far as names and output can tell?"""
    return details(event)["name"] == visit.state and details(event)["output"] == visit.output


PLACES = st.builds(Place, st.just("Map1"), st.integers(0, 2), st.integers(0, 1), st.integers(0, 2))
TARGETS = st.builds(
    Target,
    st.lists(PLACES, max_size=1).map(tuple),
    st.sampled_from(["", "Task1", "Wait1", "Pass1", "Map1", "nobody"]),
    st.integers(0, 2),
    st.integers(0, 2),
)
KINDS = st.sampled_from(["wait", "retry", "timeout", "heartbeat", "execution"])
STRAY = st.one_of(
    st.builds(TaskSucceeded, st.just(NOON), TARGETS, st.just(1), st.just(1)),
    st.builds(TaskSubmitted, st.just(NOON), TARGETS, st.just(1)),
    st.builds(TaskFailed, st.just(NOON), TARGETS, st.just("A"), st.none()),
    st.builds(TimerFired, st.just(NOON), TARGETS, KINDS),
)


@settings(max_examples=150)
@given(machines(), INPUTS, scripts(silent=True), ORDERS, st.lists(STRAY, max_size=5))
@example(  # an answer to a task that waits to be tried again
    {
        "StartAt": "T",
        "States": {
            "T": {
                "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f",
                "Retry": [{"ErrorEquals": ["A"]}], "End": True,
            }
        },
    },
    {"n": 0, "items": []}, [Outcome("error", "A"), Outcome("return", 1)], [0], [],
)  # fmt: skip
def test_stray_stimuli_are_dropped(definition, value, script, order, strays):
    """What is for nobody, or for somebody who does not wait for it, changes nothing."""
    player, told = Play(definition, value, script, order), 0
    stage = player.stage
    while stage.status == "RUNNING":
        before = stage.history
        for stray in unexpected(stage, (*(entry.stimulus for entry in stage.journal[told:]), *strays)):
            stage.execution.handle(stray)
            assert stage.execution.advance(10) == []
        assert stage.history == before
        told = len(stage.journal)
        player.step()
    check(stage.history)


def unexpected(stage, stimuli):
    """Each stimulus for each target that waits, where it is not what the target waits for."""
    for stimulus in stimuli:
        for target in dict.fromkeys((stimulus.target, *stage.tasks, *(target for target, _ in stage.timers))):
            timer = getattr(stimulus, "timer", None)
            if target not in stage.tasks if timer is None else (target, timer) not in stage.timers:
                yield stimulus._replace(now=stage.now, target=target)


@pytest.mark.parametrize("when", range(8))
def test_a_stop_ends_it_wherever_it_stands(when):
    branch = lambda n: inner(  # noqa: E731 - three small branches
        {f"W{n}": {"Type": "Wait", "Seconds": n, "Next": f"P{n}"}, f"P{n}": {"Type": "Pass", "End": True}}
    )
    stage = Stage({"All": {"Type": "Parallel", "Branches": [branch(1), branch(2), branch(3)], "End": True}}, budget=0)
    stage.advance(when)
    for _ in range(when % 3):
        if stage.timers:
            stage.ring()
    stage.stop("Enough", "of it")
    assert (stage.status, stage.failure) == ("ABORTED", ("Enough", "of it"))
    check(stage.history)
    assert stage.history[-1]["previousEventId"] == 0
    assert rebuilt(stage.program, stage.start, stage.journal, stage.execution.transitions).history() == stage.history


@given(st.lists(st.just(Entry(0, Stopped(NOON, None, None))), min_size=2, max_size=3))
def test_nothing_happens_after_the_end(entries):
    stage = Stage({"W": {"Type": "Wait", "Seconds": 1, "End": True}})
    for entry in entries:
        stage.tell(entry.stimulus)
    assert [event["type"] for event in stage.history][-2:] == ["WaitStateEntered", "ExecutionAborted"]
