from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfn_notebook.asl.fields import SHAPES
from sfn_notebook.asl.lint import lint
from sfn_notebook.asl.model import STATE_TYPES
from sfn_notebook.asl.rules.registry import RULES, rule
from sfn_notebook.asl.rules.spelling import Speller

FIELDS = sorted({name for shape in SHAPES.values() for name in shape.fields})
SCALAR = (
    st.none()
    | st.booleans()
    | st.integers(-5, 200)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(
        [*STATE_TYPES, "A", "B", "$.a", "$$.b", "$x", "States.UUID()", "{% 1 %}", "JSONata", "DISTRIBUTED"]
    )
)
VALUE = st.recursive(
    SCALAR,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*FIELDS, "a.$", "A", "B"]) | st.text(max_size=4), inner, max_size=6)
    ),
    max_leaves=30,
)
STATE = st.dictionaries(st.sampled_from(FIELDS), VALUE, max_size=8).flatmap(
    lambda fields: st.sampled_from(STATE_TYPES).map(lambda kind: fields | {"Type": kind})
)
MACHINE = st.dictionaries(st.sampled_from("AB"), STATE | VALUE).map(lambda states: {"StartAt": "A", "States": states})


@given(st.text())
def test_no_text_makes_it_raise(text):
    for found in lint(text):
        assert str(found)


@settings(deadline=None)
@given(VALUE | MACHINE, st.sampled_from(["STANDARD", "EXPRESS"]))
def test_no_json_makes_it_raise(value, machine_type):
    found = lint(json.dumps(value), type=machine_type)
    assert found == sorted(found, key=lambda one: (one.line, one.column))


@pytest.mark.parametrize("value", [None, 1, b"{}", {}, [], object()], ids=repr)
def test_what_is_no_text_is_one_diagnostic(value):
    assert [found.code for found in lint(value)] == ["ASL101"]


def task(n):
    return {
        "Type": "Task",
        "Resource": f"arn:aws:lambda:us-east-1:123456789012:function:F{n}",
        "Parameters": {"a.$": f"$.x{n}.y"},
        "ResultPath": "$.r",
        "Next": f"S{n + 1}",
    }


def many(count, state=task):
    states = {f"S{n}": state(n) for n in range(count)} | {f"S{count}": {"Type": "Succeed"}}
    return json.dumps({"StartAt": "S0", "States": states}, indent=2)


def test_names_that_do_not_exist_are_not_compared_with_all_others():
    text = many(2_000).replace('"Next": "S', '"Next": "Q').replace('"Resource"', '"Resorce"')
    assert len(lint(text)) == 500  # 4,000,000 comparisons would take minutes


def test_a_rule_has_a_code_of_the_list():
    with pytest.raises(LookupError):
        rule("ASL999")
    assert len({function for _, function in RULES}) == len(RULES)


def test_nearest_names():
    speller = Speller()
    assert speller.nearest("Resorce", ["Result", "Resource"]) == "Resource"
    assert speller.nearest("next", ["End", "Next"]) == "Next"
    assert speller.nearest("Colour", ["End", "Next"]) is None
    assert speller.nearest("x" * 500, ["x" * 500]) is None
    assert Speller(budget=1).nearest("Next", ["End", "Next"]) is None
