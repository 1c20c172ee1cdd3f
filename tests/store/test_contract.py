"""What every store does, whichever it is."""

import pytest
from stage import NOON, program, start_record

from sfn_notebook.engine.stimuli import Continued, Entry, Stopped, Target, TaskSucceeded, TimerFired
from sfn_notebook.store.contract import Ending, ExecutionExists, UnknownExecution
from sfn_notebook.store.memory import MemoryStore

STORES = {"memory": MemoryStore}

PROGRAM = program({"P": {"Type": "Pass", "End": True}})
ENTRIES = (
    Entry(0, Continued(NOON)),
    Entry(3, TaskSucceeded(NOON + 1, Target((), "T", 1, 0), {"a": [1, None]}, 14)),
    Entry(3, TimerFired(NOON + 2, Target((), "T", 1, 1), "retry")),
    Entry(9, Stopped(NOON + 3, None, "because")),
)


@pytest.fixture(params=STORES)
def store(request):
    return STORES[request.param]()


def start(name="a", **fields):
    return start_record(PROGRAM, "{ }", **fields)._replace(execution_arn=f"arn:{name}")


def test_a_new_execution_has_a_start_and_a_definition(store):
    store.start(start(), "text")
    record = store.read("arn:a")
    assert (record.start, record.definition, list(record.journal), record.ending) == (start(), "text", [], None)


def test_an_arn_is_used_once(store):
    store.start(start(), "text")
    with pytest.raises(ExecutionExists, match="arn:a"):
        store.start(start(), "text")


def test_the_journal_grows_in_order(store):
    store.start(start(), "text")
    store.append("arn:a", ENTRIES[:1])
    store.append("arn:a", ENTRIES[1:])
    assert list(store.read("arn:a").journal) == list(ENTRIES)


def test_appending_nothing_is_nothing(store):
    store.start(start(), "text")
    store.append("arn:a", ())
    assert list(store.read("arn:a").journal) == []


def test_executions_are_kept_apart(store):
    store.start(start("a"), "one")
    store.start(start("b"), "two")
    store.append("arn:b", ENTRIES)
    assert list(store.read("arn:a").journal) == []
    assert store.read("arn:b").definition == "two"


def test_an_ending_is_kept(store):
    store.start(start(), "text")
    store.finish("arn:a", Ending("ABORTED", NOON + 3))
    assert store.read("arn:a").ending == Ending("ABORTED", NOON + 3)


def test_a_record_does_not_change_when_more_is_kept(store):
    store.start(start(), "text")
    before = store.read("arn:a")
    store.append("arn:a", ENTRIES)
    store.finish("arn:a", Ending("FAILED", NOON))
    assert (list(before.journal), before.ending) == ([], None)


def test_the_latest_start_is_listed_first(store):
    for name in "abc":
        store.start(start(name), "text")
    listed = store.list()
    store.start(start("d"), "text")  # while somebody reads
    assert [record.start.execution_arn for record in listed][-3:] == ["arn:c", "arn:b", "arn:a"]


@pytest.mark.parametrize("use", [
    lambda store: store.read("arn:none"),
    lambda store: store.append("arn:none", ENTRIES),
    lambda store: store.finish("arn:none", Ending("FAILED", NOON)),
])  # fmt: skip
def test_unknown_executions(store, use):
    with pytest.raises(UnknownExecution, match="arn:none"):
        use(store)
