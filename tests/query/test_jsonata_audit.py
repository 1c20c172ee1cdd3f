"""What the parts of an expression gave."""

import pytest

from sfn_notebook.query.jsonata import States, compile_expression
from sfn_notebook.query.jsonata_audit import audit
from sfn_notebook.values import ABSENT

ITEMS = {"items": [{"p": 20, "q": 2}, {"p": 5, "q": 1}, {"p": 11, "q": 1}], "größe": 2, "gap": None}


class Scope:
    variables = {"rate": 3}  # noqa: RUF012 - a scope for all tests
    now = 1_700_000_000_000

    def context(self):
        return {"State": {"Name": "S"}}

    def draw(self, site):
        return len(site)


def parts(text):
    """(text, depth, value or outcome) of each part."""
    found = audit(text, "Output", States(ITEMS), Scope())
    return [(part.text, part.depth, part.value if part.outcome == "value" else part.outcome) for part in found]


def test_parts_come_with_their_values_outer_before_inner():
    assert parts("$sum($states.input.items[p > 10].(p * q)) + $rate") == [
        ("$sum($states.input.items[p > 10].(p * q))", 0, 51),
        ("$states.input.items[p > 10].(p * q)", 1, [40, 11]),
        ("$rate", 0, 3),
    ]


def test_where_nothing_was_found():
    assert parts("$states.input.none + 1") == [("$states.input.none", 0, "undefined")]


def test_what_failed():
    assert parts("1 + ($states.input.gap + 1)")[-2:] == [
        ("$states.input.gap + 1", 0, "error"),
        ("$states.input.gap", 1, None),
    ]


def test_only_the_branch_that_was_taken():
    assert parts("$states.input.`größe` > 1 ? 'é' & $string($rate) : $error('no')") == [
        ("$states.input.`größe` > 1", 0, True),
        ("$states.input.`größe`", 1, 2),
        ("'é' & $string($rate)", 0, "é3"),
        ("$string($rate)", 1, "3"),
        ("$rate", 2, 3),
    ]


def test_what_is_done_for_each_item_is_left_out():
    text = "$map($states.input.items, function($v) { $v.p * $rate })"
    assert parts(text) == [("$states.input.items", 0, ITEMS["items"])]


@pytest.mark.parametrize("text", ["$uuid() & ''", "$random() + 0", "$string($now()) & ''", "$hash('a', 'MD5') & ''"])
def test_chance_time_and_functions_of_aws_are_those_of_the_evaluation(text):
    whole = compile_expression(text, "Output")(States(ITEMS), Scope())
    assert parts(text)[0][2] == whole


@pytest.mark.parametrize("text", ["$states.input.items", "42", "'text'", "$rate"])
def test_an_expression_that_is_one_part_only(text):
    assert parts(text) == []


def test_an_expression_without_end_is_given_up():
    assert parts("1 + ($f := function($n) { $f($n + 1) }; $f(0))") == []


def test_a_value_that_is_no_value():
    (part,) = audit("$states.input.none & 'x'", "Output", States(ITEMS), Scope())
    assert part.value is ABSENT
