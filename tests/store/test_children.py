"""Children of Map Runs on disk, and journals as text."""

import threading
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stage import NOON

from sfn_notebook.engine.stimuli import (
    Continued,
    Entry,
    GuardFired,
    Place,
    Stimulus,
    Stopped,
    Target,
    TaskFailed,
    TaskRefused,
    TaskScheduled,
    TaskStarted,
    TaskSubmitted,
    TaskSucceeded,
    TimerFired,
)
from sfn_notebook.store.children import Child, Children, ChildrenFile
from sfn_notebook.store.contract import UnknownExecution
from sfn_notebook.store.journal_text import read_journal, write_journal

numbers = st.integers(0, 2**53)
names = st.text(st.characters(exclude_categories=()), max_size=8)  # lone surrogates too: causes may have them
maybe = st.none() | names
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
places = st.builds(Place, names, numbers, numbers, numbers)
targets = st.builds(Target, st.lists(places, max_size=3).map(tuple), names, numbers, numbers)
KINDS = {
    TaskScheduled: (),
    TaskRefused: (maybe,),
    TaskStarted: (maybe,),
    TaskSubmitted: (values,),
    TaskSucceeded: (values, numbers),
    TaskFailed: (maybe, maybe),
    TimerFired: (st.sampled_from(["wait", "retry", "timeout", "heartbeat", "execution"]),),
    GuardFired: (names, names),
}
"""What a stimulus has beside its time and target."""

stimuli = st.one_of(
    st.builds(Stopped, numbers, maybe, maybe),
    st.builds(Continued, numbers),
    *(st.builds(kind, numbers, targets, *fields) for kind, fields in KINDS.items()),
)


def test_no_kind_of_stimulus_is_left_out():
    assert {*KINDS, Stopped, Continued} == set(get_args(Stimulus))


def shown(journal):
    """What tells 1 from 1.0, and a Target from a tuple."""
    return repr(journal)


@given(st.lists(st.builds(Entry, numbers, stimuli), max_size=4))
def test_a_journal_is_the_same_after_it_was_text(journal):
    assert shown(read_journal(write_journal(journal))) == shown(journal)


def test_a_value_that_nests_deep_is_read_again():
    value = []
    for _ in range(600):
        value = [value]
    journal = [Entry(1, TaskSucceeded(NOON, Target((), "T", 1, 0), value, 0))]
    assert read_journal(write_journal(journal)) == journal


def child(place, **fields):
    known = {
        "name": f"child {place}", "items": 1, "input": "{}", "status": "SUCCEEDED", "output": "1", "error": None,
        "cause": None, "start_date": NOON, "stop_date": NOON + place,
    }  # fmt: skip
    return Child(place, **{**known, **fields})


def test_children_come_in_the_order_of_their_places():
    children = Children()
    kept = [child(place) for place in range(1200)]
    for each in reversed(kept):
        children.add(each, None)
    assert list(children) == kept


def test_a_child_keeps_what_text_it_has():
    odd = child(3, status="FAILED", output=None, error="\ud800", cause='"\x00é€😀', input='"\udfff"')
    children = Children()
    children.add(odd, None)
    assert list(children) == [odd]


def test_a_journal_is_found_by_the_childs_name():
    children = Children()
    journal = [Entry(2, Stopped(NOON, None, "why"))]
    children.add(child(1), None)
    children.add(child(2), journal)
    children.add(child(3), [])
    assert children.journal("child 1") == (child(1), None)
    assert children.journal("child 2") == (child(2), journal)
    assert children.journal("child 3") == (child(3), [])
    with pytest.raises(UnknownExecution, match="child 4"):
        children.journal("child 4")


def test_map_runs_share_a_file():
    file = ChildrenFile()
    one, other = Children(file), Children(file)
    one.add(child(0, status="FAILED"), None)
    other.add(child(0), [])
    assert [each.status for each in one] == ["FAILED"]
    assert [each.status for each in other] == ["SUCCEEDED"]
    assert one.unsuccessful(5) == [child(0, status="FAILED")]
    assert other.unsuccessful(5) == []
    assert one.journal("child 0")[1] is None
    assert other.journal("child 0")[1] == []


def test_children_the_other_way_round():
    file = ChildrenFile()
    children, others = Children(file), Children(file)
    others.add(child(5), None)
    for place in range(1200):
        children.add(child(place), None)
    assert [one.place for one in children.latest_first()] == list(range(1199, -1, -1))
    assert [one.place for one in children.latest_first(3)] == [2, 1, 0]
    assert list(children.latest_first(0)) == []


def test_a_child_by_its_name():
    file = ChildrenFile()
    children, others = Children(file), Children(file)
    children.add(child(1, name="a"), None)
    assert children.find("a") == child(1, name="a")
    assert children.find("b") is None
    assert others.find("a") is None


def test_the_first_that_did_not_succeed():
    children = Children()
    for place, status in enumerate(["SUCCEEDED", "ABORTED", "FAILED", "SUCCEEDED", "FAILED"]):
        children.add(child(place, status=status), None)
    assert [each.place for each in children.unsuccessful(2)] == [1, 2]


def test_children_may_be_looked_at_while_others_are_added():
    children, wrong, done = Children(), [], threading.Event()

    def look():
        while not done.is_set():
            places = [each.place for each in children]
            if places != [*range(len(places))]:
                wrong.append(places)

    lookers = [threading.Thread(target=look) for _ in range(3)]
    for looker in lookers:
        looker.start()
    for place in range(1500):
        children.add(child(place), None)
    done.set()
    for looker in lookers:
        looker.join()
    assert not wrong
