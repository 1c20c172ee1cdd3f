"""What holds for whole runs of random machines: executors, journals and tables agree."""

import json
from itertools import count
from zlib import crc32

from histories import check, visits
from hypothesis import given, settings
from machines import INPUTS, machines, scripts
from stage import rebuilt

from sfn_notebook.asl.parse import parse
from sfn_notebook.engine.program import Program
from sfn_notebook.integrations.functions import FunctionTable
from sfn_notebook.service.api import Options, Registered, StepFunctions, read_input
from sfn_notebook.service.origins import FIXED_START, Beginning
from sfn_notebook.tables import events, transitions
from sfn_notebook.values import dumps


class Always:
    """Every run begins alike."""

    def begin(self):
        return Beginning(FIXED_START, 42)

    def chosen(self):
        return self


SERVICE = StepFunctions(origin=Always())
NAMES = count()


def machine_of(definition):
    machine, diagnostics = parse(json.dumps(definition))
    assert machine is not None, [str(found) for found in diagnostics if found.severity == "error"]
    return machine


def run(machine, value, script, executor):
    """A run whose tasks do what the script says for the input they get, whichever of them is first."""

    def task(event):
        outcome = script[crc32(dumps(event).encode()) % len(script)]
        return {"return": outcome.value} if outcome.kind == "return" else {"error": outcome.value, "cause": "because"}

    mocks = {state.name: task for state in machine.walk() if state.type == "Task"}
    options = Options(mocks=mocks, clock="virtual", name=f"run-{next(NAMES)}", executor=executor)
    registered = Registered("m", "STANDARD", Program(machine))
    begun = SERVICE.start_execution(registered, read_input(value, None), FunctionTable(), options)
    assert begun.wait(30)
    return begun


def branches(machine):
    """State's name → index of the branch that holds it, where it stands directly in a branch."""
    return {
        name: index
        for state in machine.walk()
        if state.type == "Parallel"
        for index, branch in enumerate(state.containers)
        for name in branch.states
    }


@settings(max_examples=120)
@given(machines(patient=True), INPUTS, scripts())
def test_threads_and_inline_write_the_same_history(definition, value, script):
    machine = machine_of(definition)
    inline, threads = (run(machine, value, script, executor) for executor in ("inline", "threads"))
    check(inline.execution.history())
    assert threads.execution.history() == inline.execution.history()
    assert threads.execution.output == inline.execution.output


@settings(max_examples=120)
@given(machines(patient=True), INPUTS, scripts())
def test_the_kept_journal_rebuilds_the_history(definition, value, script):
    machine = machine_of(definition)
    for executor in ("inline", "threads"):
        ended = run(machine, value, script, executor)
        record = SERVICE.store.read(ended.execution.start.execution_arn)
        again = rebuilt(Program(machine), record.start, record.journal, ended.execution.transitions)
        assert dumps(list(map(repr, again.history()))) == dumps(list(map(repr, ended.execution.history())))
        assert record.ending == (again.status, again.now)


@settings(max_examples=200)
@given(machines(patient=True), INPUTS, scripts())
def test_the_table_of_transitions_says_what_the_events_say(definition, value, script):
    machine = machine_of(definition)
    history = run(machine, value, script, "inline").execution.history()
    table = transitions(history, machine)
    expected = visits(history, branches(machine))
    for column in ("state", "type", "container"):
        assert table[column].tolist() == [row[column] for row in expected]
    assert table["index"].astype(object).where(table["index"].notna(), None).tolist() == [r["index"] for r in expected]
    for column in ("entered", "exited"):
        assert [None if cell is None else cell.to_pydatetime() for cell in times(table[column])] == [
            row[column] for row in expected
        ]
    for column in ("input", "output"):
        assert [None if cell is None else dumps(cell) for cell in table[column]] == [
            None if row[column] is None else dumps(json.loads(row[column])) if row[column] != "null" else None
            for row in expected
        ]
    assert [None if cell is None else cell for cell in texts(table["next"])] == [row["next"] for row in expected]
    assert table["retries"].tolist() == [max(0, row["attempts"] - 1) for row in expected]
    assert (table["billed"] == table["retries"] + 1).all()
    for cell, row in zip(table["status"], expected, strict=True):
        if row["exited"] is not None:
            assert cell == ("CAUGHT" if row["caught"] else "SUCCEEDED")
        else:
            assert cell in ("FAILED", "TIMED_OUT", "ABORTED")
    assert len(events(history)) == len(history)


def times(column):
    return [None if missing else cell for cell, missing in zip(column, column.isna(), strict=True)]


def texts(column):
    return column.astype(object).where(column.notna(), None).tolist()
