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


def add(journal, entries):
    for entry in entries:
        journal.append(entry.after, entry.stimulus)
    journal.commit()


def test_the_journal_grows_in_order(store):
    journal = store.start(start(), "text")
    add(journal, ENTRIES[:1])
    add(journal, ENTRIES[1:])
    assert list(store.read("arn:a").journal) == list(ENTRIES)
    assert [type(entry.stimulus) for entry in store.read("arn:a").journal] == [type(e.stimulus) for e in ENTRIES]


def test_appending_nothing_is_nothing(store):
    store.start(start(), "text").commit()
    assert list(store.read("arn:a").journal) == []


def test_executions_are_kept_apart(store):
    store.start(start("a"), "one")
    add(store.start(start("b"), "two"), ENTRIES)
    assert list(store.read("arn:a").journal) == []
    assert store.read("arn:b").definition == "two"


def test_an_ending_is_kept(store):
    store.start(start(), "text").finish(Ending("ABORTED", NOON + 3))
    assert store.read("arn:a").ending == Ending("ABORTED", NOON + 3)


def test_a_record_does_not_change_when_more_is_kept(store):
    journal = store.start(start(), "text")
    before = store.read("arn:a")
    add(journal, ENTRIES)
    journal.finish(Ending("FAILED", NOON))
    assert (list(before.journal), before.ending) == ([], None)


def test_the_latest_start_is_listed_first(store):
    for name in "abc":
        store.start(start(name), "text")
    listed = store.list()
    store.start(start("d"), "text")  # while somebody reads
    assert [record.start.execution_arn for record in listed][-3:] == ["arn:c", "arn:b", "arn:a"]


def test_what_is_forgotten_may_begin_again(store):
    store.start(start("a"), "text").finish(Ending("SUCCEEDED", NOON))
    store.start(start("b"), "text")
    store.forget("arn:a")
    store.forget("arn:a")
    assert [record.start.execution_arn for record in store.list()] == ["arn:b"]
    assert store.start(start("a"), "text") is not None


def test_unknown_executions(store):
    with pytest.raises(UnknownExecution, match="arn:none"):
        store.read("arn:none")
