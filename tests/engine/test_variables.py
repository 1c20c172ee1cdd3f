"""How much may be kept in variables.  (spec: data-flow, Variables, limits)"""

import pytest
from stage import FUNCTION, Stage, inner

MOST = 262_144
"""256 KiB: bytes in one Assign."""


def text(size):
    """A text whose JSON has so many bytes."""
    return "x" * (size - 2)


def assigning(variables, **fields):
    return {"Type": "Pass", "Assign": variables, **fields}


def ended(stage):
    return stage.status if stage.failure is None else stage.failure[0]


def test_a_variable_of_the_largest_size():
    stage = Stage({"P": assigning({"v": text(MOST)}, End=True)})
    assert ended(stage) == "SUCCEEDED"


def test_one_byte_more_ends_the_execution():
    stage = Stage({"P": assigning({"small": 1, "big": text(MOST + 1)}, End=True)})
    assert ended(stage) == "States.DataLimitExceeded"
    assert "'P'" in stage.failure[1]
    assert "262146 bytes" in stage.failure[1]
    assert "'big' with 262145 bytes" in stage.failure[1]
    assert [event["type"] for event in stage.history][1:] == ["PassStateEntered", "ExecutionFailed"]


def test_bytes_are_counted_not_characters():
    stage = Stage({"P": assigning({"v": "é" * (MOST // 2)}, End=True)})
    assert ended(stage) == "States.DataLimitExceeded"


def test_all_variables_of_one_assign_together():
    halves = {"a": text(MOST // 2), "b": text(MOST // 2)}
    assert ended(Stage({"P": assigning(halves, End=True)})) == "SUCCEEDED"
    assert ended(Stage({"P": assigning({**halves, "c": 1}, End=True)})) == "States.DataLimitExceeded"


def test_no_catcher_takes_it():
    """As for an output that is too large: it is no failure of the work."""
    task = {
        "Type": "Task", "Resource": FUNCTION, "Assign": {"a.$": "$", "b.$": "$"}, "End": True,
        "Retry": [{"ErrorEquals": ["States.ALL"]}], "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "End"}],
    }  # fmt: skip
    stage = Stage({"T": task, "End": {"Type": "Succeed"}})
    stage.succeed("T", text(MOST - 1000))
    assert ended(stage) == "States.DataLimitExceeded"


def test_without_limits_there_are_none():
    assert ended(Stage({"P": assigning({"v": text(MOST + 1)}, End=True)}, limits="none")) == "SUCCEEDED"


# ------------------------------------------------------------ 10 MiB in an execution


LARGE = text(MOST)


def many(count, name="v{}"):
    """So many states, one after the other, each of which assigns its input."""
    states = {f"P{n}": assigning({f"{name.format(n)}.$": "$"}, Next=f"P{n + 1}") for n in range(count)}
    return {**states, f"P{count}": {"Type": "Succeed"}}


@pytest.mark.parametrize(("count", "end"), [(40, "SUCCEEDED"), (41, "States.DataLimitExceeded")])
def test_all_variables_of_an_execution_together(count, end):
    stage = Stage(many(count), LARGE)
    assert ended(stage) == end
    if count == 41:
        assert "10747904 bytes after the state 'P40'" in stage.failure[1]


def test_a_variable_that_is_replaced_counts_once():
    assert ended(Stage(many(100, "same"), LARGE)) == "SUCCEEDED"


def test_what_a_branch_has_kept_is_forgotten_at_its_end():
    """Inner variables vanish; the loop would keep 60 MiB otherwise."""
    item = inner({"I": assigning({"v": text(MOST)}, End=True, Result=0)})
    states = {"M": {"Type": "Map", "ItemProcessor": item, "MaxConcurrency": 1, "End": True}}
    assert ended(Stage(states, list(range(240)))) == "SUCCEEDED"


@pytest.mark.parametrize(("items", "end"), [(40, "RUNNING"), (41, "States.DataLimitExceeded")])
def test_iterations_side_by_side_count_together(items, end):
    item = inner({"I": assigning({"v": text(MOST)}, Next="W"), "W": {"Type": "Wait", "Seconds": 1, "End": True}})
    stage = Stage({"M": {"Type": "Map", "ItemProcessor": item, "End": True}}, list(range(items)))
    assert ended(stage) == end


def test_outer_and_inner_variables_count_together():
    inside = inner({"I": assigning({"w.$": "$"}, End=True, OutputPath=None)})
    both = {"Type": "Parallel", "Branches": [inside], "End": True}
    assert ended(Stage({**many(39), "P39": both}, LARGE)) == "SUCCEEDED"
    assert ended(Stage({**many(40), "P40": both}, LARGE)) == "States.DataLimitExceeded"
