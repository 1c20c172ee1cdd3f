"""Tables: documented columns and dtypes for any history, whoever made it."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from histories import Chain, details, is_entered, is_exited
from stage import FUNCTION, Stage, inner

from sfn_notebook.tables import events, transitions
from sfn_notebook.tables.events import COLUMNS as EVENTS
from sfn_notebook.tables.executions import COLUMNS as EXECUTIONS
from sfn_notebook.tables.executions import executions
from sfn_notebook.tables.functions import COLUMNS as FUNCTIONS
from sfn_notebook.tables.functions import functions
from sfn_notebook.tables.transitions import COLUMNS as TRANSITIONS

PASS = {"Type": "Pass", "End": True}

DTYPES = {
    "state": "string", "container": "string", "index": "Int64", "entered": "datetime64[ms, UTC]",
    "exited": "datetime64[ms, UTC]", "duration": "timedelta64[ms]", "retries": "Int64", "billed": "Int64",
    "error": "string", "input": "object", "output": "object", "next": "string",
}  # fmt: skip


def task(**fields):
    return {"Type": "Task", "Resource": FUNCTION, **({} if "Next" in fields else {"End": True}), **fields}


def table(stage):
    return transitions(stage.history, stage.program.machine)


def dtypes(frame):
    return {name: str(dtype) for name, dtype in frame.dtypes.items()}


def rows(frame, *columns):
    """The cells, None where one is missing."""
    return [tuple(None if cell is not None and pd.api.types.is_scalar(cell) and pd.isna(cell) else cell for cell in row)
            for row in frame[list(columns)].itertuples(index=False)]  # fmt: skip


# ---------------------------------------------------------------- dtypes


@pytest.mark.parametrize(("frame", "columns"), [
    (transitions([]), TRANSITIONS), (events([]), EVENTS), (executions([]), EXECUTIONS), (functions({}, {}), FUNCTIONS),
])  # fmt: skip
def test_an_empty_table_has_all_its_columns(frame, columns):
    assert list(frame.columns) == list(columns)
    assert len(frame) == 0
    assert frame.dtypes.to_dict() == {name: pd.api.types.pandas_dtype(dtype) for name, dtype in columns.items()}


def test_dtypes_are_the_same_for_none_some_running_and_all():
    running = Stage({"P": {"Type": "Pass", "Next": "W"}, "W": {"Type": "Wait", "Seconds": 1, "End": True}})
    ended = Stage({"P": PASS})
    first = Stage({"W": {"Type": "Wait", "Seconds": 1, "End": True}})
    tables = [transitions([]), transitions(ended.history[:1]), table(running), table(ended), table(first)]
    for frame in tables:
        assert dtypes(frame) | DTYPES == dtypes(frame)
        assert frame.dtypes.equals(tables[0].dtypes)
    together = pd.concat(tables)
    assert together.dtypes.equals(tables[0].dtypes)
    assert rows(table(first), "status", "exited", "duration", "output", "next") == [("RUNNING", None, None, None, None)]


def test_events_keep_their_dtypes_together():
    frames = [events([]), events(Stage({"P": PASS}).history)]
    assert frames[0].dtypes.equals(frames[1].dtypes)
    assert pd.concat(frames).dtypes.equals(frames[1].dtypes)


def test_statuses_and_types_are_categories():
    frame = table(Stage({"P": PASS}))
    assert list(frame["status"].cat.categories) == ["RUNNING", "SUCCEEDED", "FAILED", "CAUGHT", "TIMED_OUT", "ABORTED"]
    assert set(frame["type"].cat.categories) == {
        "Pass", "Task", "Wait", "Choice", "Succeed", "Fail", "Parallel", "Map",
    }  # fmt: skip


# ---------------------------------------------------------------- what rows say


def test_one_row_per_visit_in_the_order_of_entering():
    stage = Stage(
        {"A": {"Type": "Pass", "Result": 1, "Next": "W"}, "W": {"Type": "Wait", "Seconds": 2, "End": True}}, 0
    )
    stage.ring()
    noon = datetime(2024, 1, 1, 12, tzinfo=UTC)
    frame = table(stage)
    assert rows(frame, "state", "type", "container", "index", "status", "input", "output", "next", "billed") == [
        ("A", "Pass", "", None, "SUCCEEDED", 0, 1, "W", 1),
        ("W", "Wait", "", None, "SUCCEEDED", 1, 1, None, 1),
    ]
    assert frame["entered"].tolist() == [pd.Timestamp(noon), pd.Timestamp(noon)]
    assert frame["duration"].tolist() == [pd.Timedelta(0), pd.Timedelta(seconds=2)]


@pytest.mark.parametrize("value", [None, 0, False, "", [], {}, [1, [2]], {"a": {"b": 1}}, 1.5, "text"])
def test_cells_hold_values_as_they_are(value):
    frame = table(Stage({"P": PASS}, value))
    assert frame.loc[0, "input"] == value
    assert type(frame.loc[0, "output"]) is type(value)


def test_a_map_in_a_map_in_a_parallel():
    innermost = {"In": {"Type": "Map", "ItemProcessor": inner({"P": PASS}), "End": True}}
    outer = {"Out": {"Type": "Map", "ItemProcessor": inner(innermost), "End": True}}
    stage = Stage(
        {"All": {"Type": "Parallel", "Branches": [inner({"First": PASS}), inner(outer)], "End": True}}, [[0], [1, 2]]
    )
    assert rows(table(stage), "state", "container", "index") == [
        ("All", "", None),
        ("First", "All[0]", 0),
        ("Out", "All[1]", 1),
        ("In", "All[1]/Out[0]", 0),
        ("In", "All[1]/Out[1]", 1),
        ("P", "All[1]/Out[0]/In[0]", 0),
        ("P", "All[1]/Out[1]/In[0]", 0),
        ("P", "All[1]/Out[1]/In[1]", 1),
    ]


def test_retries_are_counted_and_billed():
    stage = Stage({"T": task(Retry=[{"ErrorEquals": ["E"]}])})
    for _ in range(2):
        stage.fail("T", "E")
        stage.ring()
    assert rows(table(stage), "retries", "billed", "status", "error") == [(2, 3, "RUNNING", None)]
    stage.succeed("T", 1)
    assert rows(table(stage), "retries", "billed", "status", "error") == [(2, 3, "SUCCEEDED", None)]


def test_a_caught_failure():
    stage = Stage({"T": task(Catch=[{"ErrorEquals": ["E"], "Next": "P"}], Next="P"), "P": PASS})
    stage.fail("T", "E", "why")
    assert rows(table(stage), "state", "status", "error", "next") == [
        ("T", "CAUGHT", "E", "P"), ("P", "SUCCEEDED", None, None),
    ]  # fmt: skip


def test_a_failure_nobody_caught():
    stage = Stage({"T": task()})
    stage.fail("T", "E")
    assert rows(table(stage), "status", "error", "exited", "output") == [("FAILED", "E", None, None)]


def test_a_fail_state():
    assert rows(table(Stage({"F": {"Type": "Fail", "Error": "E"}})), "status", "error") == [("FAILED", "E")]


def test_timeouts():
    stage = Stage({"T": task(TimeoutSeconds=1)})
    stage.ring()
    assert rows(table(stage), "status", "error") == [("TIMED_OUT", "States.Timeout")]
    stage = Stage({"T": task(TimeoutSeconds=1, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "P"}]), "P": PASS})
    stage.ring()
    assert rows(table(stage), "state", "status", "error")[0] == ("T", "CAUGHT", "States.Timeout")


def test_a_stop():
    stage = Stage({"T": task()})
    stage.stop()
    assert rows(table(stage), "status") == [("ABORTED",)]


def test_siblings_of_a_failing_branch_are_aborted():
    branches = [inner({"A": task()}), inner({"B": task()}), inner({"C": PASS})]
    stage = Stage({"P": {"Type": "Parallel", "Branches": branches, "End": True}})
    stage.fail("B", "E")
    assert rows(table(stage), "state", "status") == [
        ("P", "FAILED"), ("A", "ABORTED"), ("B", "FAILED"), ("C", "SUCCEEDED"),
    ]  # fmt: skip


def test_an_outer_retry_after_an_inner_failure_is_the_outers():
    """The inner Parallel is given up; the retry points at its failure, but begins the outer one again."""
    deep = {"In": {"Type": "Parallel", "Branches": [inner({"T": task()})], "End": True}}
    retry = [{"ErrorEquals": ["E"], "MaxAttempts": 1}]
    stage = Stage({"Out": {"Type": "Parallel", "Branches": [inner(deep)], "Retry": retry, "End": True}})
    stage.fail("T", "E")
    stage.ring()
    stage.succeed("T")
    assert rows(table(stage), "state", "container", "retries", "status") == [
        ("Out", "", 1, "SUCCEEDED"),
        ("In", "Out[0]", 0, "FAILED"),
        ("T", "Out[0]/In[0]", 0, "FAILED"),
        ("In", "Out[0]", 0, "SUCCEEDED"),
        ("T", "Out[0]/In[0]", 0, "SUCCEEDED"),
    ]


def test_events_name_their_states():
    stage = Stage({"T": task()})
    stage.succeed("T", 1)
    frame = events(stage.history)
    assert rows(frame, "id", "previous_event_id", "type", "state")[:3] == [
        (1, 0, "ExecutionStarted", None), (2, 0, "TaskStateEntered", "T"), (3, 2, "LambdaFunctionScheduled", None),
    ]  # fmt: skip
    assert frame.loc[3, "details"] == {}
    assert frame.loc[2, "details"] == {"resource": FUNCTION, "input": "{}", "inputDetails": {"truncated": False}}


def test_executions_and_functions():
    ended, running = (
        Stage({"F": {"Type": "Fail", "Error": "E"}}),
        Stage({"W": {"Type": "Wait", "Seconds": 1, "End": True}}),
    )
    frame = executions([ended.execution, running.execution])
    assert rows(frame, "name", "state_machine", "status", "error") == [
        ("run", "m", "FAILED", "E"), ("run", "m", "RUNNING", None),
    ]  # fmt: skip
    assert frame["stop_date"].isna().tolist() == [False, True]

    def f(event, context): ...
    def g(event): ...

    assert rows(functions({"f": f}, {"f": g, "g": g}), "name", "from", "signature") == [
        ("f", "registered", "(event, context)"), ("g", "notebook", "(event)"),
    ]  # fmt: skip


# ---------------------------------------------------------------- histories that others made

CASES = Path(__file__).parents[3] / "shared" / "conformance" / "cases"
STAMP = datetime(2024, 1, 1, tzinfo=UTC)


def recorded():
    """(name, events) of every history that was recorded on AWS, in the shape of the API. (Two hide their ids.)"""
    for path in sorted(CASES.glob("*/*.json")):
        for key, expected in json.loads(path.read_text())["expected"].items():
            content = expected.get("content") if isinstance(expected, dict) else None
            listed = content.get("events") if isinstance(content, dict) else None
            if isinstance(listed, list) and listed and all(isinstance(event.get("id"), int) for event in listed):
                yield f"{path.stem}:{key}", [as_from_the_api(event) for event in listed]


def as_from_the_api(event):
    """The recordings show JSON texts as values and hide times."""
    out = {}
    for key, value in event.items():
        if key == "timestamp":
            out[key] = STAMP
        elif key.endswith("EventDetails"):
            texts = {"input", "output", "parameters"}
            out[key] = {name: json.dumps(item) if name in texts else item for name, item in value.items()}
        else:
            out[key] = value
    return out


@pytest.fixture(scope="module")
def histories():
    if not CASES.exists():
        pytest.skip("../shared/conformance is not beside the project")
    return list(recorded())


def test_there_are_recordings(histories):
    assert len(histories) > 250


def test_every_recorded_history_can_be_read(histories):
    for name, history in histories:
        frame, listed = transitions(history), events(history)
        assert frame.dtypes.equals(transitions([]).dtypes), name
        entered = [event for event in history if is_entered(event)]
        assert frame["state"].tolist() == [details(event)["name"] for event in entered], name
        assert len(listed) == len(history)


def test_recorded_visits_end_where_the_events_say(histories):
    """Exits, inputs and outputs agree with an independent walk back from each Exited event."""
    for name, history in histories:
        if [event["id"] for event in history] != list(range(1, len(history) + 1)):
            continue  # a page, or read backwards
        frame = transitions(history)
        left = Counter(details(event)["name"] for event in history if is_exited(event))
        assert Counter(frame["state"][frame["exited"].notna()].tolist()) == left, name
        chain = Chain(history)
        for event in filter(is_exited, history):
            entered = chain.entered(event, details(event)["name"])
            row = frame.iloc[[e["id"] for e in history if is_entered(e)].index(entered["id"])]
            assert row["output"] == json.loads(details(event)["output"]), name
